"""HTML as text; children that are not `Markup` are escaped, so no title becomes an element."""

from collections.abc import Iterable

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


def bulleted(lines: Iterable[object], cls: str | None = None) -> Markup:
    """A list of lines."""
    return tag("ul", *(tag("li", line) for line in lines), cls=cls)
