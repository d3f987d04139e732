"""HTML as text; children that are not `Markup` are escaped, so no title becomes an element."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element: `tag("td", 3, cls="number")`; attributes that are None are left out."""
    written = "".join(
        f' {key.removesuffix("_").replace("cls", "class").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Children one after another."""
    return Markup("").join(map(escape, children))


def table(
    headers: Sequence[object], rows: Sequence[Sequence[object]], *, caption: str,
    numbers_from: int = 1,
) -> Markup:  # fmt: skip
    """A table whose first column names its rows; columns of numbers are flush right."""

    def kind(column: int) -> str | None:
        return "number" if column >= numbers_from else None

    head = tag("tr", *(tag("th", h, scope="col", cls=kind(i)) for i, h in enumerate(headers)))
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row", cls=kind(0)),
            *(tag("td", cell, cls=kind(i)) for i, cell in enumerate(row[1:], 1)),
        )
        for row in rows
    ]
    inner = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", inner, cls="scroll", tabindex="0", role="region", aria_label=caption)


def listed(lines: Iterable[object], cls: str | None = None) -> Markup:
    """A list of lines."""
    return tag("ul", *(tag("li", line) for line in lines), cls=cls)
