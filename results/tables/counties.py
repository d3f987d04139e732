"""A place over time: its rate against target and censuses, growth by cause, key indicators."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from xiancheng.calibration.i18n import _
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart, Marker, Table, build
from xiancheng.results.verdict import verdict
from xiancheng.scenarios.outcome import Group, Outcome
from xiancheng.sim.indicators import INDICATORS

KEY_INDICATORS = (
    "resident_urbanization_rate", "hukou_urbanization_rate", "residents", "urban_residents",
    "rural_residents", "living_apart_from_hukou", "jobs_filled", "vacancies", "commuters", "wage",
    "house_price", "housing_vacancy", "seats_taken", "school_queue", "aged_share",
)  # fmt: skip


def path(result: PlanResult, group: Group, lang: str) -> Table:
    """The published rate at every quarter's end, without and with the plan [percent]."""
    found = verdict.path(result.both, group, result.verdicts)
    low, high = verdict.INTERVAL
    columns = labels.columns("path", lang, low=low, high=high)
    series = {"without": found.baseline, "with": found.scenario}
    if found.low is not None and found.high is not None:
        series |= {"low": found.low, "high": found.high}
    values = zip(*(each.tolist() for each in series.values()), strict=True)
    rows = [
        {"date": day, **dict(zip(series, row, strict=True))}
        for day, row in zip(found.days, values, strict=True)
    ]
    where = group.text(lang)
    title = _("Resident urbanization rate, {where}", where=where).text(lang)
    return build(f"path-{group.code}", title, columns, rows, source=result.stamp(lang))


def path_chart(result: PlanResult, group: Group, lang: str) -> Chart:
    """The rate over time, with the censuses, and the target with its interval."""
    table = path(result, group, lang)
    markers = (*censuses(result, group, lang), *targets(result, group, lang))
    description = _(
        "{title}, with and without the plan, with census points and target", title=table.title
    ).text(lang)
    return Chart("path", table, table.title, description, markers)


def censuses(result: PlanResult, group: Group, lang: str) -> Iterator[Marker]:
    """The rate of a group in censuses up to the end of the run [percent]."""
    members = list(group.counties)
    for day in result.region.censuses:
        if day <= result.scenario.until:
            urban, rural = result.region.urban_rural(day)[members].sum(axis=0)
            label = _("{year} census", year=day.year).text(lang)
            yield Marker(day, 100 * float(urban / (urban + rural)), label, "census")


def targets(result: PlanResult, group: Group, lang: str) -> Iterator[Marker]:
    """The targets of a group of counties [percent]."""
    for row in result.verdicts.to_dict("records"):
        if row["unit_code"] == group.code:
            day = date.fromisoformat(str(row["deadline"]))
            rate = f"{row['target_rate']:g}%"
            label = _("target of {year}: {rate}", year=day.year, rate=rate).text(lang)
            yield Marker(day, row["target_rate"], label, "target")


def causes(result: PlanResult, group: Group, lang: str) -> Table:
    """Urban growth by cause in each year [persons], with the plan; the causes add up exactly."""
    grown = by_year(result.both.scenario, group)
    whole = tuple(int(x) for x in np.sum([*grown.values()], axis=0))
    before = np.sum([*by_year(result.both.baseline, group).values()], axis=0)
    rows = [
        {"year": year, **dict(zip(labels.GROWTH, parts, strict=True)), "total": sum(parts)}
        for year, parts in (
            *((str(year), parts) for year, parts in grown.items()),
            (_("sum").text(lang), whole),
        )
    ]
    where, start = group.text(lang), result.scenario.start
    note = _(
        "By where people are; {year} from {start} on. Without the plan the "
        "sum is {sum:+,.0f} persons, migration {before:+,.0f}. One run of "
        "the model at the central parameters, so that recoding is not what "
        "the verdicts have.",
        year=start.year,
        start=start,
        sum=before.sum(),
        before=before[1],
    ).text(lang)
    title = _("Urban growth by cause, {where}", where=where).text(lang)
    return build(
        f"causes-{group.code}", title, labels.columns("causes", lang), rows,
        source=result.stamp(lang), notes=(note,), total=True,
    )  # fmt: skip


def causes_chart(result: PlanResult, group: Group, lang: str) -> Chart:
    """Urban growth by cause, stacked."""
    table = causes(result, group, lang)
    description = _(
        "{title}, stacked by year: natural growth, migration, recoding", title=table.title
    ).text(lang)
    return Chart("causes", table, table.title, description)


def by_year(outcome: Outcome, group: Group) -> dict[int, tuple[int, ...]]:
    """Urban growth of a group by year: natural growth, migration, recoding [persons]."""
    frame = outcome.growth()
    own = frame[frame["unit_code"].isin([outcome.groups[c].code for c in group.counties])]
    sums = own.groupby(own["date"].dt.year)[list(labels.GROWTH)].sum()
    return {int(year): tuple(int(x) for x in row) for year, *row in sums.itertuples()}


def figures(result: PlanResult, group: Group, lang: str) -> Table:
    """Key indicators of a place at the start, and at the end without and with the plan."""
    begin, end = result.both.scenario.dates[0], result.both.scenario.dates[-1]
    days = _("start {begin}, end {end}", begin=begin, end=end).text(lang)
    place, rows = result.groups.index(group), []
    for name in KEY_INDICATORS:
        without = float(result.both.baseline.series(name)[-1, place])
        start, having = (float(result.both.scenario.series(name)[day, place]) for day in (0, -1))
        values = {"start": start, "without": without, "with": having, "effect": having - without}
        rows.append({
            "indicator": labels.indicator(name, lang),
            "unit": labels.label("units", INDICATORS[name].unit, lang),
            **{key: round(value, 2) for key, value in values.items()},
        })  # fmt: skip
    where = group.text(lang)
    title = _("Key figures, {where} ({days})", where=where, days=days).text(lang)
    return build(
        f"figures-{group.code}", title, labels.columns("figures", lang), rows,
        source=result.stamp(lang), notes=_own_level(result, lang),
    )  # fmt: skip


def _own_level(result: PlanResult, lang: str) -> tuple[str, ...]:
    """A note where the model's level is not that of the verdicts."""
    if "statistics" not in {*result.verdicts.get("basis", ())}:
        return ()
    note = _(
        "The model's own figures, which show how indicators move together; "
        "the level of the rate that verdicts rest on is that of statistics, "
        "see 'Conclusions'."
    )
    return (note.text(lang),)
