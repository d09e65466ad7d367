"""All that kgan uses of Keras without a promise that it stays: one function each.

Read in Keras 3.12.0 and 3.15.1. `tests/test_keras_private.py` says which of these Keras
has changed.
"""

from collections.abc import Iterable
from typing import Any

import keras
from keras.src.backend.common.stateless_scope import (
    get_stateless_scope as get_stateless_scope,
)
from keras.src.backend.common.variables import AutocastScope
from keras.src.trainers.data_adapters.data_adapter import DataAdapter as DataAdapter

# Where the classes of optimizers are that exist on PyTorch only.
_TORCH_OPTIMIZERS = "keras.src.backend.torch.optimizers"


def all_layers(model: keras.Model) -> Iterable[keras.layers.Layer]:
    """Returns a model and all layers in it, at any depth (`Layer._flatten_layers`)."""
    return model._flatten_layers()


def own_weights(layer: keras.layers.Layer) -> list[keras.Variable]:
    """Returns the weights that a layer itself trains (`Layer._trainable_variables`).

    The public attribute has the weights of the layers inside the layer too.
    """
    return layer._trainable_variables


def activity_losses(model: keras.Model) -> list[Any]:
    """Returns the losses that layers added in the last pass (`Layer._get_own_losses`).

    The public `Layer.losses` also computes the losses of all regularised weights.
    """
    return [loss for layer in all_layers(model) for loss in layer._get_own_losses()]


def is_seed_state(variable: Any) -> bool:
    """Whether a variable is the state of a `keras.random.SeedGenerator`, by its name."""
    return variable.name == "seed_generator_state"


def has_value(variable: keras.Variable) -> bool:
    """Whether a variable has its value (`Variable._value`).

    While Keras trains on JAX it takes the values of all variables away, and an
    exception loses them.
    """
    value = variable._value
    return value is not None and not value.is_deleted()


def without_autocast() -> AutocastScope:
    """Returns a scope in which variables keep their dtype under mixed precision."""
    return AutocastScope(None)


def optimized(optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    """Returns the variables that an optimizer was built for."""
    return optimizer._trainable_variables


def strategy_of(optimizer: keras.optimizers.Optimizer) -> Any:
    """Returns the `tf.distribute` strategy that an optimizer was made under."""
    return optimizer._distribution_strategy


def rate_schedule(
    optimizer: keras.optimizers.Optimizer,
) -> keras.optimizers.schedules.LearningRateSchedule | None:
    """Returns the Keras schedule of an optimizer's learning rate; None without."""
    rate = getattr(optimizer, "_learning_rate", None)
    schedule = keras.optimizers.schedules.LearningRateSchedule
    return rate if isinstance(rate, schedule) else None


def assign_rate(optimizer: keras.optimizers.Optimizer, rate: Any) -> None:
    """Assigns a tensor to the variable of an optimizer's learning rate."""
    optimizer._learning_rate.assign(rate)


def is_torch_optimizer(config: dict[str, Any]) -> bool:
    """Whether a serialised object is an optimizer of a class that only PyTorch has."""
    return str(config.get("module")).startswith(_TORCH_OPTIMIZERS)


def assert_compiled(model: keras.Model, method: str) -> None:
    """Raises the error of Keras if a model was not compiled before a method is called."""
    model._assert_compile_called(method)


def set_initial_epoch(model: keras.Model, epoch: int | None) -> None:
    """Sets the epoch in which `fit` begins, as `BackupAndRestore` does."""
    model._initial_epoch = epoch


def is_called_by_fit(arguments: dict[str, Any]) -> bool:
    """Whether `evaluate` was called from inside `fit`, with data that `fit` prepared."""
    return bool(arguments.get("_use_cached_eval_dataset"))


def never_builds_symbolically(model_class: type[keras.Model]) -> type[keras.Model]:
    """Class decorator: `fit` does not call the model on symbolic samples first.

    Keras does so on TensorFlow to build the model. The networks of a GAN come built, and
    `call` takes latents and not samples.
    """
    model_class._maybe_symbolic_build = lambda self, *args, **kwargs: None
    return model_class
