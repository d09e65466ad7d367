"""The presets: one function each, and the table of their names."""

from typing import Any

from kgan.data import is_image_shape
from kgan.networks import sizes
from kgan.presets import translation
from kgan.presets.call import Call
from kgan.presets.expectation import expectation
from kgan.presets.preset import Preset
from kgan.presets.request import Request

# With more steps in one call, progress would be seen less often for little gain.
_SMALL_STEPS = 8


def small(request: Request) -> Preset:
    """Small networks that learn fast."""
    request.check_images()
    if min(request.shape[:2]) <= 8:
        return _tiny(request)
    gpu = request.compute == "gpu"
    width = 64 if gpu else _width_on_cpu(request.shape)
    images = request.images(2_000_000 if gpu else 300_000)
    in_colour = request.shape[-1] >= 3
    if in_colour and not gpu:  # ADA is measured on a CPU only, see docs/results.md.
        augmentation = request.ada(images, initial=0.8)
    else:
        augmentation = request.diff_augment(images)
    falling = {"learning_rate": _second_half(2e-3, 2e-4, images)}
    return request.preset(
        generator=request.network("small_generator", latent_dim=64, width=width),
        discriminator=request.network("small_discriminator", width=width),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(2e-3, beta_1=0.0, beta_2=0.99),
            "loss": "non_saturating",
            "penalties": [_penalty("R1", 1.0)],
            **({"schedules": falling} if in_colour else {}),
            **augmentation.compile,
        },
        batch_size=request.batch_size(64 if gpu else 32),
        budget=images,
        reasons=(
            _LEARNS_FASTEST,
            _SETTLES if in_colour else _STAYS,
            _measured(request),
            *augmentation.reasons,
        ),
        expectation=expectation(images),
    )


def _tiny(request: Request) -> Preset:
    """The preset `small` for images of up to 8 pixels."""
    # These images are halved twice too, down to 2 pixels, but for smaller images.
    depth = 2 if max(request.shape[:2]) > 2 else 1
    size: dict[str, Any] = {"width": 32, "depth": depth}
    images = request.images(150_000)
    augmentation = request.diff_augment(images)
    return request.preset(
        generator=request.network("dcgan_generator", latent_dim=64, **size),
        discriminator=request.network("small_discriminator", **size),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(2e-3, beta_1=0.5, beta_2=0.99),
            "loss": "non_saturating",
            "penalties": [_penalty("R1", 0.3)],
            **augmentation.compile,
        },
        batch_size=request.batch_size(32),
        steps_per_execution=_SMALL_STEPS,
        budget=images,
        reasons=(
            _LEARNS_FASTEST,
            _measured(request),
            *augmentation.reasons,
        ),
    )


def dcgan(request: Request) -> Preset:
    """The classic settings, for comparison."""
    request.check_images()
    return request.preset(
        generator=request.network("dcgan_generator", latent_dim=100),
        discriminator=request.network("dcgan_discriminator", normalization="batch"),
        gan={"ema_half_life": None},
        compile={
            "optimizer": _adam(2e-4, beta_1=0.5, beta_2=0.999),
            "loss": "non_saturating",
        },
        batch_size=request.batch_size(128),
        budget=request.images(1_000_000),
        reasons=(
            "Optimizers, batch size and latents of Radford et al., 2015, "
            "arXiv:1511.06434, with half the widths, and an upsampling that draws no "
            "checkerboard patterns.",
        ),
    )


def sngan(request: Request) -> Preset:
    """Residual networks, spectral normalisation and hinge loss."""
    request.check_images()
    widths = {"gpu": (256, 128), "cpu": (64, 32)}[request.compute]
    steps = min(5, request.num_images)
    batch_size = request.batch_size(64 * steps, divisor=steps)
    images = request.images(10_000_000)
    augmentation = request.diff_augment(images)
    return request.preset(
        generator=request.network("resnet_generator", latent_dim=128, width=widths[0]),
        discriminator=request.network("resnet_discriminator", width=widths[1]),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(2e-4, beta_1=0.0, beta_2=0.9),
            "loss": "hinge",
            "d_steps": steps,
            "noise_batch_size": 64,
            **augmentation.compile,
        },
        batch_size=batch_size,
        budget=images,
        reasons=(
            "The settings of Miyato et al., 2018, arXiv:1802.05957, with an average of "
            f"the generator; {_split(batch_size, steps)}.",
            *augmentation.reasons,
        ),
    )


