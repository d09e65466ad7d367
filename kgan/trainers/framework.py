"""The devices of the framework that Keras runs on."""

import keras

match keras.backend.backend():
    case "tensorflow":
        from kgan.trainers.tensorflow import TensorFlowDevices as FrameworkDevices
        from kgan.trainers.tensorflow import WorkerLost, strategy
    case "jax":
        from kgan.trainers.devices import WorkerLost, strategy
        from kgan.trainers.jax import JaxDevices as FrameworkDevices
    case _:
        from kgan.trainers.devices import WorkerLost, strategy
        from kgan.trainers.torch import TorchDevices as FrameworkDevices

__all__ = ["FrameworkDevices", "WorkerLost", "strategy"]
