"""The presets for image to image: pix2pix for pairs, CycleGAN without pairs."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from kgan import checks
from kgan.data import is_image_shape
from kgan.presets.call import Call, code
from kgan.presets.preset import Preset
from kgan.presets.request import Request

# The times that the papers show each picture.
_TIMES = 200
# The names of these presets.
NAMES = ("pix2pix", "cyclegan")
# The part of a side by which pictures are moved: the papers enlarge a side from 256 to
# 286 pixels, and cut windows of 256 pixels.
_MOVED = 1 / 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslatorPreset(Preset):
    """A `Preset` of a model that translates pictures, and learns from pairs.

    Args:
        batches: Dict of further arguments of the class of the batches.

    Attributes:
        kind: Name of the class of the batches in `kgan.data`.
        names: The names of both sets of pictures in the code, the sources first.

    Example:

    >>> import kgan
    >>> shape = (32, 32, 3)
    >>> preset = kgan.presets.get("pix2pix", shape, 100, source_shape=shape)
    >>> type(preset.build(seed=0)).__name__
    'Translator'
    """

    batches: Mapping[str, Any]
    kind: ClassVar[str] = "PairBatches"
    names: ClassVar[tuple[str, str]] = ("sources", "targets")

    def code_to_train(self, seed: int, *others: Any, **more: Any) -> list[str]:
        given = "".join(f"{name}={code(value)}, " for name, value in self.batches.items())
        return super().code_to_train(seed, self.kind, given, ", ".join(self.names))

    def _gan(self, seed: int | None) -> Call:
        return dataclasses.replace(super()._gan(seed), function="kgan.Translator")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CyclePreset(TranslatorPreset):
    """A `Preset` of a `kgan.CycleGAN`.

    `generator` translates A to B, and `discriminator` judges B. The other two networks
    have the same arguments, with the shapes of A and B exchanged.
    """

    kind: ClassVar[str] = "UnpairedBatches"
    names: ClassVar[tuple[str, str]] = ("a", "b")

    def _gan(self, seed: int | None) -> Call:
        forth = self.generator.arguments
        b, a = forth["sample_shape"], forth["source_shape"]
        back = {**forth, "sample_shape": a, "source_shape": b}
        of_a = {**self.discriminator.arguments, "sample_shape": a}
        networks = {
            "generator_ab": self.generator,
            "generator_ba": Call(self.generator.function, back),
            "discriminator_a": Call(self.discriminator.function, of_a),
            "discriminator_b": self.discriminator,
        }
        return Call("kgan.CycleGAN", {**networks, **self.gan, "seed": seed})


def pix2pix(request: Request) -> TranslatorPreset:
    """Image to image from pairs."""
    shapes = _shapes(request)
    gpu = request.compute == "gpu"
    dropout, width = (0.5, 64) if gpu else (0.2, 24)
    # In batches of one picture, the statistics of a batch are those of an instance.
    normal = {"normalization": "instance" if gpu else "batch"}
    generator = _generator(shapes, width, dropout=dropout, **normal)
    size = {"width": width, "depth": _depth(request)}
    # A short training gets sharp pictures sooner with a light absolute error.
    weight = 100.0 if gpu else 10.0
    reconstruction = Call("kgan.generator_losses.Reconstruction", {"weight": weight})
    rate = 2e-4 if gpu else 1e-3
    return request.preset(
        kind=TranslatorPreset,
        generator=generator,
        discriminator=_network("patch_discriminator", shapes, **size, **normal),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(rate),
            "loss": "non_saturating" if gpu else "least_squares",
            "generator_losses": [reconstruction],
        },
        batch_size=1 if gpu else request.batch_size(16),
        budget=_budget(request, 800_000 if gpu else 400_000),
        batches={"margin": _margin(request)},
        reasons=(
            "The settings of Isola et al., 2017, arXiv:1611.07004, with an average of "
            "the generator.",
            _augmented(request),
            *_scaled(
                request,
                f"a width of {width} instead of 64, larger batches, a higher rate, less "
                f"dropout, least squares, and {weight:.0f} times the absolute error "
                "instead of 100 times",
            ),
        ),
    )


def cyclegan(request: Request) -> CyclePreset:
    """Image to image without pairs."""
    shapes = _shapes(request)
    gpu = request.compute == "gpu"
    normal = {"normalization": "instance"}
    # Both directions and the way back make a step several times as long as pix2pix's.
    width, rate = (64, 2e-4) if gpu else (16, 5e-4)
    generator = (
        _network("resnet_translator", shapes, width=width, **normal)
        if gpu
        else _generator(shapes, width, dropout=0.0, **normal)
    )
    arguments = {"sample_shape": request.shape, "width": width, "depth": _depth(request)}
    images = _budget(request, 800_000 if gpu else 50_000)
    one_shape = shapes["sample_shape"] == shapes["source_shape"]
    return request.preset(
        kind=CyclePreset,
        generator=generator,
        discriminator=Call("kgan.networks.patch_discriminator", {**arguments, **normal}),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(rate),
            "loss": "least_squares",
            "cycle_weight": 10.0,
            "identity_weight": 0.5 if one_shape else 0.0,
            "history": 50,
            "schedules": {"learning_rate": _falling(rate, images)},
        },
        batch_size=1 if gpu else request.batch_size(16),
        budget=images,
        batches={"margin": _margin(request)},
        reasons=(
            "The settings of Zhu et al., 2017, arXiv:1703.10593, with averages of the "
            "generators. In the second half of the budget the learning rate falls to 0.",
            _augmented(request),
            *_scaled(
                request,
                f"U-Nets with a width of {width}, larger batches and a higher rate",
            ),
        ),
    )


def _shapes(request: Request) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of targets and sources as arguments of a generator.

    Raises:
        ValueError: If the shapes are not those of pictures of one size that the networks
            halve twice.
    """
    found = {"sample_shape": request.shape, "source_shape": request.source_shape or ()}
    sizes = {shape[:2] for shape in found.values()}
    images = all(map(is_image_shape, found.values()))
    if not images or len(sizes) > 1 or any(n % 4 or n < 8 for n in request.shape[:2]):
        raise ValueError(
            f"The preset {request.name!r} is for pictures of one `size`, with sides of "
            "at least 8 pixels that 4 divides. "
            f"{checks.received(image_shape=request.shape)}, "
            f"{checks.received(source_shape=request.source_shape)}"
        )
    return found


