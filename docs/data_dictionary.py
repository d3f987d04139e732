"""Writes `data-dictionary.md`: every file and every column that runs, sweeps and analyses write.

What a column means stands in `results/tables/outputs.yaml`, what `run.json` holds in
`results/run.schema.json`; a test holds both to what is written. `make pages` runs this.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DOCS = Path(__file__).parent
RESULTS = DOCS.parent / "results"

HEAD = """\
# 数据字典 · Data dictionary

由 `make pages` 依登记表写成，请勿手改。一个列名在所有文件里只有一个意思；未知为空，不写 0。
率为百分数（59.3，不是 0.593），差为百分点，人数为人，日期为 ISO 8601，文本为 UTF-8（CSV 带 BOM）。

Written by `make pages` from the registers; do not edit. A name of a column means one thing in
every file; unknown is empty, never 0. Rates are in percent (59.3, not 0.593), differences in
points, people in persons, days in ISO 8601, text in UTF-8 (CSV with a BOM).

## 文件 · Files

| 由谁写 · written by | 文件 · file | 内容 · holds |
|---|---|---|
"""


def page() -> str:
    """The page."""
    register = YAML(typ="safe").load((RESULTS / "tables/outputs.yaml").read_text("utf-8"))
    schema = json.loads((RESULTS / "run.schema.json").read_text("utf-8"))
    return HEAD + "\n".join([*_files(register), *_outputs(register), *_record(schema)]) + "\n"


def _files(register: Mapping[str, Any]) -> Iterator[str]:
    for each in register["files"]:
        yield f"| {each['by']} | `{each['file']}` | {each['zh']}<br>{each['en']} |"


def _outputs(register: Mapping[str, Any]) -> Iterator[str]:
    meanings = register["meanings"]
    yield "\n## 列 · Columns\n"
    for output, columns in register["outputs"].items():
        yield f"### {output}\n"
        yield "| 列 · column | 含义 | meaning |\n|---|---|---|"
        for name in columns:
            words = meanings[name]
            yield f"| `{name}` | {_cell(words['zh'])} | {_cell(words['en'])} |"
        yield ""


def _record(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## run.json\n"
    yield "JSON Schema: `results/run.schema.json`\n"
    yield "| 键 · key | 类型 · type | 必有 · required | 含义 · meaning |\n|---|---|---|---|"
    yield from _properties(schema, schema["$defs"], "")


def _properties(
    schema: Mapping[str, Any], parts: Mapping[str, Any], under: str
) -> Iterator[str]:  # fmt: skip
    needed = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        inside = _part(each, parts)
        kind = _type(each, parts)
        required = "✓" if name in needed else ""
        what = each.get("description") or inside.get("description", "")
        yield f"| `{under}{name}` | {kind} | {required} | {_cell(what)} |"
        yield from _properties(inside, parts, f"{under}{name}.")


def _part(of: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The model that a value is, itself or in place of null; empty if it is none."""
    for each in (of, *of.get("anyOf", ())):
        if "$ref" in each:
            return parts[each["$ref"].rpartition("/")[2]]
    return {}


def _type(of: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    if "anyOf" in of:
        return " / ".join(_type(each, parts) for each in of["anyOf"])
    if "$ref" in of:
        return "object"
    kind = of.get("type", "any")
    return str(of.get("format") or kind)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    (DOCS / "data-dictionary.md").write_text(page(), encoding="utf-8")