def r3gan(request: Request) -> Preset:
    """No normalisation, a relativistic loss, penalties on reals and fakes, schedules."""
    request.check_images()
    gpu = request.compute == "gpu"
    size: dict[str, Any] = {"width": 256} if gpu else {"width": 32, "group_size": None}
    images = request.images(10_000_000)
    # Between the weights for 64 and 256 pixels in the configurations of the authors.
    weight = max(0.001, round(2 * (max(request.shape[:2]) / 64) ** 3, 3))
    gamma = _cosine(weight, weight / 10, images)
    augmentation = request.diff_augment(images)
    return request.preset(
        generator=request.network("r3gan_generator", latent_dim=64, **size),
        discriminator=request.network("r3gan_discriminator", **size),
        gan={"ema_half_life": _cosine(0, min(500_000, images // 20), images)},
        compile={
            "optimizer": _adam(2e-4, beta_1=0.0, beta_2=0.9),
            "loss": "relativistic",
            "penalties": [_penalty("R1", gamma), _penalty("R2", gamma)],
            "schedules": {
                "learning_rate": _cosine(2e-4, 5e-5, images),
                "beta_2": _cosine(0.9, 0.99, images),
            },
            **augmentation.compile,
        },
        batch_size=request.batch_size(_by_memory(256, request.shape) if gpu else 32),
        budget=images,
        reasons=(
            "Networks, loss and schedules of Huang et al., 2025, arXiv:2501.05441, with "
            f"{size['width']} channels instead of 768, and a weight of the penalties "
            "between the weights that the paper has for other sizes. The networks learn "
            "slowly: no emoji was recognisable after 450,000 images, where `small` needs "
            "fewer than 100,000.",
            *augmentation.reasons,
        ),
    )


def stylegan2(request: Request) -> Preset:
    """Styles, equalised rates, lazy penalties, and adaptive augmentation of few data."""
    request.check_images()
    gpu = request.compute == "gpu"
    size: dict[str, Any] = {"width": 512, "mapping_layers": 2}
    if not gpu:
        size["width"] = _thin_pyramid(request.shape)
    latent_dim = 512 if gpu else 64
    longest = max(request.shape[:2])
    # Fewer images of more than 128 pixels, which need more memory.
    batch_size = request.batch_size(max(4, min(32 if gpu else 16, 4096 // longest)))
    images = request.images(10_000_000 if gpu else 200_000)
    gamma = 2e-4 * request.shape[0] * request.shape[1] / batch_size
    augmentation = request.ada(images)
    return request.preset(
        generator=request.network("stylegan2_generator", latent_dim=latent_dim, **size),
        discriminator=request.network("stylegan2_discriminator", **size),
        gan={"ema_half_life": round(10_000 * batch_size / 32)},
        compile={
            "optimizer": _adam(
                2e-3 if longest >= 1024 else 2.5e-3,
                beta_1=0.0,
                beta_2=0.99,
                epsilon=1e-8,
            ),
            "loss": "non_saturating",
            "penalties": [_penalty("R1", float(f"{gamma:.4g}"), every=16)],
            "generator_penalties": [_penalty("PathLength", 2.0, every=4)],
            **augmentation.compile,
        },
        batch_size=batch_size,
        budget=images,
        reasons=(
            "Networks, penalties and rates of StyleGAN2 (Karras et al., 2019, "
            "arXiv:1912.04958), in the configuration `auto` of the code of Karras et "
            "al., 2020, arXiv:2006.06676: the weight of R1 is 0.0002 times the pixels of "
            "an image, divided by the batch size; the half-life of the average is 10,000 "
            "images for batches of 32; the mapping has two layers.",
            *_scaled(request, "up to 64 channels instead of 512, and batches of 16"),
            *augmentation.reasons,
        ),
    )


def fastgan(request: Request) -> Preset:
    """Skip-layer excitation, and a discriminator that encodes images, for few images."""
    request.check_images()
    gpu = request.compute == "gpu"
    size: dict[str, Any] = {"width": 64 if gpu else 6}
    # The code of the paper has no cutout.
    policy = request.policy.removesuffix(",cutout")
    return request.preset(
        generator=request.network(
            "fastgan_generator", latent_dim=256 if gpu else 64, **size
        ),
        discriminator=request.network("fastgan_discriminator", **size),
        # The average of the paper keeps 0.999 of its weights in an update of 8 images.
        gan={"ema_half_life": 5_500},
        compile={
            "optimizer": _adam(2e-4, beta_1=0.5, beta_2=0.999),
            "loss": "hinge",
            "augment": Call("kgan.augment.DiffAugment", {"policy": policy}),
        },
        batch_size=request.batch_size(8),
        budget=request.images(400_000 if gpu else 200_000),
        reasons=(
            "The settings of Liu et al., 2021, arXiv:2101.04775, for a hundred to a few "
            "thousand images: small batches, the hinge loss, and the augmentation of "
            "Zhao et al., 2020, arXiv:2006.10738, however many the images are.",
            *_scaled(request, "a width of 6 instead of 64, and 64 latents"),
        ),
    )


def biggan(request: Request) -> Preset:
    """Large batches, residual networks, attention and orthogonal kernels."""
    request.check_images()
    gpu = request.compute == "gpu"
    width = 64 if gpu else (8 if min(request.shape[:2]) <= 32 else 6)
    size: dict[str, Any] = {"width": width, "attention": _attention(request.shape)}
    orthogonal = Call("kgan.regularizers.OrthogonalRegularizer", {"factor": 1e-4})
    steps = min(2, request.num_images)
    each = _by_memory(256, request.shape) if gpu else 32
    batch_size = request.batch_size(steps * each, divisor=steps)
    images = request.images(10_000_000 if gpu else 200_000)
    # A short training on a CPU has few updates.
    rate = 5e-5 if gpu else 2e-4
    augmentation = request.diff_augment(images)
    return request.preset(
        generator=request.network(
            "biggan_generator", latent_dim=120, **size, kernel_regularizer=orthogonal
        ),
        discriminator=request.network("biggan_discriminator", **size),
        gan={"ema_half_life": max(1, images // 20)},
        compile={
            "g_optimizer": _adam(rate, beta_1=0.0, beta_2=0.999),
            "d_optimizer": _adam(4 * rate, beta_1=0.0, beta_2=0.999),
            "loss": "hinge",
            "d_steps": steps,
            **augmentation.compile,
        },
        batch_size=batch_size,
        budget=images,
        reasons=(
            _BIGGAN + f"; {_split(batch_size, steps)}.",
            *_scaled(request, f"a width of {width} instead of 96, four times the rates"),
            *augmentation.reasons,
        ),
    )


def wavegan(request: Request) -> Preset:
    """For one-dimensional signals."""
    request.check_signals()
    size = {"width": 64 if request.compute == "gpu" else 16}
    steps = min(5, request.num_images)
    batch_size = request.batch_size(64 * steps, divisor=steps)
    return request.preset(
        generator=request.network(
            "wavegan_generator", "signal_shape", latent_dim=100, **size
        ),
        discriminator=request.network("wavegan_discriminator", "signal_shape", **size),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(1e-4, beta_1=0.5, beta_2=0.9),
            "loss": "wasserstein",
            "penalties": [_penalty("GradientPenalty", 10.0)],
            "d_steps": steps,
            "noise_batch_size": 64,
        },
        batch_size=batch_size,
        budget=request.images(5_000_000),
        reasons=(
            "The settings of Donahue et al., 2019, arXiv:1802.04208, with an average of "
            f"the generator; {_split(batch_size, steps)}.",
        ),
    )


def mlp(request: Request) -> Preset:
    """For points, rows of tables and other samples without neighbourhoods."""
    return request.preset(
        generator=request.network("mlp_generator", latent_dim=64, activation=None),
        discriminator=request.network("mlp_discriminator"),
        gan={"ema_half_life": 10_000},
        compile={
            "optimizer": _adam(2e-3, beta_1=0.5, beta_2=0.99),
            "loss": "non_saturating",
            "penalties": [_penalty("R1", 0.3)],
        },
        batch_size=request.batch_size(32),
        steps_per_execution=_SMALL_STEPS,
        budget=request.images(150_000),
        reasons=("Dense layers ignore neighbourhoods, and these samples have none.",),
    )


# The command line reads the names from this file without importing it.
RECIPES = {
    "small": small,
    "dcgan": dcgan,
    "sngan": sngan,
    "r3gan": r3gan,
    "stylegan2": stylegan2,
    "fastgan": fastgan,
    "biggan": biggan,
    "wavegan": wavegan,
    "mlp": mlp,
    "pix2pix": translation.pix2pix,
    "cyclegan": translation.cyclegan,
}


def name_for(shape: tuple[int, ...]) -> str:
    """Returns the name of the preset that suits samples of a shape."""
    if is_image_shape(shape):
        return "small"
    return "wavegan" if len(shape) == 2 and shape[0] >= 1_024 else "mlp"


_STAYS = (
    "The learning rate stays as it is: with a falling rate, samples of grey images end "
    "farther from the reals."
)
_SETTLES = (
    "In the second half of the budget the learning rate falls to a tenth, so that the "
    "samples settle."
)
_BIGGAN = (
    "The settings of Brock et al., 2018, arXiv:1809.11096, with smaller batches: a "
    "higher rate for the discriminator than for the generator, an average whose "
    "half-life is a twentieth of the training, and orthogonal kernels, so that truncated "
    "latents give samples without faults"
)
_LEARNS_FASTEST = (
    "Small batches, a high learning rate and a light penalty learn fastest on small "
    "images; the averaged generator smooths the noise of these settings."
)


def _measured(request: Request) -> str:
    """Returns a sentence on where the samples of the preset `small` were measured."""
    if request.compute == "gpu":
        return (
            "docs/results.md has measurements of these settings with narrower networks, "
            "on CPUs; on a GPU they have not been measured yet."
        )
    if min(request.shape[:2]) <= 8:
        where = "the digits of 8x8 pixels"
    elif request.shape[-1] < 3:
        where = "MNIST, for grey images"
    else:
        where = "emoji of 32x32 pixels, for images in colour"
    return f"docs/results.md has measurements of these settings: {where}."


def _width_on_cpu(shape: tuple[int, ...]) -> int:
    """Returns a width with which the budget takes minutes to an hour on two cores."""
    if shape[-1] < 3:
        return 12
    return 24 if min(shape[:2]) <= 32 else 16


def _thin_pyramid(shape: tuple[int, ...]) -> list[int]:
    """Returns channels at each size, from the smallest up, of about equal costs.

    As in the code of StyleGAN2, half as many channels at twice the size.
    """
    stages, _ = sizes.halvings(shape)
    return [max(4, min(64, 256 // min(size))) for size in stages[::-1]]


def _attention(shape: tuple[int, ...]) -> int | None:
    """Returns the largest halved size at which self-attention is affordable."""
    stages, _ = sizes.halvings(shape)
    return next((side for side in map(min, stages[1:]) if 32 <= side <= 64), None)


def _scaled(request: Request, changes: str) -> tuple[str, ...]:
    """Returns the sentence on the networks for a CPU; nothing for a GPU."""
    if request.compute == "gpu":
        return ()
    return (f"For a CPU {changes}.",)


def _adam(learning_rate: float, **arguments: float) -> Call:
    arguments = {"learning_rate": learning_rate, **arguments}
    return Call("keras.optimizers.Adam", arguments)


def _penalty(name: str, weight: float | Call, **arguments: int) -> Call:
    return Call(f"kgan.penalties.{name}", {"weight": weight, **arguments})


def _cosine(start: float, end: float, images: int) -> Call:
    """Returns a schedule over the first fifth of the images."""
    arguments = {"start": start, "end": end, "images": max(1, round(0.2 * images))}
    return Call("kgan.schedules.Cosine", arguments)


def _second_half(start: float, end: float, images: int) -> Call:
    """Returns a schedule that begins after half of the images."""
    half = max(1, images // 2)
    arguments = {"start": start, "end": end, "images": half, "begin": images // 2}
    return Call("kgan.schedules.Cosine", arguments)


def _split(batch_size: int, steps: int) -> str:
    return f"a batch of {batch_size} feeds {steps} updates of {batch_size // steps}"


def _by_memory(batch_size: int, shape: tuple[int, ...]) -> int:
    """Returns a batch size for 32x32 images, or a smaller one for larger images."""
    return max(8, min(batch_size, batch_size * 32**2 // (shape[0] * shape[1])))
