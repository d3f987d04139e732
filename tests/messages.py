"""The catalogue of Chinese messages: what the source says, and what of it is translated.

    python -m tests.messages

brings the catalogue up to date with the source: new messages are added without a translation,
those that are gone are dropped, and the compiled form is written anew. What lacks a translation is
listed; write it into the catalogue, and run it again.
"""

import ast
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HOUSE = Path(__file__).parent.parent
FILE = HOUSE / "calibration/locale/zh/LC_MESSAGES/xiancheng.po"


def given() -> dict[tuple[str, str], set[str]]:
    """Every message of the source, context and English, with the names of its values."""
    found: dict[tuple[str, str], set[str]] = {}
    for folder in ("calibration", "scenarios", "results"):
        for file in sorted((HOUSE / folder).rglob("*.py")):
            for key, names in in_source(file.read_text(encoding="utf-8")).items():
                found[key] = found.get(key, names) & names
    return found


def in_source(text: str) -> dict[tuple[str, str], set[str]]:
    """The messages of a file: the arguments of `_`, which are literals and named values."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            texts = [ast.literal_eval(each) for each in node.args]
            key = (texts[1] if len(texts) > 1 else "", texts[0])
            found[key] = {str(each.arg) for each in node.keywords}
    return found


def kept() -> Catalog:
    """The catalogue as it is on file."""
    with FILE.open("rb") as opened:
        return read_po(opened, locale="zh")


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def renewed() -> Catalog:
    """The messages of the source with the translations on file."""
    old = kept()
    new = Catalog(locale="zh", project="xiancheng", charset="utf-8")
    new.mime_headers = old.mime_headers
    for context, text in sorted(given(), key=lambda each: each[::-1]):
        found = old.get(text, context or None)
        new.add(text, found.string if found else "", context=context or None)
    return new


if __name__ == "__main__":
    catalogue = renewed()
    with FILE.open("wb") as opened:
        write_po(opened, catalogue, width=100, sort_output=True)
    FILE.with_suffix(".mo").write_bytes(compiled(kept()))
    for message in catalogue:
        if message.id and not message.string:
            print("without a translation:", repr(message.id), message.context or "")
