"""Augmentations of what the discriminator sees, for GANs on little data."""

from typing import Any

from kgan import serialization
from kgan.augment.ada import ADA
from kgan.augment.base import Augmentation
from kgan.augment.blit import Blit
from kgan.augment.color import Brightness, Color, Contrast, Saturation
from kgan.augment.color_transform import ColorTransform
from kgan.augment.compose import Compose
from kgan.augment.cutout import Cutout
from kgan.augment.diff_augment import DiffAugment
from kgan.augment.flip import Flip
from kgan.augment.geometric import Geometric
from kgan.augment.instance_noise import InstanceNoise
from kgan.augment.translation import Translation

__all__ = [
    "ADA",
    "Augmentation",
    "Blit",
    "Brightness",
    "Color",
    "ColorTransform",
    "Compose",
    "Contrast",
    "Cutout",
    "DiffAugment",
    "Flip",
    "Geometric",
    "InstanceNoise",
    "Saturation",
    "Translation",
    "get",
]

_AUGMENTATIONS = {"ada": ADA, "diffaugment": DiffAugment}


def get(identifier: Any) -> Augmentation | None:
    """Resolves `"ada"`, `"diffaugment"`, a config, an object, or a list of such.

    Args:
        identifier: A name, a serialised config, an `Augmentation`, a list or tuple of
            these, which are applied in turn, or None for none.

    Returns:
        An `Augmentation`, or None.

    Raises:
        ValueError: If `identifier` is none of these.

    Example:

    >>> import kgan
    >>> kgan.augment.get("diffaugment")
    DiffAugment(policy='color,translation,cutout', probability=1.0)
    """
    if identifier is None:
        return None
    if isinstance(identifier, list | tuple):
        return Compose([get(part) for part in identifier])  # type: ignore[misc]
    return serialization.get(identifier, _AUGMENTATIONS, Augmentation, "augment")
