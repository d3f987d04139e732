"""What a region pack assumes and what it misses, as tables."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from xiancheng.calibration.i18n import _
from xiancheng.calibration.population import synthesis
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.schema import TABLES, catalogue
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Table, build


def assumed(region: Region, title: str, lang: str) -> Table:
    """A row for each reason: what it gives values to, at which dates, and their range."""
    items = sorted(region.assumptions(), key=lambda a: (a.table, a.basis))
    rows = []
    for (table, basis), same in groupby(items, lambda a: (a.table, a.basis)):
        group = list(same)
        variables = list(dict.fromkeys(a.variable or "–" for a in group))
        rows.append({
            "table": table, "variable": _few(variables), "name": _called(table, variables, lang),
            "date": ", ".join(sorted({str(a.date) for a in group})),
            "values": span(a.value for a in group),
            "range": span([*(a.low for a in group), *(a.high for a in group)]),
            "basis": labels.reason(basis, lang),
        })  # fmt: skip
    return build("region", title, labels.columns("region", lang), rows)


def _called(table: str, variables: Sequence[str], lang: str) -> str:
    """What variables are called; where they are cells of a census table, the table."""
    if table in TABLES:
        return TABLES[table].name.text(lang)
    names = [catalogue()[table, variable].name for variable in variables]
    return _few([name.text(lang) for name in names])


def _few(words: Sequence[str]) -> str:
    """Some words, or where they are many the first and the last."""
    return ", ".join(words) if len(words) < 6 else f"{words[0]} … {words[-1]}"


def missing(region: Region, title: str, lang: str) -> Table:
    """A row for each variable that a pack may hold and this one does not."""
    rows = [
        {
            "table": gap.table, "variable": gap.variable, "name": gap.name.text(lang),
            "date": str(gap.date), "filled": (_("yes") if gap.filled else _("no")).text(lang),
        }
        for gap in region.missing()
    ]  # fmt: skip
    return build("missing", title, labels.columns("missing", lang), rows)


def span(values: Iterable[float]) -> str:
    """A set of numbers as one, or from the smallest to the largest; unknown ones left out."""
    known = sorted({v for v in values if v == v})
    if not known:
        return "–"
    return f"{known[0]:g}" if len(known) == 1 else f"{known[0]:g}–{known[-1]:g}"


def fits(region: Region) -> list[dict[str, Any]]:
    """How close the synthetic population comes to each census: a row for each margin.

    Returns
    -------
    census, margin, counted and built [persons or households], worst_error: the standardized
    root-mean-square error of the worst county
    """
    rows = []
    for census in region.censuses:
        report = synthesis.build(region, census, scale=1.0, seed=1).fit_report(region)
        for margin, part in report.groupby("margin", sort=False):
            rows.append({
                "census": str(census), "margin": str(margin),
                "counted": float(part["target"].sum()), "built": float(part["got"].sum()),
                "worst_error": float(part["srmse"].max()),
            })  # fmt: skip
    return rows


def fit(rows: list[dict[str, Any]], title: str, lang: str) -> Table:
    """`fits` as a table."""
    return build("fit", title, labels.columns("fit", lang), rows)
