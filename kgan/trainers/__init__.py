"""How a model trains on each framework: `Trainer`, and its `Devices`."""

from kgan.trainers.base import Trainer
from kgan.trainers.devices import Devices
from kgan.trainers.framework import WorkerLost, strategy

__all__ = ["Devices", "Trainer", "WorkerLost", "strategy"]
