"""The devices of the framework that Keras runs on."""

import importlib
from typing import Any

import keras

from kgan import checks
from kgan.trainers import devices

framework = importlib.import_module(f"kgan.trainers.{keras.backend.backend()}")
FrameworkDevices: type[devices.Devices] = framework.FrameworkDevices

# The strategies, and the framework that each strategy needs.
_STRATEGIES = {
    "none": keras.backend.backend(),
    "mirrored": "tensorflow",
    "multi_worker": "tensorflow",
    "torchrun": "torch",
}


def strategy(name: str) -> Any:
    """Returns a new strategy, under whose `scope()` a GAN must be made.

    Args:
        name: `"none"`; with TensorFlow also `"mirrored"` for all devices of this machine,
            or `"multi_worker"` for the cluster in the environment variable `TF_CONFIG`;
            with PyTorch also `"torchrun"` for the processes that torchrun has started.

    Raises:
        ValueError: If the framework has no strategy of this name, or if torchrun has
            started this process for another strategy.
    """
    needed = _STRATEGIES[checks.one_of(_STRATEGIES, strategy=name)]
    if keras.backend.backend() != needed:
        raise ValueError(
            f"This strategy needs KERAS_BACKEND={needed}. "
            f"{checks.received(strategy=name)}"
        )
    return FrameworkDevices.strategy_by_name(name)


# The errors that a worker raises after another worker is lost.
WorkerLost: tuple[type[Exception], ...] = FrameworkDevices.worker_lost
