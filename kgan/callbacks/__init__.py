"""Keras callbacks for GANs."""

from kgan.callbacks.checkpoint import Checkpoint
from kgan.callbacks.evaluate import Evaluate
from kgan.callbacks.health import Health, HealthWarning
from kgan.callbacks.history_csv import HistoryCSV
from kgan.callbacks.sample_grid import SampleGrid
from kgan.callbacks.stop_on_interrupt import StopOnInterrupt
from kgan.callbacks.tensorboard import TensorBoard

__all__ = [
    "Checkpoint",
    "Evaluate",
    "Health",
    "HealthWarning",
    "HistoryCSV",
    "SampleGrid",
    "StopOnInterrupt",
    "TensorBoard",
]
