"""Names for the kinds of arguments that many functions share.

A type checker treats `Tensor` and some other names as `Any`, since each framework has its
own tensor class. The names tell the reader which kind of argument is meant.
"""

import os
from typing import Any, TypeAlias

# A tensor of the framework in use, or a Keras variable.
Tensor: TypeAlias = Any
# A tensor, or any object that numpy can convert to an array.
ArrayLike: TypeAlias = Any
# A tensor, or a nested list, tuple or dict of tensors.
Tensors: TypeAlias = Any
# The shape of a tensor; None for a dimension that is not known.
Shape: TypeAlias = tuple[int | None, ...]
# An int or a float, of Python or of numpy.
Number: TypeAlias = float
# A path of a file or a folder.
PathLike: TypeAlias = str | os.PathLike
# An option as a user gives it to Keras: a name, a config or an object.
Identifier: TypeAlias = Any
# A `keras.random.SeedGenerator`, an int, or None.
Seed: TypeAlias = Any
# The arguments of a constructor, which Keras saves.
Config: TypeAlias = dict[str, Any]
# Samples as `fit` takes them: an array, a dataset, a tuple with labels, a generator.
Data: TypeAlias = Any
# A value that the function only passes on to Keras.
KerasArgument: TypeAlias = Any
