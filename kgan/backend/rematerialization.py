"""Layers under `keras.RematScope`, which keep their inputs and compute the rest again."""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kgan.backend import keras_private
from kgan.backend.scope import Scope
from kgan.types import Tensor

Recompute = Callable[[Callable[[list[Tensor]], list[Tensor]], list[Tensor]], list[Tensor]]

# Stands for a tensor among arguments.
_TENSOR = object()


def rematerialize(recompute: Recompute, model: keras.Model) -> None:
    """Lets layers that were made under `keras.RematScope` train as without the scope.

    Args:
        recompute: The function of this name in `kgan.backend`.
        model: The model; layers that were made outside of a scope stay as they are.
    """
    computed = functools.partial(_rematerialized, recompute)
    for layer in keras_private.all_layers(model):
        keras_private.rematerialize_by(computed, layer)


def _rematerialized(recompute: Recompute, function: Callable[..., Any]) -> Any:
    """Returns a function that keeps no activations for its gradient.

    Keras calls the function again as it stands. Then batch normalisation would move its
    statistics twice, and dropout would draw another mask. Here, both calls begin with the
    same values of all variables, and the first call alone writes variables.

    Args:
        recompute: The function of this name in `kgan.backend`.
        function: The method `call` of a layer, or a function without variables.
    """
    layer: Any = getattr(function, "__self__", None)

    @functools.wraps(function)
    def computed(*args: Any, **kwargs: Any) -> Any:
        given = keras.tree.flatten((args, kwargs))
        inputs = [x for x in given if ops.is_tensor(x)]
        is_layer = isinstance(layer, keras.layers.Layer)
        variables = list(layer.variables) if is_layer else []
        with keras_private.without_autocast():
            # Copies of what may be written, since PyTorch writes in place.
            values = [v.value if v.trainable else ops.copy(v.value) for v in variables]
        call = _Call(function, variables, args, kwargs)
        results = recompute(call, [*inputs, *values])
        return call.finish(results)

    return computed


class _Call:
    """A call of a function, as a function of a list of tensors.

    The object keeps no tensor of the call, since the framework keeps the object.

    Args:
        function: See `_rematerialized`.
        variables: The variables of the function.
        args: The arguments.
        kwargs: The arguments by keyword.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        variables: list[keras.Variable],
        args: tuple,
        kwargs: dict[str, Any],
    ) -> None:
        self.function = function
        self.variables = variables
        self.arguments = keras.tree.map_structure(
            lambda x: _TENSOR if ops.is_tensor(x) else x, (args, kwargs)
        )
        self.begin = Scope().state_mapping
        self.state = keras_private.call_state()

    def __call__(self, tensors: list[Tensor]) -> list[Tensor]:
        """Returns the outputs, and then the values of the written variables.

        Args:
            tensors: The tensors among the arguments, and then the variables' values.
        """
        left = iter(tensors)
        args, kwargs = keras.tree.map_structure(
            lambda x: next(left) if x is _TENSOR else x, self.arguments
        )
        scope = Scope()
        scope.state_mapping = {**self.begin}
        for variable in self.variables:
            scope.state_mapping[id(variable)] = next(left)
        with keras_private.called_in(self.state), scope:
            outputs = self.function(*args, **kwargs)
        if scope.losses:
            raise ValueError(
                "Layers under `keras.RematScope` can't add losses: make the layers with "
                "regularizers of activations outside of the scope. Received: "
                f"{len(scope.losses)} losses in {self.function}"
            )
        self._scope = scope
        self._structure = keras.tree.map_structure(lambda x: _TENSOR, outputs)
        return [*keras.tree.flatten(outputs), *scope.written().values()]

    def finish(self, results: list[Tensor]) -> Any:
        """Writes the variables, and returns the outputs of the function.

        Args:
            results: The results of the first call.
        """
        names = list(self._scope.written())
        count = len(results) - len(names)
        self._scope.write_through(dict(zip(names, results[count:], strict=True)))
        return keras.tree.pack_sequence_as(self._structure, results[:count])
