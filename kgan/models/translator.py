"""Translation of pictures, learned from pairs (pix2pix)."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan import data, serialization
from kgan.models.gan import GAN
from kgan.models.pairs import like, targets_first
from kgan.models.recipe import Recipe, with_arguments_of
from kgan.types import ArrayLike, Data, Identifier, KerasArgument, Tensor, Tensors


@serialization.register
class Translator(GAN):
    """A GAN that translates pictures, and learns from pairs of a source and a target.

    The generator has no latents: its samples are functions of the source. The
    discriminator judges pictures together with their source. All that a `kgan.GAN` can do
    applies: averages, penalties, callbacks, exact resume, strategies and exports.

    `fit(x, y)` takes sources `x` and targets `y`: uint8 pixels, or floats in the range of
    the samples. In place of both, `x` is a `kgan.data.PairBatches`, a pair
    `(sources, targets)`, or a `tf.data.Dataset`, a `keras.utils.PyDataset`, a
    `DataLoader` of PyTorch or a generator that yields batches of such pairs.
    `validation_data` is like `x`. `evaluate` takes the same; its metrics compare the
    targets with translations of the sources.

    Args:
        generator: A `keras.Model`, sources `(batch, ...)` to targets `(batch, ...)`, for
            example `kgan.networks.unet_generator` or `kgan.networks.resnet_translator`.
        discriminator: A `keras.Model`, `[targets, sources]` to logits, for example
            `kgan.networks.patch_discriminator`.
        latent_dim: Int, length of latents, which come before the source in the inputs of
            the generator; 0 for no latents.
        **kwargs: See `kgan.GAN`.

    Raises:
        ValueError: If the networks don't fit together, or do not take pictures.

    Example:

    >>> import kgan
    >>> shape = (8, 8, 1)
    >>> translator = kgan.Translator(
    ...     kgan.networks.unet_generator(shape, width=4),
    ...     kgan.networks.patch_discriminator(shape, shape, width=4, depth=1),
    ...     seed=0,
    ... )
    >>> translator.compile()
    >>> digits, _ = kgan.data.load("digits")
    >>> history = translator.fit(255 - digits, digits, batch_size=256, verbose=0)
    >>> translator.translate(255 - digits[:3], as_uint8=True).shape
    (3, 8, 8, 1)

    Reference:
        [Isola et al., 2016 (pix2pix)](https://arxiv.org/abs/1611.07004).
    """

    # Grids show a source, its translation and its target.
    group_size = 3

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int | None = 0,
        **kwargs: KerasArgument,
    ):
        super().__init__(generator, discriminator, latent_dim, **kwargs)
        shapes = [condition.shape for condition in self.conditions]
        if len(shapes) != 1 or not data.is_image_shape(shapes[0]):
            raise ValueError(
                "A translator takes one picture, (batch, height, width, channels), as "
                "its source. Received: generator with conditions of shapes "
                f"{shapes or 'none'}"
            )

    @with_arguments_of(Recipe)
    def compile(
        self,
        g_optimizer: Identifier = None,
        d_optimizer: Identifier = None,
        loss: Identifier = "least_squares",
        penalties: Iterable[Identifier] = (),
        *,
        generator_losses: Iterable[Identifier] = ("reconstruction",),
        reuse_fakes: bool = True,
        **options: Any,
    ) -> None:
        """Configures the training, see `kgan.GAN.compile`.

        The defaults are those of pix2pix: the mean absolute error with a weight of 100
        beside the adversarial loss, `Adam(2e-4, beta_1=0.5)` for both networks, and one
        pass of the generator for both updates, since the sources are the same. The
        adversarial loss alone differs, see `loss`.

        Args:
            g_optimizer: See `kgan.GAN.compile`.
            d_optimizer: See `kgan.GAN.compile`.
            loss: See `kgan.GAN.compile`. Least squares by default; the cross-entropy of
                the paper is `"non_saturating"`.
            penalties: See `kgan.GAN.compile`.
            generator_losses: See `kgan.models.recipe.Recipe`.
            reuse_fakes: See `kgan.models.recipe.Recipe`.
            **options: See `kgan.GAN.compile`.

        Raises:
            ValueError: If an argument can't be used.
        """
        super().compile(
            g_optimizer,
            d_optimizer,
            loss,
            penalties,
            generator_losses=list(generator_losses),
            reuse_fakes=reuse_fakes,
            **options,
        )

    def compile_from_config(self, config: dict[str, Any]) -> None:
        # Files of kgan without the option trained on two passes of the generator.
        super().compile_from_config({"reuse_fakes": False, **config})

    def _samples_first(self, x: Data, y: Tensors | None) -> tuple[Data, Tensors | None]:
        return targets_first(x, y)

    def _reals(self) -> dict[str, Any]:
        return {"y": self.real_samples}

    def call(self, sources: Tensors, training: bool | None = None) -> Tensor:
        """Translates pictures, always in inference mode.

        Args:
            sources: uint8 pixels or floats `(batch, height, width, channels)`; for a
                generator with latents `[latents, sources]`.

        Returns:
            A float tensor `(batch, height, width, channels)`.
        """
        *latents, sources = sources if isinstance(sources, list | tuple) else [sources]
        sources = self.sample_range.to_float(sources)
        return super().call([*latents, sources] if latents else sources, training)

    def translate(
        self,
        sources: ArrayLike,
        as_uint8: bool = False,
        batch_size: int = 32,
        seed: int | None = None,
    ) -> np.ndarray:
        """Translates pictures.

        Args:
            sources: Array `(n, height, width, channels)`, uint8 pixels, or floats in the
                range of the samples. A generator without a fixed size takes any size.
            as_uint8: Bool, whether to return pixels of 0 to 255.
            batch_size: Int, number of pictures that are translated at a time.
            seed: Int, seed of the latents, if the generator has latents.

        Returns:
            A float32 array `(n, height, width, channels)` in the range of the samples, or
            uint8.

        Raises:
            ValueError: If the generator does not take these pictures.
        """
        return self.sample(
            conditions=sources, as_uint8=as_uint8, batch_size=batch_size, seed=seed
        )

    def side_by_side(self, n: int) -> np.ndarray:
        """Returns pictures for grids: sources, their translations and their targets.

        The pairs are the first that `fit` was given.

        Args:
            n: Int, number of groups.

        Returns:
            A float32 array `(n, 3, height, width, channels)`, in the range of the
            samples.

        Raises:
            ValueError: If the model was not given data.
        """
        if self.real_samples is None or self.real_conditions is None:
            raise ValueError(
                "The pictures side by side are those of `fit`. Received: a model that "
                "was not given data"
            )
        chosen = np.arange(n) % len(self.real_samples)
        sources, targets = self.real_conditions[chosen], self.real_samples[chosen]
        drawn = self.translate(sources, seed=0)
        pictures = [
            like(ops.convert_to_numpy(self.sample_range.to_float(x)), drawn)
            for x in (sources, targets)
        ]
        return np.stack([pictures[0], drawn, pictures[1]], axis=1)
