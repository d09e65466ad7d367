"""Residual blocks, which the networks of SNGAN, SAGAN and BigGAN are made of."""

from collections.abc import Callable

import keras
from keras import layers

from kgan.layers import SelfAttention2D
from kgan.layers.normalized import normalized
from kgan.networks import sizes
from kgan.types import Identifier, Tensor


class Blocks:
    """Builds the blocks of one network, whose kernels are all made alike.

    Args:
        normalization: See `kgan.layers.normalized`. Shortcuts, attention and layers that
            take the pixels have spectral normalisation or none.
        initializer: Initializer of the kernels; None for variances that ReLU keeps.
        regularizer: Regularizer of the kernels.
    """

    def __init__(
        self,
        normalization: str | None,
        initializer: str | None = None,
        regularizer: Identifier = None,
    ):
        self.normalization = normalization
        self.spectral = normalization if normalization == "spectral" else None
        self.initializer = initializer
        self.regularizer = regularizer

    def convolution(
        self,
        filters: int,
        normalization: str | None,
        kind: sizes.Convolution = sizes.SAME,
    ) -> Callable[[Tensor], Tensor]:
        """Returns a 3x3 convolution."""
        # ReLU halves the variance; a scale of 2 makes up for it.
        initializer = keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")
        layer = kind(
            filters,
            3,
            kernel_initializer=self.initializer or initializer,
            kernel_regularizer=self.regularizer,
        )
        return normalized(layer, normalization)

    def last(self, channels: int) -> Callable[[Tensor], Tensor]:
        """Returns the 3x3 convolution that draws the pixels."""
        layer = layers.Conv2D(channels, 3, padding="same", **self._kernel())
        return normalized(layer, self.spectral)

    def dense(self, units: int) -> Callable[[Tensor], Tensor]:
        """Returns the first layer of a generator."""
        return normalized(layers.Dense(units, **self._kernel()), self.spectral)

    def shortcut(self, x: Tensor, filters: int) -> Tensor:
        """Returns the output of a 1x1 convolution."""
        return normalized(layers.Conv2D(filters, 1, **self._kernel()), self.spectral)(x)

    def doubled(
        self,
        x: Tensor,
        filters: int,
        size: tuple[int, int],
        activated: Callable[[Tensor], Tensor],
    ) -> Tensor:
        """Returns the output of a block that doubles the size, up to `size`."""
        y, kind = sizes.doubled(activated(x), size)
        y = self.convolution(filters, self.spectral, kind)(y)
        y = self.convolution(filters, self.spectral)(activated(y))
        # A 1x1 convolution commutes with the doubling, and costs a quarter before it.
        x = layers.UpSampling2D(2)(self.shortcut(x, filters))
        return layers.Add()([y, sizes.cropped(x, size)])

    def halved(self, x: Tensor, filters: int, first: bool) -> Tensor:
        """Returns the output of a block that halves the size; the first takes pixels."""
        # The pixels of the first block skip the ReLU and the normalisation of outputs.
        y = x if first else layers.ReLU()(x)
        start = self.spectral if first else self.normalization
        y = layers.ReLU()(self.convolution(filters, start)(y))
        y = _halved(self.convolution(filters, self.normalization)(y))
        return layers.Add()([y, self.shortcut(_halved(x), filters)])

    def kept(self, x: Tensor, filters: int) -> Tensor:
        """Returns the output of a block that keeps the size."""
        y = self.convolution(filters, self.normalization)(layers.ReLU()(x))
        y = self.convolution(filters, self.normalization)(layers.ReLU()(y))
        x = x if x.shape[-1] == filters else self.shortcut(x, filters)
        return layers.Add()([y, x])

    def attended(self, x: Tensor, attention: int | None) -> Tensor:
        """Adds self-attention to features of the size that `attention` names."""
        if min(x.shape[1:3]) != attention:
            return x
        spectral = self.spectral is not None
        return SelfAttention2D(spectral_normalization=spectral, **self._kernel())(x)

    def _kernel(self) -> dict[str, Identifier]:
        initializer = self.initializer or "glorot_uniform"
        return {
            "kernel_initializer": initializer,
            "kernel_regularizer": self.regularizer,
        }


def _halved(x: Tensor) -> Tensor:
    return layers.AveragePooling2D(2, padding="same")(x)
