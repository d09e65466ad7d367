"""Whether reals and fakes may go through the discriminator in one pass."""

import keras

from kgan import layers

# Layers of Keras that look at each sample by itself and write no state.
_ALONE = (
    keras.layers.InputLayer,
    keras.layers.Dense,
    keras.layers.Embedding,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Activation,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.PReLU,
    keras.layers.Add,
    keras.layers.Concatenate,
    keras.layers.Dot,
    keras.layers.Rescaling,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.MaxPooling2D,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    layers.DiscriminativeBasis,
    layers.LayerNormalization,
    layers.GroupNormalization,
    layers.LabelEmbedding,
    layers.PixelNormalization,
    layers.ProjectionLogit,
    layers.SmoothDownSampling2D,
)


def can_be_one(discriminator: keras.Model, penalties: tuple) -> bool:
    """Whether one pass is the same as two, and saves work.

    It is the same where every layer is known to look at each sample by itself, and
    saves work where gradients are wanted at reals and fakes alike, in every update.
    """
    points = {p.point for p in penalties if p.every == 1}
    lazy = any(p.point for p in penalties if p.every > 1)
    wanted = points >= {"reals", "fakes"} and not lazy
    return wanted and all(map(_alone, discriminator._flatten_layers()))


def _alone(layer: keras.layers.Layer) -> bool:
    if not isinstance(layer, keras.Model):
        return type(layer) in _ALONE
    # A subclass has a `call` of its own, and a functional model may have operations
    # between its layers.
    parts = getattr(layer, "operations", layer.layers)
    return type(layer).__module__.startswith("keras.") and all(
        isinstance(part, keras.layers.Layer) for part in parts
    )
