"""Vectors of a text encoder of KerasHub."""

import importlib
from typing import Any

import numpy as np
from keras import ops

from kgan import checks, serialization
from kgan.text.encoder import Encoder
from kgan.types import Config


@serialization.register
class KerasHub(Encoder):
    """Vectors by a text encoder of KerasHub, for example BERT.

    The vector of a caption is the mean of the last states of its tokens. KerasHub is
    installed by `pip install "kgan[kerashub]"`, and downloads the weights of a preset.

    Args:
        model: Str, a preset of a text encoder, for example `"bert_tiny_en_uncased"`; or
            an object with a `preprocessor` and a `backbone`, as a
            `keras_hub.models.TextClassifier` is. Such an object is not saved.
        batch_size: Int, the number of captions that are computed at once.

    Raises:
        ImportError: If a preset is given, and keras-hub is not installed.
        ValueError: If `model` is neither.
    """

    name = "kerashub"

    def __init__(self, model: Any = "bert_tiny_en_uncased", batch_size: int = 32):
        self.model = model
        self.batch_size = checks.count(batch_size=batch_size)
        self._preprocessor, self._backbone = _parts(model)

    def encode(self, captions: list[str]) -> np.ndarray:
        starts = range(0, len(captions), self.batch_size)
        parts = [self._means(captions[i : i + self.batch_size]) for i in starts]
        return np.concatenate(parts)

    def _means(self, captions: list[str]) -> np.ndarray:
        inputs = self._preprocessor(captions)
        # The preprocessor of a task may return labels and weights too.
        inputs = inputs[0] if isinstance(inputs, tuple) else inputs
        states = self._backbone.predict_on_batch(inputs)
        states = states["sequence_output"] if isinstance(states, dict) else states
        mask = ops.convert_to_numpy(inputs["padding_mask"]).astype("float32")[..., None]
        states = ops.convert_to_numpy(states).astype("float32")
        return (states * mask).sum(axis=1) / mask.sum(axis=1)

    def get_config(self) -> Config:
        if not isinstance(self.model, str):
            raise ValueError(
                "KerasHub is saved with a preset only: a config has no place for another "
                f"model. {checks.received(model=self.model)}"
            )
        return {"model": self.model, "batch_size": self.batch_size}


def _parts(model: Any) -> tuple[Any, Any]:
    """Returns the preprocessor and the network of a preset or of a model."""
    if isinstance(model, str):
        models = _import(model).models
        preprocessor = models.TextClassifierPreprocessor.from_preset(model)
        return preprocessor, models.Backbone.from_preset(model)
    parts = getattr(model, "preprocessor", None), getattr(model, "backbone", None)
    if None in parts:
        raise ValueError(
            "`model` must be a preset of KerasHub, or an object with a `preprocessor` "
            f"and a `backbone`. {checks.received(model=model)}"
        )
    return parts


def _import(model: str) -> Any:
    try:
        return importlib.import_module("keras_hub")
    except ImportError as error:
        raise ImportError(
            f"KerasHub needs the package keras-hub ({error}): pip install "
            f'"kgan[kerashub]". {checks.received(model=model)}'
        ) from None
