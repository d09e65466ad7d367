"""Checks that data fits a model: whole arrays before training, other data by batches."""

import dataclasses
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan import checks
from kgan.data.batches import Batches
from kgan.data.checks import to_array
from kgan.data.conditions import NO_CONDITIONS, Conditions
from kgan.data.sample_range import UNBOUNDED, SampleRange
from kgan.data.store import Store
from kgan.types import Data, Shape, Tensors


@dataclasses.dataclass(frozen=True)
class DataCheck:
    """Checks that a model can be trained on data.

    Attributes:
        shape: Shape of one sample; None for a dimension of any length.
        sample_range: The `SampleRange` of the model.
        conditions: The `Conditions` of the model; it ignores others.
        d_steps: Int, the number of discriminator updates among which a batch is divided.
        argument: Name of the argument that holds the data, for the errors.
    """

    shape: Shape
    sample_range: SampleRange = UNBOUNDED
    conditions: Conditions = NO_CONDITIONS
    d_steps: int = 1
    argument: str = "x"

    def samples(self, x: Any) -> None:
        """Checks an array of samples, `(n, *shape)`, uint8 or float.

        Raises:
            ValueError: If `x` is empty, has another shape or dtype, has NaN or infinite
                values, or values far outside the range.
        """
        if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
            raise ValueError(
                f"`{self.argument}` must hold uint8 pixels or floats. "
                f"Received: {self.argument} of dtype {x.dtype} and shape {x.shape}"
            )
        if x.ndim == 0 or len(x) == 0:
            raise ValueError(
                f"`{self.argument}` is empty, and must hold at least one sample. "
                f"Received: {self.argument}.shape={x.shape}"
            )
        if not checks.same_shape(x.shape[1:], self.shape):
            raise ValueError(
                f"`{self.argument}` must be a batch of samples of the generator's output "
                f"shape, {tuple(self.shape)}. Received: {self.argument}.shape={x.shape}"
            )
        if not isinstance(x, Store) and x.dtype != np.uint8:
            self.sample_range.check(x, self.shape, self.argument)

    def conditions_of(self, y: Any, count: int | None) -> Tensors | None:
        """Returns the conditions of samples as arrays; None for a model without any.

        Args:
            y: The conditions.
            count: Int, the number of samples; None for any number of conditions.

        Raises:
            ValueError: If a condition is missing, or is not as expected.
        """
        return self.conditions.checked(y, count, self.argument, f" of {self.argument}")

    def batches(self, x: Any, y: Tensors | None, **options: Any) -> Batches:
        """Returns batches of checked samples and of their conditions.

        Args:
            x: Array `(n, *shape)`, or a `Store`.
            y: The conditions.
            **options: See `Batches`.
        """
        return Batches(x, labels=y, smallest=self.d_steps, **options)

    def size(self, count: int) -> None:
        """Checks that each update of the discriminator gets a sample.

        Args:
            count: Int, number of samples in a batch, or in all.

        Raises:
            ValueError: If there are fewer samples than updates.
        """
        if count < self.d_steps:
            raise ValueError(
                "Each update of the discriminator needs a sample, so a batch must have "
                f"at least `d_steps` samples, {self.d_steps}: leave smaller batches out, "
                "for example with `drop_remainder=True`. "
                f"Received: {self.argument} with {count} samples in a batch"
            )

    def batch(self, batch: Tensors) -> tuple[np.ndarray, Tensors | None]:
        """Checks a batch, and returns its samples and their conditions.

        Args:
            batch: Samples, or `(samples,)`, or `(samples, conditions)`.

        Raises:
            ValueError: If the model can't be trained on the batch.
        """
        self.no_weights(batch)
        y = None
        if isinstance(batch, tuple | list):
            batch, y = batch[0], batch[1] if len(batch) > 1 else None
        if isinstance(batch, dict):
            raise ValueError(
                f"`{self.argument}` must yield batches of samples, or pairs (samples, "
                f"labels). Received: {self.argument} that yields dicts with keys "
                f"{sorted(batch)}"
            )
        samples = to_array(batch, self.argument)
        if samples.ndim == len(self.shape):
            raise ValueError(
                f"`{self.argument}` yields single samples, not batches: call "
                "`.batch(64)` on a `tf.data.Dataset`, or pass a dataset of PyTorch to a "
                "`DataLoader`. "
                f"Received: {self.argument} that yields shape {samples.shape}"
            )
        self.samples(samples)
        self.size(len(samples))
        return samples, self.conditions_of(y, len(samples))

    def no_weights(self, x: Data) -> None:
        """Checks that data has no sample weights."""
        if isinstance(x, tuple) and len(x) > 2:
            raise ValueError(
                f"`{self.argument}` must be samples, or a pair (samples, labels): a GAN "
                "learns the distribution of the data as it is, so it takes no sample "
                f"weights. Received: {self.argument} with {len(x)} parts"
            )


class CheckedData(NamedTuple):
    """Data that makes its own batches, and the check that each batch must pass.

    Attributes:
        x: A `keras.utils.PyDataset`, a `tf.data.Dataset`, a generator, or other data
            that Keras iterates over.
        check: The `DataCheck`.
    """

    x: Data
    check: DataCheck


def is_endless(dataset: Data) -> bool:
    """Whether a dataset says itself that it never ends."""
    if hasattr(dataset, "cardinality"):  # A `tf.data.Dataset` has this method.
        return int(dataset.cardinality()) == -1
    return isinstance(dataset, keras.utils.PyDataset) and dataset.num_batches is None


def check_end(data: Batches | CheckedData | None, **steps: int | None) -> None:
    """Checks that an epoch of data ends: Keras would never leave the first epoch.

    Args:
        data: The result of `prepare`, or None.
        **steps: The number of batches in an epoch, given as `name=value`.

    Raises:
        ValueError: If the number is None, and the data is endless.
    """
    ((name, value),) = steps.items()
    if value is None and isinstance(data, CheckedData) and is_endless(data.x):
        argument = data.check.argument
        raise ValueError(
            f"`{argument}` is endless, so `{name}` must be the number of batches in an "
            f"epoch. Received: {name}=None, {argument} of type {type(data.x).__name__}"
        )
