"""How a GAN trains: all options of `GAN.compile`, resolved, checked and serialised."""

import difflib
import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import keras

from kgan import augment as augments
from kgan import checks, losses, serialization
from kgan import generator_losses as further_losses
from kgan import penalties as penalties_lib
from kgan import schedules as schedules_lib
from kgan.backend import keras_private
from kgan.critic import takes_conditions
from kgan.models import contract, freezing
from kgan.models.arguments import check_argument
from kgan.models.reloading import (
    lost_arguments,
    warn_of_unknown,
    warn_of_unknown_class,
)
from kgan.schedules import NumberOrSchedule, Schedule
from kgan.types import Identifier, Tensor

# The keys in the order in which `evaluate` lists them: Keras puts the loss first.
LOG_KEYS = ("loss", "d_loss", "g_loss", "d_real", "d_fake")
# Further keys of the logs, which no penalty may have.
_TAKEN = ("d_mismatch", "d_class", "g_class", "cycle", "identity")
# The options that are lists of penalties or losses.
_LISTS = ("penalties", "generator_penalties", "generator_losses")


class Recipe(serialization.Configurable):
    """The options of `GAN.compile`, except the optimizers and the arguments of Keras.

    Some penalties and augmentations keep numbers, for example the strength of `ADA`. Each
    GAN has its own numbers: of an object whose numbers are not among those that the GAN
    has at present, it takes a copy without numbers.

    To add an option, add an argument and an attribute here, and use it in the algorithm.

    Args:
        loss: A name (`kgan.losses.names()`), a `kgan.losses.Loss`, or any Keras loss,
            for example `keras.losses.MeanSquaredError()`.
        penalties: Iterable of names, or of `kgan.penalties.Penalty`, on the
            discriminator. The second of two penalties of one name is `NAME_1` in the
            logs, as the names of Keras' metrics.
        d_steps: Int, updates of the discriminator in a step. A batch of n reals feeds
            `d_steps` updates of n / d_steps reals each.
        g_steps: Int, updates of the generator in a step.
        noise_batch_size: Int, number of latents in an update; None for the number of
            reals in an update of the discriminator.
        augment: The augmentation of reals and fakes before the discriminator: a name
            (`"diffaugment"`, `"ada"`), a `kgan.augment.Augmentation`, or a list of these.
            Penalties act on the samples before the augmentation.
        schedules: Dict from hyperparameters of the optimizers to schedules, for example
            `{"learning_rate": kgan.schedules.Cosine(...)}` for both optimizers. A key
            with a prefix, for example `"d_beta_2"`, is for one optimizer. For other
            options, pass a schedule in place of a number.
        class_loss_weight: Float or schedule, the weight of the cross-entropy of labels,
            for a discriminator with class logits.
        generator_penalties: Iterable of names, or of `kgan.penalties.GeneratorPenalty`,
            for example `["path_length"]`.
        freeze_d: Int, number of layers of the discriminator that don't train, counted
            from the samples. Layers without trainable weights don't count, so a
            convolution and the batch normalisation after it are two layers; layers that
            see the conditions alone don't count either. The forward pass stays as
            it is: batch normalisation still has the statistics of the batch. For a
            training that starts from a trained GAN, see `GAN.start_from`
            ([FreezeD](https://arxiv.org/abs/2002.10964)).
        generator_losses: Iterable of names (`kgan.generator_losses.names()`), or of
            `kgan.generator_losses.GeneratorLoss`, further losses of the generator, for
            example `[Reconstruction("mae", weight=100.0)]`.
        mismatch: Float of 0 to 1, or a schedule. Reals with the conditions of other reals
            of the batch count as fakes, with this share of the loss on fakes, so that the
            discriminator learns which conditions belong to a sample: 0.5 for
            [matching-aware training](https://arxiv.org/abs/1605.05396). With several
            devices, each device exchanges the conditions of its own samples.
        reuse_fakes: Bool, whether the first update of the generator takes the fakes of
            the last update of the discriminator, in place of fakes from fresh noise. The
            step then needs one pass of the generator less, as in the code of
            [pix2pix](https://arxiv.org/abs/1611.07004).

    Raises:
        ValueError: If an option can't be used.
    """

    # The model whose `compile` takes the options, for the errors.
    owner = "GAN"

    def __init__(
        self,
        loss: Identifier = "non_saturating",
        penalties: Iterable[Identifier] = (),
        d_steps: int = 1,
        g_steps: int = 1,
        noise_batch_size: int | None = None,
        augment: Identifier | None = None,
        schedules: Mapping[str, Schedule] | None = None,
        class_loss_weight: NumberOrSchedule = 1.0,
        generator_penalties: Iterable[Identifier] = (),
        freeze_d: int = 0,
        generator_losses: Iterable[Identifier] = (),
        mismatch: NumberOrSchedule = 0.0,
        reuse_fakes: bool = False,
    ):
        self.loss = losses.get(loss)
        self.penalties = _each(penalties_lib.get, penalties=penalties)
        self.generator_penalties = _each(
            penalties_lib.get_for_generator, generator_penalties=generator_penalties
        )
        self.d_steps = checks.count(d_steps=d_steps)
        self.g_steps = checks.count(g_steps=g_steps)
        self.noise_batch_size = checks.optional_count(noise_batch_size=noise_batch_size)
        self.augment = augments.get(augment)
        if schedules is not None:
            checks.instance(Mapping, "a dict of schedules, or None", schedules=schedules)
        self.schedules = schedules
        self.class_loss_weight = schedules_lib.number(
            minimum=0, class_loss_weight=class_loss_weight
        )
        self.freeze_d = checks.count(minimum=0, freeze_d=freeze_d)
        self.generator_losses = _each(
            further_losses.get, generator_losses=generator_losses
        )
        self.mismatch = schedules_lib.number(minimum=0, maximum=1, mismatch=mismatch)
        self.reuse_fakes = checks.flag(reuse_fakes=reuse_fakes)
        # Whether `at` changes anything: most recipes have no schedules.
        self.has_schedules = schedules_lib.at(self, 0) is not self

    @classmethod
    def of(
        cls, loss: Identifier, penalties: Iterable[Identifier], options: Mapping[str, Any]
    ) -> Self:
        """Returns the recipe for the arguments of `GAN.compile`.

        Raises:
            TypeError: If an option is unknown. The message has the most similar name.
        """
        names = cls.names()
        for name, value in options.items():
            if name not in names:
                similar = difflib.get_close_matches(name, names, 1)
                hint = f" Did you mean `{similar[0]}`?" if similar else ""
                raise TypeError(
                    f"`{cls.owner}.compile` has no argument `{name}`.{hint} "
                    f"{checks.received(**{name: value})}"
                )
        return cls(loss, penalties, **options)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Returns the names of the options."""
        return tuple(inspect.signature(cls).parameters)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        lists = {name: list(config[name]) for name in _LISTS if name in config}
        return {**config, **lists}

    def at(self, images_seen: Tensor) -> "Recipe":
        """Returns the recipe in which each schedule is replaced by its current value."""
        return schedules_lib.at(self, images_seen)

    def check(self, gan: Any) -> None:
        """Checks the options against the networks of a GAN.

        Args:
            gan: The `GAN`.

        Raises:
            ValueError: If an option can't be used with the networks.
        """
        contract.check_outputs(gan.discriminator, gan.output_shapes[0], self.loss)
        freezing.check_count(gan.discriminator, self.freeze_d)
        if self.augment is not None:
            self.augment.check(gan.sample_shape)
        for term in self.penalties:
            term.check(gan.sample_shape)
        for penalty in self.generator_penalties:
            penalty.check(gan.generator)
        for loss in self.generator_losses:
            self._check_pairs(loss, gan)
            loss.check(gan)
        if self.uses_mismatch and not takes_conditions(gan.discriminator):
            raise ValueError(
                "`mismatch` needs a discriminator that takes conditions. "
                f"{checks.received(mismatch=self.mismatch)}"
            )
        contract.warn_of_inexact_layers(gan.discriminator, self.penalties)
        contract.warn_of_inexact_layers(gan.generator, self.generator_penalties)
        warn_of_unknown(*self.get_config().values())
        warn_of_unknown_class(gan)

    def _check_pairs(self, loss: further_losses.GeneratorLoss, gan: Any) -> None:
        """Checks that each fake of a loss has the conditions of one real."""
        if loss.pairs and (not gan.conditions or self.noise_batch_size):
            raise ValueError(
                f"`{loss.name}` compares each fake with the real of the same conditions, "
                "so the GAN must have conditions, and `noise_batch_size` must be None. "
                f"{checks.received(noise_batch_size=self.noise_batch_size)}, a GAN with "
                f"{', '.join(gan.conditions.names) or 'no conditions'}"
            )

    @property
    def uses_mismatch(self) -> bool:
        """Whether reals with the conditions of others train the discriminator."""
        return not isinstance(self.mismatch, int | float) or self.mismatch > 0

    def build(self, gan: Any) -> list[keras.Variable]:
        """Creates and returns the variables of the options, which the GAN saves.

        An option that keeps the numbers of another GAN is replaced by a copy without
        these numbers.

        Args:
            gan: The `GAN`, whose samples may give a variable its shape.
        """
        known = {id(v) for v in gan.optimizer.option_variables} if gan.compiled else set()
        # The variables of generator losses are the weights of networks, which stay.
        for name in ("penalties", "generator_penalties", "augment"):
            setattr(self, name, _own(getattr(self, name), known))
        options: list[Any] = [*self.penalties, *self.generator_penalties]
        options += self.generator_losses
        options += [] if self.augment is None else [self.augment]
        for option in options:
            option.build()
        return [variable for option in options for variable in option.variables]

    @property
    def terms(self) -> dict[str, dict[str, Any]]:
        """The terms of each list of penalties or losses, by their keys in the logs."""
        taken = {*LOG_KEYS, *_TAKEN}
        return {
            option: {_unique(term.name, taken): term for term in getattr(self, option)}
            for option in _LISTS
        }

    def log_names(self, has_classes: bool) -> tuple[str, ...]:
        """Returns the keys of the logs."""
        names = [*LOG_KEYS, *(name for terms in self.terms.values() for name in terms)]
        names += ["d_mismatch"] if self.uses_mismatch else []
        names += [] if self.augment is None else list(self.augment.logs())
        return (*names, *(("d_class", "g_class") if has_classes else ()))


def _unique(name: str, taken: set[str]) -> str:
    """Returns a name that is not taken, with a number if needed, and takes it."""
    numbered = (f"{name}_{number}" for number in itertools.count(1))
    found = next(n for n in itertools.chain([name], numbered) if n not in taken)
    taken.add(found)
    return found


def _own(options: Any, known: set[int]) -> Any:
    """Returns options, with copies of those whose variables are not the known ones.

    Args:
        options: An option, a tuple of options, or None.
        known: The ids of the variables that a GAN has already.
    """
    if isinstance(options, tuple):
        return tuple(_own(option, known) for option in options)
    if options is None or all(id(v) in known for v in options.variables):
        return options
    lost = ", ".join(lost_arguments(options))
    if lost:
        raise ValueError(
            f"Another GAN has the numbers of {options!r}, whose config loses {lost}, so "
            "kgan can't copy the object: make one for each GAN, or implement "
            f"`get_config`. {checks.received(option=options)}"
        )
    return serialization.copy_without_state(options)


def _each(get: Callable[[Identifier], Any], **argument: Any) -> tuple[Any, ...]:
    """Resolves a list of penalties or losses."""
    ((name, given),) = argument.items()
    if not isinstance(given, list | tuple):
        raise ValueError(
            f"`{name}` must be a list of {name.split('_')[-1]}. "
            f"{checks.received(**argument)}"
        )
    found: list[Any] = []
    for term in map(get, given):
        # A penalty may keep numbers, which would change twice in an update.
        again = any(term is other for other in found)
        found.append(serialization.copy_without_state(term) if again else term)
    return tuple(found)


def with_arguments_of(recipe: type[Recipe]) -> Callable[..., Any]:
    """Decorator of `compile`: checks the arguments of Keras, and shows all arguments.

    Args:
        recipe: The class of the options, whose arguments `help` shows.
    """

    def decorated(compile: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(compile)
        parameters = list(own.parameters.values())
        at = next(i for i, p in enumerate(parameters) if p.kind is p.VAR_KEYWORD)
        options = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in inspect.signature(recipe).parameters.items()
            if name not in own.parameters
        ]
        signature = own.replace(parameters=parameters[:at] + options)

        @functools.wraps(compile)
        def checked(self: keras.Model, *args: Any, **kwargs: Any) -> None:
            for name, value in checks.bound(compile, self, *args, **kwargs).items():
                check_argument(name, value)
            compile(self, *args, **kwargs)

        vars(checked)["__signature__"] = signature
        return checked

    return decorated


def portable(config: Any) -> Any:
    """Returns a serialised config without classes that exist on one framework only.

    On PyTorch, the optimizers of Keras have classes of their own, which other frameworks
    can't load.

    Args:
        config: The result of `keras.saving.serialize_keras_object`.
    """
    if isinstance(config, list):
        return [portable(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {key: portable(value) for key, value in config.items()}
    if keras_private.is_torch_optimizer(config):
        config |= {"module": "keras.optimizers", "registered_name": None}
    return config
