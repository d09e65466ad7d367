"""Checks of the arguments of `fit`, `evaluate` and the other methods, by their names."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import keras
import numpy as np

from kgan import checks
from kgan.metrics import check_extractor
from kgan.types import Shape

Model = TypeVar("Model", bound=type[keras.Model])

_METHODS = (
    "fit",
    "evaluate",
    "predict",
    "train_on_batch",
    "test_on_batch",
    "save",
    "save_weights",
    "export",
)
_COUNTS = (
    "batch_size",
    "steps",
    "steps_per_epoch",
    "validation_batch_size",
    "validation_steps",
)
_FLAGS = ("shuffle", "overwrite", "return_dict", "run_eagerly", "auto_scale_loss")


def with_checked_arguments(model: Model) -> Model:
    """Class decorator: checks the arguments of the methods of a `keras.Model`.

    Only the methods that the class itself defines are checked.

    Keras would take any value, or raise an error without the name of the argument.
    """
    for name in vars(model).keys() & set(_METHODS):
        setattr(model, name, _checked(vars(model)[name]))
    return model


def _checked(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def checked(self: keras.Model, *args: Any, **kwargs: Any) -> Any:
        check_no_weights(kwargs)
        given = checks.bound(method, self, *args, **kwargs)
        for name, value in {**given, **given.get("kwargs", {})}.items():
            check_argument(name, value)
        return method(self, *args, **kwargs)

    return checked


def check_argument(name: str, value: Any) -> None:
    """Checks an argument of a method of Keras, if its name is known.

    Args:
        name: Str, the name of the argument.
        value: The value.

    Raises:
        ValueError: If the method could not use the value.
    """
    if name in _COUNTS:
        checks.optional_count(**{name: value})
    elif name in ("epochs", "initial_epoch"):
        checks.count(minimum=0, **{name: value})
    elif name in _FLAGS:
        checks.flag(**{name: value})
    elif name == "filepath":
        checks.path(filepath=value)
    elif name == "validation_split":
        checks.number(minimum=0, below=1, validation_split=value)
    elif name == "verbose":
        checks.one_of(("auto", 0, 1, 2, False, True), verbose=value)
    elif name == "steps_per_execution":
        checks.count(steps_per_execution=value)
    elif name == "jit_compile":
        checks.one_of(("auto", False, True), jit_compile=value)
    elif name == "metrics" and value is not None:
        checks.names(metrics=value)
    elif name == "validation_freq":
        _check_frequency(value)
    elif name == "callbacks":
        _check_callbacks(value)
    elif name == "extractor":
        check_extractor(value)


def check_no_weights(arguments: dict[str, Any]) -> None:
    """Removes the weights of samples, which must be None, from arguments of a method.

    Args:
        arguments: Dict of further arguments of the method.

    Raises:
        ValueError: If weights are given.
    """
    for name in ("class_weight", "sample_weight"):
        if arguments.pop(name, None) is not None:
            raise ValueError(
                f"A GAN learns the distribution of the data as it is, so `{name}` "
                "can't be used: leave it out, or repeat samples in the data. "
                f"Received: {name} that is not None"
            )


def check_pixels(x: Any, shape: Shape) -> None:
    """Checks that `x` is an array of pictures, with which metrics compare samples.

    Args:
        x: The value.
        shape: The shape of one sample.

    Raises:
        ValueError: If the value is another one.
    """
    dtype, found = getattr(x, "dtype", None), getattr(x, "shape", None)
    if dtype != np.uint8 or found is None or found[1:] != shape:
        raise ValueError(
            f"Metrics compare samples with an array of uint8 images of shape {shape}. "
            f"Received: x of type {type(x).__name__}, dtype {dtype} and shape {found}"
        )


def check_used(extractor: Any, metrics: Any) -> None:
    """Checks that an extractor is given for metrics."""
    if metrics is None and extractor is not None:
        raise ValueError(
            "`extractor` is for `metrics`, and there are none. "
            f"{checks.received(metrics=metrics, extractor=extractor)}"
        )


def size_of(x: Any) -> int | None:
    """Returns the number of samples in a batch; None for a value that is no batch."""
    return len(x) if hasattr(x, "__array__") or isinstance(x, list) else None


def as_list(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Returns the callbacks that `fit` was given: a list, one callback or None."""
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]


def _check_frequency(epochs: Any) -> None:
    """Checks `validation_freq`, which Keras reads only after the first epoch."""
    each = epochs if isinstance(epochs, list | tuple) else [epochs]
    if not each or not all(checks.is_count(epoch) for epoch in each):
        raise ValueError(
            "`validation_freq` must be an int of at least 1, or a list of the epochs "
            f"after which to validate. {checks.received(validation_freq=epochs)}"
        )


def _check_callbacks(callbacks: Any) -> None:
    kinds = keras.callbacks.Callback, keras.callbacks.CallbackList
    parts = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    if callbacks is not None and not all(isinstance(part, kinds) for part in parts):
        raise ValueError(
            "`callbacks` must be a list of `keras.callbacks.Callback`, or None. "
            f"{checks.received(callbacks=callbacks)}"
        )
