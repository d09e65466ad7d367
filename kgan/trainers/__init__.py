"""What differs per backend in `train_step` and `test_step`, nothing else."""

import keras

match keras.backend.backend():
    case "tensorflow":
        from kgan.trainers.tensorflow import Trainer, WorkerLost, strategy
    case "jax":
        from kgan.trainers.jax import Trainer  # type: ignore[assignment]
        from kgan.trainers.single import WorkerLost, strategy
    case _:
        from kgan.trainers.single import WorkerLost, strategy
        from kgan.trainers.torch import Trainer  # type: ignore[assignment]

__all__ = ["Trainer", "WorkerLost", "strategy"]
