"""A place over time: its rate against target and censuses, why it grew, and what was delivered."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from xiancheng.calibration.i18n import _
from xiancheng.results.contents.parts import Cell, Chart, Column, Point, Table
from xiancheng.results.contents.subject import Subject, outcome_rows
from xiancheng.results.contents.words import OF_GROWTH, PERSONS, UNITS, indicator
from xiancheng.results.verdict import verdict
from xiancheng.scenarios.outcome import Group, Outcome
from xiancheng.sim.indicators import INDICATORS

FULL = 100.0  # percent
SHOWN = (
    "resident_urbanization_rate", "hukou_urbanization_rate", "residents", "urban_residents",
    "rural_residents", "living_apart_from_hukou", "jobs_filled", "vacancies", "commuters", "wage",
    "house_price", "housing_vacancy", "seats_taken", "school_queue", "aged_share",
)  # fmt: skip


def path(subject: Subject, group: Group, lang: str) -> Table:
    """The published rate at every quarter's end, without and with the plan."""
    told = verdict.path(subject.both, group, subject.verdicts)
    columns = [
        Column(_("date").said(lang)),
        Column(_("without the plan").said(lang), "%", 2),
        Column(_("with the plan").said(lang), "%", 2),
    ]
    values = [told.baseline, told.scenario]
    if told.low is not None and told.high is not None:
        low, high = verdict.INTERVAL
        columns.append(Column(_("low {low}%", low=low).said(lang), "%", 2))
        columns.append(Column(_("high {high}%", high=high).said(lang), "%", 2))
        values += [told.low, told.high]
    where = group.said(lang)
    title = _("Resident urbanization rate, {where}", where=where)
    return Table(
        f"path-{group.code}", title.said(lang), tuple(columns),
        tuple(zip(told.days, *(each.tolist() for each in values), strict=True)),
        subject.stamp(lang),
    )  # fmt: skip


def path_chart(subject: Subject, group: Group, lang: str) -> Chart:
    """The rate over time, with the censuses, and the target with its interval."""
    told = path(subject, group, lang)
    points = (*censuses(subject, group, lang), *wanted(subject, group, lang))
    about = _("{title}, with and without the plan, with census points and target", title=told.title)
    return Chart("path", told, told.title, about.said(lang), points)


def censuses(subject: Subject, group: Group, lang: str) -> Iterator[Point]:
    """What censuses up to the end of the run found [percent]."""
    members = list(group.counties)
    for day in subject.region.censuses:
        if day <= subject.scenario.until:
            urban, rural = subject.region.urban_rural(day)[members].sum(axis=0)
            label = _("{year} census", year=day.year).said(lang)
            yield Point(day, 100 * float(urban / (urban + rural)), label, "census")


def wanted(subject: Subject, group: Group, lang: str) -> Iterator[Point]:
    """The target of a group of counties [percent]."""
    for row in subject.verdicts.to_dict("records"):
        if row["unit_code"] == group.code:
            day = date.fromisoformat(str(row["deadline"]))
            rate = f"{row['target_rate']:g}%"
            label = _("target of {year}: {rate}", year=day.year, rate=rate)
            yield Point(day, row["target_rate"], label.said(lang), "target")


def causes(subject: Subject, group: Group, lang: str) -> Table:
    """Urban growth by cause in each year [persons], with the plan; the causes add up exactly."""
    unit = PERSONS.said(lang)
    columns = (
        Column(_("year").said(lang)),
        *(Column(each.said(lang), unit, 0, signed=True) for each in OF_GROWTH.values()),
        Column(_("urban growth").said(lang), unit, 0, signed=True),
    )
    grown = by_year(subject.both.plan, group)
    rows: list[tuple[Cell, ...]] = [(str(year), *each, sum(each)) for year, each in grown.items()]
    whole = tuple(int(x) for x in np.sum([*grown.values()], axis=0))
    before = np.sum([*by_year(subject.both.baseline, group).values()], axis=0)
    rows.append((_("sum").said(lang), *whole, sum(whole)))
    where, start = group.said(lang), subject.scenario.start
    notes = _(
        "By where people are; {year} from {start} on. Without the plan the "
        "sum is {sum:+,.0f} persons, migration {before:+,.0f}. One run of "
        "the model at the central parameters, so that recoding is not what "
        "the verdicts have.",
        year=start.year,
        start=start,
        sum=before.sum(),
        before=before[1],
    )
    title = _("Urban growth by cause, {where}", where=where)
    return Table(
        f"causes-{group.code}", title.said(lang), columns, tuple(rows), subject.stamp(lang),
        (notes.said(lang),), total=True,
    )  # fmt: skip


