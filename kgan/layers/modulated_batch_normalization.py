from collections.abc import Sequence

import keras

from kgan import checks, serialization
from kgan.layers.affine_batch_normalization import AffineBatchNormalization
from kgan.layers.arguments import fresh, with_checked_arguments
from kgan.layers.spectral_normalization import spectral_if
from kgan.types import Config, Identifier, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class ModulatedBatchNormalization(AffineBatchNormalization):
    """Batch normalisation with a scale and an offset that depend on a vector.

    `(1 + vector G) * (x - mean) / sqrt(variance + epsilon) + vector B`, with learned
    matrices `G` and `B`. The inputs are `[features, vectors]`, float tensors
    `(batch, ..., channels)` and `(batch, dim)`. Mean and variance are taken over the
    whole batch. BigGAN has the embedding of the label and a part of the latents as the
    vector.

    Args:
        momentum: Float from 0 to 1, see `keras.layers.BatchNormalization`.
        epsilon: Float of at least 0, see `keras.layers.BatchNormalization`.
        synchronized: See `keras.layers.BatchNormalization`.
        spectral_normalization: Bool, whether to divide `G` and `B` by their largest
            singular values, see `kgan.layers.SpectralNormalization`.
        kernel_initializer: Initializer of `G` and `B`.
        kernel_regularizer: Regularizer of `G` and `B`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is none of these.

    Example:

    >>> import kgan
    >>> features, vectors = keras.Input((4, 4, 8)), keras.Input((16,))
    >>> kgan.layers.ModulatedBatchNormalization()([features, vectors]).shape
    (None, 4, 4, 8)

    Reference:
        [Brock et al., 2018 (BigGAN)](https://arxiv.org/abs/1809.11096), appendix B;
        [Chen et al., 2018](https://arxiv.org/abs/1810.01365), for vectors of latents.
    """

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        synchronized: bool = False,
        spectral_normalization: bool = False,
        kernel_initializer: Identifier = "glorot_uniform",
        kernel_regularizer: Identifier = None,
        **kwargs: KerasArgument,
    ):
        super().__init__(momentum, epsilon, synchronized, **kwargs)
        self.spectral_normalization = checks.flag(
            spectral_normalization=spectral_normalization
        )
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: Sequence[Shape]) -> None:
        super().build(input_shape)
        features, vectors = input_shape
        self.scale = self._matrix("scale", features[-1], vectors)
        self.offset = self._matrix("offset", features[-1], vectors)

    def _matrix(self, name: str, units: int | None, vectors: Shape) -> keras.layers.Layer:
        layer = keras.layers.Dense(
            units,
            use_bias=False,
            kernel_initializer=fresh(self.kernel_initializer),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )
        layer = spectral_if(self.spectral_normalization, layer)
        layer.build(vectors)
        return layer

    def scale_and_offset(
        self, condition: Tensor, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        """Returns the products of vectors with both matrices.

        Args:
            condition: Float tensor `(batch, dim)`.
            training: Bool, the mode of the spectral normalisation.
        """
        options = {"training": training} if self.spectral_normalization else {}
        scale = 1 + self.scale(condition, **options)
        return scale, self.offset(condition, **options)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "spectral_normalization": self.spectral_normalization,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
