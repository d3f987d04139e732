"""The verdict on each target: the table and the picture that come first."""

from collections.abc import Mapping
from typing import Any

from xiancheng.calibration.i18n import _
from xiancheng.results.analysis.attribution import records
from xiancheng.results.caveats import basis, belief
from xiancheng.results.contents import words
from xiancheng.results.contents.parts import Cell, Chart, Column, Table, listed
from xiancheng.results.contents.subject import Subject
from xiancheng.results.contents.words import MADE_OF, POINTS, QUALIFIERS
from xiancheng.results.verdict.verdict import INTERVAL


def table(subject: Subject, lang: str) -> Table:
    """A row for each target: what is expected without and with the plan, and the chance."""
    start, pp = str(subject.scenario.start), POINTS.said(lang)
    columns = [
        Column(_("place").said(lang)),
        Column(_("deadline").said(lang)),
        Column(_("asked").said(lang)),
        Column(_("target").said(lang), "%", 1),
        Column(_("start {start}", start=start[:4]).said(lang), "%", 2),
        Column(_("without").said(lang), "%", 1),
        Column(_("with").said(lang), "%", 1),
    ]
    if subject.known:
        low, high = (f"{end}" for end in INTERVAL)
        columns += [
            Column(_("low {low}%", low=low).said(lang), "%", 1),
            Column(_("high {high}%", high=high).said(lang), "%", 1),
            Column(_("P(met)").said(lang), "%", 0),
            Column(_("in words").said(lang)),
        ]
    columns.append(Column(_("margin").said(lang), pp, 1, signed=True))
    rows: list[tuple[Cell, ...]] = []
    for row in records(subject.verdicts):
        cells = [
            words.target(row, lang), str(row["deadline"]),
            QUALIFIERS[row["operator"]].said(lang), row["target_rate"],
            row["rate_at_start"], row["without"], row["expected"],
        ]  # fmt: skip
        if subject.known:
            chance = row["probability"]
            cells += [row["low"], row["high"], 100 * chance, words.likely(chance).said(lang)]
        rows.append((*cells, row["margin_pp"]))
    notes = [basis(subject.verdicts, belief(subject.region)).said(lang)] if rows else []
    if subject.known:
        notes.append(words.SCALE.said(lang))
    return Table(
        "verdicts",
        _("Verdict on each target (published resident urbanization rate, "
    "{deadlines}, medians)", deadlines=deadlines(subject, lang)).said(lang),
        tuple(columns), tuple(rows), subject.stamp(lang), tuple(notes),
    )  # fmt: skip


def parts(subject: Subject, lang: str) -> Table:
    """A row for each target: what trend, recoding, outside conditions and plan give."""
    pp = POINTS.said(lang)
    known = bool(subject.verdicts["plan_low"].notna().all())
    columns = (
        Column(_("place").said(lang)),
        Column(_("deadline").said(lang)),
        Column(_("start").said(lang), "%", 2),
        *(Column(each.said(lang), pp, 2, signed=True) for each in MADE_OF.values()),
        *((Column(_("effect of the plan, 90 %").said(lang)),) * known),
        Column(_("at the deadline").said(lang), "%", 2),
    )
    rows = tuple(
        (
            words.target(row, lang), str(row["deadline"]), row["rate_at_start"],
            *(row[k] for k in MADE_OF), *((_band(row, lang),) * known), row["expected"],
        )
        for row in records(subject.verdicts)
    )  # fmt: skip
    notes = _(
        "The start and the four add up to the median at the deadline; "
        "recoding is that of the model's baseline."
    )
    return Table(
        "parts",
        _("What the rate at the deadline is made of").said(lang),
        columns, rows, subject.stamp(lang), (notes.said(lang),),
    )  # fmt: skip


def _band(row: Mapping[str, Any], lang: str) -> str:
    """Where 90 % of the draws have the effect of the plan, and whether that is clear of 0."""
    low, high = row["plan_low"], row["plan_high"]
    band = f"({low:+.2f}, {high:+.2f})"
    unclear = _(", unclear").said(lang)
    return band + (unclear if low <= 0 <= high else "")


def chart(subject: Subject, lang: str) -> Chart:
    """Each target with the rate at the start, without and with the plan."""
    told = table(subject, lang)
    about = _(
        "for each target the rate at the start, without and with the plan, 90 % and the target"
    )
    return Chart("verdicts", told, told.title, about.said(lang))


def deadlines(subject: Subject, lang: str) -> str:
    """The days on which the targets are judged."""
    days = sorted({str(day) for day in subject.verdicts["deadline"]}) if any_due(subject) else []
    return listed(days, lang) or str(subject.scenario.until)


def any_due(subject: Subject) -> bool:
    """Whether the run reaches the deadline of any target."""
    return not subject.verdicts.empty
