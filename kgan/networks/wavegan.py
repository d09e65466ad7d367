from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kgan.layers import PhaseShuffle
from kgan.networks import conditional

_STRIDE, _KERNEL_SIZE, _SHORTEST = 4, 25, 16


def wavegan_generator(
    signal_shape: Sequence[int],
    latent_dim: int = 100,
    width: int = 64,
    activation: Any = "tanh",
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a convolutional generator of signals after WaveGAN, of any length.

    From 16 values or fewer, each stage makes a signal four times as long by repeating
    its values, and convolves over 25. The kernels have the shapes of the paper's; its
    transposed convolutions leave a ringing at the rate of their stride.

    Args:
        signal_shape: `(length, channels)`, of any length.
        latent_dim: Int, length of a noise vector.
        width: Int, channels of the last hidden stage, twice as many at each shorter
            one. The paper's is 64 for 16,384 values.
        activation: Activation of the output; `"tanh"` for data in [-1, 1].
        num_classes: Int, for a generator of `[latents, labels]`: an embedding of the
            label is joined to the latents.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *signal_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `signal_shape` is not that of a signal.

    Example:

    >>> import kgan
    >>> kgan.networks.wavegan_generator((16384, 1), width=8).output_shape
    (None, 16384, 1)

    Reference:
        [Donahue et al., 2019](https://arxiv.org/abs/1802.04208), appendix D, table 3.
    """
    lengths, channels = _lengths(signal_shape)
    latents = keras.Input((latent_dim,), name="latents")
    inputs, labels = conditional.inputs(latents, num_classes)
    stages = len(lengths) - 1
    filters = width * 2 ** max(0, stages - 1)
    x = conditional.with_labels(latents, labels, num_classes)
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
    return keras.Model(inputs, layers.Activation(activation)(x), name=name)


def wavegan_discriminator(
    signal_shape: Sequence[int],
    width: int = 64,
    phase_shuffle: int = 2,
    outputs: int = 1,
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a convolutional discriminator of signals after WaveGAN, of any length.

    Each stage convolves over 25 values with stride 4. Between stages signals are moved
    by a few steps at random.

    Args:
        signal_shape: `(length, channels)`, of any length.
        width: Int, channels of the first stage, twice as many at each later one.
        phase_shuffle: Int, by how many steps at most; 0 for none. See
            `kgan.layers.PhaseShuffle`.
        outputs: Int, 1 for a logit, 2 for one-hot labels.
        num_classes: Int, for a conditional GAN.
        conditioning: `"projection"` or `"auxiliary"`, see `dcgan_discriminator`.
        pack: Int, how many signals it judges together, joined along their channels.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *signal_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `signal_shape` is not that of a signal, or `conditioning` is
            none of these.

    Reference:
        [Donahue et al., 2019](https://arxiv.org/abs/1802.04208), appendix D, table 4.
    """
    conditional.check(num_classes, conditioning, outputs)
    lengths, channels = _lengths(signal_shape)
    signals = x = keras.Input((lengths[0], pack * channels), name="signals")
    inputs, labels = conditional.inputs(signals, num_classes)
    stages = len(lengths) - 1
    for i in range(stages):
        stage = layers.Conv1D(width * 2**i, _KERNEL_SIZE, _STRIDE, padding="same")
        x = layers.LeakyReLU(0.2)(stage(x))
        if phase_shuffle and i < stages - 1:
            x = PhaseShuffle(phase_shuffle)(x)
    ends, used = conditional.logits(
        layers.Flatten()(x), labels, num_classes, conditioning, outputs, None
    )
    return keras.Model(signals if used is None else inputs, ends, name=name)


def _lengths(signal_shape: Sequence[int]) -> tuple[list[int], int]:
    """Returns the lengths from the signal's down, quartered, and its channels."""
    shape = tuple(signal_shape)
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(
            f"`signal_shape` must be (length, channels). Received: signal_shape={shape}"
        )
    lengths = [shape[0]]
    while lengths[-1] > _SHORTEST or len(lengths) == 1:
        lengths.append(-(-lengths[-1] // _STRIDE))
    return lengths, shape[1]
