"""A call that can be printed as the Python that makes it, and made."""

import dataclasses
import functools
import json
from collections.abc import Mapping
from typing import Any

import keras

import kgan

# The longest line of code that is printed.
_LINE = 88


@dataclasses.dataclass(frozen=True)
class Call:
    """A function of kgan or Keras by its name, and its arguments.

    Args:
        function: Such as `"kgan.penalties.R1"`.
        arguments: Dict of keyword arguments, calls among them.

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
        """Calls the function."""
        root, *path = self.function.split(".")
        function = functools.reduce(getattr, path, {"kgan": kgan, "keras": keras}[root])
        return function(**make(dict(self.arguments)))

    def __str__(self) -> str:
        return code(self)


def make(value: Any) -> Any:
    """Makes all calls in a value."""
    if isinstance(value, Call):
        return value.make()
    if isinstance(value, dict):
        return {key: make(item) for key, item in value.items()}
    if isinstance(value, list):
        return [make(item) for item in value]
    return value


def code(value: Any, indent: int = 0, before: str = "") -> str:
    """Returns a value as Python, over several lines where one is too short.

    Args:
        value: Calls, dicts, lists and what has a `repr`.
        indent: Int, spaces before the lines after the first.
        before: What the first line begins with.
    """
    opening, items, closing = _parts(value)
    line = before + opening + ", ".join(k + code(v) for k, v in items) + closing
    if not items or indent + len(line) < _LINE:
        return line
    deeper = indent + 4
    lines = [" " * deeper + code(v, deeper, k) + ",\n" for k, v in items]
    return f"{before}{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _parts(value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    """Returns what a value begins with, its named items, and its end."""
    if isinstance(value, Call):
        items = [(f"{k}=", v) for k, v in value.arguments.items()]
        return f"{value.function}(", items, ")"
    if isinstance(value, dict):
        return "{", [(f"{_atom(k)}: ", v) for k, v in value.items()], "}"
    if isinstance(value, list):
        return "[", [("", v) for v in value], "]"
    return _atom(value), [], ""


def _atom(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:_}"
    return repr(value)
