"""What a name means: a thing that is shipped or a path, a place by any of its names, a misspelling.

A bare name means what is shipped under it; whatever holds a separator or a dot is a path.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path, PurePath
from typing import NamedTuple, Protocol

ALIKE = 0.66  # of two spellings of one word, by difflib
SHORT = 4  # characters; a Chinese name that is shorter differs from its neighbours by one
OPPOSITES = tuple(
    frozenset(pair.split("/"))
    for pair in (
        "above/about", "above/below", "most/least", "more/less", "male/female", "urban/rural",
        "birth/death", "births/deaths", "low/high", "on/off", "in/out", "from/until", "start/until",
        "arrivals/departures", "province/country", "county/country", "primary/junior",
    )
)  # fmt: skip
SUFFIXES = ("自治州", "自治县", "自治旗", "地区", "林区", "县", "市", "区", "旗", "盟", "州")
AUTONOMOUS = "自治"  # in names with peoples in them, of which people say the beginning
KINDS = ("county", "district", "city", "xian", "shi", "qu")  # after an English name

_HALF_WIDTH = {0xFF10 + n: str(n) for n in range(10)} | {
    ord(wide): plain
    for wide, plain in zip("．，－＋％／\u2212\u3000\u00a0\u202f\u2009", ".,-+%/-    ", strict=True)
}


def is_path(what: object) -> bool:
    """Whether this is a path: a `Path`, or a text that holds a separator or a dot."""
    return isinstance(what, PurePath) or any(sign in str(what) for sign in "/\\.")


def shortened(text: str, length: int = 60) -> str:
    """The text on one line, cut to `length`, with what cannot be printed escaped."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= length else text[: length - 1] + "…"


def half_width(text: str) -> str:
    """A text with full-width digits, signs and blanks in ASCII.

    >>> half_width("３７１１０２"), half_width("−１，２００．５")
    ('371102', '-1,200.5')
    """
    return text.translate(_HALF_WIDTH).strip()


# Misspellings


def nearest(name: object, valid: Iterable[str]) -> str:
    """The valid name of which `name` is a misspelling, the first of equals; or nothing.

    Numbers, and names that differ in their numbers, are never near each other: another number is
    another thing. Neither are opposites, nor short Chinese names. What is left must be nearly
    alike, or the only name that begins with `name`.
    """
    text, names = str(name)[:64], list(valid)
    for each in names:
        if _plain(each) == _plain(text):
            return each
    if _is_number(text) or _short_chinese(text) or not text:
        return ""
    matcher = SequenceMatcher(b=text)
    best, alike = "", 0.0
    for each in names:
        matcher.set_seq1(each)
        if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
            continue
        ratio = matcher.ratio()
        if ratio >= ALIKE and ratio > alike and not _apart(text, each):
            best, alike = each, ratio
    if best:
        return best
    longer = [each for each in names if len(text) >= SHORT and each.startswith(text)]
    return longer[0] if len(longer) == 1 else ""


def _plain(name: str) -> str:
    """A name without what is easily mistyped: case, signs between words, leading zeros."""
    return re.sub(r"0+([0-9])", r"\1", re.sub(r"[\s_-]+", "", name.casefold()))


def _is_number(name: str) -> bool:
    """Whether a name is a number, or little else: 371626, T-9, M55, 2024Q3."""
    letters = sum(c.isalpha() for c in name)
    return any(c.isdigit() for c in name) and letters < SHORT


def _short_chinese(name: str) -> bool:
    return len(name) < SHORT and any("\u4e00" <= c <= "\u9fff" for c in name)


def _apart(name: str, other: str) -> bool:
    """Whether two names that look alike mean different things."""
    if sorted(re.findall(r"[0-9]", name)) != sorted(re.findall(r"[0-9]", other)):
        return True
    words, others = (re.split(r"[^a-z]+", each.casefold()) for each in (name, other))
    pairs = zip(words, others, strict=False)
    return any(frozenset(pair) in OPPOSITES for pair in pairs)


# Places


class PlaceLike(Protocol):
    """A place with a code and two names."""

    @property
    def code(self) -> object:
        """Its six-digit code."""

    @property
    def zh(self) -> str:
        """Its Chinese name."""

    @property
    def en(self) -> str:
        """Its English name."""


class Former(NamedTuple):
    """A unit that has another code or name today."""

    code: str
    zh: str
    en: str
    now: str  # code of the unit it is, or belongs to


@lru_cache(maxsize=1)
def former_units() -> tuple[Former, ...]:
    """Units whose code or name has changed since the census of 2010."""
    with Path(__file__).with_name("former_units.csv").open(encoding="utf-8") as lines:
        return tuple(
            Former(row["code"], row["zh"], row["en"], row["now"]) for row in csv.DictReader(lines)
        )


def place_names(places: Iterable[PlaceLike]) -> dict[str, str]:
    """Every name of some places, with the code each stands for.

    Full names and codes come first, in the order of the places; then short names (惠民 of 惠民县),
    English ones in any case, with or without "County", and former codes and names. A name of two
    places is left out unless it is in full.
    """
    places = list(places)
    exact = {name: str(p.code) for p in places for name in (p.zh, p.en, str(p.code))}
    others: dict[str, set[str]] = {}
    known = {str(p.code) for p in places}
    called = [(str(p.code), p.zh, p.en, "") for p in places]
    called += [(f.now, f.zh, f.en, f.code) for f in former_units() if f.now in known]
    for code, zh, en, old in called:
        for name in filter(None, (zh, _short(zh), en, en.casefold(), old)):
            others.setdefault(name, set()).add(code)
    return exact | {
        n: codes.pop() for n, codes in others.items() if len(codes) == 1 and n not in exact
    }


def place(name: str, names: Mapping[str, str]) -> str | None:
    """The code that a name of `place_names` stands for, as people write it; None if none does."""
    text = half_width(name)
    for each in (text, text.casefold(), _without_kind(text), _short(text)):
        if each in names and (each != _short(text) or _bare(each, names)):
            return names[each]
    longer = {
        code for each, code in names.items()
        if AUTONOMOUS in each and len(text) > 1 and each.startswith(text)
    }  # fmt: skip
    return longer.pop() if len(longer) == 1 else None


def _bare(name: str, names: Mapping[str, str]) -> bool:
    """Whether a name is a place's own, and not one that was shortened by its kind."""
    return bool(name) and not any(f"{name}{kind}" in names for kind in SUFFIXES)


def _short(zh: str) -> str:
    """惠民 of 惠民县; nothing where a single character would be left."""
    for kind in SUFFIXES:
        if zh.endswith(kind):
            return zh[: -len(kind)] if len(zh) > len(kind) + 1 else ""
    return ""


def _without_kind(name: str) -> str:
    """An English name without County, District or City."""
    words = name.casefold().split()
    return " ".join(words[:-1]) if len(words) > 1 and words[-1] in KINDS else ""
