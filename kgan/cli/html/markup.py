"""Small functions that make HTML of plain texts. Every text is escaped here."""

import html
from collections.abc import Iterable, Mapping, Sequence

# Elements without content, which have no end.
_EMPTY = ("img", "input")


def element(tag: str, *content: str, text: str = "", **attributes: object) -> str:
    """Returns an element.

    Args:
        tag: Name of the element, for example `"p"`.
        *content: HTML inside the element.
        text: A plain text inside the element, which is escaped.
        **attributes: Values by names, which are escaped. An underscore at the end of a
            name is left out, and other underscores become hyphens. True makes an
            attribute without a value; False and None make none.
    """
    opening = [tag, *(_attribute(*pair) for pair in attributes.items())]
    inside = escape(text) + "".join(content)
    end = "" if tag in _EMPTY else f"</{tag}>"
    return f"<{' '.join(filter(None, opening))}>{inside}{end}"


def escape(text: str) -> str:
    """Returns the HTML of a plain text."""
    return html.escape(text)


def section(title: str, *content: str) -> str:
    """Returns a part of the page with a heading; empty without content."""
    if not any(content):
        return ""
    return element("section", element("h2", text=title), *content)


def paragraphs(texts: Iterable[str]) -> str:
    """Returns a paragraph for each text."""
    return "".join(element("p", text=text) for text in texts)


def table(rows: Mapping[str, Sequence[str]], heads: Sequence[str] = ()) -> str:
    """Returns a table whose rows begin with their names; empty without rows.

    Args:
        rows: The cells of each row, by the name of the row.
        heads: The heads of the columns, without the names of rows; none by default.
    """
    if not rows:
        return ""
    top = "".join(element("th", text=head, scope="col") for head in heads)
    body = "".join(
        element(
            "tr",
            element("th", text=name, scope="row"),
            *(element("td", text=cell) for cell in cells),
        )
        for name, cells in rows.items()
    )
    head = element("thead", element("tr", "<td></td>", top)) if heads else ""
    return element("div", element("table", head, element("tbody", body)), class_="wide")


def details(title: str, *content: str) -> str:
    """Returns content that a reader opens; empty without content."""
    if not any(content):
        return ""
    return element("details", element("summary", text=title), *content)


def _attribute(name: str, value: object) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return name if value is True else f'{name}="{escape(str(value))}"'
