"""A pass through a network that leaves no trace in it."""

import contextlib
from collections.abc import Iterator

import keras

from kgan import backend


@contextlib.contextmanager
def frozen(model: keras.Model, seed_generator: keras.random.SeedGenerator) -> Iterator:
    """Runs `model` as in training, and drops every write to its variables.

    `trainable = False` would put batch normalisation into inference mode, and
    layers that write in their call, such as spectral normalisation, would still
    write. Here the forward pass is the very one of training, and no variable of
    the model changes.

    Dropped with the writes is the state of the model's random seeds, so dropout
    draws from `seed_generator` instead, a new mask at each pass.

    Args:
        model: The network that shall stay as it is.
        seed_generator: Where the random layers of `model` draw from meanwhile.
    """
    scope = backend.Scope()
    for variable in model.non_trainable_variables:
        if variable.name == "seed_generator_state":
            scope.add_update((variable, seed_generator.next()))
    with scope:
        yield