def causes_chart(subject: Subject, group: Group, lang: str) -> Chart:
    """Urban growth by cause, stacked."""
    told = causes(subject, group, lang)
    about = _("{title}, stacked by year: natural growth, migration, recoding", title=told.title)
    return Chart("causes", told, told.title, about.said(lang))


def by_year(outcome: Outcome, group: Group) -> dict[int, tuple[int, ...]]:
    """Urban growth of a group by year: natural growth, migration, recoding [persons]."""
    frame = outcome.growth()
    own = frame[frame["unit_code"].isin([outcome.groups[c].code for c in group.counties])]
    sums = own.groupby(own["date"].dt.year)[list(OF_GROWTH)].sum()
    return {int(year): tuple(int(x) for x in row) for year, *row in sums.itertuples()}


def effort(subject: Subject, lang: str) -> Table:
    """What each county carried out of what it was asked [percent], at the end of each year."""
    outcome, issued = subject.both.plan, subject.scenario.plan.about.issued
    ends = [d for d in outcome.dates if d.month == 12 and d.year > issued.year]  # it asks by then
    counties = outcome.groups[: len(outcome.region.counties)]
    columns = (
        Column(_("county", "any kind").said(lang)),
        *(Column(_("end of {year}", year=d.year).said(lang), "%", 1) for d in ends),
    )
    shares = [outcome.at("delivery", day) for day in ends]
    rows: list[tuple[Cell, ...]] = [
        (g.said(lang), *(float(share[i]) for share in shares)) for i, g in enumerate(counties)
    ]
    title = _("How much of what it was asked each county did")
    return Table("effort", title.said(lang), columns, tuple(rows), subject.stamp(lang))


def effort_chart(subject: Subject, lang: str) -> Chart | str:
    """What each county carried out; a sentence where that was everything."""
    told = effort(subject, lang)
    if all(cell == FULL for row in told.rows for cell in row[1:]):
        return _(
            "By the model's capacity each county did all it was asked, at the end of every year."
        ).said(lang)
    return Chart("effort", told, told.title, told.title)


def figures(subject: Subject, group: Group, lang: str) -> Table:
    """Indicators of a place at the start, and at the end without and with the plan."""
    begin, end = subject.both.plan.dates[0], subject.both.plan.dates[-1]
    days = _("start {begin}, end {end}", begin=begin, end=end).said(lang)
    by_unit = _("see unit").said(lang)
    columns = (
        Column(_("indicator").said(lang)),
        Column(_("unit").said(lang)),
        Column(_("start").said(lang), by_unit, None),
        Column(_("without").said(lang), by_unit, None),
        Column(_("with").said(lang), by_unit, None),
        Column(_("effect").said(lang), by_unit, None, signed=True),
    )
    rows: list[tuple[Cell, ...]] = []
    for name in SHOWN:
        without = outcome_rows(subject.both.baseline, name, group)
        having, about = outcome_rows(subject.both.plan, name, group), INDICATORS[name]
        title = indicator(name, lang)
        change = having[-1] - without[-1]
        values = (round(x, 2) for x in (having[0], without[-1], having[-1], change))
        rows.append((title, UNITS[about.unit].said(lang), *values))
    where = group.said(lang)
    title = _("Key figures, {where} ({days})", where=where, days=days).said(lang)
    return Table(
        f"figures-{group.code}", title, columns, tuple(rows), subject.stamp(lang),
        _own_level(subject, lang),
    )  # fmt: skip


def _own_level(subject: Subject, lang: str) -> tuple[str, ...]:
    """That the model's level is not that of the verdicts, where it is not."""
    if "statistics" not in {*subject.verdicts.get("basis", ())}:
        return ()
    note = _(
        "The model's own figures, which show how indicators move together; "
        "the level of the rate that verdicts rest on is that of statistics, "
        "see 'Conclusions'."
    )
    return (note.said(lang),)
