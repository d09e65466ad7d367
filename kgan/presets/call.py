"""A function call as data: it can be printed as Python code, and made."""

import dataclasses
import functools
import json
import types
from collections.abc import Mapping
from typing import Any

import keras

from kgan import (
    augment,
    constraints,
    data,
    generator_losses,
    layers,
    losses,
    networks,
    noise,
    penalties,
    regularizers,
    schedules,
)
from kgan.models.cycle import CycleGAN
from kgan.models.gan import GAN
from kgan.models.translator import Translator

# The names with which a function may start.
_ROOTS = {
    "keras": keras,
    "kgan": types.SimpleNamespace(
        GAN=GAN,
        CycleGAN=CycleGAN,
        Translator=Translator,
        augment=augment,
        constraints=constraints,
        data=data,
        generator_losses=generator_losses,
        layers=layers,
        losses=losses,
        networks=networks,
        noise=noise,
        penalties=penalties,
        regularizers=regularizers,
        schedules=schedules,
    ),
}
# The longest line of printed code.
_LINE_LENGTH = 88


@dataclasses.dataclass(frozen=True)
class Call:
    """The name of a function of kgan or Keras, and its arguments.

    Args:
        function: Name of the function, for example `"kgan.penalties.R1"`.
        arguments: Dict of keyword arguments. Their values may be calls too.

    Example:

    >>> from kgan.presets import Call
    >>> call = Call("kgan.penalties.R1", {"weight": 0.1})
    >>> print(call)
    kgan.penalties.R1(weight=0.1)
    >>> call.make()
    R1(weight=0.1, every=1)
    """

    function: str
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def make(self) -> Any:
        """Calls the function, and returns its result."""
        root, *path = self.function.split(".")
        function = functools.reduce(getattr, path, _ROOTS[root])
        return function(**make(dict(self.arguments)))

    def __str__(self) -> str:
        return code(self)


def make(value: Any) -> Any:
    """Returns a value in which each call is replaced by its result.

    Args:
        value: A call, or a dict or list of values; other values stay as they are.
    """
    if isinstance(value, Call):
        return value.make()
    if isinstance(value, dict):
        return {key: make(item) for key, item in value.items()}
    if isinstance(value, list):
        return [make(item) for item in value]
    return value


def code(value: object, indent: int = 0, prefix: str = "") -> str:
    """Returns the Python code of a value, on several lines if one line is too long.

    Args:
        value: A call, a dict, a list, or a value whose `repr` is its code.
        indent: Int, number of spaces before the second and all later lines.
        prefix: Start of the first line.
    """
    opening, items, closing = _parts(value)
    line = prefix + opening + ", ".join(k + code(v) for k, v in items) + closing
    if not items or indent + len(line) < _LINE_LENGTH:
        return line
    deeper = indent + 4
    lines = [" " * deeper + code(v, deeper, k) + ",\n" for k, v in items]
    return f"{prefix}{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _parts(value: object) -> tuple[str, list[tuple[str, object]], str]:
    """Returns the opening of a value, its items with their prefixes, and its closing."""
    if isinstance(value, Call):
        items = [(f"{k}=", v) for k, v in value.arguments.items()]
        return f"{value.function}(", items, ")"
    if isinstance(value, dict):
        return "{", [(f"{_literal(k)}: ", v) for k, v in value.items()], "}"
    if isinstance(value, list):
        return "[", [("", v) for v in value], "]"
    return _literal(value), [], ""


def _literal(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:_}"
    return repr(value)
