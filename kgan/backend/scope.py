"""Scopes in which a network runs without a change of its variables."""

import contextlib
from collections.abc import Iterator

import keras

from kgan.backend.keras_private import get_stateless_scope, is_seed_state
from kgan.types import Tensor


class Scope(keras.StatelessScope):
    """A `keras.StatelessScope` that works inside another one, and knows its writes.

    Keras reads variables from the innermost scope only. So an inner scope must begin with
    all values of the outer scope.
    """

    def __init__(self) -> None:
        super().__init__(collect_losses=True)
        self.outer = get_stateless_scope()
        if self.outer is not None:
            self.state_mapping.update(self.outer.state_mapping)
        self._written: dict[int, keras.Variable] = {}

    def add_update(self, update: tuple[keras.Variable, Tensor]) -> None:
        super().add_update(update)
        self._written[id(update[0])] = update[0]

    def written(self) -> dict[int, Tensor]:
        """Returns the new values of the variables that were written, by their `id`."""
        return {key: self.state_mapping[key] for key in self._written}

    def write_through(self, values: dict[int, Tensor]) -> None:
        """Writes values, by the `id` of the variable, to the outer scope or in place."""
        for key, variable in self._written.items():
            if self.outer is None:
                variable.assign(values[key])
            else:
                self.outer.add_update((variable, values[key]))


@contextlib.contextmanager
def frozen(
    network: keras.Model, seed_generator: keras.random.SeedGenerator
) -> Iterator[None]:
    """Runs a network as in training, and drops every write to its variables.

    `trainable = False` would switch batch normalisation to inference mode, and layers
    that write in their call, such as spectral normalisation, would still write. In this
    scope the forward pass is the same as in training, and no variable of the network
    changes.

    The scope also drops the new states of the network's seeds. So dropout draws from
    `seed_generator` instead: each pass has a new mask.

    Args:
        network: The network that must not change.
        seed_generator: Source of random numbers for the random layers of the network.
    """
    scope = Scope()
    for variable in network.non_trainable_variables:
        if is_seed_state(variable):
            scope.add_update((variable, seed_generator.next()))
    with scope:
        yield
