from collections.abc import Sequence

import keras

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import KerasArgument, Shape, Tensors


@serialization.register
@with_checked_arguments
class Frozen(keras.layers.Wrapper):
    """Runs a layer or a model that never trains, for example a network of features.

    No weight of the inner layer is trainable, also after `trainable = True` for a model
    around this layer. The inner layer always runs in inference mode, so batch
    normalisation uses its moving averages and writes nothing. Gradients flow through the
    layer to its inputs. The weights are saved with the model.

    Args:
        layer: A `keras.layers.Layer` or a `keras.Model`, which becomes not trainable.
        **kwargs: See `keras.layers.Layer`.

    Attributes:
        trainable: False; the layer ignores other values.

    Raises:
        ValueError: If `layer` is not a layer of Keras.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.Frozen(keras.layers.Dense(4))
    >>> model = keras.Sequential([keras.Input((3,)), layer])
    >>> model.trainable = True
    >>> len(model.weights), len(model.trainable_weights)
    (2, 0)
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs: KerasArgument):
        checks.instance(keras.layers.Layer, "a layer of Keras", layer=layer)
        super().__init__(layer, **kwargs)
        _freeze(layer)

    def build(self, input_shape: Shape | Sequence[Shape] | None = None) -> None:
        super().build(input_shape)
        # The flag of a layer does not reach weights that the layer makes later.
        _freeze(self.layer)

    @property
    def trainable(self) -> bool:
        return False

    @trainable.setter
    def trainable(self, value: bool) -> None:
        """Does nothing. Keras hands the flag of a model down to all of its layers."""

    def call(self, inputs: Tensors) -> Tensors:
        """Returns the outputs of the inner layer in inference mode.

        Args:
            inputs: The inputs of the inner layer.
        """
        return self.layer(inputs, training=False)

    def compute_output_shape(self, input_shape: Shape) -> Shape | Sequence[Shape]:
        return self.layer.compute_output_shape(input_shape)


def _freeze(layer: keras.layers.Layer) -> None:
    """Makes a layer, and all layers in it, not trainable."""
    # On TensorFlow, a layer ignores a value that it has already. The layers that a loaded
    # layer has made since would stay trainable.
    layer.trainable = True
    layer.trainable = False
