"""YAML 1.2 read safely: plain values whose line and column are known, within limits, no key twice.

One reader for packs, plans, measures, scenarios and designs. Tags, anchors and aliases are refused:
no file can name a Python object or unfold into more than it holds. A file that nests too deep is
refused while it is being read. What was read is kept by the digest of the file's bytes: the parser
is in Python, and slow.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources.abc import Traversable
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration import parsing
from xiancheng.calibration.cache import made_once
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import shortened
from xiancheng.sim.deferred import Deferred

ruamel = Deferred("ruamel.yaml")

MAX_BYTES = 2**20
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_PROBLEMS = 40  # listed of one document
KEPT = 1024  # bytes of a file from which on it is worth keeping what was read

KeyPath = tuple[str | int, ...]  # keys and list positions that lead to a value
Mark = tuple[int, int]  # line and column, from 1; (0, 0) where there is no file

# The core schema of YAML 1.2.2, section 10.3.2.
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), nan),
}
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHALLOW = _("nesting of at most {MAX_DEPTH} levels", MAX_DEPTH=MAX_DEPTH)


@dataclass(frozen=True)
class YamlDocument:
    """A value of mappings, lists and scalars, and where its parts stand in its file.

    `parts` holds, by `id` of each mapping or list, its own mark twice under None, and the marks of
    each key and of its value; a value from Python has none.
    """

    file: str
    value: Any
    start: Mark = (0, 0)
    parts: Mapping[int, Mapping[str | int | None, tuple[Mark, Mark]]] = field(default_factory=dict)

    @property
    def on_file(self) -> bool:
        """Whether it was read from a file."""
        return self.start != (0, 0)

    def mark(self, path: KeyPath, *, at_key: bool = False) -> Mark:
        """Line and column of the value at `path`, or of its key.

        Where there is none, those of the nearest value around it.
        """
        node, found = self.value, self.start
        for step in path:
            marks = self.parts.get(id(node), {}).get(step)
            if marks is None:
                break
            found = marks[0 if at_key else 1]
            node = node[step]
        return found

    def problem(
        self, path: KeyPath, expected: Words, found: str | Words, *,
        nearest: str = "", at_key: bool = False,
    ) -> Problem:  # fmt: skip
        """A problem of the value at `path`, or of its key."""
        mark = self.mark(path, at_key=at_key)
        return Problem(self.file, *mark, dotted(path), expected, found, nearest)


def dotted(path: KeyPath) -> str:
    """A path as people write it: measures.M05.intensity, phases[0]."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return shortened(text.removeprefix("."), 120)


def read_yaml(file: Traversable) -> YamlDocument:
    """The document in a file.

    Raises
    ------
    ScenarioError
        with all that makes it unreadable.
    """
    name = shortened(str(file), 240)
    try:
        if not file.is_file():
            raise _refused(name, _("a file"), "∅")
        with file.open("rb") as stream:
            source = stream.read(MAX_BYTES + 1)
    except OSError as error:
        expected = _("a file that can be read")
        raise _refused(name, expected, error.strerror or str(error)) from None
    return _document(source, str(file))


@lru_cache(maxsize=256)
def _document(source: bytes, file: str) -> YamlDocument:
    """The document in a file, from what is kept of its bytes; raises as `read_yaml` does."""
    if not KEPT <= len(source) <= MAX_BYTES:
        return parse_yaml(source, file)
    key = hashlib.sha256(_reader() + source).hexdigest()
    value, start, marks = made_once("yaml", key, lambda: _as_json(parse_yaml(source, file)))
    parts: dict[int, dict[str | int | None, tuple[Mark, Mark]]] = {}
    _mark_parts(value, iter(marks), parts)
    return YamlDocument(file, value, tuple(start), parts)


