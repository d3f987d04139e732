"""Text made into markup; what is not markup is escaped, so no name can become an element."""

from collections.abc import Iterable, Sequence
from html import escape


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element: `tag("td", 3, cls="number")`; attributes that are None are left out."""
    said = "".join(
        f' {key.removesuffix("_").replace("cls", "class").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{said}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Children one after another."""
    return Markup("".join(c if isinstance(c, Markup) else escape(str(c)) for c in children))


def table(
    headers: Sequence[object], rows: Sequence[Sequence[object]], *, caption: str,
    numbers_from: int = 1, numbers_until: int | None = None, total: int = 0,
) -> Markup:  # fmt: skip
    """A table whose first column names its rows.

    Parameters
    ----------
    numbers_from, numbers_until : the columns that hold numbers, flush right
    total : how many of the last rows are sums
    """
    until = len(headers) if numbers_until is None else numbers_until

    def kind(column: int) -> str | None:
        return "number" if numbers_from <= column < until else None

    head = tag("tr", *(tag("th", h, scope="col", cls=kind(i)) for i, h in enumerate(headers)))
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row", cls=kind(0)),
            *(tag("td", cell, cls=kind(i)) for i, cell in enumerate(row[1:], 1)),
            cls="total" if number >= len(rows) - total else None,
        )
        for number, row in enumerate(rows)
    ]
    inner = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", inner, cls="scroll", tabindex="0", role="region", aria_label=caption)


def listed(lines: Iterable[object], cls: str | None = None) -> Markup:
    """A list of lines."""
    return tag("ul", *(tag("li", line) for line in lines), cls=cls)
