"""Tables of plain text."""

from collections.abc import Sequence


def lines(rows: Sequence[Sequence[str]], align: str = "") -> list[str]:
    """Returns the lines of a table.

    Args:
        rows: The cells of each row; all rows have the same number of cells.
        align: A character for each column: `"<"` for the left, `">"` for the right. The
            left by default.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = align.ljust(len(widths), "<")
    return [
        "  ".join(
            f"{cell:{side}{width}}"
            for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
