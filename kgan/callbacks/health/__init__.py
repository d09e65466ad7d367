"""What goes wrong with GANs, seen while they train."""

from kgan.callbacks.health.callback import Health, HealthWarning

__all__ = ["Health", "HealthWarning"]
