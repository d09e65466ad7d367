"""Regularizers of kernels, for the argument `kernel_regularizer` of Keras."""

import keras
from keras import ops

from kgan import checks, serialization
from kgan.types import Config, Number, Tensor

__all__ = ["OrthogonalRegularizer"]


@serialization.register
class OrthogonalRegularizer(keras.regularizers.Regularizer):
    """Makes the filters of a kernel orthogonal, but leaves their lengths free.

    `factor * sum((W' W * (1 - I))²)`. `W` is the kernel as a matrix: the last axis holds
    the filters, the first axis all other axes. BigGAN needs this loss in the generator to
    sample with truncated noise.

    `keras.regularizers.OrthogonalRegularizer` divides by the lengths of the filters,
    sums absolute values, and takes matrices only.

    Args:
        factor: Float of at least 0, the beta of the paper.

    Raises:
        ValueError: If `factor` is not a number of at least 0.

    Example:

    >>> import kgan
    >>> regularizer = kgan.regularizers.OrthogonalRegularizer(0.5)
    >>> float(regularizer(keras.ops.array([[1.0, 2.0], [3.0, 1.0]])))
    25.0

    Reference:
        [Brock et al., 2018 (BigGAN)](https://arxiv.org/abs/1809.11096), equation 3. The
        authors' PyTorch code adds half of the gradient: 5e-5 has the effect of its 1e-4.
    """

    def __init__(self, factor: Number = 1e-4):
        self.factor = checks.number(minimum=0, factor=factor)

    def __call__(self, x: Tensor) -> Tensor:
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        products = ops.transpose(matrix) @ matrix
        products = products * (1 - ops.eye(x.shape[-1], dtype=products.dtype))
        return self.factor * ops.sum(ops.square(products))

    def get_config(self) -> Config:
        return {"factor": self.factor}
