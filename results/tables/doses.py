"""What each family of levers does, as a table: dose, what was realised, effect, effect per unit."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xiancheng.results.analysis.doses import LEAST_DOSE
from xiancheng.results.cells import records
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.scenarios.outcome import Group

EXACT = 0.01  # of the value: an interval that is narrower says no more than the value
FINEST = {"points": 3, "urban_residents": 0, "points_per": 3, "urban_residents_per": 0}  # decimals


def lever_effects(
    found: "pd.DataFrame", where: "Group", day: str, lang: str, *, scale: float, source: str = "",
) -> Table:  # fmt: skip
    """A row for each family of levers in a group of counties, numbers rounded to what is known.

    Parameters
    ----------
    found : of `analysis.doses.lever_effects`
    scale : of its runs
    """
    own = [row for row in records(found) if row["unit_code"] == where.code]
    rows = [
        {
            "family": labels.label("families", row["family"], lang),
            "dose": _amount(row, "dose", lang),
            "realised": _amount(row, "realised", lang),
            "share": _share(row, lang),
            "points": _effect(row, "points", lang),
            "persons": _effect(row, "urban_residents", lang),
            "per": _per(row, lang),
            "points_per": _effect(row, "points_per", lang),
            "persons_per": _effect(row, "urban_residents_per", lang),
        }
        for row in own
    ]
    notes = labels.paragraphs(
        "attribution/doses", lang, draws=own[0]["draws"] if own else 0, scale=scale,
        least=LEAST_DOSE,
    )  # fmt: skip
    return labels.table(
        "lever_effects", rows, lang, source=source, notes=notes, where=where.text(lang), day=day
    )


def known(middle: float, low: float, high: float, *, signed: bool = False, finest: int = 0) -> str:
    """A number with its interval, both to two digits of the interval's width.

    Parameters
    ----------
    finest : decimals at most

    >>> known(0.2143, 0.081, 0.362, signed=True, finest=3), known(23778.2, 12011.0, 35102.0)
    ('+0.21 (+0.08, +0.36)', '24,000 (12,000, 35,000)')
    >>> known(5831.1, 5831.1, 5831.1), known(0.0, 0.0, 0.0)
    ('5,831', '0')
    """
    width = high - low
    if width <= EXACT * abs(middle):
        return _rounded(middle, finest, signed=signed)
    digits = min(1 - math.floor(math.log10(width)), finest)
    one, two, three = (_rounded(x, digits, signed=signed) for x in (middle, low, high))
    return f"{one} ({two}, {three})"


def _rounded(value: float, digits: int, *, signed: bool) -> str:
    value = round(value, digits) or 0.0
    decimals = max(digits, 0) if value else 0
    return f"{value:{'+' if signed and value else ''},.{decimals}f}"


def _values(row: Mapping[str, Any], key: str) -> tuple[float, float, float] | None:
    """Median and interval of a measure; None where it is not counted."""
    found = [row[f"{key}{end}"] for end in ("", "_low", "_high")]
    if any(each is None or not math.isfinite(each) for each in found):
        return None
    middle, low, high = map(float, found)
    return middle, low, high


def _amount(row: Mapping[str, Any], key: str, lang: str) -> str | None:
    values = _values(row, key)
    if values is None:
        return None
    unit = labels.unit_name(row["unit"], lang)
    return f"{known(*values)}{'' if lang == 'zh' else ' '}{unit}"


def _share(row: Mapping[str, Any], lang: str) -> str | None:
    """The share of the dose that was realised; unclear where its interval holds 0."""
    values = _values(row, "realised_share")
    if values is None:
        return None
    middle, low, high = values
    if low <= 0 <= high:
        return labels.label("phrases", "unclear_share", lang, low=low, high=high)
    return f"{middle:.0%} ({low:.0%}, {high:.0%})"


def _effect(row: Mapping[str, Any], key: str, lang: str) -> str | None:
    """An effect with its interval; only that it is not told from 0 where the interval holds 0."""
    values = _values(row, key)
    if values is None:
        return None
    middle, low, high = values
    least = 10.0 ** -FINEST[key]
    if low == high == 0:
        return "0"
    if max(-low, high) < least / 2:
        return f"<{least:g}"
    shown = known(middle, low, high, signed=True, finest=FINEST[key])
    if low <= 0 <= high:
        return labels.label("phrases", "unclear_effect", lang, interval=shown.partition(" ")[2])
    return shown


def _per(row: Mapping[str, Any], lang: str) -> str | None:
    """For how much of the dose, or of what was realised, an effect is given."""
    if row["per"] is None or not math.isfinite(row["per"]):
        return None
    name = "per_realised" if row["of_realised"] else "per"
    return labels.label(
        "phrases", name, lang, n=row["per"], unit=labels.unit_name(row["unit"], lang)
    )