@cache
def _reader() -> bytes:
    """What decides how bytes are read: this module, that of plain values, and the parser."""
    content = hashlib.sha256(version("ruamel.yaml").encode())
    for file in (__file__, parsing.__file__):
        content.update(Path(file).read_bytes())
    return content.digest()


def _as_json(document: YamlDocument) -> tuple[Any, Mark, list[int]]:
    """The value, where it begins, and the marks of its parts in the order of the value."""
    marks: list[int] = []

    def write(value: Any) -> None:
        if not isinstance(value, dict | list):
            return
        own = document.parts[id(value)]
        marks.extend(own[None][0])
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            at_key, at_value = own[key]
            marks.extend((*at_key, *at_value))
            write(part)

    write(document.value)
    return document.value, document.start, marks


def _mark_parts(
    value: Any, marks: Iterator[int], parts: dict[int, dict[str | int | None, tuple[Mark, Mark]]]
) -> None:
    """Fill `parts` with what `_as_json` wrote."""
    if not isinstance(value, dict | list):
        return
    start = next(marks), next(marks)
    own = parts[id(value)] = {None: (start, start)}
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        own[key] = (next(marks), next(marks)), (next(marks), next(marks))
        _mark_parts(part, marks, parts)


@lru_cache(maxsize=64)
def parse_yaml(source: bytes, file: str) -> YamlDocument:
    """The document that a file's bytes describe, parsed once; raises as `read_yaml` does."""
    if len(source) > MAX_BYTES:
        raise _refused(file, _("a file of at most 1 MiB"), "> 1 MiB")
    try:
        text = parsing.text_of(source)
    except parsing.TextError as error:
        mark = (error.line, 1) if error.line else (0, 0)
        found = error.found
        raise ScenarioError([Problem(file, *mark, "", _("text in UTF-8"), found)]) from None
    return _Reader(file, text).document()


def from_python(value: object, name: str) -> YamlDocument:
    """A document from Python: numpy scalars become plain, and the limits hold as for a file."""
    return YamlDocument(name, _plain(value, name, MAX_DEPTH))


def _plain(value: object, name: str, depth: int) -> Any:
    """The value without numpy, nested at most `depth` deep."""
    if depth < 0:
        raise _refused(name, _SHALLOW, f"> {MAX_DEPTH}")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(each, name, depth - 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, name, depth - 1) for each in value]
    return value


