"""Detects typical problems of GAN training."""

from kgan.callbacks.health.callback import Health, HealthWarning

__all__ = ["Health", "HealthWarning"]
