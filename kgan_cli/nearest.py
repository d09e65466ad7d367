"""The nearest known name to a name that is unknown."""

import difflib
from collections.abc import Iterable

# The largest number of names that a message suggests.
_MOST = 3


def did_you_mean(text: str, names: Iterable[object]) -> str:
    """Returns the end of a sentence that suggests known names, or an empty str.

    Args:
        text: The unknown name.
        names: The known names.

    Example:

    >>> did_you_mean("--bugdet", ["--budget", "--size"])
    '; did you mean --budget?'
    >>> did_you_mean("--batch", ["--batch-size", "--size"])
    '; did you mean --batch-size?'
    """
    # Upper case, underscores and dashes make no difference. The first spelling counts.
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(_plain(str(name)), str(name))
    plain = _plain(text)
    begun = [name for name in known if plain and name.startswith(plain)]
    found = begun or difflib.get_close_matches(plain, known, 1)
    if not found:
        return ""
    return f"; did you mean {' or '.join(known[name] for name in found[:_MOST])}?"


def sentence(text: str) -> str:
    """Returns a text that ends as a sentence does."""
    return text if text.endswith((".", "?")) else f"{text}."


def _plain(name: str) -> str:
    return name.lower().lstrip("-").replace("_", "-")
