"""Scopes in which variables are read from a mapping, and written to it."""

from typing import Any

import keras
from keras.src.backend.common.stateless_scope import get_stateless_scope
from keras.src.backend.common.variables import AutocastScope


class Scope(keras.StatelessScope):
    """A `keras.StatelessScope` within another one, that knows what was written.

    Keras reads variables from the innermost scope only, so one inside another must
    begin with all that the outer one holds.
    """

    def __init__(self) -> None:
        super().__init__(collect_losses=True)
        self.outer = get_stateless_scope()
        if self.outer is not None:
            self.state_mapping.update(self.outer.state_mapping)
        self._written: dict[int, Any] = {}

    def add_update(self, update: tuple[Any, Any]) -> None:
        super().add_update(update)
        self._written[id(update[0])] = update[0]

    def written(self) -> dict[int, Any]:
        """Returns the new values of the variables that were written, by their id."""
        return {key: self.state_mapping[key] for key in self._written}

    def write_through(self, values: dict[int, Any]) -> None:
        """Writes values, by the variables' ids, to the outer scope, or in place."""
        for key, variable in self._written.items():
            if self.outer is None:
                variable.assign(values[key])
            else:
                self.outer.add_update((variable, values[key]))


def uncast() -> AutocastScope:
    """Returns a scope in which variables keep their dtype under mixed precision."""
    return AutocastScope(None)
