"""Writes the tables of names in kgan-in-a-page.md from the classes.

python docs/tables.py

A loss has its formulas in its docstring, as "discriminator `...`" and "generator `...`".
The other classes are described by the first line of their docstrings.
"""

import inspect
import pathlib
import re
import types

import kgan

PAGE = pathlib.Path(__file__).with_name("kgan-in-a-page.md")


def docstring(option: object) -> str:
    """Returns the docstring of an object's own class, on one line a paragraph."""
    text = inspect.cleandoc(type(option).__doc__ or "")
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def table(header: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def losses() -> str:
    """Returns the table of the losses and their formulas."""
    rows = []
    for name in kgan.losses.names():
        text = docstring(kgan.losses.get(name))
        formulas = [
            re.search(rf"{network} (`[^`]+`)", text, re.IGNORECASE)
            for network in ("discriminator", "generator")
        ]
        cells = [formula[1] for formula in formulas if formula]
        # Without formulas of its own: the paragraph after the first line.
        rows.append([f"`{name}`", *(cells or [text.split("\n\n")[1], ""])])
    return table(["name", "discriminator", "generator"], rows)


def summaries(package: types.ModuleType) -> str:
    """Returns the table of a package with `names` and `get`."""
    rows = []
    for name in package.names():
        option = package.get(name)
        summary = docstring(option).split("\n\n")[0]
        rows.append([f"`{name}`", f"`{type(option).__name__}`", summary])
    return table(["name", "class", "description"], rows)


def updated(page: str) -> str:
    """Returns the text of a page with tables made from the classes."""
    tables = {
        "augmentations": summaries(kgan.augment),
        "generator losses": summaries(kgan.generator_losses),
        "losses": losses(),
        "noises": summaries(kgan.noise),
        "penalties": summaries(kgan.penalties),
    }
    for name, rows in tables.items():
        mark = f"<!-- {name}, by docs/tables.py -->\n"
        before, _, after = page.split(mark)
        page = mark.join([before, f"{rows}\n", after])
    return page


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
