"""Augmentations of the discriminator's input, for GANs on little data.

A new augmentation is one file with a subclass of `Augmentation`, and one import below. A
class whose body sets `name` can be given by this name.
"""

from kgan import serialization
from kgan.augment.ada import ADA as ADA
from kgan.augment.additive_noise import AdditiveNoise as AdditiveNoise
from kgan.augment.base import Augmentation as Augmentation
from kgan.augment.blit import Blit as Blit
from kgan.augment.color import Brightness as Brightness
from kgan.augment.color import Color as Color
from kgan.augment.color import Contrast as Contrast
from kgan.augment.color import Saturation as Saturation
from kgan.augment.color_transform import ColorTransform as ColorTransform
from kgan.augment.compose import Compose as Compose
from kgan.augment.cutout import Cutout as Cutout
from kgan.augment.diff_augment import DiffAugment as DiffAugment
from kgan.augment.flip import Flip as Flip
from kgan.augment.geometric import Geometric as Geometric
from kgan.augment.image_filter import ImageFilter as ImageFilter
from kgan.augment.instance_noise import InstanceNoise as InstanceNoise
from kgan.augment.translation import Translation as Translation
from kgan.types import Identifier

_AUGMENTATIONS = serialization.by_name(Augmentation, globals())


def names() -> list[str]:
    """Returns the names of the augmentations that have one, in alphabetical order."""
    return list(_AUGMENTATIONS)


def get(identifier: Identifier) -> Augmentation | None:
    """Returns the augmentation for a name, a config, an object, or a list of these.

    Args:
        identifier: One of `names()`, a serialised config, an `Augmentation`, or None for
            no augmentation. The augmentations of a list or tuple are applied in order.

    Returns:
        An `Augmentation`, or None.

    Raises:
        ValueError: If `identifier` is none of these.

    Example:

    >>> import kgan
    >>> kgan.augment.get("diffaugment")
    DiffAugment(policy='color,translation,cutout', probability=1.0)
    """
    return None if identifier is None else get_one(identifier)


def get_one(identifier: Identifier) -> Augmentation:
    """Returns an augmentation as `get` does, and refuses None."""
    if isinstance(identifier, list | tuple):
        return Compose([get_one(part) for part in identifier])
    return serialization.get(identifier, _AUGMENTATIONS, Augmentation, "augment")
