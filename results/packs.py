"""What a region pack assumes and what it misses, as tables."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.schema import TABLES, catalogue
from xiancheng.results.markdown import Lines
from xiancheng.results.tables.labels import reason


def assumed(region: Region, lang: str) -> Lines:
    """One line for each reason: what it gives values to, at which dates, and their range."""
    headers = [
        _("table").said(lang),
        _("variable").said(lang),
        _("name").said(lang),
        _("date", "census").said(lang),
        _("values").said(lang),
        _("range").said(lang),
        _("basis").said(lang),
    ]
    items = sorted(region.assumptions(), key=lambda a: (a.table, a.basis))
    rows = []
    for (table, basis), same in groupby(items, lambda a: (a.table, a.basis)):
        group = list(same)
        variables = list(dict.fromkeys(a.variable or "–" for a in group))
        days = ", ".join(sorted({str(a.date) for a in group}))
        limits = span([*(a.low for a in group), *(a.high for a in group)])
        values, called = span(a.value for a in group), _called(table, variables, lang)
        why = reason(basis, lang)
        rows.append([table, _few(variables), called, days, values, limits, why])
    return headers, rows


def _called(table: str, variables: Sequence[str], lang: str) -> str:
    """What variables are called; where they are cells of a census table, the table."""
    if table in TABLES:
        return TABLES[table].name.said(lang)
    names = [catalogue()[table, variable].name for variable in variables]
    return _few([name.said(lang) for name in names])


def _few(words: Sequence[str]) -> str:
    """Some words, or where they are many the first and the last."""
    return ", ".join(words) if len(words) < 6 else f"{words[0]} … {words[-1]}"


def missing(region: Region, lang: str) -> Lines:
    """One line for each variable that a pack may hold and this one does not."""
    headers = [
        _("table").said(lang),
        _("variable").said(lang),
        _("name").said(lang),
        _("date", "census").said(lang),
        _("default rule stands in").said(lang),
    ]
    yes, no = (_("yes").said(lang), _("no").said(lang))
    rows = [
        [
            g.table,
            g.variable,
            g.name.said(lang),
            str(g.date),
            yes if g.filled else no,
        ]
        for g in region.missing()
    ]
    return headers, rows


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
    from xiancheng.calibration.population.synthesis import build

    rows = []
    for census in region.censuses:
        report = build(region, census, scale=1.0, seed=1).fit_report(region)
        for margin, part in report.groupby("margin", sort=False):
            rows.append({
                "census": str(census), "margin": str(margin),
                "counted": float(part["target"].sum()), "built": float(part["got"].sum()),
                "worst_error": float(part["srmse"].max()),
            })  # fmt: skip
    return rows


def fit(region: Region, lang: str) -> Lines:
    """`fits` as a table."""
    headers = [
        _("census").said(lang),
        _("margin", "table").said(lang),
        _("counted").said(lang),
        _("built").said(lang),
        _("worst error").said(lang),
    ]
    rows = [
        [
            row["census"], row["margin"], f"{row['counted']:,.0f}", f"{row['built']:,.0f}",
            f"{row['worst_error']:.4f}",
        ]
        for row in fits(region)
    ]  # fmt: skip
    return headers, rows
