from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers import PhaseShuffle
from kgan.networks.builder import builder
from kgan.networks.conditions import Head, condition_of
from kgan.types import Identifier

_STRIDE, _KERNEL_SIZE = 4, 25
# The stages end when the signal is this short.
_SHORTEST = 16


@builder
def wavegan_generator(
    signal_shape: Sequence[int],
    latent_dim: int = 100,
    width: int = 64,
    activation: Identifier = "tanh",
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a convolutional generator of signals after WaveGAN, for any length.

    The first stage has at most 16 values. Each stage repeats the values to make the
    signal four times as long, then convolves over 25 values. The kernels have the shapes
    of the paper. The paper uses transposed convolutions, which leave an artefact at the
    frequency of their stride.

    Args:
        signal_shape: `(length, channels)`, of any length.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: channels of the last hidden stage, twice as many at each
            shorter length. The paper has 64 for 16,384 values.
        activation: Activation of the output; `"tanh"` for data in [-1, 1].
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label to the latents.
        condition_dim: Int, at least 1, for a generator of `[latents, condition]`, with
            float vectors of this length in the place of labels, see `dcgan_generator`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *signal_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `signal_shape` is not the shape of a signal, or another argument is
            out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.wavegan_generator((16384, 1), width=8).output_shape
    (None, 16384, 1)

    Reference:
        [Donahue et al., 2019](https://arxiv.org/abs/1802.04208), appendix D, table 3.
    """
    latent_dim, width = checks.units(latent_dim=latent_dim), checks.units(width=width)
    lengths, channels = _lengths(signal_shape)
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")
    stages = len(lengths) - 1
    filters = _widest(width, stages)
    checks.parameters(
        lengths[-1] * filters * latent_dim,
        latent_dim=latent_dim,
        width=width,
    )
    x = condition.join(latents)
    x = layers.Dense(lengths[-1] * filters)(x)
    x = layers.ReLU()(layers.Reshape((lengths[-1], filters))(x))
    for i, length in enumerate(lengths[-2::-1]):
        x = layers.UpSampling1D(_STRIDE)(x)
        if x.shape[1] > length:
            x = layers.Cropping1D((0, x.shape[1] - length))(x)
        last = i == stages - 1
        filters = channels if last else width * 2 ** (stages - 2 - i)
        x = layers.Conv1D(filters, _KERNEL_SIZE, padding="same")(x)
        x = x if last else layers.ReLU()(x)
    x = layers.Activation(activation)(x)
    return keras.Model(condition.inputs(latents), x, name=name)


@builder
def wavegan_discriminator(
    signal_shape: Sequence[int],
    width: int = 64,
    phase_shuffle: int = 2,
    outputs: int = 1,
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a convolutional discriminator of signals after WaveGAN, for any length.

    Each stage convolves over 25 values with stride 4. Between two stages each signal is
    shifted by a few random steps.

    Args:
        signal_shape: `(length, channels)`, of any length.
        width: Int, at least 1: channels of the first stage, twice as many at each later
            stage.
        phase_shuffle: Int, at least 0: the largest shift in steps; 0 for no shift. See
            `kgan.layers.PhaseShuffle`.
        outputs: Int, 1 for a logit, 2 for one-hot labels of real and fake.
        num_classes: Int, at least 1, for a conditional discriminator.
        conditioning: `"projection"` or `"auxiliary"`, see `dcgan_discriminator`.
        pack: Int, at least 1: number of signals that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[signals, condition]`,
            with float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *signal_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `signal_shape` is not the shape of a signal, or another argument is
            out of bounds or unknown.

    Reference:
        [Donahue et al., 2019](https://arxiv.org/abs/1802.04208), appendix D, table 4.
    """
    width, pack = checks.units(width=width), checks.units(pack=pack)
    steps = checks.count(minimum=0, phase_shuffle=phase_shuffle)
    head = Head(outputs, num_classes, conditioning, condition_dim)
    lengths, channels = _lengths(signal_shape)
    signals = x = keras.Input((lengths[0], pack * channels), name="signals")
    stages = len(lengths) - 1
    _widest(width, stages)
    for i in range(stages):
        stage = layers.Conv1D(width * 2**i, _KERNEL_SIZE, _STRIDE, padding="same")
        x = layers.LeakyReLU(0.2)(stage(x))
        if steps and i < stages - 1:
            x = PhaseShuffle(steps)(x)
    return head.model(signals, layers.Flatten()(x), name)


def _widest(width: int, stages: int) -> int:
    """Returns the channels of the shortest stage."""
    filters = width * 2 ** max(0, stages - 1)
    checks.parameters(filters * filters // 2 * _KERNEL_SIZE, width=width)
    return filters


def _lengths(signal_shape: Sequence[int]) -> tuple[list[int], int]:
    """Returns the lengths of a signal quartered again and again, and its channels."""
    length, channels = checks.shape(
        rank=2, form="(length, channels)", signal_shape=signal_shape
    )
    lengths = [length]
    while lengths[-1] > _SHORTEST or len(lengths) == 1:
        lengths.append(-(-lengths[-1] // _STRIDE))
    return lengths, channels
