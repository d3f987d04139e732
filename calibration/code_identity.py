"""Code identity: a digest of what packages compute, whatever their text and folders look like.

A package counts with all its sub-packages. A Python file counts as its syntax tree without
docstrings and comments, so that prose and formatting change nothing; a table (`*.yaml`, `*.csv`)
counts by its name and its bytes. Region packs and plans have digests of their own and are left out.

The place of a file in the folders does not count. An import counts as the names that it brings in
and the content of the module they come from, not as the path of that module: moving a file and
adapting the imports leaves the digest as it was, while an import that leads to another module, or
a file that leaves the packages, changes it. Modules outside the packages count by their path.

Trees are written out by a walk of our own, because `ast.dump` is not the same text in every version
of Python: fields that are empty are left out, and so is everything that follows from the position.
What a walk gave is kept by the digest of all sources.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from xiancheng.calibration.cache import made_once

TABLES = (".csv", ".yaml")  # of the files beside the code, those that it reads
PROGRAM = "xiancheng"
PACKAGES = ("sim", "calibration", "scenarios", "results")  # of the program
OWN_DIGEST = ("region.yaml", "plan.yaml")  # a folder that holds one of these has its own digest
IMPLIED = {"ctx", "kind", "type_comment", "type_ignores"}  # fields that decide nothing
Import = tuple[str, str, str]  # module, name in it ("" for the module itself), name here


@cache
def digest(*packages: str) -> str:
    """Sha256 of the code and tables of packages of the program, such as "sim"."""
    names = [f"{PROGRAM}.{package}" for package in packages]
    return digest_of_folders({name: Path(str(files(name))) for name in names})


def digest_of_folders(packages: Mapping[str, Path]) -> str:
    """Sha256 of the code and tables of packages, given by import name and folder.

    Raises
    ------
    SyntaxError
        if a Python file is none.
    """
    sources: dict[str, bytes] = {}
    tables: list[str] = []
    for package, folder in packages.items():
        for file in sorted(content(folder)):
            if file.suffix == ".py":
                parts = file.relative_to(folder).with_suffix("").parts
                name = ".".join((package, *parts)).removesuffix(".__init__")
                sources[name] = file.read_bytes()
            else:
                tables.append(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}")
    key = hashlib.sha256(Path(__file__).read_bytes() + repr(sorted(packages)).encode())
    for text in (*(f"{name} {len(each)} " for name, each in sources.items()), *tables):
        key.update(text.encode())
    for each in sources.values():
        key.update(each)
    return str(made_once("code", key.hexdigest(), lambda: _digest(sources, tables, packages)))


def _digest(sources: Mapping[str, bytes], tables: list[str], packages: Iterable[str]) -> str:
    """The digest of modules by name and of tables that are written out as text."""
    roots = tuple(sorted({PROGRAM, *(name.partition(".")[0] for name in packages)}))
    modules = {name: _module(source, roots) for name, source in sources.items()}
    each = [
        " ".join([body, *sorted(_resolved(one, modules) for one in imports)])
        for body, imports in modules.values()
        if body != EMPTY or imports
    ]
    return hashlib.sha256("\n".join([*sorted(each), *sorted(tables)]).encode()).hexdigest()


def content(folder: Path) -> Iterator[Path]:
    """The files of a package that count, in the package and in all folders below."""
    for entry in folder.iterdir():
        if entry.is_dir():
            if not any((entry / mark).is_file() for mark in OWN_DIGEST):
                yield from content(entry)
        elif entry.suffix == ".py" or entry.suffix in TABLES:
            yield entry


def tree_digest(source: bytes | str) -> str:
    """Sha256 of the syntax tree of a module, the same in every version of Python.

    Raises
    ------
    SyntaxError
    """
    return _module(source, ())[0]


@lru_cache(maxsize=1024)
def _module(source: bytes | str, roots: tuple[str, ...]) -> tuple[str, tuple[Import, ...]]:
    """The digest of a module but for what it imports from below `roots`, and these imports."""
    walk = _Walk(roots)
    walk.node(ast.parse(source))
    text = "\n".join(walk.text).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest(), tuple(walk.imports)


def _resolved(one: Import, modules: Mapping[str, tuple[str, tuple[Import, ...]]]) -> str:
    """An import as text: the content that it leads to, and the names there and here."""
    module, name, here = one
    if name and f"{module}.{name}" in modules:
        body = modules[f"{module}.{name}"][0]
    else:
        body = modules[module][0] if module in modules else module
    return f"{body}:{name}:{here}"


class _Walk:
    """Writes a syntax tree out as lines of text."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        self.roots = roots
        self.text: list[str] = []
        self.imports: list[Import] = []

    def node(self, node: Any) -> None:
        """Write a node: its class, then each of its fields that holds something."""
        write = self.text.append
        kind = type(node)
        if kind is ast.Name:
            write("Name " + node.id)
            return
        if kind is ast.Attribute:
            write("Attribute " + node.attr)
            self.node(node.value)
            return
        if kind is ast.Constant:
            write(_constant(node.value))
            return
        if kind is ast.JoinedStr:
            values: Any = _joined(node.values)
            write("JoinedStr [")
            self.items(values)
            return
        if kind in (ast.Import, ast.ImportFrom) and self.imported(node):
            return
        write(kind.__name__ + " (")
        for field in kind._fields:
            if field in IMPLIED:
                continue
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                write(field)
                self.node(value)
            elif isinstance(value, list):
                if kept := [each for each in value if not _is_prose(each)]:
                    write(field + " [")
                    self.items(kept)
            elif value is not None:
                write(f"{field} {value!r}")
        write(")")

    def items(self, values: list[Any]) -> None:
        """Write a list of nodes, names or None."""
        for value in values:
            if isinstance(value, ast.AST):
                self.node(value)
            else:
                self.text.append(repr(value))
        self.text.append("]")

    def imported(self, node: Any) -> bool:
        """Take an import from below the roots out of the text; whether it was one."""
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level or not self.within(module):
                return False
            self.imports += [(module, each.name, each.asname or each.name) for each in node.names]
            return True
        if not all(self.within(each.name) for each in node.names):
            return False
        self.imports += [(each.name, "", each.asname or each.name) for each in node.names]
        return True

    def within(self, module: str) -> bool:
        """Whether a module is one of the roots, or below one of them."""
        return module.partition(".")[0] in self.roots


def _is_prose(node: object) -> bool:
    """Whether a statement is a docstring, or other text that does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _joined(values: list[Any]) -> list[Any]:
    """The parts of an f-string; texts beside each other are one, and empty ones none."""
    parts: list[Any] = []
    for value in values:
        if not isinstance(value, ast.Constant):
            parts.append(value)
        elif value.value:
            before: Any = ""
            if parts and isinstance(parts[-1], ast.Constant):
                before = parts.pop().value
            parts.append(ast.Constant(before + value.value))
    return parts


def _constant(value: object) -> str:
    """A constant as text that does not depend on the tables of Unicode of a version of Python."""
    if isinstance(value, str):
        return f"str {len(value)} {value}"
    if isinstance(value, bytes):
        return f"bytes {value.hex()}"
    return f"{type(value).__name__} {value!r}"


EMPTY = tree_digest("")
