from typing import Any

import keras
from keras import ops

from kgan import backend, serialization

# Keeps a kernel of zeros zero.
_EPSILON = 1e-12

_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


@serialization.register
class SpectralNormalization(keras.layers.Wrapper):
    """Divides a layer's kernel by its largest singular value, as it is used.

    The layer computes with `W / sigma(W)`, where `W` is its kernel as a matrix, all
    other axes by the output channels, and `sigma = v W u'` with `v` and `u` from power
    iteration, which each call in training carries on by `power_iterations`. Gradients
    go through the division; `v` and `u` count as constants.

    `W` itself is never written: unlike `keras.layers.SpectralNormalization`, which
    overwrites it in every training step, that works on every backend, leaves the
    optimizer its own variable, and divides at inference too, by the sigma that the next
    step of the iteration gives.

    Args:
        layer: A `keras.layers.Layer` with a `kernel`, such as `Dense` or `Conv2D`, or
            with `embeddings`.
        power_iterations: Int, at least 1.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If there is no such variable, or `power_iterations` is less than 1.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.SpectralNormalization(keras.layers.Dense(4))
    >>> tuple(layer(keras.ops.ones((2, 3))).shape)
    (2, 4)

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), algorithm 1.
    """

    def __init__(
        self, layer: keras.layers.Layer, power_iterations: int = 1, **kwargs: Any
    ):
        super().__init__(layer, **kwargs)
        if power_iterations != int(power_iterations) or power_iterations < 1:
            raise ValueError(
                "`power_iterations` must be an int of at least 1. "
                f"Received: power_iterations={power_iterations}"
            )
        self.power_iterations = int(power_iterations)

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if self._kernel is None:
            raise ValueError(
                "Spectral normalisation needs a layer with a variable `kernel` or "
                f"`embeddings`. Received: layer={self.layer}"
            )
        self.u = self.add_weight(
            (1, self._kernel.shape[self._output_axis]),
            keras.initializers.RandomNormal(),
            dtype=self._kernel.dtype,
            trainable=False,
            # On PyTorch, under mixed precision, writes would go to a copy.
            autocast=False,
            name="u",
        )

    @property
    def _kernel(self) -> Any:
        found = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        return found if isinstance(found, keras.Variable) else None

    @property
    def _output_axis(self) -> int:
        # Transposed convolutions have their output channels before their input's.
        return -2 if isinstance(self.layer, _TRANSPOSED) else -1

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        kernel = self._kernel
        with backend.without_autocast():
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

    def normalized_kernel(self) -> tuple[Any, Any]:
        """Returns `W / sigma`, of the kernel's shape, and the next `u`."""
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

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _unit(x: Any) -> Any:
    return x / (ops.sqrt(ops.sum(ops.square(x))) + _EPSILON)
