import contextlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kgan.models import scheduling


class OptimizerPair(keras.optimizers.Optimizer):
    """The two optimizers of a GAN where Keras looks for one.

    `GAN.optimizer` is this container: callbacks that walk `.optimizers` set the
    learning rate of both, and saving stores the state of both. The training step
    uses the two themselves.

    Args:
        g_optimizer: The generator's `keras.optimizers.Optimizer`.
        d_optimizer: The discriminator's, another instance.

    Raises:
        ValueError: If one instance stands for both.
    """

    def __init__(self, g_optimizer: Any, d_optimizer: Any, name: str = "optimizers"):
        if g_optimizer is d_optimizer:
            raise ValueError(
                "`g_optimizer` and `d_optimizer` must be two instances, since an "
                "optimizer keeps the moments of one network's variables; "
                "`optimizer=` makes two from one. Received: "
                f"g_optimizer=d_optimizer={g_optimizer!r}"
            )
        super().__init__(learning_rate=0.0, name=name)
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer
        # Variables of options, such as a penalty's averages, are saved with these.
        self.option_variables: list = []
        self._schedules: dict[int, dict] = {}

    @classmethod
    def make(cls, g_optimizer: Any, d_optimizer: Any, optimizer: Any) -> "OptimizerPair":
        """Resolves the optimizer arguments of `GAN.compile`."""
        if optimizer is None:
            return cls(_get(g_optimizer), _get(d_optimizer))
        if g_optimizer is not None or d_optimizer is not None:
            raise ValueError(
                "`optimizer` sets both optimizers, so `g_optimizer` and `d_optimizer` "
                f"must be left out. Received: optimizer={optimizer!r}, "
                f"g_optimizer={g_optimizer!r}, d_optimizer={d_optimizer!r}"
            )
        optimizer = _get(optimizer)
        return cls(*(_renamed(optimizer, prefix) for prefix in ("g_", "d_")))

    def scaled(self) -> "OptimizerPair":
        """Returns a pair whose optimizers scale their losses, for float16."""
        wrap = keras.optimizers.LossScaleOptimizer
        given = self.g_optimizer, self.d_optimizer
        return OptimizerPair(*(o if isinstance(o, wrap) else wrap(o) for o in given))

    def build_for(self, generator: keras.Model, discriminator: keras.Model) -> None:
        """Makes the optimizers' state; unbuilt, they would load none."""
        self.g_optimizer.build(generator.trainable_variables)
        self.d_optimizer.build(discriminator.trainable_variables)
        self.built = True

    def follow(self, schedules: Mapping[str, Any] | None) -> None:
        """Lets hyperparameters follow schedules, see `GAN.compile`."""
        self._schedules = scheduling.of_each(schedules, self)

    @property
    def followed(self) -> set[str]:
        """The names of what follows a schedule, in either optimizer."""
        return {name for own in self._schedules.values() for name in own}

    def scheduled(self, optimizer: Any, images_seen: Any) -> Any:
        """Returns a context in which an optimizer has the values of its schedules."""
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        own = self._schedules.get(id(optimizer), {})
        return scheduling.applied(
            optimizer, {name: schedule(images_seen) for name, schedule in own.items()}
        )

    @property
    def optimizers(self) -> list:
        """The two, without their loss scales: what callbacks look at and set."""
        return [
            getattr(optimizer, "inner_optimizer", optimizer)
            for optimizer in (self.g_optimizer, self.d_optimizer)
        ]

    @property
    def variables(self) -> list:
        trained = self.g_optimizer.variables + self.d_optimizer.variables
        return trained + self.option_variables

    @property
    def iterations(self) -> Any:
        return self.g_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        return self.g_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        for optimizer in self.optimizers:
            optimizer.learning_rate = value

    def rates(self) -> np.ndarray:
        """Returns both learning rates."""
        rates = (o.learning_rate for o in self.optimizers)
        return np.array([float(keras.ops.convert_to_numpy(rate)) for rate in rates])

    def set_rates(self, rates: np.ndarray) -> None:
        """Takes over what `rates` returned; a rate that follows a schedule stays."""
        for optimizer, rate in zip(self.optimizers, rates, strict=True):
            with contextlib.suppress(TypeError):
                optimizer.learning_rate = float(rate)

    def build(self, variables: Any) -> None:
        raise NotImplementedError("Each optimizer is built with its own network.")

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        raise NotImplementedError("Each network is updated by its own optimizer.")

    def save_own_variables(self, store: Any) -> None:
        # The two optimizers, attributes of this one, store their own.
        for i, variable in enumerate(self.option_variables):
            store[f"option_{i}"] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        for i, variable in enumerate(self.option_variables):
            variable.assign(store[f"option_{i}"])

    def finalize_variable_values(self, var_list: Any) -> None:
        """Ends training: optimizers with `use_ema=True` put their averages in place."""
        for optimizer in self.optimizers:
            optimizer.finalize_variable_values(optimizer._trainable_variables)


def _get(optimizer: Any) -> keras.optimizers.Optimizer:
    if optimizer is None:
        return keras.optimizers.Adam(2e-4, beta_1=0.5)
    return keras.optimizers.get(optimizer)


def _renamed(optimizer: Any, prefix: str) -> keras.optimizers.Optimizer:
    # Names are keys in the logs of callbacks, so two must not share one.
    config = optimizer.get_config()
    return type(optimizer).from_config({**config, "name": prefix + config["name"]})
