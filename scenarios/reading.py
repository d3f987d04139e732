"""YAML 1.2 read safely: plain values with their line and column, within limits, no key twice.

The text is taken as a stream of events, so a file that nests too deep or unfolds into too much is
refused while it is being read. Tags are refused: no file can name a Python object.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources.abc import Traversable
from math import inf, nan
from typing import Any

import numpy as np
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from xiancheng.calibration import parsing
from xiancheng.calibration.naming import shortened
from xiancheng.scenarios.checking import (
    MOST,
    Document,
    Path,
    Problem,
    ScenarioError,
    Words,
)

MAX_BYTES = 2**20
MAX_DEPTH = 32
MAX_NODES = 20_000  # values in a file, each alias counted with all that it stands for

Mark = tuple[int, int]

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


def read(file: Traversable) -> Document:
    """The document in a file.

    Raises
    ------
    ScenarioError
        with all that makes it unreadable.
    """
    name = shortened(str(file), 240)
    try:
        if not file.is_file():
            raise _refused(name, Words("一个文件", "a file"), "∅")
        with file.open("rb") as stream:
            source = stream.read(MAX_BYTES + 1)
    except OSError as error:
        expected = Words("可以读取的文件", "a file that can be read")
        raise _refused(name, expected, error.strerror or str(error)) from None
    return parsed(source, str(file))


@lru_cache(maxsize=64)
def parsed(source: bytes, file: str) -> Document:
    """The document that a file's bytes describe, parsed once; raises as `read` does."""
    if len(source) > MAX_BYTES:
        raise _refused(file, Words("不超过 1 MiB 的文件", "a file of at most 1 MiB"), "> 1 MiB")
    try:
        text = parsing.text_of(source)
    except parsing.TextError as error:
        mark = (error.line, 1) if error.line else (0, 0)
        found = Words(*error.found)
        raise ScenarioError(
            [Problem(file, *mark, "", Words("UTF-8 编码", "text in UTF-8"), found)]
        ) from None
    reader = _Reader(file)
    root = reader.compose(text)
    value = reader.build(root, ())
    if reader.problems:
        raise ScenarioError(reader.problems)
    return Document(file, value, reader.keys, reader.values)


def given(value: object, name: str) -> Document:
    """A document from Python: numpy scalars become plain, and the limits hold as for a file."""
    return Document(name, _plain(value, name, MAX_DEPTH), {}, {})


def _plain(value: object, name: str, depth: int) -> Any:
    """The value without numpy; nested at most `depth` deep."""
    if depth < 0:
        raise _refused(name, _SHALLOW, f"> {MAX_DEPTH}")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(each, name, depth - 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, name, depth - 1) for each in value]
    return value


_SHALLOW = Words(f"至多 {MAX_DEPTH} 层嵌套", f"nesting of at most {MAX_DEPTH} levels")
_SMALL = Words(
    f"至多 {MAX_NODES} 个值（别名展开后）", f"at most {MAX_NODES} values once aliases are unfolded"
)


def _refused(file: str, expected: Words, found: str, mark: Mark = (0, 0)) -> ScenarioError:
    return ScenarioError([Problem(file, *mark, "", expected, shortened(found, 120))])


@dataclass
class _Node:
    """A value before it is resolved; `size` and `depth` count what aliases unfold to."""

    mark: Mark
    text: str | None = None  # of a scalar
    quoted: bool = False
    parts: list["_Node"] | None = None  # of a list; of a mapping: key, value, key, value ...
    mapping: bool = False
    size: int = 1
    depth: int = 0


