from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.spectral_normalization import spectral_if
from kgan.types import Config, KerasArgument, Shape, Tensor

# The places along each axis to which the first input is averaged.
_PLACES = 4


@serialization.register
@with_checked_arguments
class SkipLayerExcitation(keras.layers.Layer):
    """Scales the channels of one feature map by numbers from another feature map.

    `features * sigmoid(swish(pooled(source) W) V)`. `pooled` averages the source to 4x4
    places, `W` is a 4x4 convolution over these places, and `V` is a 1x1 convolution; both
    have no bias. Source and features may have any sizes and numbers of channels, so a
    layer of few pixels can act on a layer of many pixels at little cost.

    Args:
        spectral_normalization: Bool, whether to divide each kernel by its largest
            singular value, see `kgan.layers.SpectralNormalization`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `spectral_normalization` is not a bool.

    Example:

    >>> import kgan
    >>> source, features = keras.Input((4, 4, 64)), keras.Input((64, 64, 8))
    >>> kgan.layers.SkipLayerExcitation()([source, features]).shape
    (None, 64, 64, 8)

    Reference:
        [Liu et al., 2021 (FastGAN)](https://arxiv.org/abs/2101.04775), section 3.1. Swish
        is the choice of its code, in place of the leaky ReLU of the paper.
    """

    def __init__(self, spectral_normalization: bool = False, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.spectral_normalization = checks.flag(
            spectral_normalization=spectral_normalization
        )

    def build(self, input_shape: Sequence[Shape]) -> None:
        source, features = input_shape
        form = "(height, width, channels)"
        rows, columns, channels = checks.shape(rank=3, form=form, source=source[1:])
        self.rows, self.columns = bins(rows, _PLACES), bins(columns, _PLACES)
        self.squeeze = self._dense("squeeze", features[-1])
        self.squeeze.build((None, _PLACES * _PLACES * channels))
        self.excite = self._dense("excite", features[-1])
        self.excite.build((None, features[-1]))

    def _dense(self, name: str, units: int | None) -> keras.layers.Layer:
        layer = keras.layers.Dense(
            units, use_bias=False, dtype=self.dtype_policy, name=name
        )
        return spectral_if(self.spectral_normalization, layer)

    def call(self, inputs: Sequence[Tensor], training: bool | None = None) -> Tensor:
        """Returns the scaled features.

        Args:
            inputs: `[source, features]`: float tensors `(batch, height, width, channels)`
                of any sizes.
            training: Bool, whether spectral normalisation updates its singular vectors.
        """
        source, features = inputs
        options = {"training": training} if self.spectral_normalization else {}
        rows, columns = (ops.cast(m, source.dtype) for m in (self.rows, self.columns))
        pooled = ops.einsum("ph,bhwc,qw->bpqc", rows, source, columns)
        pooled = ops.reshape(pooled, (-1, _PLACES * _PLACES * source.shape[-1]))
        x = self.squeeze(pooled, **options)
        x = self.excite(x * ops.sigmoid(x), **options)
        return features * ops.sigmoid(x)[:, None, None, :]

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        return tuple(input_shape[1])

    def get_config(self) -> Config:
        own = {"spectral_normalization": self.spectral_normalization}
        return {**super().get_config(), **own}


def bins(size: int, places: int) -> np.ndarray:
    """Returns the matrix that averages `size` numbers to `places` numbers.

    Place i is the mean from `floor(i * size / places)` up to
    `ceil((i + 1) * size / places)`, so places overlap if they do not divide the size.
    """
    matrix = np.zeros((places, size), "float32")
    for i in range(places):
        part = slice(i * size // places, -(-(i + 1) * size // places))
        matrix[i, part] = 1 / (part.stop - part.start)
    return matrix
