"""Names of arguments in error messages, spelled as options of the command line."""

import dataclasses
import re

from kgan_cli.option import Settings, spellings

# Options whose value is the argument `source` of `kgan.data.load`.
_SOURCES = ("data", "fakes")


def as_options(message: str, settings: Settings) -> str:
    """Returns a message in which arguments of Python have the names of options.

    Args:
        message: For example ``"`on_error` is wrong. Received: on_error='x'"``.
        settings: The settings of the command that failed.

    Returns:
        For example `"--on-error is wrong. Received: --on-error x"`.
    """
    names = {field.name: spellings(field)[0] for field in dataclasses.fields(settings)}
    for name in _SOURCES:
        if name in names:
            value = getattr(settings, name)
            message = message.replace(f"source={value!r}", f"{names[name]} {value}")
    if "data" in names:
        message = message.replace("`x`", "--data").replace(": x with", ": --data with")
    for name, option in names.items():
        value = rf"(?<![\w.-]){name}=(?:'([^']*)'|\"([^\"]*)\"|([^\s,;()]+))"
        message = re.sub(value, rf"{option} \1\2\3", message)
        if isinstance(getattr(settings, name), bool):
            message = message.replace(f"{option} True", option)
        message = message.replace(f"`{name}`", option)
    return message
