"""The two optimizers of a GAN, and the schedules of their hyperparameters."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from kgan import backend, checks
from kgan.backend import keras_private
from kgan.models.freezing import first_weights
from kgan.models.reloading import lost_arguments, warn_of_unknown
from kgan.schedules import Schedule
from kgan.types import Identifier, Tensor

_PREFIXES = ("g_", "d_")
_RATE = "learning_rate"
# Keras branches on these values while it builds a graph, so they can't be tensors.
_FIXED = {"momentum", "clipnorm", "clipvalue", "global_clipnorm"}


class OptimizerPair(keras.optimizers.Optimizer):
    """Both optimizers of a GAN, in the place where Keras expects one optimizer.

    `GAN.optimizer` is this container: callbacks that loop over `.optimizers` set both
    learning rates, and saving stores the states of both optimizers. The training step
    uses the two optimizers directly.

    Args:
        g_optimizer: The generator's `keras.optimizers.Optimizer`.
        d_optimizer: The discriminator's optimizer, another instance.

    Attributes:
        option_variables: Variables of options, for example the averages of a penalty.
            They are saved with the optimizers.

    Raises:
        ValueError: If both are the same instance.
    """

    def __init__(
        self,
        g_optimizer: keras.optimizers.Optimizer,
        d_optimizer: keras.optimizers.Optimizer,
        name: str = "optimizers",
    ):
        if g_optimizer is d_optimizer:
            raise ValueError(
                "`g_optimizer` and `d_optimizer` must be two instances, since an "
                "optimizer keeps the moments of one network's variables; "
                "`optimizer=` makes two instances from one. Received: "
                f"g_optimizer=d_optimizer={g_optimizer!r}"
            )
        super().__init__(learning_rate=0.0, name=name)
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer
        self.option_variables: list[keras.Variable] = []
        # The ids of the variables of the discriminator that don't train.
        self._frozen: set[int] = set()
        self._schedules: dict[int, dict[str, Schedule]] = {}

    @classmethod
    def make(
        cls,
        g_optimizer: Identifier,
        d_optimizer: Identifier,
        optimizer: Identifier,
        scaled: bool = False,
    ) -> "OptimizerPair":
        """Resolves the optimizer arguments of `GAN.compile`.

        Args:
            g_optimizer: See `GAN.compile`.
            d_optimizer: See `GAN.compile`.
            optimizer: See `GAN.compile`.
            scaled: Bool, whether the optimizers scale their losses, for float16.
        """
        pair = cls._resolved(g_optimizer, d_optimizer, optimizer)
        warn_of_unknown(*pair.optimizers)
        if not scaled:
            return pair
        wrap = keras.optimizers.LossScaleOptimizer
        both = pair.g_optimizer, pair.d_optimizer
        return cls(*(o if isinstance(o, wrap) else wrap(o) for o in both))

    @classmethod
    def _resolved(
        cls, g_optimizer: Identifier, d_optimizer: Identifier, optimizer: Identifier
    ) -> "OptimizerPair":
        if optimizer is None:
            return cls(_get(g_optimizer=g_optimizer), _get(d_optimizer=d_optimizer))
        if g_optimizer is not None or d_optimizer is not None:
            raise ValueError(
                "`optimizer` sets both optimizers, so `g_optimizer` and `d_optimizer` "
                f"must be left out. Received: optimizer={optimizer!r}, "
                f"g_optimizer={g_optimizer!r}, d_optimizer={d_optimizer!r}"
            )
        optimizer = _get(optimizer=optimizer)
        lost = ", ".join(lost_arguments(optimizer))
        if lost:
            raise ValueError(
                f"The config of `optimizer` loses {lost}: pass `g_optimizer` and "
                f"`d_optimizer`, or implement `get_config`. "
                f"{checks.received(optimizer=optimizer)}"
            )
        return cls(*(_renamed(optimizer, prefix) for prefix in _PREFIXES))

    @property
    def scales_losses(self) -> bool:
        """Whether the optimizers scale their losses."""
        return isinstance(self.g_optimizer, keras.optimizers.LossScaleOptimizer)

    def loss_scaling(
        self, optimizer: keras.optimizers.Optimizer, replicas: int
    ) -> Callable[[Tensor], Tensor]:
        """Returns a function that turns a loss into the scalar to differentiate.

        Args:
            optimizer: One of the two optimizers.
            replicas: Int, number of devices over which the gradients are summed.
        """
        return lambda loss: optimizer.scale_loss(loss / replicas)

    def trained(
        self, optimizer: keras.optimizers.Optimizer, network: keras.Model
    ) -> list[keras.Variable]:
        """Returns the variables of a network that one of the two optimizers trains.

        Args:
            optimizer: The optimizer.
            network: The network.

        Raises:
            ValueError: If the optimizer was built for other variables.
        """
        variables = self._not_frozen(network)
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        built_for = keras_private.optimized(inner)
        if len(variables) != len(built_for):
            raise ValueError(
                "Call `compile` again after a change of `trainable`. Received: "
                f"{len(variables)} trainable variables for {optimizer.name}, which was "
                f"built with {len(built_for)}"
            )
        return variables

    def update(
        self,
        optimizer: keras.optimizers.Optimizer,
        gradients: list[Tensor],
        variables: list[keras.Variable],
        images_seen: Tensor,
    ) -> None:
        """Updates variables with one of the two optimizers.

        Args:
            optimizer: The optimizer.
            gradients: One gradient for each variable.
            variables: The variables.
            images_seen: Scalar, for the hyperparameters that follow a schedule.
        """
        with self._scheduled(optimizer, images_seen):
            backend.apply(optimizer, gradients, variables)

    def build_for(
        self, generator: keras.Model, discriminator: keras.Model, freeze_d: int = 0
    ) -> None:
        """Creates the state of both optimizers, so that a saved state can be loaded.

        Args:
            generator: The generator.
            discriminator: The discriminator.
            freeze_d: Int, see `kgan.models.recipe.Recipe`.

        Raises:
            ValueError: If a network has nothing to train, or an optimizer was built for
                other variables.
        """
        _check_trainable("generator", generator)
        _check_trainable("discriminator", discriminator)
        self._frozen = {id(v) for v in first_weights(discriminator, freeze_d)}
        for prefix, optimizer, network in (
            ("g_", self.g_optimizer, generator),
            ("d_", self.d_optimizer, discriminator),
        ):
            variables = self._not_frozen(network)
            _check_unused(f"{prefix}optimizer", optimizer, variables)
            optimizer.build(variables)
        self.built = True

    def _not_frozen(self, network: keras.Model) -> list[keras.Variable]:
        return [v for v in network.trainable_variables if id(v) not in self._frozen]

    def set_schedules(self, schedules: Mapping[str, Schedule] | None) -> None:
        """Sets the schedules of hyperparameters.

        Args:
            schedules: Dict from names of hyperparameters to schedules. A name that begins
                with `g_` or `d_` applies only to the optimizer of this network.

        Raises:
            ValueError: If an optimizer does not have the hyperparameter, or can't change
                it in training.
        """
        self._schedules = {}
        for name, schedule in (schedules or {}).items():
            if not isinstance(schedule, Schedule):
                raise ValueError(
                    "`schedules` must have schedules as values, for example "
                    f"`kgan.schedules.Cosine`. Received: schedules[{name!r}]={schedule!r}"
                )
            for prefix, optimizer in zip(_PREFIXES, self.optimizers, strict=True):
                if name.startswith(_PREFIXES) and not name.startswith(prefix):
                    continue
                attribute = name.removeprefix(prefix)
                _check_schedulable(optimizer, attribute)
                self._schedules.setdefault(id(optimizer), {})[attribute] = schedule

    @property
    def scheduled_names(self) -> set[str]:
        """The names of all hyperparameters with a schedule, in either optimizer."""
        return {name for own in self._schedules.values() for name in own}

    @contextlib.contextmanager
    def _scheduled(
        self, optimizer: keras.optimizers.Optimizer, images_seen: Tensor
    ) -> Iterator[None]:
        """Sets hyperparameters of an optimizer by its schedules, for one update."""
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        own = self._schedules.get(id(optimizer), {})
        values = {name: schedule(images_seen) for name, schedule in own.items()}
        before = {name: getattr(optimizer, name) for name in values if name != _RATE}
        if _RATE in values:
            # The rate is a variable, and keeps the value for callbacks and logs.
            keras_private.assign_rate(optimizer, values[_RATE])
        try:
            for name in before:
                setattr(optimizer, name, values[name])
            yield
        finally:
            for name, value in before.items():
                setattr(optimizer, name, value)

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """Both optimizers without their loss scales, for callbacks to read and set."""
        return [
            getattr(optimizer, "inner_optimizer", optimizer)
            for optimizer in (self.g_optimizer, self.d_optimizer)
        ]

    @property
    def variables(self) -> list[keras.Variable]:
        own = self.g_optimizer.variables + self.d_optimizer.variables
        return own + self.option_variables

    @property
    def iterations(self) -> keras.Variable:
        return self.g_optimizer.iterations

    @property
    def learning_rate(self) -> Tensor:
        return self.g_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        check_settable(self, "learning_rate", learning_rate=value)
        for optimizer in self.optimizers:
            optimizer.learning_rate = value

    def build(self, variables: list[keras.Variable]) -> None:
        raise NotImplementedError("Each optimizer is built with its own network.")

    def apply(
        self, grads: list[Tensor], trainable_variables: list[keras.Variable] | None = None
    ) -> None:
        raise NotImplementedError("Each network is updated by its own optimizer.")

    def save_own_variables(self, store: Any) -> None:
        # Keras stores the two optimizers separately, since they are attributes.
        for i, variable in enumerate(self.option_variables):
            store[f"option_{i}"] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        for i, variable in enumerate(self.option_variables):
            variable.assign(store[f"option_{i}"])

    def finalize_variable_values(self, var_list: list[keras.Variable]) -> None:
        """Ends training: with `use_ema=True`, the averages replace the weights."""
        for optimizer in self.optimizers:
            optimizer.finalize_variable_values(keras_private.optimized(optimizer))


def check_settable(
    optimizer: keras.optimizers.Optimizer, setter: str, **argument: Any
) -> None:
    """Checks that no schedule of a container sets the learning rates.

    Args:
        optimizer: An optimizer, or an `OptimizerPair`.
        setter: Text, what sets the rates too.
        **argument: The argument that sets the rates, given as `name=value`.

    Raises:
        ValueError: If a learning rate follows a schedule.
    """
    if _RATE in getattr(optimizer, "scheduled_names", ()):
        raise ValueError(
            f"A learning rate follows one schedule: leave {setter} out, or the learning "
            f"rate in `schedules`. {checks.received(**argument)}"
        )


def get_rates(optimizer: keras.optimizers.Optimizer) -> np.ndarray:
    """Returns the learning rate of an optimizer, or of each optimizer in a container."""
    rates = [o.learning_rate for o in getattr(optimizer, "optimizers", [optimizer])]
    return np.array([float(keras.ops.convert_to_numpy(rate)) for rate in rates])


def set_rates(optimizer: keras.optimizers.Optimizer, rates: np.ndarray) -> None:
    """Sets the rates of `get_rates`, except rates that follow a schedule of Keras."""
    optimizers = getattr(optimizer, "optimizers", [optimizer])
    for one, rate in zip(optimizers, rates, strict=True):
        with contextlib.suppress(TypeError):
            one.learning_rate = float(rate)


def _check_trainable(role: str, network: keras.Model) -> None:
    if not network.trainable_variables:
        raise ValueError(
            f"The {role} has nothing to train: set `trainable = True` on it or on its "
            "layers. The GAN itself freezes the discriminator while the generator "
            f"trains. Received: {role} with {len(network.weights)} weights, none of "
            "which is trainable"
        )


def _check_unused(
    name: str, optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable]
) -> None:
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    built_for = keras_private.optimized(inner)
    if inner.built and list(map(id, built_for)) != list(map(id, variables)):
        raise ValueError(
            f"`{name}` keeps the moments of other variables, for example of another GAN "
            "or from before a change of `trainable`: pass a new optimizer. "
            f"Received: {name} that was built for {len(built_for)} variables, and a "
            f"network with {len(variables)}"
        )


def _check_schedulable(optimizer: keras.optimizers.Optimizer, name: str) -> None:
    if name not in optimizer.get_config():
        raise ValueError(
            "`schedules` must name hyperparameters of the optimizers, for example "
            f"learning_rate or d_beta_2. Received: {name!r} for {optimizer.name}"
        )
    if name in _FIXED or isinstance(optimizer.get_config()[name], bool | str):
        raise ValueError(
            f"Keras' optimizers read {name} once, when they are made, so it can't "
            f"follow a schedule. Received: {name!r} for {optimizer.name}"
        )
    rate = keras_private.rate_schedule(optimizer)
    if name == _RATE and rate is not None:
        raise ValueError(
            "A learning rate follows one schedule: give the optimizer a number instead. "
            f"Received: {optimizer.name} with learning_rate={rate}"
        )


def _get(**argument: Identifier) -> keras.optimizers.Optimizer:
    ((argument_name, optimizer),) = argument.items()
    if optimizer is None:
        # The names of optimizers are keys of the logs.
        name = argument_name.replace("optimizer", "adam")
        return keras.optimizers.Adam(2e-4, beta_1=0.5, name=name)
    expected = "a name, a config or an object of `keras.optimizers`"
    return checks.resolved(keras.optimizers.get, expected, **argument)


def _renamed(
    optimizer: keras.optimizers.Optimizer, prefix: str
) -> keras.optimizers.Optimizer:
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        inner = _renamed(optimizer.inner_optimizer, prefix)
        scale, steps = optimizer.initial_scale, optimizer.dynamic_growth_steps
        return type(optimizer)(inner, scale, steps)
    # Names are keys in the logs of callbacks, so the two names must differ.
    config = {**optimizer.get_config()}
    config["name"] = prefix + config["name"]
    # The schedule itself, since its class may be unknown to Keras.
    config[_RATE] = keras_private.rate_schedule(optimizer) or config[_RATE]
    return type(optimizer).from_config(config)
