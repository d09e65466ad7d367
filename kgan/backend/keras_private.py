"""The private parts of Keras that kgan uses, with one function for each part.

The functions follow the source of Keras 3.12.0 and 3.15.1. If another version of Keras
changes a part, a test in `tests/test_keras_private.py` fails and names the part.
"""

import contextlib
import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
from keras.src.backend.common import global_state, remat
from keras.src.backend.common.stateless_scope import (
    get_stateless_scope as get_stateless_scope,
)
from keras.src.backend.common.variables import AutocastScope
from keras.src.random.seed_generator import draw_seed as draw_seed
from keras.src.saving import saving_lib, serialization_lib
from keras.src.saving.serialization_lib import SafeModeScope, in_safe_mode
from keras.src.trainers.data_adapters import get_data_adapter as get_data_adapter
from keras.src.trainers.data_adapters.data_adapter import DataAdapter as DataAdapter
from keras.src.utils import io_utils, rng_utils

from kgan.types import PathLike

# The module of the optimizer classes that exist on PyTorch only.
_TORCH_OPTIMIZERS = "keras.src.backend.torch.optimizers"


def all_layers(model: keras.Model) -> Iterable[keras.layers.Layer]:
    """Returns a model and all layers in it, at any depth (`Layer._flatten_layers`)."""
    return model._flatten_layers()


def calls_in(
    model: keras.Model,
) -> Iterator[tuple[keras.Operation, list[Any], list[Any]]]:
    """Yields the operations of a functional or sequential model, in order.

    An operation comes with the tensors that it takes and those that it returns
    (`Functional._nodes_by_depth`, `Sequential._functional`).
    """
    nodes = getattr(model, "_functional", model)._nodes_by_depth
    for depth in sorted(nodes, reverse=True):
        for node in nodes[depth]:
            yield node.operation, node.input_tensors, node.output_tensors


def unsafe() -> SafeModeScope:
    """Returns a scope in which lambdas are made from their configs."""
    return SafeModeScope(False)


def is_unsafe() -> bool:
    """Whether lambdas are made from their configs, as with `safe_mode=False`."""
    return in_safe_mode() is False


def copy_of_lambda(layer: keras.layers.Lambda) -> keras.layers.Lambda:
    """Returns a new layer with the same function (`Lambda._output_shape`)."""
    base = keras.layers.Layer.get_config(layer)
    shape, arguments = layer._output_shape, layer.arguments
    return type(layer)(layer.function, shape, layer.mask, arguments, **base)


def own_weights(layer: keras.layers.Layer) -> list[keras.Variable]:
    """Returns the weights that a layer itself trains (`Layer._trainable_variables`).

    The public attribute also has the weights of inner layers.
    """
    return layer._trainable_variables


def activity_losses(model: keras.Model) -> list[Any]:
    """Returns the losses that layers added in the last pass (`Layer._get_own_losses`).

    The public `Layer.losses` also computes the losses of all regularised weights.
    """
    return [loss for layer in all_layers(model) for loss in layer._get_own_losses()]


def unsaved_options(loss: keras.losses.Loss) -> dict[str, Any]:
    """Returns the options of a loss that its config lacks (`Loss._fn_kwargs`).

    Keras leaves out `delta` of `Huber`, and `axis` of some losses.
    """
    config, known = loss.get_config(), inspect.signature(type(loss)).parameters
    options = getattr(loss, "_fn_kwargs", {}).items()
    return {k: v for k, v in options if k in known and k not in config}


def is_seed_state(variable: Any) -> bool:
    """Whether a variable is the state of a `keras.random.SeedGenerator`, by its name."""
    return variable.name == "seed_generator_state"


def has_value(variable: keras.Variable) -> bool:
    """Whether a variable has its value (`Variable._value`).

    While Keras trains on JAX, it removes the values from all variables, and an exception
    loses the values.
    """
    value = variable._value
    return value is not None and not value.is_deleted()


