"""The reasons that exporters and runtimes give for their errors."""

import re

# The codes by which a terminal shows colours.
_CODES = re.compile(r"\x1b\[[0-9;]*m")
# Keras names the layer in a first line, and the error of the layer in a second line.
_LAYER = "Exception encountered when calling"


def reason(error: Exception) -> str:
    """Returns the beginning of an error's message on one line, without a full stop."""
    text = _CODES.sub("", str(error)).strip() or type(error).__name__
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[: 2 if text.startswith(_LAYER) else 1]).rstrip(".")
