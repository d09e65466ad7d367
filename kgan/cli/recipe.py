"""What `kgan train` trains with when it is told nothing else."""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import keras

import kgan
from kgan.data import is_image_shape

# Shown in all, unless --epochs says otherwise: about what the digits need.
IMAGES_SHOWN = 150_000
LATENT_DIM = 64
BATCH_SIZE = 32

# Small batches, a high learning rate and a light penalty learn fastest on the small
# images of a first try; the averaged generator smooths the noise that they bring.
_LEARNING_RATE = 2e-3
_PENALTIES: dict[str, Callable[[], list[kgan.penalties.Penalty]]] = {
    "wasserstein": lambda: [kgan.penalties.GradientPenalty(10.0)],
    "relativistic": lambda: [kgan.penalties.R1(0.05), kgan.penalties.R2(0.05)],
}


def epochs(count: int) -> int:
    """Returns how many epochs show about `IMAGES_SHOWN` of `count` samples."""
    return max(1, math.ceil(IMAGES_SHOWN / count))


def build(
    shape: tuple[int, ...],
    latent_dim: int,
    loss: str,
    seed: int,
    precision: str = "float32",
    num_classes: int | None = None,
    **compile_arguments: Any,
) -> kgan.GAN:
    """Returns a compiled GAN for samples of `shape`.

    Args:
        shape: Shape of one sample.
        latent_dim: Length of a noise vector.
        loss: Name of the loss.
        seed: Seed of weights, noise and the order of data.
        precision: Name of the dtype policy of both networks.
        num_classes: Of a conditional GAN.
        **compile_arguments: Further arguments of `GAN.compile`.
    """
    keras.utils.set_random_seed(seed)
    with _dtype_policy(precision):
        gan = kgan.GAN(*_networks(shape, latent_dim, num_classes), seed=seed)
    gan.compile(
        optimizer=keras.optimizers.Adam(_LEARNING_RATE, beta_1=0.5, beta_2=0.99),
        loss=loss,
        penalties=_PENALTIES.get(loss, lambda: [kgan.penalties.R1(0.3)])(),
        **compile_arguments,
    )
    return gan


@contextlib.contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _networks(
    shape: tuple[int, ...], latent_dim: int, num_classes: int | None
) -> tuple[keras.Model, keras.Model]:
    lib = kgan.networks
    if not is_image_shape(shape):
        return (
            lib.mlp_generator(
                shape, latent_dim, activation=None, num_classes=num_classes
            ),
            lib.mlp_discriminator(shape, num_classes=num_classes),
        )
    # Tiny images are halved twice all the same, down to 2 pixels.
    size: dict[str, Any] = {"width": 32, "depth": 2 if min(shape[:2]) <= 8 else None}
    return (
        lib.dcgan_generator(shape, latent_dim, num_classes=num_classes, **size),
        lib.dcgan_discriminator(shape, num_classes=num_classes, **size),
    )
