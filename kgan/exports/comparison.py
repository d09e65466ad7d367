"""Compares the outputs of an exported file with the outputs of the network in Keras."""

import importlib.metadata
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kgan import checks
from kgan.exports.formats import Format
from kgan.exports.reasons import reason

# The largest difference, as a share of the largest output of Keras.
_TOLERANCE = 1e-5
# For networks that compute in 16 bits: bfloat16 has 8 bits of precision.
_TOLERANCE_16 = 2**-7


class Comparison(NamedTuple):
    """The result of a comparison.

    Attributes:
        difference: The largest difference of outputs; None without a comparison.
        runtime: The package that ran the file, and its version; empty without a
            comparison.
        reason: The reason why nothing was compared; empty after a comparison.
    """

    difference: float | None = None
    runtime: str = ""
    reason: str = ""

    def __str__(self) -> str:
        if self.difference is None:
            return f"Not compared with Keras: {self.reason}."
        return (
            f"Compared with Keras by {self.runtime}: the largest difference of outputs "
            f"is {self.difference:.1g}."
        )


def compare(
    format: Format,
    path: pathlib.Path,
    inputs: Sequence[np.ndarray],
    expected: np.ndarray,
    is_exact: bool = True,
) -> Comparison:
    """Runs an exported file, and compares its outputs with the outputs of Keras.

    Args:
        format: The format of the file.
        path: Path of the file.
        inputs: Arrays `(batch, ...)`, the inputs of the network. The file is run with the
            whole batch and with a batch of one.
        expected: Array `(batch, ...)`, the outputs of the network in Keras.
        is_exact: Whether the network computes in float32.

    Raises:
        ValueError: If the file can't be run, or if its outputs differ.
    """
    if not format.can_run:
        return Comparison(reason=f"`pip install {format.package}` installs the runtime")
    expected = expected.astype("float32")
    limit = (_TOLERANCE if is_exact else _TOLERANCE_16) * max(1, np.abs(expected).max())
    differences = []
    for batch in {format.batch or len(expected), 1}:
        found = _run(format, path, [value[:batch] for value in inputs])
        if found.shape != expected[:batch].shape:
            raise ValueError(
                f"The outputs of the exported file have shape {found.shape} in place of "
                f"{expected[:batch].shape}, so it is not kept. "
                f"{checks.received(format=format.name)}"
            )
        differences.append(np.abs(found - expected[:batch]).max())
    # Numpy's maximum of a NaN is NaN, for which `difference > limit` is false.
    difference = float(np.max(differences))
    if not difference <= limit:
        raise ValueError(
            f"The outputs of the exported file differ from Keras by {difference:.2g}, "
            f"more than {limit:.2g}, so it is not kept. "
            f"{checks.received(format=format.name)}"
        )
    version = importlib.metadata.version(format.package)
    return Comparison(difference, f"{format.package} {version}")


def _run(format: Format, path: pathlib.Path, inputs: Sequence[np.ndarray]) -> np.ndarray:
    try:
        return format.run(path, inputs)
    # Each runtime has exceptions of its own.
    except Exception as error:
        # A user knows nothing of the temporary path.
        why = reason(error).replace(str(path), "the file")
        raise ValueError(
            f"The exported file can't be run by {format.package} ({why}), so it is not "
            f"kept. {checks.received(format=format.name)}"
        ) from error
