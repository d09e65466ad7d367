"""Automatic differentiation, and what else differs between frameworks."""

import keras

from kgan.backend.scope import Scope, uncast

match keras.backend.backend():
    case "tensorflow":
        from kgan.backend.tensorflow import (
            COUNTER,
            INEXACT_LAYERS,
            apply,
            has_gpu,
            pullback,
            random_state,
            rows,
            set_random_state,
            value_and_grad,
        )
    case "jax":
        from kgan.backend.jax import (
            COUNTER,
            INEXACT_LAYERS,
            apply,
            has_gpu,
            pullback,
            random_state,
            rows,
            set_random_state,
            value_and_grad,
        )
    case "torch":
        from kgan.backend.torch import (
            COUNTER,
            INEXACT_LAYERS,
            apply,
            has_gpu,
            pullback,
            random_state,
            rows,
            set_random_state,
            value_and_grad,
        )
    case name:
        raise ImportError(
            "kgan trains on Keras' TensorFlow, JAX and PyTorch backends. Set the "
            "environment variable KERAS_BACKEND to one of them before Keras is "
            f"imported. Received: keras.backend.backend()={name!r}"
        )

__all__ = [
    "COUNTER",
    "INEXACT_LAYERS",
    "Scope",
    "apply",
    "has_gpu",
    "pullback",
    "random_state",
    "rows",
    "set_random_state",
    "uncast",
    "value_and_grad",
]
