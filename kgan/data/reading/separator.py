"""The sign between the columns of a `.csv` file."""

import re
from typing import IO

_QUOTED = re.compile('"[^"]*"')


def separator(file: IO[str]) -> str:
    """Returns `";"` if the first line of a file has one outside of quotes, else `","`.

    Excel writes semicolons where a comma is in the place of a decimal point.

    Args:
        file: A text file, which is at its start again afterwards.
    """
    first = file.readline()
    file.seek(0)
    return ";" if ";" in _QUOTED.sub("", first) else ","
