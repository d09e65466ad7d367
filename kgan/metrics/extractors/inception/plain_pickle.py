"""Reads a pickle of tensors without running the pickle.

A pickle is a program for a machine with a stack. Python's own machine calls functions,
sets attributes of any object, and allocates as many bytes as an instruction names. The
machine in this file knows only the instructions that `torch.save` writes. It changes only
lists and dicts that it has made itself, and needs memory for the length of the pickle
only.
"""

import io
import pickle
import pickletools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

# The names, shapes and places of about 7,000 tensors.
_MAX_BYTES, _MAX_ARGUMENTS = 1 << 20, 1 << 18
_MAX_NAME = 100
# Instructions that push their own argument.
_ARGUMENTS = {
    *("BININT", "BININT1", "BININT2", "LONG1"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING"),
}
# Instructions that push a new value.
_VALUES: dict[str, Callable[[], object]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = {"PROTO", "FRAME", "STOP"}


class Global(NamedTuple):
    """The name of a function or a class, which is not imported."""

    module: str
    name: str


Functions = Mapping[Global, Callable | None]


def load(file: io.BytesIO, functions: Functions, refer: Callable[[Any], object]) -> Any:
    """Reads one pickle, and leaves the file at the end of this pickle.

    Args:
        file: The bytes of the pickle, and any bytes behind the pickle.
        functions: The function to call for each name; None for a name that the pickle
            may hold, but may not call. All other names are refused.
        refer: The function to call for each reference to data outside the pickle.

    Returns:
        A value made of str, int, bool, None, tuples, lists, dicts with str keys,
        `Global`, and the results of the functions.

    Raises:
        pickle.UnpicklingError: If the pickle is too long, names another function, or has
            an instruction that `torch.save` does not write.
    """
    machine = _Machine(functions, refer)
    start = file.tell()
    for instruction, argument, _ in pickletools.genops(file):
        if file.tell() - start > _MAX_BYTES:
            raise pickle.UnpicklingError(f"its pickle has more than {_MAX_BYTES:,} bytes")
        machine.run(instruction.name, argument)
    return machine.pop()


def to_dict(pairs: Iterable) -> dict[str, Any]:
    """Returns a dict of pairs, whose keys must be strings.

    The hash of a nested tuple, of a few bytes in the pickle, could take years.
    """
    pairs = list(pairs)
    if not all(isinstance(key, str) for key, _ in pairs):
        raise pickle.UnpicklingError("it holds a dict with keys other than strings")
    return dict(pairs)


class _Machine:
    """Runs the instructions of a pickle. Each mark begins a new stack."""

    def __init__(self, functions: Functions, refer: Callable[[Any], object]):
        self.functions, self.refer = functions, refer
        self.stacks: list[list] = [[]]
        self.memo: dict[int, object] = {}
        self.num_arguments = 0

    def run(self, name: str, argument: Any) -> None:
        """Runs one instruction, with the argument that follows it in the pickle."""
        if name in _ARGUMENTS:
            self.push(argument)
        elif name in _VALUES:
            self.push(_VALUES[name]())
        elif name in _TUPLES:
            values = [self.pop() for _ in range(_TUPLES[name])]
            self.push(tuple(reversed(values)))
        elif name not in _IGNORED:
            self._combine(name, argument)

    def push(self, value: object) -> None:
        """Adds a value."""
        self.stacks[-1].append(value)

    def pop(self) -> Any:
        """Removes the last value, and returns this value."""
        return self.stacks[-1].pop()

    def _combine(self, name: str, argument: Any) -> None:
        match name:
            case "MARK":
                self.stacks.append([])
            case "TUPLE":
                self.push(tuple(self.stacks.pop()))
            case "APPEND" | "APPENDS":
                items = self.stacks.pop() if name == "APPENDS" else [self.pop()]
                self._last(list).extend(items)
            case "SETITEM" | "SETITEMS":
                items = self.stacks.pop() if name == "SETITEMS" else self._pair()
                pairs = zip(items[::2], items[1::2], strict=True)
                self._last(dict).update(to_dict(pairs))
            case "BUILD":
                # The attributes of a state dict, which the network does not need.
                self.pop()
                self._last(dict)
            case "BINPUT" | "LONG_BINPUT" | "MEMOIZE":
                place = len(self.memo) if name == "MEMOIZE" else argument
                self.memo[place] = self.stacks[-1][-1]
            case "BINGET" | "LONG_BINGET":
                self.push(self.memo[argument])
            case "GLOBAL" | "STACK_GLOBAL":
                names = self._pair() if name == "STACK_GLOBAL" else argument.split(" ")
                self.push(self._known(*names))
            case "BINPERSID":
                self._call(self.refer, (self.pop(),))
            case "REDUCE":
                called, arguments = self._pair()
                self._call(self._function(called), arguments)
            case _:
                raise pickle.UnpicklingError(f"it has the instruction {name}")

    def _pair(self) -> list:
        last = self.pop()
        return [self.pop(), last]

    def _last(self, kind: type) -> Any:
        """Returns the last value, which must be of this class."""
        last = self.stacks[-1][-1]
        if type(last) is not kind:
            found = type(last).__name__
            raise pickle.UnpicklingError(f"it changes a {found} as if a {kind.__name__}")
        return last

    def _known(self, module: object, name: object) -> Global:
        if not isinstance(module, str) or not isinstance(name, str):
            raise pickle.UnpicklingError("it has a name that is no text")
        known = Global(module, name)
        if known not in self.functions:
            shown = f"{module}.{name}"[:_MAX_NAME]
            raise pickle.UnpicklingError(f"it would run {shown}")
        return known

    def _function(self, name: object) -> Callable:
        function = self.functions.get(name) if type(name) is Global else None
        if function is None:
            raise pickle.UnpicklingError(f"it calls a {type(name).__name__}")
        return function

    def _call(self, function: Callable, arguments: tuple) -> None:
        # The memo repeats a long argument in two bytes.
        values = (arguments, *arguments)
        self.num_arguments += sum(len(v) for v in values if isinstance(v, tuple | list))
        if self.num_arguments > _MAX_ARGUMENTS:
            raise pickle.UnpicklingError("its pickle repeats long arguments")
        self.push(function(*arguments))
