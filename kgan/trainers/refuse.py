from collections.abc import Mapping
from typing import Any


def refuse(where: str, refused: Mapping[str, tuple], given: Mapping[str, Any]) -> None:
    """Raises an error that says why an argument can't have its value.

    Args:
        where: Beginning of the sentence, such as "On the PyTorch backend".
        refused: From names to the values that are allowed, and why not others.
        given: The values, by name.

    Raises:
        ValueError: If one is not allowed.
    """
    for name, (allowed, reason) in refused.items():
        if name in given and given[name] not in allowed:
            raise ValueError(f"{where} {reason}. Received: {name}={given[name]!r}")
