"""Tables in Markdown, in Chinese and English at once."""

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

Lines = tuple[list[str], list[list[str]]]  # heads and rows


def both(lines: Callable[..., Lines], *about: Any) -> Lines:
    """A table whose heads and words are in both languages; `lines(*about, lang)` makes it."""
    (zh_heads, zh_rows), (en_heads, en_rows) = (lines(*about, lang) for lang in ("zh", "en"))
    heads = [_merged(a, b) for a, b in zip(zh_heads, en_heads, strict=True)]
    pairs = zip(zh_rows, en_rows, strict=True)
    return heads, [[_merged(x, y) for x, y in zip(a, b, strict=True)] for a, b in pairs]


def _merged(zh: str, en: str) -> str:
    """Two wordings of one cell; what they begin with alike is said once."""
    if zh == en:
        return zh
    first, _, rest = en.partition(" ")
    return f"{zh} {rest}" if rest and zh.startswith(first + " ") else f"{zh} {en}"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as text."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells)])


def template(name: str) -> str:
    """The text of a page, with fields for `str.format`."""
    file = files("xiancheng.results.tables").joinpath("templates", name)
    return file.read_text(encoding="utf-8")
