"""Latents, mapped latents and conditions for `GAN.sample`."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan import checks, data
from kgan import noise as noises
from kgan.critic import with_conditions
from kgan.data.checks import to_array
from kgan.data.conditions import only_part
from kgan.models.conditions import ConditionBank
from kgan.models.reloading import warn_of_unknown
from kgan.types import ArrayLike, Identifier, Shape, Tensors

# The side of an example of a picture of any size.
_EXAMPLE_SIDE = 32


class Latents:
    """Draws the inputs of the generator for `GAN.sample`.

    Args:
        noise: A `kgan.noise.Noise`, the distribution of latents.
        dim: Int, length of the latents; 0 for a generator without latents.
        conditions: The `kgan.data.Conditions` of the generator.
        sample_range: The range to which pixels in conditions are scaled.
        bank: The `ConditionBank`, from which conditions are drawn that are not given;
            None for labels, which are drawn uniformly, and for pictures of any size.
    """

    def __init__(
        self,
        noise: noises.Noise,
        dim: int,
        conditions: data.Conditions,
        sample_range: data.SampleRange,
        bank: ConditionBank | None = None,
    ):
        warn_of_unknown(noise)
        self.noise = noise
        self.dim = dim
        self.conditions = conditions
        self.sample_range = sample_range
        self.bank = bank

    def sample(
        self,
        n: int | None,
        z: ArrayLike | None,
        noise: Identifier | None,
        conditions: Any,
        name: str,
        seed: int | None,
        batch_size: int,
    ) -> Iterator[Tensors]:
        """Yields batches of inputs for `GAN.sample`, which documents the arguments.

        `name` is the argument in which the user gave the conditions.
        """
        batch_size, seed = checks.count(batch_size=batch_size), checks.seed(seed=seed)
        for latents in ({"z": z}, {"noise": noise}):
            self._check_takes(**latents)
        if z is not None:
            checks.alone("z", noise=noise)
            z = self._checked(z, n)
            n = len(z)
        seed = random.randrange(2**31 - 1) if seed is None else seed
        if n is not None:
            # No array of float32 latents may be larger than 8 GB.
            n = checks.count(maximum=2**31 // max(1, self.dim), n=n)
        given = self.given(conditions, n, seed, name)
        n = n or (1 if given is None else len(data.parts_of(given)[0]))
        if z is None and self.dim:
            distribution = self.noise if noise is None else noises.get(noise)
            z = self._checked(distribution.sample((n, self.dim), seed=seed), n)
        for part in (slice(i, i + batch_size) for i in range(0, n, batch_size)):
            rows = data.map_conditions(lambda x, part=part: x[part], given)
            yield with_conditions(None if z is None else z[part], rows)

    def example(self, n: int) -> Tensors:
        """Returns inputs for `n` samples: random latents and random conditions."""
        generator = np.random.default_rng(0)

        def drawn(condition: data.Condition) -> np.ndarray:
            if condition.num_classes is not None:
                return generator.integers(condition.num_classes, size=n, dtype="int32")
            shape = [_EXAMPLE_SIDE if side is None else side for side in condition.shape]
            return generator.standard_normal((n, *shape)).astype("float32")

        given = tuple(map(drawn, self.conditions))
        z = self.noise.sample((n, self.dim), seed=0) if self.dim else None
        return with_conditions(z, given)

    def check_data(self, x: Any) -> None:
        """Checks the data of `GAN.predict`; a dataset is not read.

        Args:
            x: Latents, `[latents, *conditions]`, or a dataset of batches of these.

        Raises:
            ValueError: If the generator can't take the data.
        """
        is_array = isinstance(x, list | tuple | str | dict) or hasattr(x, "shape")
        if not is_array and isinstance(x, Iterable | keras.utils.PyDataset):
            return
        self.check_inputs(x)
        if isinstance(x, dict):
            return
        given = data.parts_of(x)[bool(self.dim) :]
        for condition, values in zip(self.conditions, given, strict=True):
            if condition.num_classes is not None:
                labels = to_array(values, "labels")
                if np.issubdtype(labels.dtype, np.floating):
                    # The generator takes whole numbers of any type.
                    whole = labels == np.round(labels)
                    labels = labels.astype("int64") if whole.all() else labels
                data.check_labels(labels, condition.num_classes, "labels")

    def check_inputs(self, inputs: Tensors) -> None:
        """Checks the shapes of arrays or tensors, without a look at their values.

        Args:
            inputs: Latents, or `[latents, *conditions]`. Keras checks a dict by the names
                of the generator's inputs.

        Raises:
            ValueError: If an input is missing, or has another shape.
        """
        if isinstance(inputs, dict):
            return
        given = [getattr(part, "shape", None) for part in data.parts_of(inputs)]
        # A dataset of TensorFlow may not know how many dimensions its tensors have.
        if any(getattr(shape, "rank", 0) is None for shape in given):
            return
        shapes = [None if shape is None else tuple(shape) for shape in given]
        expected = [(self.dim,)] if self.dim else []
        expected += [condition.shape for condition in self.conditions]
        if len(shapes) == len(expected) and all(map(_has_rows, shapes, expected)):
            return
        names = ["latents"] * bool(self.dim) + self.conditions.names
        rows = [", ".join(map(str, ("n", *shape))) for shape in expected]
        form = ", ".join(f"{name} ({row})" for name, row in zip(names, rows, strict=True))
        found = checks.received(inputs=inputs)
        if shapes and None not in shapes:
            found = f"Received: inputs of shapes {', '.join(map(str, shapes))}"
        raise ValueError(
            f"The generator takes {form if len(names) == 1 else f'[{form}]'}. {found}"
        )

    def _check_takes(self, **argument: Any) -> None:
        ((name, value),) = argument.items()
        if not self.dim and value is not None:
            raise ValueError(
                f"This generator has no latents, so it takes no `{name}`. "
                f"{checks.received(**argument)}"
            )

    def _checked(self, z: ArrayLike, n: int | None) -> np.ndarray:
        z = checks.resolved(as_floats, f"numbers of shape (n, {self.dim})", z=z)
        if z.ndim != 2 or z.shape[1] != self.dim or len(z) == 0:
            raise ValueError(
                f"`z` must have shape (n, {self.dim}), with n at least 1. "
                f"Received: z.shape={z.shape}"
            )
        _check_number(n, z=z)
        return z

    def given(
        self, given: Any, n: int | None, seed: int = 0, name: str = "conditions"
    ) -> Tensors | None:
        """Returns the conditions of samples as arrays; None without conditions.

        Args:
            given: The argument `conditions` or `labels` of `GAN.sample`.
            n: Int, the number of samples, or None.
            seed: Int, seed of conditions that are drawn.
            name: Name of the argument, for the errors.

        Raises:
            ValueError: If the conditions do not fit the GAN or the number.
        """
        if not self.conditions:
            if given is not None:
                raise ValueError(
                    f"This GAN is not conditional, so it takes no {name}. "
                    f"{checks.received(**{name: given})}"
                )
            return None
        if given is None:
            # The conditions and the latents are drawn from different seeds.
            generator = np.random.default_rng((seed, 1))
            if self.bank is not None:
                return self._floats(self.bank.draw(n or 1, generator))
            if self.conditions.num_classes is None:
                raise ValueError(
                    "This GAN has conditions of any size, so it keeps none: pass "
                    f"`conditions`. {checks.received(conditions=given)}"
                )
            classes = self.conditions.num_classes
            return generator.integers(classes, size=n or 1, dtype="int32")
        checked = self.conditions.checked(self._rows(given, n, name), None, name)
        for x in data.parts_of(checked):
            if n is not None and len(x) != n:
                raise ValueError(
                    f"There must be one row of {name} for each of the {n} samples. "
                    f"Received: {name} of shape {x.shape}"
                )
        return self._floats(checked)

    def _rows(self, given: Any, n: int | None, name: str) -> Any:
        """Returns conditions with a row for each sample.

        One label, or one vector, is for all samples.
        """

        def repeated(condition: data.Condition, x: Any) -> Any:
            x = x if isinstance(x, data.Store) else to_array(x, name)
            if x.ndim != len(condition.shape):
                return x
            return np.broadcast_to(x, (n or 1, *x.shape))

        if len(self.conditions) == 1:
            return repeated(self.conditions.each[0], only_part(given))
        if not isinstance(given, tuple | list) or len(given) != len(self.conditions):
            return given  # `Conditions.checked` raises the error.
        return tuple(map(repeated, self.conditions, given))

    def _floats(self, values: Tensors) -> Tensors:
        """Returns conditions as the generator takes them."""

        def scaled(x: Any) -> np.ndarray:
            is_pixels = x.dtype == np.uint8
            x = x[:] if isinstance(x, data.Store) else x
            return ops.convert_to_numpy(self.sample_range.to_float(x)) if is_pixels else x

        return data.map_conditions(scaled, values)


def style_batches(
    w: ArrayLike, shape: tuple[int, ...], n: int | None, batch_size: int, **others: Any
) -> Iterator[np.ndarray]:
    """Yields batches of mapped latents, as a synthesis network takes them.

    Args:
        w: Float array `(n, dim)`, or `(n, *shape)`.
        shape: Shape of the input of the synthesis network, without the batch.
        n: Int, the length of `w`, or None.
        batch_size: Int.
        **others: The arguments in whose place `w` is, which must be None.

    Raises:
        ValueError: If `w` has a wrong shape, or another argument is given.
    """
    checks.alone("w", **others)
    batch_size = checks.count(batch_size=batch_size)
    w = checked_styles(shape, w=w)
    _check_number(n, w=w)
    for i in range(0, len(w), batch_size):
        yield np.array(w[i : i + batch_size])


def checked_styles(shape: tuple[int, ...], **argument: ArrayLike) -> np.ndarray:
    """Checks mapped latents, and returns them as float32 `(n, *shape)`, not writable.

    Args:
        shape: Shape of the input of the synthesis network, without the batch.
        **argument: The argument to check, given as `name=value`: `(n, dim)` for equal
            styles of all layers, or `(n, *shape)`.

    Raises:
        ValueError: If the argument has another shape.
    """
    (name,) = argument
    forms = dict.fromkeys((shape[-1:], shape))
    expected = " or ".join(f"(n, {', '.join(map(str, form))})" for form in forms)
    w = checks.resolved(as_floats, f"numbers of shape {expected}", **argument)
    if w.shape[1:] not in forms or len(w) == 0:
        raise ValueError(
            f"`{name}` must have shape {expected}, with n at least 1. "
            f"Received: {name}.shape={w.shape}"
        )
    w = w.reshape(len(w), *[1] * (1 + len(shape) - w.ndim), *w.shape[1:])
    return np.broadcast_to(w, (len(w), *shape))


def _has_rows(found: Shape | None, shape: Shape) -> bool:
    """Whether an array of the found shape has rows of a shape, or of one label."""
    rows = (found or ())[1:]
    one_label = not shape and rows == (1,)
    return bool(found) and (one_label or checks.same_shape(rows, shape))


def _check_number(n: int | None, **latents: np.ndarray) -> None:
    ((name, x),) = latents.items()
    if n is not None and n != len(x):
        raise ValueError(
            f"`n` must be the number of latents in `{name}`. "
            f"Received: n={n}, {name}.shape={x.shape}"
        )


def as_floats(z: ArrayLike) -> np.ndarray:
    """Returns latents as a float32 array.

    Raises:
        ValueError: If the latents are no numbers, or are not finite in float32.
    """
    with np.errstate(over="ignore"):
        z = np.asarray(z, "float32")
    if not np.isfinite(z).all() or z.ndim == 0:
        raise ValueError("Latents must be an array of finite numbers.")
    return z
