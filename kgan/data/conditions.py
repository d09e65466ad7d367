"""The conditions of a model: what each sample is given, such as labels or vectors."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from kgan import checks
from kgan.data.checks import ONE_LABEL, check_labels, to_array, to_rows
from kgan.data.sample_range import SampleRange
from kgan.data.store import Store
from kgan.types import ArrayLike, Shape, Tensor, Tensors

# Pictures that are brighter than this, but have no values below 0, look like pixels.
_DARKEST = 64


class Condition(NamedTuple):
    """One condition: a label, or floats of a shape.

    Attributes:
        shape: Shape of the condition of one sample: `()` for a label, `(d,)` for a
            vector, `(height, width, channels)` for a picture. None for a dimension of any
            length.
        num_classes: Int for labels, which are 0 to `num_classes - 1`; None for floats.
    """

    shape: Shape = ()
    num_classes: int | None = None

    @property
    def dtype(self) -> str:
        return "float32" if self.num_classes is None else "int32"

    def checked(self, values: ArrayLike, count: int | None, argument: str) -> Any:
        """Returns the conditions of samples as an array `(count, *shape)`.

        Labels become int32, and floats float32. Pixels stay uint8, and a `Store` stays on
        disk.

        Args:
            values: The conditions.
            count: Int, the number of samples; None for any number.
            argument: Name of the argument, for the errors.

        Raises:
            ValueError: If the conditions have another shape, dtype or number.
        """
        if self.num_classes is not None:
            return self._checked_labels(values, count, argument)
        expected = "floats or uint8 pixels of one shape"
        if not isinstance(values, Store):
            values = to_array(values, argument, expected)
        numbers = np.issubdtype(values.dtype, np.number)
        if not numbers or not checks.same_shape(values.shape[1:], self.shape):
            raise ValueError(
                f"`{argument}` must be {expected}, {('n', *self.shape)}. "
                f"Received: {argument} of dtype {values.dtype} and shape {values.shape}"
            )
        if count is not None and len(values) != count:
            raise ValueError(
                "There must be one condition for each sample. "
                f"Received: {count} samples and {len(values)} rows of {argument}"
            )
        if values.dtype == np.uint8:
            return values
        values = np.asarray(values, "float32")
        if not np.isfinite(values).all():
            raise ValueError(
                f"`{argument}` has NaN or infinite values. Received: {argument} with "
                f"{int(np.sum(~np.isfinite(values)))} of them among {values.size}"
            )
        if len(self.shape) == 3:
            _warn_of_pixels(values, argument)
        return values

    def _checked_labels(
        self, y: ArrayLike, count: int | None, argument: str
    ) -> np.ndarray:
        y = to_array(y, argument, ONE_LABEL)
        assert self.num_classes is not None
        check_labels(y, self.num_classes, argument)
        y = y.reshape(-1)
        if count is not None and len(y) != count:
            raise ValueError(
                "There must be one label for each sample. "
                f"Received: {count} samples and {len(y)} labels"
            )
        return y.astype("int32")


class Conditions:
    """All conditions of a model.

    The values for a batch of samples are None for a model without conditions, an array
    or a tensor for one condition, and a tuple for several.

    Args:
        each: The `Condition`s, in the order of the inputs of the networks.
    """

    def __init__(self, each: Sequence[Condition] = ()):
        self.each = tuple(each)

    @classmethod
    def of_labels(cls, num_classes: int | None) -> "Conditions":
        """Returns the conditions of a model with labels alone; none for None."""
        return cls(() if num_classes is None else [Condition((), num_classes)])

    def __bool__(self) -> bool:
        return bool(self.each)

    def __len__(self) -> int:
        return len(self.each)

    def __iter__(self) -> Iterator[Condition]:
        return iter(self.each)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Conditions) and self.each == other.each

    def __hash__(self) -> int:
        return hash(self.each)

    @property
    def num_classes(self) -> int | None:
        """The number of classes of the labels; None without labels."""
        counts = [c.num_classes for c in self.each if c.num_classes is not None]
        return counts[0] if counts else None

    @property
    def are_labels(self) -> bool:
        """Whether the only condition is a label."""
        return len(self.each) == 1 and self.num_classes is not None

    @property
    def names(self) -> list[str]:
        """Names of the conditions: `labels`, `condition`, or with numbers."""
        floats = sum(condition.num_classes is None for condition in self.each)
        names, number = [], 0
        for condition in self.each:
            number += condition.num_classes is None
            name = "condition" if floats == 1 else f"condition_{number}"
            names.append("labels" if condition.num_classes is not None else name)
        return names

    def checked(
        self, values: Any, count: int | None, argument: str, of: str = ""
    ) -> Tensors | None:
        """Returns the conditions of samples as arrays, see `Condition.checked`.

        Args:
            values: An array, or a tuple with an array for each condition.
            count: Int, the number of samples; None for any number.
            argument: Name of the argument, for the errors.
            of: Text after the names of conditions, for the errors: `" of x"`.

        Raises:
            ValueError: If a condition is missing, or is not as expected.
        """
        if not self.each:
            return None
        if len(self.each) == 1:
            values = only_part(values)
            if values is None:
                raise self._missing(argument, values)
            name = f"{self.names[0]}{of}" if of else argument
            return self.each[0].checked(values, count, name)
        if not isinstance(values, tuple | list) or len(values) != len(self.each):
            raise self._missing(argument, values)
        found = []
        for condition, name, x in zip(self.each, self.names, values, strict=True):
            found.append(condition.checked(x, count, f"{name}{of}"))
            count = len(found[-1]) if count is None else count
        return tuple(found)

    def _missing(self, argument: str, values: Any) -> ValueError:
        if self.are_labels:
            return ValueError(
                "A conditional GAN trains on samples with labels: pass `y`, or data of "
                f"pairs (samples, labels). Received: {argument} without labels"
            )
        shapes = ", ".join(
            f"{name} {('n', *condition.shape)}"
            for name, condition in zip(self.names, self.each, strict=True)
        )
        form = shapes if len(self.each) == 1 else f"a tuple of {shapes}"
        received = f"{argument} of type {type(values).__name__}"
        if isinstance(values, tuple | list):
            received += f" with {checks.counted(len(values), 'part')}"
        return ValueError(
            f"Each sample needs its conditions: {form}. Pass them as `y`, or as pairs "
            f"(samples, conditions). Received: {received}"
        )

    def to_tensors(self, values: Tensors, sample_range: SampleRange) -> Tensors | None:
        """Returns the conditions in a batch as the networks take them.

        Args:
            values: Tensors, or None.
            sample_range: The range to which uint8 pixels are scaled.

        Returns:
            Int32 labels `(batch,)`, and float32 tensors.
        """

        def convert(condition: Condition, x: Tensor) -> Tensor:
            if condition.num_classes is None:
                return sample_range.to_float(x)
            return ops.reshape(ops.cast(x, "int32"), (-1,))

        if not self.each:
            return None
        if len(self.each) == 1:
            return convert(self.each[0], only_part(values))
        return tuple(convert(c, x) for c, x in zip(self.each, values, strict=True))

    def label_of(self, values: Tensors) -> Tensor | None:
        """Returns the labels among the conditions of samples; None without labels."""
        for condition, x in zip(self.each, parts_of(values), strict=False):
            if condition.num_classes is not None:
                return x
        return None


NO_CONDITIONS = Conditions()


def _warn_of_pixels(pictures: np.ndarray, argument: str) -> None:
    """Warns of pictures whose values look like pixels, but have another dtype."""
    low, high = (float(f(pictures, initial=0)) for f in (np.min, np.max))
    whole = np.array_equal(pictures, np.rint(pictures))
    if whole and low >= 0 and _DARKEST < high <= 255:
        warnings.warn(
            f"`{argument}` has values from {low:g} to {high:g}, which kgan does not "
            "scale, since the dtype is not uint8: pass pixels as uint8.",
            stacklevel=2,
        )


def check_rows(count: int | None = None, **argument: Tensors | None) -> Any:
    """Checks conditions as far as is possible without the model, and returns arrays.

    Args:
        count: Int, the number of samples; None for any number.
        **argument: The argument to check, given as `name=value`: numbers with a row for
            each sample, or a tuple of these, or None.

    Raises:
        ValueError: If a part has no rows of numbers, or another number of rows.
    """
    ((name, values),) = argument.items()
    found = map_conditions(lambda x: to_rows(x, name, "an array or arrays"), values)
    for x in parts_of(found):
        if count is not None and len(x) != count:
            raise ValueError(
                f"There must be one row of {name} for each sample. "
                f"Received: {count} samples and {len(x)} rows of {name}"
            )
    return found


def parts_of(values: Tensors | None) -> tuple[Any, ...]:
    """Returns the conditions of samples as a tuple: empty for None."""
    if values is None:
        return ()
    return tuple(values) if isinstance(values, tuple | list) else (values,)


def only_part(values: Any) -> Any:
    """Returns the array in a tuple or a list of one array, and other values unchanged."""
    single = isinstance(values, tuple | list) and len(values) == 1
    return values[0] if single and len(getattr(values[0], "shape", ())) else values


def map_conditions(function: Callable[[Any], Any], values: Tensors | None) -> Any:
    """Returns the result of a function for each condition, in the same form.

    For example, `map_conditions(lambda x: x[:8], conditions)` are the first 8 rows.
    """
    if values is None:
        return None
    if isinstance(values, tuple | list):
        return tuple(function(x) for x in values)
    return function(values)
