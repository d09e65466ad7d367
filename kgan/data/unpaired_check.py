"""Checks data of two sets of samples that are no pairs."""

import dataclasses
from typing import Any

from kgan.data.batches import Batches
from kgan.data.data_check import DataCheck
from kgan.data.unpaired_batches import UnpairedBatches
from kgan.types import Tensors


@dataclasses.dataclass(frozen=True)
class UnpairedCheck(DataCheck):
    """Checks that a model can be trained on two sets of samples, in any numbers.

    The conditions are the samples of the other set. See `DataCheck` for the attributes.
    """

    def conditions_of(self, y: Any, count: int | None) -> Tensors | None:
        return super().conditions_of(y, None)

    def batches(self, x: Any, y: Tensors | None, **options: Any) -> Batches:
        options["smallest"] = self.d_steps
        return UnpairedBatches(y, x, crop=None, flip=False, **options)
