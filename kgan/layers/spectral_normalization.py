import keras
from keras import ops

from kgan import backend, checks, serialization
from kgan.backend import keras_private
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor

# Avoids a division by 0 when the kernel is 0.
_EPSILON = 1e-12

_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


@serialization.register
@with_checked_arguments
class SpectralNormalization(keras.layers.Wrapper):
    """Divides the kernel of a layer by its largest singular value.

    The layer computes with `W / sigma(W)`. `W` is the kernel as a matrix: the last axis
    holds the output channels, the first axis all other axes. Power iteration estimates
    `sigma = v W u'`, with the singular vectors `v` and `u`; each call in training runs
    `power_iterations` more iterations. Gradients flow through the division; `v` and `u`
    count as constants.

    `keras.layers.SpectralNormalization` overwrites `W` in every training step. This
    layer never changes `W`, so it works on every backend and the optimizer keeps its own
    variable. In inference the layer divides too, by the sigma of the next iteration.

    Args:
        layer: A `keras.layers.Layer` with a variable `kernel` or `embeddings`, for
            example `Dense` or `Conv2D`.
        power_iterations: Int, at least 1.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If the layer has neither variable, or `power_iterations` is not an
            int of at least 1.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.SpectralNormalization(keras.layers.Dense(4))
    >>> tuple(layer(keras.ops.ones((2, 3))).shape)
    (2, 4)

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), algorithm 1.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        power_iterations: int = 1,
        **kwargs: KerasArgument,
    ):
        checks.instance(keras.layers.Layer, "a layer of Keras", layer=layer)
        super().__init__(layer, **kwargs)
        self.power_iterations = checks.count(power_iterations=power_iterations)

    def build(self, input_shape: Shape | None = None) -> None:
        super().build(input_shape)
        kernel = self._kernel
        if kernel is None:
            raise ValueError(
                "Spectral normalisation needs a layer with a variable `kernel` or "
                f"`embeddings`. Received: layer={self.layer}"
            )
        self.u = self.add_weight(
            (1, kernel.shape[self._output_axis]),
            keras.initializers.RandomNormal(),
            dtype=kernel.dtype,
            trainable=False,
            # Under mixed precision on PyTorch, assigning would change a copy only.
            autocast=False,
            name="u",
        )

    @property
    def _kernel(self) -> keras.Variable | None:
        found = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        return found if isinstance(found, keras.Variable) else None

    @property
    def _output_axis(self) -> int:
        # The kernel of a transposed convolution ends in (output, input) channels.
        return -2 if isinstance(self.layer, _TRANSPOSED) else -1

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Returns the outputs of the layer with the normalised kernel.

        Args:
            inputs: The inputs of the layer.
            training: Bool, whether to keep the singular vector `u` of this call.
        """
        kernel = self._kernel
        with keras_private.without_autocast():
            normalized, u = self.normalized_kernel()
        if training and self.trainable:
            self.u.assign(u)
        scope = backend.Scope()
        scope.state_mapping[id(kernel)] = normalized
        with scope:
            outputs = self.layer(inputs)
        scope.write_through(scope.written())
        for loss in scope.losses:
            self.add_loss(loss)
        return outputs

    def normalized_kernel(self) -> tuple[Tensor, Tensor]:
        """Returns `W / sigma`, with the shape of the kernel, and the next `u`."""
        kernel = ops.convert_to_tensor(self._kernel)
        matrix = ops.moveaxis(kernel, self._output_axis, -1)
        matrix = ops.reshape(matrix, (-1, matrix.shape[-1]))
        u = ops.convert_to_tensor(self.u)
        fixed = ops.stop_gradient(matrix)
        for _ in range(self.power_iterations):
            v = _unit(u @ ops.transpose(fixed))
            u = _unit(v @ fixed)
        sigma = ops.sum((v @ matrix) * u)
        return kernel / (sigma + _EPSILON), u

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> Config:
        return {**super().get_config(), "power_iterations": self.power_iterations}


def spectral_if(wanted: bool, layer: keras.layers.Layer) -> keras.layers.Layer:
    """Returns an inner layer, with spectral normalisation of its kernel if wanted."""
    if not wanted:
        return layer
    name = f"spectral_{layer.name}"
    return SpectralNormalization(layer, dtype=layer.dtype_policy, name=name)


def _unit(x: Tensor) -> Tensor:
    """Scales a vector to a length of 1."""
    return x / (ops.sqrt(ops.sum(ops.square(x))) + _EPSILON)
