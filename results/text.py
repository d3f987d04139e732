"""Text for people, in their language and within the width of a terminal; CSV and JSON."""

import codecs
import json
import math
import sys
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from xiancheng.calibration import parsing
from xiancheng.calibration.i18n import Words

if TYPE_CHECKING:
    import pandas as pd

# What stands for a character that an encoding lacks; a question mark stands for all others.
LOOKALIKES = {
    "·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "±": "+/-", "×": "x", "≈": "~", "≤": "<=",
    "≥": ">=", "→": "->", "“": '"', "”": '"', "‘": "'", "’": "'", "，": ", ", "。": ". ",
    "：": ": ", "；": "; ", "、": ", ", "（": " (", "）": ") ", "？": "?", "！": "!",
    "％": "%", "\u00a0": " ", "²": "2", "³": "3", "μ": "u", "λ": "lambda",
}  # fmt: skip

CLOSING = frozenset("，。；：、）》？！％”’」』】")  # never at the beginning of a line

LOOKALIKE, ESCAPED = "xiancheng.lookalike", "xiancheng.escaped"


class Say:
    """Says things in the reader's language; notes go to stderr.

    Parameters
    ----------
    lang : "zh" or "en"
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, words: Words) -> str:
        """The words in the reader's language."""
        return words.text(self.lang)

    def note(self, words: Words) -> None:
        """A line for people, not for programs."""
        print(visible(self(words)), file=sys.stderr)


def lookalike(text: str) -> str:
    """ASCII that stands for text, as wide as that where nothing else is known.

    >>> lookalike("−1.6 ± 0.2 · 县")
    '-1.6 +/- 0.2 - ??'
    """
    return "".join(
        letter if letter.isascii() else LOOKALIKES.get(letter) or "?" * _width(letter)
        for letter in text
    )


def escaped(text: str) -> str:
    r"""Text as it stands for itself within the strings of a JSON object.

    >>> escaped("县 \U00020000")
    '\\u53bf \\ud840\\udc00'
    """
    units = text.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2))
    return "".join(chr(code) if code < 0x80 else f"\\u{code:04x}" for code in codes)


def visible(text: str) -> str:
    r"""Text with control characters escaped, but for the ends of lines: a file's name may hold any.

    >>> visible("a\x1b[31m.csv: 县\n")
    'a\\x1b[31m.csv: 县\n'
    """
    return "".join(
        letter if letter == "\n" or unicodedata.category(letter) not in UNSEEN
        else letter.encode("unicode_escape").decode()
        for letter in text
    )  # fmt: skip


UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories: control, format, surrogate, separators


def wrapped(text: str, width: int) -> str:
    r"""Text in lines of a width [characters], broken at spaces and between Chinese characters.

    >>> wrapped("90% interval", 8), wrapped("较2020年", 6)
    ('90%\ninterval', '较2020\n年')
    """
    lines = [""]
    for part in unbroken(text):
        if cell_len((lines[-1] + part).rstrip()) > width and lines[-1].strip():
            lines.append("")
        lines[-1] += part.lstrip() if not lines[-1] else part
    return "\n".join(line.rstrip() for line in lines)


def unbroken(text: str) -> list[str]:
    """The parts of a text between which a line may be broken; a space ends its part."""
    parts: list[str] = []
    word = ""
    for letter in text:
        wide = cell_len(letter) == 2
        if wide and letter in CLOSING and (word or parts):
            if word:
                word += letter
            else:
                parts[-1] += letter
        elif wide:
            parts += [word, letter]
            word = ""
        elif letter.isspace():
            parts.append(word + letter)
            word = ""
        else:
            word += letter
    return [part for part in [*parts, word] if part]


def prepare(*, json: bool) -> None:
    """Make stdout and stderr of this process replace what they cannot encode.

    Parameters
    ----------
    json : whether stdout takes JSON, in which nothing may be lost: it is escaped
    """
    for stream, errors in ((sys.stdout, ESCAPED if json else LOOKALIKE), (sys.stderr, LOOKALIKE)):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)


def shows_chinese() -> bool:
    """Whether stdout can show Chinese."""
    try:
        "县".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True


def _width(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _handler(replaced: Callable[[str], str]) -> Callable[[UnicodeError], tuple[str, int]]:
    def handle(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return replaced(error.object[error.start : error.end]), error.end

    return handle


codecs.register_error(LOOKALIKE, _handler(lookalike))
codecs.register_error(ESCAPED, _handler(escaped))


# For other programs: CSV that spreadsheets open safely, JSON without NaN

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: object) -> object:
    """A cell that stays text where a spreadsheet would take it for a formula; numbers stay.

    >>> inert("=1+1"), inert("-2.5"), inert(-2.5)
    ("'=1+1", '-2.5', -2.5)
    """
    if isinstance(cell, str) and cell.startswith(FORMULA) and parsing.number(cell) is None:
        return f"'{cell}"
    return cell


def as_json(what: Any) -> str:
    """One JSON object, in which unknown numbers are null.

    >>> as_json({"share": float("nan"), "rates": (1.5, 2)})
    '{"share": null, "rates": [1.5, 2]}'
    """
    return json.dumps(_plain(what), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "columns"):
        return _plain(value.to_dict("records"))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "model_dump"):
        return _plain(value.model_dump())
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a table by the names of their columns."""
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