def remember_optimizer_attributes() -> None:
    """Keeps the list of attributes that `Model.save` skips in optimizers.

    Keras looks for the list under another key than it is stored under. So each save makes
    an optimizer for the list, and TensorFlow keeps memory for each of its variables.
    """
    key = "saving_attr_skiplist_Optimizer"
    if global_state.get_global_attribute(key) is None:
        attributes = saving_lib.get_attr_skipset("Optimizer")
        global_state.set_global_attribute(key, attributes)


class _IfImported:
    """TensorFlow, which is available if the process has imported TensorFlow already.

    Args:
        module: The lazy module of Keras, which imports TensorFlow when it is asked.
    """

    def __init__(self, module: Any) -> None:
        self._module = module

    @property
    def available(self) -> bool:
        # None in the place of the module forbids the import.
        return sys.modules.get("tensorflow") is not None and self._module.available

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def serialize_without_tensorflow() -> None:
    """Lets Keras write configs without an import of TensorFlow (`serialization_lib.tf`).

    On each backend, Keras asks for each object whether its type is of TensorFlow, and
    imports TensorFlow for the question, which takes seconds and 490 MB. Before the
    import, no object has such a type.
    """
    if not isinstance(serialization_lib.tf, _IfImported):
        serialization_lib.tf = _IfImported(serialization_lib.tf)


def set_random_seed(seed: int) -> None:
    """Sets all seeds without an import of TensorFlow (`keras.src.utils.rng_utils`).

    On each backend, Keras also sets the seed of TensorFlow, and for this Keras imports
    TensorFlow, which takes seconds.
    """
    tensorflow = rng_utils.tf
    rng_utils.tf = _IfImported(tensorflow)
    try:
        keras.utils.set_random_seed(seed)
    finally:
        rng_utils.tf = tensorflow


def may_write(path: PathLike) -> bool:
    """Whether there is no file, or the user agrees to replace it (`keras.src.utils`)."""
    return not os.path.exists(path) or io_utils.ask_to_proceed_with_overwrite(str(path))


