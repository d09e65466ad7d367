"""Names of arguments in error messages, spelled as options of the command line."""

import dataclasses
import re
from collections.abc import Sequence

from kgan_cli.nearest import did_you_mean
from kgan_cli.option import Settings, spellings

# Options whose value is the argument `source` of `kgan.data.load`.
_SOURCES = ("data", "fakes")
# Options whose values are the arguments `source` and `target` of `kgan.data.load_pairs`.
_SIDES = ("pairs", "unpaired")
# The error on an unknown name of `--loss`, whose names are no choices of the parser: the
# losses of Keras have names too.
_UNKNOWN = re.compile(
    r"Expected one of ([\w, ]+), or an object of the class `\w+`\. "
    r"(Received: --\S+ (\S+))"
)
# What stands before the name of an argument, not inside of another name.
_BEFORE = r"(?<![\w.-])"


def as_options(message: str, settings: Settings) -> str:
    """Returns a message in which arguments of Python have the names of options.

    Args:
        message: For example ``"`on_error` is wrong. Received: on_error='x'"``.
        settings: The settings of the command that failed.

    Returns:
        For example `"--on-error is wrong. Received: --on-error x"`.
    """
    names = {field.name: spellings(field)[0] for field in dataclasses.fields(settings)}
    if "out" in names:
        # The argument of `export` and `save`.
        message = re.sub(rf"{_BEFORE}filepath=", "out=", message)
        message = message.replace("`filepath`", "`out`")
    if "metrics" in names:
        message = re.sub(rf"{_BEFORE}metric=", "metrics=", message)
    for name in _SOURCES:
        if name in names:
            option, value = names[name], getattr(settings, name)
            if f"source={value!r}" in message:
                message = message.replace(f"source={value!r}", f"{option} {value}")
                message = message.replace("`source`", option)
    for name in _SIDES:
        if paths := getattr(settings, name, None):
            message = _with_paths(message, names[name], paths)
    if "data" in names:
        message = message.replace("`x`", "--data").replace(": x with", ": --data with")
    # Two sides.
    message = re.sub(r"\bsize=\((\d+), (\d+)\)", r"size=\1x\2", message)
    for name, option in names.items():
        value = rf"{_BEFORE}{name}=(?:'([^']*)'|\"([^\"]*)\"|([^\s,;()]+))"
        message = re.sub(value, rf"{option} \1\2\3", message)
        if isinstance(getattr(settings, name), bool):
            message = message.replace(f"{option} True", option)
        message = message.replace(f"`{name}`", option)
    return _UNKNOWN.sub(_with_nearest, message)


def _with_nearest(error: re.Match) -> str:
    """Returns the error on an unknown name, with the nearest known name."""
    known, received, name = error.groups()
    suggested = did_you_mean(name, known.split(", ")) or "."
    return f"Expected one of {known}, or a name of Keras{suggested} {received}"


def _with_paths(message: str, option: str, paths: Sequence[str]) -> str:
    """Returns a message on pictures of two paths with the option and the paths."""
    given = dict(zip(("source", "target"), paths, strict=False))
    arguments = [f"{name}={path!r}" for name, path in given.items()]
    both = ", ".join(arguments)
    message = message.replace(both, f"{option} {' '.join(paths)}")
    for (name, path), argument in zip(given.items(), arguments, strict=True):
        message = message.replace(argument, f"{option} {path}")
        message = message.replace(f" of {name}", f" of {path}")
    message = message.replace("`kgan.data.load_unpaired`", "--unpaired")
    message = message.replace("a `target`", "a second path")
    return message.replace("`source`", option).replace("`target`", option)
