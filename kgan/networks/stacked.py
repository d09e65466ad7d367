import keras

from kgan import checks
from kgan.layers import Frozen
from kgan.networks.builder import builder


@builder
def stacked_generator(
    first: keras.Model, second: keras.Model, name: str = "generator"
) -> keras.Model:
    """Builds a generator of two stages: one draws a small image, the other enlarges it.

    The first generator is trained already, and stays as it is, see `kgan.layers.Frozen`.
    A GAN with this generator trains the second stage alone, keeps both stages in one
    file, and draws, exports and resumes as every GAN does. The conditions of the first
    stage are the conditions of both stages, and those of the discriminator, which sees
    the large image.

    Args:
        first: A trained generator, for example `gan.sampling_generator`. It becomes not
            trainable, and its weights are shared: to train it further, load it again.
        second: A generator of `[source, *conditions]`, or of the source alone, for
            example `super_resolution_generator`. The source has the shape of the samples
            of `first`, and the conditions are those of `first`.
        name: Name of the model.

    Returns:
        A `keras.Model` from the inputs of `first` to the outputs of `second`.

    Raises:
        ValueError: If one of the generators has no inputs, or they don't fit together.

    Example:

    >>> import kgan
    >>> networks = kgan.networks
    >>> first = networks.small_generator((16, 16, 1), condition_dim=5)
    >>> second = networks.super_resolution_generator((32, 32, 1), condition_dim=5)
    >>> generator = networks.stacked_generator(first, second)
    >>> generator.input_shape, generator.output_shape
    ([(None, 64), (None, 5)], (None, 32, 32, 1))

    Reference:
        [Zhang et al., 2017 (StackGAN)](https://arxiv.org/abs/1612.03242), whose second
        stage has no latents of its own either.
    """
    for argument in ({"first": first}, {"second": second}):
        checks.instance(keras.Model, "a `keras.Model` with inputs", **argument)
    _check_fit(first, second)
    inputs = [keras.Input(x.shape[1:], dtype=x.dtype, name=x.name) for x in first.inputs]
    given = inputs if len(inputs) > 1 else inputs[0]
    small = Frozen(first, name="first")(given)
    conditions = inputs[1:] if len(second.inputs) > 1 else []
    samples = second([small, *conditions] if conditions else small)
    return keras.Model(given, samples, name=name)


def _check_fit(first: keras.Model, second: keras.Model) -> None:
    source, *conditions = [tuple(x.shape[1:]) for x in second.inputs]
    given = [tuple(x.shape[1:]) for x in first.inputs[1:]]
    drawn = tuple(first.output_shape[1:])
    if not checks.same_shape(drawn, source) or (conditions and conditions != given):
        raise ValueError(
            "`second` must take the samples of `first`, and the same conditions or none. "
            f"Received: first with samples of shape {drawn} and conditions of shapes "
            f"{given}, second with inputs of shapes {[source, *conditions]}"
        )
