"""The two automatic differentiation primitives and the replicas' shares of noise."""

import keras

match keras.backend.backend():
    case "tensorflow":
        from kgan.backend.tensorflow import INEXACT_LAYERS, pullback, rows, value_and_grad
    case name:
        raise ImportError(
            "kgan trains on Keras' TensorFlow backend. Set the environment "
            "variable KERAS_BACKEND=tensorflow before Keras is imported. "
            f"Received: keras.backend.backend()={name!r}"
        )

__all__ = ["INEXACT_LAYERS", "pullback", "rows", "value_and_grad"]