def scalar(text: str) -> Any:
    """A plain scalar as YAML 1.2 means it: `no` and `off` are text, 3e6 is a number.

    Octal and hexadecimal numbers are left as text: nobody writes an amount so on purpose.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    value = parsing.number(text)
    return text if value is None else value


class _Reader:
    """Reads one file: events of the parser into values and their marks."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.events = self._parsed()
        self.problems: list[Problem] = []
        self.parts: dict[int, dict[str | int | None, tuple[Mark, Mark]]] = {}
        self.nodes = 0

    def document(self) -> YamlDocument:
        """The only document of the file; null if the file is empty."""
        next(self.events)  # of the stream
        value, start = None, (1, 1)
        event = next(self.events)
        if isinstance(event, ruamel.events.DocumentStartEvent):
            if event.version is not None and tuple(event.version) != (1, 2):
                version = ".".join(map(str, event.version))
                mark = _mark(event)
                raise _refused(self.file, Words("YAML 1.2", "YAML 1.2"), f"%YAML {version}", mark)
            event = next(self.events)
            start = _mark(event)
            value = self._value(event, ())
            next(self.events)  # end of the document
            event = next(self.events)
        if isinstance(event, ruamel.events.DocumentStartEvent):
            raise _refused(self.file, _("a single document"), "---", _mark(event))
        if self.problems:
            raise ScenarioError(self.problems)
        return YamlDocument(self.file, value, start, self.parts)

    def _value(self, event: Any, path: KeyPath) -> Any:
        """The value that begins with an event; the marks of its parts are kept."""
        mark = _mark(event)
        if isinstance(event, ruamel.events.AliasEvent) or event.anchor is not None:
            sign = "*" if isinstance(event, ruamel.events.AliasEvent) else "&"
            expected = _("a value without anchors and aliases")
            raise _refused(self.file, expected, f"{sign}{event.anchor}", mark)
        if event.tag is not None:
            expected = _("a value without a tag")
            raise _refused(self.file, expected, str(event.tag), mark)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            expected = _("at most {MAX_NODES} values", MAX_NODES=MAX_NODES)
            raise _refused(self.file, expected, f"> {MAX_NODES}", mark)
        if isinstance(event, ruamel.events.ScalarEvent):
            if _SURROGATE.search(event.value):
                expected = _("valid Unicode text")
                self._problem(mark, path, expected, event.value)
            return scalar(event.value) if event.implicit[0] else event.value
        if len(path) >= MAX_DEPTH:
            raise _refused(self.file, _SHALLOW, f"> {MAX_DEPTH}", mark)
        if isinstance(event, ruamel.events.SequenceStartEvent):
            return self._list(path, mark)
        return self._map(path, mark)

    def _list(self, path: KeyPath, start: Mark) -> list[Any]:
        value: list[Any] = []
        marks = self.parts[id(value)] = {None: (start, start)}
        while not isinstance(event := next(self.events), ruamel.events.SequenceEndEvent):
            mark = _mark(event)
            marks[len(value)] = (mark, mark)
            value.append(self._value(event, (*path, len(value))))
        return value

    def _map(self, path: KeyPath, start: Mark) -> dict[str, Any]:
        value: dict[str, Any] = {}
        marks = self.parts[id(value)] = {None: (start, start)}
        while not isinstance(event := next(self.events), ruamel.events.MappingEndEvent):
            at_key = _mark(event)
            is_text = isinstance(event, ruamel.events.ScalarEvent) and not _SURROGATE.search(
                event.value
            )
            self._value(event, path)
            key = event.value if is_text else ""
            event = next(self.events)
            part = self._value(event, (*path, key))
            if not is_text:
                self._problem(at_key, path, _("text as a key"), "[…]")
            elif key in value:
                once = _("each key once")
                self._problem(at_key, (*path, key), once, key)
            else:
                value[key], marks[key] = part, (at_key, _mark(event))
        return value

    def _problem(self, mark: Mark, path: KeyPath, expected: Words, found: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            problem = Problem(self.file, *mark, dotted(path), expected, shortened(found))
            self.problems.append(problem)

    def _parsed(self) -> Iterator[Any]:
        """The events of the text; what the parser cannot read is refused at its place."""
        try:
            yield from ruamel.YAML(typ="safe", pure=True).parse(self.text)
        except ruamel.error.MarkedYAMLError as error:
            at = error.problem_mark or error.context_mark
            raise self._unparsed((at.line + 1, at.column + 1) if at else (1, 1)) from None
        except (ruamel.error.YAMLError, ValueError, OverflowError) as error:
            before = self.text[: getattr(error, "position", 0)]
            mark = (before.count("\n") + 1, len(before) - before.rfind("\n"))
            raise self._unparsed(mark) from None

    def _unparsed(self, mark: Mark) -> ScenarioError:
        """The error for text that is no YAML: the full-width sign in it, if there is one."""
        expected = _("valid YAML 1.2")
        if found := parsing.full_width(self.text, mark[0]):
            line, column, sign = found
            expected, mark = parsing.full_width_advice(sign), (line, column)
        lines = self.text.splitlines()
        shown = shortened(lines[mark[0] - 1].strip(), 40) if mark[0] <= len(lines) else "∅"
        return _refused(self.file, expected, shown, mark)


def _mark(event: Any) -> Mark:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _refused(file: str, expected: Words, found: str, mark: Mark = (0, 0)) -> ScenarioError:
    return ScenarioError([Problem(file, *mark, "", expected, shortened(found, 120))])
