"""What differs per backend in `train_step` and `test_step`, nothing else."""

import keras

match keras.backend.backend():
    case "tensorflow":
        from kgan.trainers.tensorflow import Trainer, WorkerLost, strategy
    case name:
        raise ImportError(
            "kgan trains on Keras' TensorFlow backend. "
            f"Received: keras.backend.backend()={name!r}"
        )

__all__ = ["Trainer", "WorkerLost", "strategy"]
