"""Writes `equations.md`: which function holds each equation of `model.md`. `make pages` runs it.

The model's page names the function beside each equation; what it computes and after whom it is
told, its docstring says. So the table follows from both and is nobody's to keep.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parent
HOUSE = DOCS.parent
PAGES = "model.md", "model.en.md"
WITH_EQUATIONS = re.compile(r"2\.4|3\.2|5|6|7\.\d+|8")  # sections

HEAD = """\
# 式子与函数 · Equations and their functions

由 `make pages` 依[模型说明](model.md)与文档字符串写成，请勿手改。左列为式子所在的节。

Written by `make pages` from [the model](model.en.md) and the docstrings; do not edit. On the left
stands the section of the equation, then the function that holds it, what it computes, and after
whom.

| 节 · § | 函数 · function | 算什么 · computes | 依据 · after |
|---|---|---|---|
"""


class Function(NamedTuple):
    """A function or method: its file, its name, what it computes, after whom."""

    file: str
    name: str
    says: str
    source: str


@cache
def functions(file: Path) -> dict[str, Function]:
    """The functions of a file, methods by `Class.name`."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    methods = [
        (f"{owner.name}.{node.name}", node)
        for owner in body
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
    ]
    plain = [(node.name, node) for node in body if isinstance(node, ast.FunctionDef)]
    return {name: _described(file, name, node) for name, node in (*plain, *methods)}


def _described(file: Path, name: str, node: ast.FunctionDef) -> Function:
    doc = ast.get_docstring(node) or ""
    first = doc.partition("\n\n")[0]
    source = doc.partition("References\n----------\n")[2].partition("\n\n")[0]
    return Function(file.relative_to(HOUSE).as_posix(), name, _flat(first), _flat(source))


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


@cache
def in_sim() -> dict[str, Function]:
    """Functions of `sim` by `module.name`, methods also by `Class.name`."""
    known: dict[str, Function] = {}
    for file in sorted((HOUSE / "sim").glob("*.py")):
        for name, function in functions(file).items():
            known[f"{file.stem}.{name}"] = function
            if "." in name:
                known[name] = function
    return known


def sections(page: str) -> dict[str, str]:
    """Number and text, with its heading, of each section that holds equations."""
    text = (DOCS / page).read_text(encoding="utf-8")
    parts = re.split(r"^##+ (?=\d)", text, flags=re.MULTILINE)[1:]
    numbered = {part.split(maxsplit=1)[0].rstrip("."): part for part in parts}
    return {number: part for number, part in numbered.items() if WITH_EQUATIONS.fullmatch(number)}


def listed(text: str) -> Iterator[tuple[str, str]]:
    """What a text names outright, as `file.py: name, name`."""
    for file, names in re.findall(r"`([\w/]+\.py): ([\w., ]+)`", text):
        for name in names.split(", "):
            yield file, name


def found(file: str, name: str) -> Function | None:
    """A function by the name of its file, with its folder or without."""
    files = [HOUSE / folder / file for folder in ("", "sim", "calibration", "scenarios")]
    holders = [functions(each) for each in files if each.is_file()]
    return next((holder[name] for holder in holders if name in holder), None)


def named(section: str) -> dict[Function, None]:
    """The functions that a section names: outright, with a dot, or by their name alone.

    A name alone counts if the heading says whose it is.
    """
    heading = section.partition("\n")[0]
    owners = [*re.findall(r"(\w+)\.py", heading), *re.findall(r"\b([A-Z]\w+)\.", heading)]
    outright = [found(file, name) for file, name in listed(section)]
    words = re.findall(r"(?<![\w.])[A-Za-z]\w*(?:\.\w+)?", section)
    spoken = [
        in_sim().get(key) for word in words for key in (word, *(f"{o}.{word}" for o in owners))
    ]
    return dict.fromkeys(each for each in (*outright, *spoken) if each)


def table() -> list[tuple[str, Function]]:
    """Section and function, in the order of the Chinese page."""
    return [
        (number, each) for number, section in sections(PAGES[0]).items() for each in named(section)
    ]


def page() -> str:
    """The page as it stands on file."""
    return HEAD + "".join(
        f"| {number} | `{each.file}: {each.name}` | {each.says} | {each.source} |\n"
        for number, each in table()
    )


if __name__ == "__main__":
    (DOCS / "equations.md").write_text(page(), encoding="utf-8")