def _network(builder: str, shapes: Mapping[str, Any], **arguments: Any) -> Call:
    return Call(f"kgan.networks.{builder}", {**shapes, **arguments})


def _generator(
    shapes: Mapping[str, Any], width: int, dropout: float, **arguments: Any
) -> Call:
    """Returns a U-Net, or, for sides that can't be halved thrice, a ResNet."""
    if any(side % 8 for side in shapes["sample_shape"][:2]):
        return _network("resnet_translator", shapes, width=width, **arguments)
    options = {"width": width, "dropout": dropout, **arguments}
    return _network("unet_generator", shapes, **options)


def _depth(request: Request) -> int:
    """Returns the halvings of the discriminator: patches of 70 pixels, or smaller."""
    side = min(request.shape[:2])
    return 3 if side >= 128 else 2 if side >= 32 else 1


def _margin(request: Request) -> int:
    return max(1, round(_MOVED * min(request.shape[:2])))


def _budget(request: Request, most: int) -> int:
    return request.images(min(most, _TIMES * request.num_images))


def _adam(rate: float) -> Call:
    return Call("keras.optimizers.Adam", {"learning_rate": rate, "beta_1": 0.5})


def _falling(rate: float, images: int) -> Call:
    """Returns a schedule that falls to 0 in the second half of the images."""
    half = max(1, images // 2)
    arguments = {"start": rate, "end": 0.0, "images": half, "begin": images // 2}
    return Call("kgan.schedules.Linear", arguments)


def _augmented(request: Request) -> str:
    return (
        f"Pictures are mirrored, and moved by up to {_margin(request)} pixels, about as "
        "far as the paper moves its windows."
    )


def _scaled(request: Request, changes: str) -> tuple[str, ...]:
    """Returns the sentences on the settings for a CPU; nothing for a GPU."""
    if request.compute == "gpu":
        return ()
    return (
        f"For a CPU {changes}. docs/image-to-image.md has measurements of these settings "
        "on emoji of 32x32 pixels.",
    )
