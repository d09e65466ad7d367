"""Names for the kinds of arguments that many functions share.

`Tensor` and its like are `Any` to a type checker, since each framework has a tensor class
of its own. They tell a reader which of the kinds is meant.
"""

import os
from typing import Any, TypeAlias

# A tensor of the framework in use, or a Keras variable.
Tensor: TypeAlias = Any
# A tensor, or anything that numpy makes an array of.
ArrayLike: TypeAlias = Any
# A tensor, or a nested list, tuple or dict of tensors.
Tensors: TypeAlias = Any
# The shape of a tensor; None for a dimension that is not known.
Shape: TypeAlias = tuple[int | None, ...]
# An int or a float, of Python or of numpy.
Number: TypeAlias = float
# A path of a file or a folder.
PathLike: TypeAlias = str | os.PathLike
# A name, a config or an object: an option as a user gives it to Keras.
Identifier: TypeAlias = Any
# A `keras.random.SeedGenerator`, an int, or None.
Seed: TypeAlias = Any
# The arguments of a constructor, which Keras saves.
Config: TypeAlias = dict[str, Any]
# Samples as `fit` takes them: an array, a dataset, a tuple with labels, a generator.
Data: TypeAlias = Any
# A value that the function hands on to Keras and does not look at.
KerasArgument: TypeAlias = Any
