"""A scenario in the address bar: its file, packed into letters, and read back within bounds."""

import base64
import binascii
import json
import zlib
from typing import Any

from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import _
from xiancheng.results.console.draft import Draft
from xiancheng.scenarios.loader import load_plan

LONGEST = 12_000  # characters of an address
LARGEST = 2**17  # bytes that they may unfold to


def packed(draft: Draft) -> str:
    """A draft as letters: the name of a scenario of the plan, or a packed file after a dot."""
    if not draft.changed and draft.title == draft.base.title.zh:
        return draft.base.name
    text = json.dumps(draft.file(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    letters = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    return "." + letters.rstrip("=")


def unpacked(letters: str, region: str | None = None) -> Draft:
    """The draft of an address, in a region.

    Raises
    ------
    ScenarioError
        if it is none, with the messages of the validator.
    """
    if letters in load_plan().scenario_files():
        return Draft.of(letters, region=region)
    return read(_file(letters), region)


def read(file: Any, region: str | None = None) -> Draft:
    """A draft from the keys of a scenario file, in a region."""
    if not isinstance(file, dict):
        raise _refused("…")
    title = file.get("title")
    if isinstance(title, dict):
        title = title.get("zh")
    return Draft.of(file, title if isinstance(title, str) else None, region)


def _file(letters: str) -> Any:
    if not letters.startswith(".") or len(letters) > LONGEST:
        raise _refused(letters)
    try:
        raw = base64.b64decode(letters[1:] + "=" * (-len(letters[1:]) % 4), b"-_", validate=True)
        unfolding = zlib.decompressobj()
        text = unfolding.decompress(raw, LARGEST)
        if unfolding.unconsumed_tail or not unfolding.eof:
            raise _refused(letters)
        return json.loads(text)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise _refused(letters) from None


def _refused(letters: str) -> ScenarioError:
    expected = _("an address that this page has made")
    found = letters if len(letters) <= 24 else letters[:23] + "…"
    where = _("address")
    return ScenarioError([Problem(where.zh, 0, 0, "", expected, repr(found))])
