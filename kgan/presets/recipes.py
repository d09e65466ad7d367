"""The presets, by name."""

from collections.abc import Callable
from typing import Any

from kgan.data import is_image_shape
from kgan.presets.call import Call
from kgan.presets.preset import Preset, epochs

# Too few pictures: a discriminator learns them by heart.
_FEW, _VERY_FEW = 20_000, 1_000


def small(
    shape: tuple, num_images: int, num_classes: int | None, compute: str, budget: Any
) -> Preset:
    """For small images on a CPU: tuned for the most quality per second of training."""
    tiny = min(shape[:2]) <= 8
    # Tiny images are halved twice all the same, down to 2 pixels.
    size: dict[str, Any] = {"width": 32, "depth": 2} if tiny else {"width": 14}
    builder = "dcgan_generator" if tiny else "small_generator"
    normalization = {} if tiny else {"normalization": "batch"}
    labels = _labels(num_classes)
    return Preset(
        name="small",
        sample_shape=shape,
        num_images=num_images,
        compute=compute,
        generator=_network(builder, shape, latent_dim=64, **size, **labels),
        discriminator=_network(
            "dcgan_discriminator", shape, **size, **normalization, **labels
        ),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(2e-3, beta_1=0.5 if tiny else 0.0, beta_2=0.99),
            "loss": "non_saturating",
            "penalties": [_penalty("R1", 0.3 if tiny else 0.1)],
            **_augment(shape, num_images),
        },
        batch_size=_batch_size(32, num_images),
        epochs=epochs(budget or (150_000 if tiny else 300_000), num_images),
        reasons=(
            "Small batches, a high learning rate and a light penalty learn fastest on "
            "small images; the averaged generator smooths the noise that they bring.",
            *_why_augment(shape, num_images),
        ),
    )


def dcgan(
    shape: tuple, num_images: int, num_classes: int | None, compute: str, budget: Any
) -> Preset:
    """The classic, for comparisons."""
    labels = _labels(num_classes)
    discriminator = _network(
        "dcgan_discriminator", shape, normalization="batch", **labels
    )
    return Preset(
        name="dcgan",
        sample_shape=shape,
        num_images=num_images,
        compute=compute,
        generator=_network("dcgan_generator", shape, latent_dim=100, **labels),
        discriminator=discriminator,
        gan={"ema_half_life": None},
        compile={
            "optimizer": _adam(2e-4, beta_1=0.5, beta_2=0.999),
            "loss": "non_saturating",
        },
        batch_size=_batch_size(128, num_images),
        epochs=epochs(budget or 1_000_000, num_images),
        reasons=(
            "Optimizers, batch and latents of Radford et al., 2015, arXiv:1511.06434, "
            "with half its widths, and upsampling that draws no checkerboards.",
        ),
    )


def sngan(
    shape: tuple, num_images: int, num_classes: int | None, compute: str, budget: Any
) -> Preset:
    """Residual networks, spectral normalisation and hinge loss."""
    labels = _labels(num_classes)
    widths = {"gpu": (256, 128), "cpu": (64, 32)}[compute]
    steps = min(5, num_images)
    batch_size = _batch_size(64 * steps, num_images, divisor=steps)
    return Preset(
        name="sngan",
        sample_shape=shape,
        num_images=num_images,
        compute=compute,
        generator=_network(
            "resnet_generator", shape, latent_dim=128, width=widths[0], **labels
        ),
        discriminator=_network("resnet_discriminator", shape, width=widths[1], **labels),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(2e-4, beta_1=0.0, beta_2=0.9),
            "loss": "hinge",
            "d_steps": steps,
            "noise_batch_size": 64,
            **_augment(shape, num_images),
        },
        batch_size=batch_size,
        epochs=epochs(budget or 10_000_000, num_images),
        reasons=(
            "The settings of Miyato et al., 2018, arXiv:1802.05957, with an average of "
            f"the generator; {_fed(batch_size, steps)}.",
            *_why_augment(shape, num_images),
        ),
    )


