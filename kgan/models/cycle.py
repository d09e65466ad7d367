"""Translation of pictures between two sets without pairs (CycleGAN)."""

import functools
from collections.abc import Iterable
from typing import Any, Self

import keras
from keras import ops

from kgan import backend, checks, data, serialization
from kgan import noise as noises
from kgan.critic import Critic, logits_of, over_scales, total_of
from kgan.models.averaging import RAMP, Average
from kgan.models.cycle_networks import check_cycle, conditions_from, known_shape
from kgan.models.cycle_recipe import CycleRecipe
from kgan.models.latents import Latents
from kgan.models.network_pair import NetworkPair
from kgan.models.recipe import LOG_KEYS, with_arguments_of
from kgan.models.two_way import TwoWayModel
from kgan.schedules import NumberOrSchedule
from kgan.types import (
    ArrayLike,
    Data,
    Identifier,
    KerasArgument,
    Tensor,
)

_NETWORKS = ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b")


@serialization.register
class CycleGAN(TwoWayModel):
    """Two GANs that translate pictures of a set A to a set B and back, without pairs.

    Each generator translates one set to the other, and each discriminator judges the
    pictures of one set. A picture that is translated there and back should be the picture
    itself, so that a translation keeps what the picture shows.

    One training step updates both discriminators together, and then both generators
    together. All that a `kgan.GAN` can do applies: averages, penalties, callbacks, exact
    resume and exports. For callbacks and `sample`, the samples are translations to B.

    Args:
        generator_ab: A `keras.Model`, pictures of A `(batch, ...)` to pictures of B, for
            example `kgan.networks.resnet_translator`.
        generator_ba: A `keras.Model`, pictures of B to pictures of A.
        discriminator_a: A `keras.Model`, pictures of A to logits, for example
            `kgan.networks.patch_discriminator(shape, normalization="instance")`.
        discriminator_b: A `keras.Model`, pictures of B to logits.
        ema_half_life: See `kgan.GAN`, for the average of both generators.
        seed: See `kgan.GAN`.
        sample_range: See `kgan.GAN`. Both sets have one range.
        ema_ramp: See `kgan.GAN`.

    Attributes:
        generator: Both generators, a `kgan.models.network_pair.NetworkPair`.
        ema_generator: The averages of both generators, another pair; None without.
        discriminator: Both discriminators, a pair: of A, of B.
        critics: The `kgan.critic.Critic` of A and of B.
        shape_a: Shape of a picture of A; `sample_shape` is the shape of a picture of B.

    Raises:
        ValueError: If the networks don't fit together, or do not take pictures.

    Example:

    >>> import kgan
    >>> shape = (8, 8, 1)
    >>> generators = [
    ...     kgan.networks.resnet_translator(shape, width=4, blocks=1) for _ in range(2)
    ... ]
    >>> discriminators = [
    ...     kgan.networks.patch_discriminator(shape, width=4, depth=1) for _ in range(2)
    ... ]
    >>> cyclegan = kgan.CycleGAN(*generators, *discriminators, seed=0)
    >>> cyclegan.compile()
    >>> digits, _ = kgan.data.load("digits")
    >>> a, b = digits[:500], 255 - digits[500:900]
    >>> history = cyclegan.fit(a, b, batch_size=256, verbose=0)
    >>> cyclegan.translate(a[:3], to="b", as_uint8=True).shape
    (3, 8, 8, 1)

    Reference:
        [Zhu et al., 2017 (CycleGAN)](https://arxiv.org/abs/1703.10593).
    """

    recipe: CycleRecipe
    _recipe_type = CycleRecipe

    def __init__(
        self,
        generator_ab: keras.Model,
        generator_ba: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        ema_half_life: NumberOrSchedule | None = 10_000,
        seed: int | None = None,
        sample_range: ArrayLike | None = None,
        ema_ramp: float | None = RAMP,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        networks = generator_ab, generator_ba, discriminator_a, discriminator_b
        drawn, self.output_shapes, pixels = check_cycle(networks, sample_range)
        self.latent_dim, self.noise = 0, noises.get("normal")
        self.generator = NetworkPair(generator_ab, generator_ba, name="generators")
        self.discriminator = NetworkPair(
            discriminator_a, discriminator_b, name="discriminators"
        )
        self.ema_half_life = ema_half_life
        self.average = Average(self.generator, 0, ema_half_life, ema_ramp)
        self.ema_generator = self.average.network
        self.shape_a = known_shape(drawn[0], discriminator_a)
        shape_b = known_shape(drawn[1], discriminator_b)
        self.create_state(seed, shape_b, pixels, conditions_from(generator_ab))
        self.critics = [
            Critic(network, self.seed_generator, 1, self.images_seen, pixels)
            for network in (discriminator_a, discriminator_b)
        ]
        self.critic = self.critics[1]
        options = self.noise, 0
        self.latents = Latents(*options, self.conditions, pixels, self.bank)
        self.latents_to_a = Latents(*options, conditions_from(generator_ba), pixels)
        self.build((None, 0))

    def build(self, input_shape: tuple) -> None:
        """Does nothing: the networks are built already."""

    @with_arguments_of(CycleRecipe)
    def compile(
        self,
        g_optimizer: Identifier = None,
        d_optimizer: Identifier = None,
        loss: Identifier = "least_squares",
        penalties: Iterable[Identifier] = (),
        *,
        identity_weight: NumberOrSchedule | None = None,
        **options: Any,
    ) -> None:
        """Configures the training, see `kgan.GAN.compile`.

        The defaults are those of CycleGAN: least squares, a cycle loss with a weight of
        10, and `Adam(2e-4, beta_1=0.5)` for both pairs of networks. The authors keep the
        learning rate for one half of the training, and let it fall to 0 in the other
        half: `schedules={"learning_rate": kgan.schedules.Linear(2e-4, 0.0, n, begin=n)}`
        with `n` pictures. The loss of their generators has no factor of 1/2 as
        `"least_squares"` has, so `cycle_weight=5.0` is their ratio to the letter.

        Args:
            g_optimizer: See `kgan.GAN.compile`.
            d_optimizer: See `kgan.GAN.compile`.
            loss: See `kgan.GAN.compile`. Least squares by default.
            penalties: See `kgan.GAN.compile`.
            identity_weight: See `kgan.models.cycle_recipe.CycleRecipe`. None for 0.5 if
                the pictures of both sets have one shape, and 0 otherwise.
            **options: `cycle_weight`, `history` and others, see
                `kgan.models.cycle_recipe.CycleRecipe`, and see `kgan.GAN.compile`.

        Raises:
            ValueError: If an argument can't be used.
        """
        if identity_weight is None:
            one_shape = checks.same_shape(self.shape_a, self.sample_shape)
            identity_weight = 0.5 if one_shape else 0.0
        options["identity_weight"] = identity_weight
        super().compile(g_optimizer, d_optimizer, loss, penalties, **options)
        self.critics[0].augment = self.recipe.twin.augment

    def training_step(self, batch: Data) -> dict[str, Tensor]:
        """Updates all networks on a batch: one step of the algorithm.

        Args:
            batch: Pictures `(b, a)`.

        Returns:
            The logs: running means since the start of the epoch, by name. The losses of
            both sets are logged as their mean.
        """
        recipe: Any = self._current_recipe()
        b, a = data.unpack_batch(batch, self.sample_range, self.conditions)
        reals, size = [a, b], ops.shape(b)[0]

        def loss() -> tuple[Tensor, dict[str, Tensor]]:
            # One pass of the generators for both turns, so the discriminators train in
            # its midst. Their update is no part of the gradient of the generators.
            fakes = self._translated(reals, training=True)
            with backend.without_gradient():
                judged = self._train_discriminators(recipe, reals, fakes)
            loss, drawn = self.generator_loss(recipe, reals, fakes)
            return loss, judged | drawn

        values = self._minimize(loss, self.g_optimizer, self.generator)
        values["loss"] = values["d_loss"] + values["g_loss"]
        images = size * self.devices.replicas
        self._count_step(images)
        self.average.update(images, self.images_seen)
        self.logs.update(values, size)
        return self.logs.results()

    def _translated(self, pictures: list[Tensor], training: bool) -> list[Tensor]:
        """Returns translations to A and to B of pictures `[a, b]`, in float32."""
        to_b, to_a = self.generator(pictures, training=training)
        return [ops.cast(to_a, "float32"), ops.cast(to_b, "float32")]

    def _train_discriminators(
        self, recipe: CycleRecipe, reals: list[Tensor], fakes: list[Tensor]
    ) -> dict[str, Tensor]:
        """Trains both discriminators on fakes, some of which are from earlier steps."""
        fakes = [ops.stop_gradient(x) for x in fakes]
        return self._minimize(
            self.discriminator_loss,
            self.d_optimizer,
            self.discriminator,
            recipe,
            reals,
            recipe.exchanged(fakes, self.seed_generator),
        )

    def discriminator_loss(
        self, recipe: CycleRecipe, reals: list[Tensor], fakes: list[Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss of both discriminators to minimise, and the values to log.

        Args:
            recipe: The options.
            reals: Pictures of A and of B.
            fakes: Translations to A and to B.
        """
        total, found = 0.0, []
        sides = zip((recipe.twin, recipe), self.critics, reals, fakes, strict=True)
        for options, critic, x, y in sides:
            real, fake = critic.judge(x, real=True), critic.judge(y)
            outputs = real.outputs, fake.outputs
            loss = over_scales(recipe.loss.discriminator_loss, *outputs)
            values = {
                "d_loss": loss,
                "d_real": ops.mean(real.logits),
                "d_fake": ops.mean(fake.logits),
            }
            total = total + self._judged_loss(options, critic, loss, values, real, fake)
            found.append(values)
        return total, _means(*found)

    def generator_loss(
        self, recipe: CycleRecipe, reals: list[Tensor], fakes: list[Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss of both generators to minimise, and the values to log.

        Args:
            recipe: The options.
            reals: Pictures of A and of B.
            fakes: Translations to A and to B.
        """
        added = total_of(self.generator.losses)
        found = []
        for critic, real, fake in zip(self.critics, reals, fakes, strict=True):
            real_outputs = None
            if recipe.loss.needs_reals:
                with backend.without_gradient():
                    _, (real_outputs, *_) = critic.forward(real, frozen=True)
            _, (fake_outputs, *_) = critic.forward(fake, frozen=True)
            outputs = real_outputs, fake_outputs
            found.append({"g_loss": over_scales(recipe.loss.generator_loss, *outputs)})
        values = _means(*found)
        values["cycle"] = _distance(reals, self._translated(fakes, training=True))
        loss = values["g_loss"] + recipe.cycle_weight * values["cycle"]
        if recipe.uses_identity:
            same = self._translated(reals[::-1], training=True)
            values["identity"] = _distance(reals, same)
            identity = recipe.identity_weight * values["identity"]
            loss = loss + recipe.cycle_weight * identity
        # The sum over both directions, of which the logs show the mean.
        return 2 * loss + added, values

    def validation_step(self, batch: Data) -> dict[str, Tensor]:
        """Computes the losses on held-out reals with the generators, not the averages."""
        recipe = self._current_recipe()
        b, a = data.unpack_batch(batch, self.sample_range, self.conditions)
        fakes = self._translated([a, b], training=False)
        found = []
        for critic, real, fake in zip(self.critics, [a, b], fakes, strict=True):
            outputs = [critic.forward(x, training=False)[1][0] for x in (real, fake)]
            d_loss = over_scales(recipe.loss.discriminator_loss, *outputs)
            g_loss = over_scales(recipe.loss.generator_loss, *outputs)
            means = [ops.mean(logits_of(x)) for x in outputs]
            values = [d_loss + g_loss, d_loss, g_loss, *means]
            found.append(dict(zip(LOG_KEYS, values, strict=True)))
        self.logs.update(_means(*found), ops.shape(b)[0])
        return self.logs.results(LOG_KEYS)

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        pairs = self.generator, self.discriminator
        networks = [n for pair in pairs for n in (pair.first, pair.second)]
        return {
            **super().get_config(),
            **dict(zip(_NETWORKS, map(serialize, networks), strict=True)),
            "ema_half_life": serialize(self.ema_half_life),
            "ema_ramp": self.average.ramp,
            "seed": self.seed,
            "sample_range": self.sample_range[:2] if self.sample_range.bounded else None,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        deserialize = functools.partial(
            keras.saving.deserialize_keras_object, custom_objects=custom_objects
        )
        names = (*_NETWORKS, "ema_half_life")
        return cls(**config | {name: deserialize(config[name]) for name in names})


def _means(*values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the means of the values of both sets, by name."""
    return {key: sum(v[key] for v in values) / len(values) for key in values[0]}


def _distance(pictures: list[Tensor], others: list[Tensor]) -> Tensor:
    """Returns the mean absolute error of pictures of A and of B, with equal weights."""
    pairs = zip(pictures, others, strict=True)
    return sum(ops.mean(ops.abs(x - y)) for x, y in pairs) / 2