def rematerialize_by(rematerialize: Callable[[Callable], Callable], layer: Any) -> None:
    """Sets what a layer under `keras.RematScope` calls (`Layer.rematerialized_call`).

    Other layers still call the function of Keras, `remat.remat`.

    Args:
        rematerialize: Function of the method `call` of the layer that returns the
            function to call in its place.
        layer: The layer; nothing happens if it was made outside of a scope.
    """
    if layer._remat_mode is None:
        return
    choose = type(layer).rematerialized_call

    def replaced(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            before = remat.remat
            remat.remat = rematerialize
            try:
                return function(*args, **kwargs)
            finally:
                remat.remat = before

        return called

    # In the mode "activations", Keras asks for its function in the call itself.
    layer.rematerialized_call = lambda *args, **kwargs: replaced(
        replaced(choose)(layer, *args, **kwargs)
    )


def call_state() -> dict[str, Any]:
    """Returns what Keras knows about the present call of a layer, for `called_in`."""
    names = "autocast_scope", "current_call_ctx"
    return {name: global_state.get_global_attribute(name) for name in names}


@contextlib.contextmanager
def called_in(state: dict[str, Any]) -> Iterator[None]:
    """Context in which layers are called as they were at the time of `call_state`."""
    before = call_state()
    try:
        for name, value in state.items():
            global_state.set_global_attribute(name, value)
        yield
    finally:
        for name, value in before.items():
            global_state.set_global_attribute(name, value)


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
    """Returns the Keras schedule of an optimizer's learning rate, or None."""
    rate = getattr(optimizer, "_learning_rate", None)
    schedule = keras.optimizers.schedules.LearningRateSchedule
    return rate if isinstance(rate, schedule) else None


def assign_rate(optimizer: keras.optimizers.Optimizer, rate: Any) -> None:
    """Assigns a tensor to the variable of an optimizer's learning rate."""
    optimizer._learning_rate.assign(rate)


@contextlib.contextmanager
def channels_last_on_torch() -> Iterator[None]:
    """Context in which PyTorch reads the inputs of convolutions in their own order.

    Otherwise `nn._transpose_spatial_inputs` copies the inputs of each convolution and
    each pooling to `(batch, channels, ...)`, and `nn.conv` copies them back. Keras needs
    the copies for exports only.
    """
    from keras.src.backend.torch import nn

    copying = nn._transpose_spatial_inputs
    # A view in which memory has the order that PyTorch calls "channels last".
    nn._transpose_spatial_inputs = lambda x: x.movedim(-1, 1)
    try:
        yield
    finally:
        nn._transpose_spatial_inputs = copying


@contextlib.contextmanager
def without_all_reduce() -> Iterator[None]:
    """Context in which optimizers of TensorFlow take gradients as they are.

    Otherwise `TFOptimizer._all_reduce_sum_gradients` sums the gradients over all devices,
    also over one. TensorFlow keeps the derivative of this sum until the process ends, and
    with it the whole graph of the step.
    """
    from keras.src.backend.tensorflow.optimizer import TFOptimizer

    summing = TFOptimizer._all_reduce_sum_gradients
    TFOptimizer._all_reduce_sum_gradients = lambda self, grads_and_vars: grads_and_vars
    try:
        yield
    finally:
        TFOptimizer._all_reduce_sum_gradients = summing


@contextlib.contextmanager
def random_numbers_on_torch(draw: Callable[..., Any]) -> Iterator[None]:
    """Context in which a function draws in the place of `keras.random` on PyTorch.

    Args:
        draw: Function of the name of the function in `keras.random`, of the shape, of the
            two numbers that the distribution has, of the dtype and of the seed.
    """
    from keras.src.backend.torch import random

    names = "normal", "truncated_normal", "uniform", "randint"
    functions = {name: getattr(random, name) for name in names}

    def replaced(name: str) -> Callable[..., Any]:
        signature = inspect.signature(functions[name])

        def drawing(*args: Any, **kwargs: Any) -> Any:
            arguments = signature.bind(*args, **kwargs)
            arguments.apply_defaults()
            return draw(name, *arguments.args)

        return drawing

    try:
        for name in names:
            setattr(random, name, replaced(name))
        yield
    finally:
        for name, function in functions.items():
            setattr(random, name, function)


def tensors_on_torch(variables: Iterable[keras.Variable]) -> list[Any]:
    """Returns the tensors of variables (`Variable._value`).

    `Variable.value` compares the names of two devices at each call.
    """
    return [variable._value for variable in variables]


@contextlib.contextmanager
def values_on_torch(
    variables: Sequence[keras.Variable], values: Sequence[Any]
) -> Iterator[None]:
    """Context in which variables have other tensors as values (`Variable._value`).

    In a `keras.StatelessScope`, a variable that copies another would share its tensor.
    """
    before = tensors_on_torch(variables)
    try:
        for variable, value in zip(variables, values, strict=True):
            variable._value = value
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable._value = value


def is_torch_optimizer(config: dict[str, Any]) -> bool:
    """Whether a serialised object is an optimizer whose class only PyTorch has."""
    return str(config.get("module")).startswith(_TORCH_OPTIMIZERS)


def assert_compiled(model: keras.Model, method: str) -> None:
    """Raises the error of Keras for a `method` of a model that is not compiled."""
    model._assert_compile_called(method)


def set_initial_epoch(model: keras.Model, epoch: int | None) -> None:
    """Sets the epoch in which `fit` begins, as `BackupAndRestore` does."""
    model._initial_epoch = epoch


def is_called_by_fit(arguments: dict[str, Any]) -> bool:
    """Whether `evaluate` was called from inside `fit`, with data that `fit` prepared."""
    return bool(arguments.get("_use_cached_eval_dataset"))


def never_builds_symbolically(model_class: type[keras.Model]) -> type[keras.Model]:
    """Class decorator: keeps `fit` from calling the model on symbolic samples.

    On TensorFlow, Keras builds a model by this call. The networks of a GAN are already
    built, and `call` takes latents, not samples.
    """
    model_class._maybe_symbolic_build = lambda self, *args, **kwargs: None
    return model_class
