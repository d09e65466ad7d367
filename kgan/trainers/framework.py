"""The devices of the framework that Keras runs on."""

import importlib
from typing import Any

import keras

from kgan.trainers import devices

framework = importlib.import_module(f"kgan.trainers.{keras.backend.backend()}")
FrameworkDevices: type[devices.Devices] = framework.FrameworkDevices


def strategy(name: str) -> Any:
    """Returns a new strategy, under whose `scope()` a GAN must be made.

    Args:
        name: `"none"`; with TensorFlow also `"mirrored"` for all devices of this machine,
            or `"multi_worker"` for the cluster in the environment variable `TF_CONFIG`.

    Raises:
        ValueError: If the framework has no strategy of this name.
    """
    return FrameworkDevices.strategy_by_name(name)


# The errors that a worker raises after another worker is lost.
WorkerLost: tuple[type[Exception], ...] = FrameworkDevices.worker_lost
