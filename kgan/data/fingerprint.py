"""The hash of a data set, by which a resumed run and a metric recognise the data."""

import hashlib

import numpy as np

from kgan.data.conditions import parts_of
from kgan.data.store import Store, chunks
from kgan.types import ArrayLike, Tensors


def fingerprint(samples: ArrayLike | Store) -> str:
    """Returns the SHA-256 of the bytes of an array, as hexadecimal digits.

    The bytes alone are hashed. Compare the shape and the dtype as well where two arrays
    could differ in nothing else.

    Args:
        samples: Array of any shape, or a `kgan.data.Store`, which is read in parts.

    Returns:
        A str of 64 characters.

    Example:

    >>> import numpy as np
    >>> fingerprint(np.arange(6, dtype="uint8"))[:16]
    '17e88db187afd62c'
    """
    samples = samples if isinstance(samples, Store) else np.asarray(samples)
    digest = hashlib.sha256()
    for part in chunks(samples):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def fingerprints(
    samples: ArrayLike | Store, labels: Tensors | None = None
) -> dict[str, str]:
    """Returns the fingerprints of samples and labels, under the names in `config.json`.

    Args:
        samples: See `fingerprint`.
        labels: Array of ints of any dtype, which is hashed as int64; an array or a tuple
            of arrays with other conditions; or None.

    Returns:
        A dict with `"sha256"` and, where there are labels, `"labels_sha256"`.
    """
    found = {"sha256": fingerprint(samples)}
    for i, part in enumerate(parts_of(labels)):
        is_label = part.ndim == 1 and np.issubdtype(part.dtype, np.integer)
        hashed = fingerprint(np.asarray(part, "int64") if is_label else part)
        found["labels_sha256" if i == 0 else f"labels_{i}_sha256"] = hashed
    return found
