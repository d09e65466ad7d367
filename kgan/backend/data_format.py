"""The order of axes in the networks of kgan, whatever Keras has as its default."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def channels_last() -> Iterator[None]:
    """Scope, or decorator, in which layers are made for `(batch, ..., channels)`.

    Without the scope, layers take `image_data_format` from `keras.json`. A layer keeps
    the format that it was made with, also in its config.
    """
    default = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(default)
