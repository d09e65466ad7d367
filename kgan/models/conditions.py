"""Conditions that a model keeps, and conditions that a training step draws."""

import functools
from collections.abc import Callable
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from kgan import data
from kgan.backend import all_rows, draw_local_rows
from kgan.types import Tensor, Tensors

# The number of rows of the bank.
_BANK = 64


class ConditionBank:
    """Conditions of some samples of the data, which a GAN keeps and saves.

    Args:
        conditions: The `kgan.data.Conditions`.
        sample_range: The range to which pixels in conditions are scaled.
        add_weight: The method of a `keras.Layer` that makes its variables.
    """

    def __init__(
        self,
        conditions: data.Conditions,
        sample_range: data.SampleRange,
        add_weight: Callable[..., keras.Variable],
    ):
        self.sample_range = sample_range
        options = {"initializer": "zeros", "trainable": False}
        self.rows = [
            add_weight((_BANK, *c.shape), dtype=c.dtype, name=f"bank_{name}", **options)
            for c, name in zip(conditions, conditions.names, strict=True)
        ]
        self.count = add_weight((), dtype="int32", name="bank_count", **options)

    @classmethod
    def of(
        cls,
        conditions: data.Conditions,
        sample_range: data.SampleRange,
        add_weight: Callable[..., keras.Variable],
    ) -> Self | None:
        """Returns the bank of a model; None where no bank is needed or possible.

        Labels are drawn without a bank, and pictures of any size have no common shape.
        """
        sizes_known = all(None not in condition.shape for condition in conditions)
        if not conditions or conditions.are_labels or not sizes_known:
            return None
        return cls(conditions, sample_range, add_weight)

    def keep(self, values: Tensors) -> None:
        """Keeps the first of some conditions.

        Args:
            values: Arrays, see `kgan.data.Conditions`.
        """
        for variable, x in zip(self.rows, data.parts_of(values), strict=True):
            x = self.sample_range.to_float(x) if x.dtype == np.uint8 else x
            first = ops.convert_to_numpy(x)[:_BANK]
            variable.assign(np.resize(first, variable.shape))
            self.count.assign(len(first))

    def draw(self, n: int, generator: np.random.Generator) -> Tensors:
        """Returns the conditions of `n` samples, chosen at random.

        Raises:
            ValueError: If the bank is empty, because the GAN was never trained.
        """
        count = int(self.count.numpy())
        if not count:
            raise ValueError(
                "A GAN that was not trained knows no conditions: pass `conditions`. "
                "Received: conditions=None"
            )
        chosen = generator.integers(count, size=n)
        found = tuple(variable.numpy()[chosen] for variable in self.rows)
        return found[0] if len(found) == 1 else found


def sampler(model: Any, conditions: Tensors | None) -> Callable[..., np.ndarray]:
    """Returns the function that draws pixels for metrics, of `n` and a `seed`.

    Args:
        model: A `kgan.models.sampling.SamplingModel`.
        conditions: Conditions of the data, from which each sample has one; None, or a
            model with labels alone, for the conditions that the model draws itself.
    """
    if conditions is None or not model.conditions or model.conditions.are_labels:
        return functools.partial(model.sample, as_uint8=True)

    def draw(n: int, seed: int) -> np.ndarray:
        count = len(data.parts_of(conditions)[0])
        order = np.random.default_rng(seed).permutation(count)
        chosen = np.sort(np.resize(order, n))
        given = data.map_conditions(lambda part: part[chosen], conditions)
        return model.sample(n, seed=seed, conditions=given, as_uint8=True)

    return draw


def draw_conditions(
    conditions: Tensors, size: Tensor, seed_generator: keras.random.SeedGenerator
) -> Tensors:
    """Returns conditions of `size` samples, chosen at random, in the training step.

    They are chosen among the conditions of all replicas, as on one device.
    """
    conditions = data.map_conditions(all_rows, conditions)
    count = ops.shape(data.parts_of(conditions)[0])[0]
    shares = draw_local_rows(
        lambda n: keras.random.uniform((n,), seed=seed_generator), size
    )
    indices = ops.cast(shares * ops.cast(count, "float32"), "int32")
    # Rounding can make a product equal to `count`.
    indices = ops.minimum(indices, count - 1)
    return data.map_conditions(lambda x: ops.take(x, indices, axis=0), conditions)