def r3gan(
    shape: tuple, num_images: int, num_classes: int | None, compute: str, budget: Any
) -> Preset:
    """No normalisation, a relativistic loss, penalties at both ends, and schedules."""
    labels = _labels(num_classes)
    small_size = {"width": 32, "group_size": None}
    size: dict[str, Any] = {"width": 256} if compute == "gpu" else small_size
    count = epochs(budget or 10_000_000, num_images)
    images = count * num_images
    side = max(shape[:2])
    # Between the weights that the authors' configurations give for 64 and 256 pixels.
    weight = max(0.001, round(2 * (side / 64) ** 3, 3))
    batch_size = _of_memory(256, shape) if compute == "gpu" else 32

    def cosine(start: float, end: float, share: float = 0.2) -> Call:
        over = max(1, round(share * images))
        arguments = {"start": start, "end": end, "images": over}
        return Call("kgan.schedules.Cosine", arguments)

    gamma = cosine(weight, weight / 10)
    return Preset(
        name="r3gan",
        sample_shape=shape,
        num_images=num_images,
        compute=compute,
        generator=_network("r3gan_generator", shape, latent_dim=64, **size, **labels),
        discriminator=_network("r3gan_discriminator", shape, **size, **labels),
        gan={"ema_half_life": cosine(0, min(500_000, images // 20))},
        compile={
            "optimizer": _adam(2e-4, beta_1=0.0, beta_2=0.9),
            "loss": "relativistic",
            "penalties": [_penalty("R1", gamma), _penalty("R2", gamma)],
            "schedules": {
                "learning_rate": cosine(2e-4, 5e-5),
                "beta_2": cosine(0.9, 0.99),
            },
            **_augment(shape, num_images),
        },
        batch_size=_batch_size(batch_size, num_images),
        epochs=count,
        reasons=(
            "Networks, loss and schedules of Huang et al., 2025, arXiv:2501.05441, with "
            f"{size['width']} channels where it has 768, and a weight of the penalties "
            "between those that it gives for other sizes; no run of ours on a GPU has "
            "confirmed them.",
            *_why_augment(shape, num_images),
        ),
    )


def wavegan(
    shape: tuple, num_images: int, num_classes: int | None, compute: str, budget: Any
) -> Preset:
    """For signals of one dimension."""
    labels = _labels(num_classes)
    width = {"width": 64 if compute == "gpu" else 16}
    steps = min(5, num_images)
    batch_size = _batch_size(64 * steps, num_images, divisor=steps)
    return Preset(
        name="wavegan",
        sample_shape=shape,
        num_images=num_images,
        compute=compute,
        generator=_signal("wavegan_generator", shape, latent_dim=100, **width, **labels),
        discriminator=_signal("wavegan_discriminator", shape, **width, **labels),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(1e-4, beta_1=0.5, beta_2=0.9),
            "loss": "wasserstein",
            "penalties": [_penalty("GradientPenalty", 10.0)],
            "d_steps": steps,
            "noise_batch_size": 64,
        },
        batch_size=batch_size,
        epochs=epochs(budget or 5_000_000, num_images),
        reasons=(
            "The settings of Donahue et al., 2019, arXiv:1802.04208, with an average of "
            f"the generator; {_fed(batch_size, steps)}.",
        ),
    )


def mlp(
    shape: tuple, num_images: int, num_classes: int | None, compute: str, budget: Any
) -> Preset:
    """For points, rows of tables and whatever else has no neighbourhood."""
    labels = _labels(num_classes)
    count = epochs(budget or 150_000, num_images)
    return Preset(
        name="mlp",
        sample_shape=shape,
        num_images=num_images,
        compute=compute,
        generator=_network(
            "mlp_generator", shape, latent_dim=64, activation=None, **labels
        ),
        discriminator=_network("mlp_discriminator", shape, **labels),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(2e-3, beta_1=0.5, beta_2=0.99),
            "loss": "non_saturating",
            "penalties": [_penalty("R1", 0.3)],
        },
        batch_size=_batch_size(32, num_images),
        epochs=count,
        reasons=("Dense layers see no neighbourhood, as these samples have none.",),
    )


RECIPES: dict[str, Callable[..., Preset]] = {
    function.__name__: function for function in (small, dcgan, sngan, r3gan, wavegan, mlp)
}


# Those that are for samples of some kind only.
_IMAGES = ("small", "dcgan", "sngan", "r3gan")
_SIGNALS = ("wavegan",)


def check_shape(name: str, shape: tuple) -> None:
    """Raises a `ValueError` if a preset is not for samples of a shape."""
    wanted = ""
    if name in _IMAGES and not is_image_shape(shape):
        wanted = "images, (height, width, channels) with 1 to 4 channels"
    if name in _SIGNALS and len(shape) != 2:
        wanted = "signals, (length, channels)"
    if wanted:
        raise ValueError(
            f"The preset {name!r} is for {wanted}. Received: image_shape={shape}"
        )


def name_for(shape: tuple, compute: str) -> str:
    """Returns the name of the preset for samples of a shape."""
    if is_image_shape(shape):
        return "r3gan" if compute == "gpu" and min(shape[:2]) >= 16 else "small"
    return "wavegan" if len(shape) == 2 and shape[0] >= 1_024 else "mlp"


def _network(builder: str, shape: tuple, **arguments: Any) -> Call:
    return Call(f"kgan.networks.{builder}", {"image_shape": shape, **arguments})


def _signal(builder: str, shape: tuple, **arguments: Any) -> Call:
    return Call(f"kgan.networks.{builder}", {"signal_shape": shape, **arguments})


def _adam(learning_rate: float, **betas: float) -> Call:
    return Call("keras.optimizers.Adam", {"learning_rate": learning_rate, **betas})


def _penalty(name: str, weight: Any) -> Call:
    return Call(f"kgan.penalties.{name}", {"weight": weight})


def _labels(num_classes: int | None) -> dict[str, int]:
    return {} if num_classes is None else {"num_classes": num_classes}


def _batch_size(wanted: int, num_images: int, divisor: int = 1) -> int:
    return max(divisor, min(wanted, num_images) // divisor * divisor)


def _fed(batch_size: int, steps: int) -> str:
    return f"a batch of {batch_size} feeds {steps} updates of {batch_size // steps}"


def _of_memory(batch_size: int, shape: tuple) -> int:
    """Returns a batch size of 32x32 images, or less of larger ones, at least 8."""
    return max(8, min(batch_size, batch_size * 32**2 // (shape[0] * shape[1])))


def _augment(shape: tuple, num_images: int) -> dict[str, Call]:
    """Returns the augmentation of little data, if it is needed."""
    policy = _policy(shape, num_images)
    if policy is None:
        return {}
    return {"augment": Call("kgan.augment.DiffAugment", {"policy": policy})}


def _policy(shape: tuple, num_images: int) -> str | None:
    if num_images >= (_VERY_FEW if min(shape[:2]) <= 32 else _FEW):
        return None
    return "color,translation,cutout" if shape[-1] >= 3 else "translation"


def _why_augment(shape: tuple, num_images: int) -> tuple[str, ...]:
    policy = _policy(shape, num_images)
    if policy is None:
        return ()
    return (
        f"{num_images:,} samples are few: what the discriminator sees is augmented "
        f"({policy}), lest it learn them by heart.",
    )
