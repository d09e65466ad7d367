"""Scopes in which a network runs while its variables stay unchanged."""

import contextlib
from collections.abc import Iterator

import keras

from kgan.backend.keras_private import get_stateless_scope, is_seed_state
from kgan.types import Tensor


class Scope(keras.StatelessScope):
    """A `keras.StatelessScope` that works inside another scope, and records its writes.

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
        """Writes the result of `written` to the outer scope, or to the variables."""
        for key, variable in self._written.items():
            if self.outer is None:
                variable.assign(values[key])
            else:
                self.outer.add_update((variable, values[key]))


@contextlib.contextmanager
def frozen(
    network: keras.Model, seed_generator: keras.random.SeedGenerator
) -> Iterator[None]:
    """Context in which a network runs as in training, but writes no variable.

    `trainable = False` would not do the same: batch normalisation would switch to
    inference mode, and a layer that writes variables in its call, for example spectral
    normalisation, would still write. In this context the forward pass is the same as in
    training, and no variable of the network changes.

    The context also drops the new states of the network's seeds. So each pass gets new
    seeds from `seed_generator`, and dropout draws a new mask in each pass.

    Args:
        network: The network that must not change.
        seed_generator: Source of random numbers for the random layers of the network.
    """
    states = [v for v in network.non_trainable_variables if is_seed_state(v)]
    # Drawn before the scope begins, since it begins with the present state of
    # `seed_generator`.
    seeds = [seed_generator.next() for _ in states]
    scope = Scope()
    for update in zip(states, seeds, strict=True):
        scope.add_update(update)
    with scope:
        yield