@dataclass
class _Reader:
    """Reads one file: events into nodes, nodes into values and their places."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)

    def compose(self, text: str) -> _Node:
        """The tree of nodes in a text."""
        root: _Node | None = None
        open_nodes: list[_Node] = []
        anchors: dict[str, _Node] = {}
        count = 0
        for event in self._events(text):
            mark = (event.start_mark.line + 1, event.start_mark.column + 1)
            if isinstance(event, events.DocumentStartEvent):
                self._check_start(event, mark, again=root is not None)
                continue
            if isinstance(event, events.CollectionEndEvent):
                node = open_nodes.pop()
                node.size += sum(part.size for part in node.parts or ())
                node.depth = 1 + max((part.depth for part in node.parts or ()), default=0)
                self._check_limits(node.size, node.depth + len(open_nodes), mark)
                continue
            if isinstance(event, events.AliasEvent):
                node = self._anchored(event, anchors, open_nodes, mark)
            elif isinstance(event, events.ScalarEvent | events.CollectionStartEvent):
                node = self._node(event, mark)
                if event.anchor is not None:
                    anchors[event.anchor] = node
            else:
                continue
            count += 1
            if open_nodes:
                assert open_nodes[-1].parts is not None
                open_nodes[-1].parts.append(node)
            else:
                root = node
            if isinstance(event, events.CollectionStartEvent):
                open_nodes.append(node)
            self._check_limits(count, len(open_nodes), mark)
        return root or _Node((1, 1), text="")

    def build(self, node: _Node, path: Path) -> Any:
        """The value of a node; its place and the places of its parts are kept."""
        self.values.setdefault(path, node.mark)
        if node.parts is None:
            return self._scalar(node, path)
        if not node.mapping:
            return [self.build(part, (*path, i)) for i, part in enumerate(node.parts)]
        value: dict[str, Any] = {}
        for key, part in zip(node.parts[::2], node.parts[1::2], strict=True):
            name = key.text
            if name is None or _SURROGATE.search(name):
                self._wrong(key.mark, path, Words("文字作键", "text as a key"), "[…]")
            elif name in value:
                once = Words("每个键只写一次", "each key once")
                self._wrong(key.mark, (*path, name), once, shortened(name))
            else:
                self.keys[*path, name] = key.mark
                value[name] = self.build(part, (*path, name))
        return value

    def _events(self, text: str) -> Any:
        """The events of a text; what the parser cannot read is refused at its place."""
        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except MarkedYAMLError as error:
            at = error.problem_mark or error.context_mark
            mark = (at.line + 1, at.column + 1) if at else (1, 1)
            raise self._unparsed(text, mark) from None
        except (YAMLError, ValueError, OverflowError) as error:
            before = text[: getattr(error, "position", 0)]
            mark = (before.count("\n") + 1, len(before) - before.rfind("\n"))
            raise self._unparsed(text, mark) from None

    def _unparsed(self, text: str, mark: Mark) -> ScenarioError:
        """What is said of text that is no YAML: the full-width sign in it, if there is one."""
        expected = Words("合法的 YAML 1.2", "valid YAML 1.2")
        if found := parsing.full_width(text, mark[0]):
            line, column, sign = found
            expected, mark = Words(*parsing.full_width_advice(sign)), (line, column)
        return _refused(self.file, expected, _line(text, mark[0]), mark)

    def _node(self, event: Any, mark: Mark) -> _Node:
        if event.tag is not None:
            raise _refused(
                self.file, Words("不带标签的值", "a value without a tag"), str(event.tag), mark
            )
        if isinstance(event, events.ScalarEvent):
            return _Node(mark, text=event.value, quoted=not event.implicit[0])
        return _Node(mark, parts=[], mapping=isinstance(event, events.MappingStartEvent))

    def _anchored(
        self, event: Any, anchors: dict[str, _Node], open_nodes: list[_Node], mark: Mark
    ) -> _Node:
        node = anchors.get(event.anchor)
        if node is None or any(node is each for each in open_nodes):
            expected = Words("指向前文完整值的别名", "an alias of a complete value above")
            raise _refused(self.file, expected, f"*{event.anchor}", mark)
        return node

    def _check_start(self, event: Any, mark: Mark, *, again: bool) -> None:
        if again:
            raise _refused(self.file, Words("单个文档", "a single document"), "---", mark)
        if event.version is not None and tuple(event.version) != (1, 2):
            version = ".".join(map(str, event.version))
            raise _refused(self.file, Words("YAML 1.2", "YAML 1.2"), f"%YAML {version}", mark)

    def _check_limits(self, size: int, depth: int, mark: Mark) -> None:
        if depth > MAX_DEPTH:
            raise _refused(self.file, _SHALLOW, f"> {MAX_DEPTH}", mark)
        if size > MAX_NODES:
            raise _refused(self.file, _SMALL, f"> {MAX_NODES}", mark)

    def _scalar(self, node: _Node, path: Path) -> Any:
        text = node.text or ""
        if _SURROGATE.search(text):
            self._wrong(node.mark, path, Words("合法的 Unicode 文字", "valid Unicode text"), text)
        return text if node.quoted else resolved(text)

    def _wrong(self, mark: Mark, path: Path, expected: Words, found: str) -> None:
        if len(self.problems) >= MOST:
            return
        key = shortened(".".join(map(str, path)), 120)
        self.problems.append(Problem(self.file, *mark, key, expected, shortened(found)))


def resolved(text: str) -> Any:
    """A plain scalar as YAML 1.2 means it: `no` and `off` are text, 3e6 is a number.

    Octal and hexadecimal numbers are left as text: nobody writes an amount so on purpose.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    value = parsing.number(text)
    return text if value is None else value


def _line(text: str, number: int) -> str:
    """A line of a file as it is shown where it is at fault."""
    lines = text.splitlines()
    return shortened(lines[number - 1].strip(), 40) if number <= len(lines) else "∅"
