"""The latents of given pictures, by gradient descent."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from kgan import checks, data
from kgan.critic import takes_conditions, with_conditions
from kgan.data.checks import to_array
from kgan.layers.styles import has_styles, style_parts
from kgan.metrics import nearest_neighbors
from kgan.models.averaging import copy_of
from kgan.models.sampling import SamplingModel, check_gan
from kgan.types import ArrayLike, Identifier, Shape, Tensor

SPACES = ("z", "w")
# Random latents, of which each picture starts at the best.
_CANDIDATES = 1_000

# The largest learning rate; latents of the normal distribution have a length of about
# the root of their number.
_LEARNING_RATE = 0.1
# Pictures that are projected together.
_BATCH_SIZE = 64


def project(
    gan: SamplingModel,
    samples: ArrayLike,
    labels: ArrayLike | None = None,
    steps: int = 300,
    loss: Identifier = "mse",
    seed: int | None = None,
    space: str | None = None,
) -> np.ndarray:
    """Finds latents whose samples are near to given samples.

    Each sample starts at the nearest of 1,000 random latents, by the mean squared error.
    Adam then lowers the loss between the sample and its reconstruction, through
    `gan.sampling_generator`, with a learning rate that falls from 0.1 to 0 on half a
    cosine. The GAN does not change. `gan.project(samples, ...)` does the same.

    Args:
        gan: A `kgan.GAN`.
        samples: Array `(n, ...)`, uint8 pixels or floats in the range of the generator.
        labels: Ints `(n,)`, for a conditional GAN.
        steps: Int, at least 1, the number of steps.
        loss: A Keras loss between samples and reconstructions: a name, a config or a
            `keras.losses.Loss`.
        seed: Int, which gives the same random latents again; None for a new seed.
        space: `"z"` for latents, `"w"` for latents that the mapping network of a
            StyleGAN has mapped, which come nearer. None for `"w"` if the generator has
            the parts `"mapping"` and `"synthesis"`, and for `"z"` otherwise.

    Returns:
        A float32 array `(n, latent_dim)`, for `gan.sample(z=...)`, or for
        `gan.sample(w=...)`.

    Raises:
        ValueError: If an argument does not fit the GAN.

    Example:

    >>> import kgan
    >>> gan = kgan.GAN(
    ...     kgan.networks.mlp_generator((2,), latent_dim=8),
    ...     kgan.networks.mlp_discriminator((2,)),
    ... )
    >>> z = gan.project(gan.sample(3, seed=1), steps=5, seed=0)
    >>> gan.sample(z=z).shape
    (3, 2)

    Reference:
        [Zhu et al., 2016](https://arxiv.org/abs/1609.03552), section 3.1;
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958), section 5, for mapped
        latents.
    """
    check_gan(gan, "latents of pictures")
    steps, seed = checks.count(steps=steps), checks.seed(seed=seed)
    loss = checks.resolved(keras.losses.get, "a Keras loss", loss=loss)
    generator = gan.fresh_generator()
    if space is None:
        space = "w" if has_styles(generator) else "z"
    if checks.one_of(SPACES, space=space) == "w":
        style_parts(generator, '`space="w"`')
    targets = to_array(samples, "samples")
    check = data.DataCheck(gan.sample_shape, gan.sample_range, argument="samples")
    check.samples(targets)
    targets = ops.convert_to_numpy(gan.sample_range.to_float(targets))
    if gan.conditions and not gan.conditions.are_labels:
        raise ValueError(
            "`project` is for a GAN without conditions, or with labels alone. "
            f"Received: a GAN with {', '.join(gan.conditions.names)}"
        )
    if (labels is None) != (gan.num_classes is None):
        needed = "takes no labels" if gan.num_classes is None else "needs `labels`"
        raise ValueError(f"This GAN {needed}. {checks.received(labels=labels)}")
    if labels is not None:
        labels = gan.latents.given(labels, len(targets), name="labels")
    z = gan.noise.sample((_CANDIDATES, gan.latent_dim), seed=seed)
    start = _nearest(gan, z, space, targets, labels)
    if gan.ema_generator is None:
        # The average is not trainable, and the generator itself must stay trainable.
        generator = copy_of(generator, gan.latent_dim)
    descent = Descent(generator, space, loss, steps)
    return descent(start, targets, labels)


def _nearest(
    gan: SamplingModel,
    z: np.ndarray,
    space: str,
    targets: np.ndarray,
    labels: np.ndarray | None,
) -> np.ndarray:
    """Returns, for each target, the random latents whose sample is the nearest."""
    found = np.empty((len(targets), gan.latent_dim), "float32")
    groups = np.zeros(len(targets), int) if labels is None else labels
    for label in np.unique(groups):
        asked = None if labels is None else int(label)
        if space == "w":
            candidates = gan.map_latents(z=z, labels=asked)
            samples = gan.sample(w=candidates)
        else:
            candidates, samples = z, gan.sample(z=z, labels=asked)
        same = groups == label
        indices = nearest_neighbors(samples, targets[same]).indices
        found[same] = candidates[indices[:, 0]]
    return found


class Descent(NamedTuple):
    """Gradient descent from random latents to the latents of pictures.

    Attributes:
        generator: The generator, a model that is not trainable.
        space: `"z"` or `"w"`, see `project`.
        loss: A Keras loss: a name, a config or a `keras.losses.Loss`.
        steps: Int, number of steps.
    """

    generator: keras.Model
    space: str
    loss: Identifier
    steps: int

    def __call__(
        self, start: np.ndarray, targets: np.ndarray, labels: np.ndarray | None
    ) -> np.ndarray:
        """Returns latents `(n, dim)`, in float32.

        Args:
            start: Float32 array `(n, dim)`.
            targets: Float32 array `(n, ...)`, in the range of the generator.
            labels: Ints `(n,)` for a conditional generator, or None.
        """
        parts = np.array_split(np.arange(len(start)), -(-len(start) // _BATCH_SIZE))
        size = len(parts[0])
        model = Reconstruction(self.generator, self.space, (size, start.shape[1]))
        rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, self.steps)
        # Not jit_compile, since XLA takes longer to compile than the steps take.
        model.compile(keras.optimizers.Adam(rate), self.loss, jit_compile=False)
        model.optimizer.build(model.trainable_variables)
        state = model.optimizer.variables
        fresh = [np.array(ops.convert_to_numpy(variable)) for variable in state]
        found = np.empty_like(start)
        labels = np.zeros(len(start), "int32") if labels is None else labels
        for rows in parts:
            # All parts have one size, so the framework traces the step once.
            filled = np.resize(rows, size)
            model.latents.assign(start[filled])
            for variable, value in zip(state, fresh, strict=True):
                variable.assign(value)
            for _ in range(self.steps):
                model.train_on_batch(labels[filled], targets[filled])
            found[rows] = ops.convert_to_numpy(model.latents)[: len(rows)]
        return found


class Reconstruction(keras.Model):
    """Latents as weights, and the samples that a generator draws from the latents.

    Args:
        generator: The generator, a model that is not trainable.
        space: `"z"` or `"w"`, see `project`.
        shape: `(n, dim)`, the shape of the latents.
    """

    def __init__(self, generator: keras.Model, space: str, shape: Shape):
        super().__init__(dtype="float32")
        self.generator = generator
        self.space = space
        self.latents = self.add_weight(shape, "zeros", name="latents")
        self.built = True

    def call(self, labels: Tensor) -> Tensor:
        """Returns the samples `(n, ...)`.

        Args:
            labels: Ints `(n,)`, which an unconditional generator does not take.
        """
        x = ops.convert_to_tensor(self.latents)
        if self.space == "z":
            given = labels if takes_conditions(self.generator) else None
            return self.generator(with_conditions(x, given), training=False)
        _, synthesis = style_parts(self.generator, "`space`")
        shape = tuple(synthesis.input_shape[1:])
        if len(shape) == 2:
            x = ops.repeat(x[:, None], shape[0], axis=1)
        return synthesis(x, training=False)
