"""The places: all of them on a day, and each over time with growth by cause and indicators."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart, Marker, Table
from xiancheng.results.text import records
from xiancheng.results.verdict import verdict
from xiancheng.scenarios.outcome import CAUSES, PUBLISHED, Group, Outcome
from xiancheng.sim.indicators import INDICATORS

KEY_INDICATORS = (
    "resident_urbanization_rate", "hukou_urbanization_rate", "residents", "urban_residents",
    "rural_residents", "living_apart_from_hukou", "jobs_filled", "vacancies", "commuters", "wage",
    "house_price", "housing_vacancy", "seats_taken", "school_queue", "aged_share",
)  # fmt: skip


OF_A_TARGET = (  # columns of `on_a_day` that are unknown where there is none
    "target", "operator", "target_rate", "probability_without", "probability", "margin_pp",
    "plan_low", "plan_high",
)  # fmt: skip
FINE = 1000.0  # from here on an indicator is shown without decimals
CAUSES_PP = (*(f"{cause}_pp" for cause in CAUSES), "counting_pp")


def days(result: PlanResult) -> list[date]:
    """The deadlines of targets, or the last day of the run if none is judged."""
    return sorted(
        {date.fromisoformat(str(day)) for day in result.verdicts.get("deadline", [])}
    ) or [result.scenario.until]


def on_a_day(result: PlanResult, group: Group, day: date) -> dict[str, Any]:
    """Level, interval, effect of the plan and causes of a place on a day.

    The verdict on the place, if it has a target on this day; else its path and the run itself.

    Returns
    -------
    unit_code, county, county_en, date; the rates rate_at_start, without, expected, low and high
    [percent]; from_plan_pp and the five causes [points], which add up to expected less
    rate_at_start; `OF_A_TARGET`, chances from 0 to 1; what is not known is None
    """
    about = {"unit_code": group.code, "county": group.zh, "county_en": group.en, "date": str(day)}
    for row in records(result.verdicts):
        if row["unit_code"] == group.code and str(row["deadline"]) == str(day):
            rates = ("rate_at_start", "without", "expected", "low", "high", "from_plan_pp")
            return about | {key: row[key] for key in (*rates, *CAUSES_PP, *OF_A_TARGET)}
    outcome, found = result.both.scenario, verdict.path(result.both, group, result.verdicts)
    at = [each.toordinal() for each in found.days]
    without, expected, low, high = (
        None if line is None else float(np.interp(day.toordinal(), at, line))
        for line in (found.baseline, found.scenario, found.low, found.high)
    )
    assert without is not None
    assert expected is not None
    start = float(outcome.series(PUBLISHED)[0, outcome.groups.index(group)])
    grown = [round(outcome.causes(group, day)[cause], 6) for cause in CAUSES]
    return about | {
        "rate_at_start": start, "without": without, "expected": expected, "low": low, "high": high,
        "from_plan_pp": round(expected - without, 6),
        **dict(zip(CAUSES_PP, (*grown, round(expected - start - sum(grown), 6)), strict=True)),
        **dict.fromkeys(OF_A_TARGET),
    }  # fmt: skip


def table(result: PlanResult, lang: str) -> Table:
    """A row for each county on the last deadline."""
    day = days(result)[-1]
    rows = [
        on_a_day(result, group, day) | {"place": group.text(lang)}
        for group in result.groups[: len(result.region.counties)]
    ]
    for row in rows:
        known = row["low"] is not None
        row["interval"] = f"{row['low']:.1f}–{row['high']:.1f}" if known else None
    alone = result.draws and not result.both.draws and any(row["target"] is None for row in rows)
    unknown = {key for key in rows[0] if all(row[key] is None for row in rows)}
    rows = [{k: v for k, v in row.items() if k not in unknown} for row in rows]
    return labels.table(
        "places", rows, lang, source=result.stamp(lang), year=result.scenario.start.year,
        day=labels.in_words(day, lang),
        notes=[labels.label("notes", "draws_not_kept", lang)] if alone else [],
    )  # fmt: skip


def map_chart(result: PlanResult, lang: str) -> Chart | None:
    """The expected rates and the margins to targets on a map; None without boundaries."""
    outlines, shown = result.region.outlines(), table(result, lang)
    units = result.groups[: len(result.region.counties)]
    if not all(str(group.code) in outlines for group in units):
        return None
    rates = labels.enumeration(
        (f"{row['place']} {row['expected']:.1f}%" for row in shown.records()), lang
    )
    credit = labels.label("notes", "map", lang, credit=result.region.attribution.text(lang))
    return Chart(
        "map", shown, labels.label("titles", "map", lang),
        labels.label("descriptions", "map", lang, rates=rates), note=credit,
        outlines=tuple(outlines[str(group.code)] for group in units),
    )  # fmt: skip


def path(result: PlanResult, group: Group, lang: str) -> Table:
    """The published rate at every quarter's end, without and with the plan [percent]."""
    found = verdict.path(result.both, group, result.verdicts)
    low, high = verdict.INTERVAL
    series = {"without": found.baseline, "with": found.scenario}
    if found.low is not None and found.high is not None:
        series |= {"low": found.low, "high": found.high}
    values = zip(*(each.tolist() for each in series.values()), strict=True)
    rows = [
        {"date": day, **dict(zip(series, row, strict=True))}
        for day, row in zip(found.days, values, strict=True)
    ]
    return labels.table(
        "path", rows, lang, key=f"path-{group.code}", source=result.stamp(lang),
        where=group.text(lang), low=low, high=high,
    )  # fmt: skip


def path_chart(result: PlanResult, group: Group, lang: str) -> Chart:
    """The rate over time, with censuses, published rates and targets."""
    table = path(result, group, lang)
    markers = (
        *censuses(result, group, lang), *published(result, group, lang),
        *targets(result, group, lang),
    )  # fmt: skip
    description = labels.label("descriptions", "path", lang, title=table.title)
    return Chart("path", table, table.title, description, markers)


def censuses(result: PlanResult, group: Group, lang: str) -> Iterator[Marker]:
    """The rate of a group in censuses up to the end of the run [percent]."""
    members = list(group.counties)
    for day in result.region.censuses:
        if day <= result.scenario.until:
            urban, rural = result.region.urban_rural(day)[members].sum(axis=0)
            label = labels.label("phrases", "census_of", lang, year=day.year)
            yield Marker(day, 100 * float(urban / (urban + rural)), label, "census")


def published(result: PlanResult, group: Group, lang: str) -> Iterator[Marker]:
    """The rates that were published of a group beside censuses, and those that a run was given."""
    code, censuses = str(group.code), result.region.censuses
    known = {
        day: rate
        for (unit, day), rate in result.region.observed("resident_urbanization_rate").items()
        if unit == code and day not in censuses
    }
    given = result.both.scenario.spec.observations
    known |= {each.day: each.rate for each in given if each.code == code}
    for day, rate in sorted(known.items()):
        if day <= result.scenario.until:
            label = labels.label("phrases", "published_of", lang, year=day.year)
            yield Marker(day, rate, label, "published")


def targets(result: PlanResult, group: Group, lang: str) -> Iterator[Marker]:
    """The targets of a group of counties [percent]."""
    for row in result.verdicts.to_dict("records"):
        if row["unit_code"] == group.code:
            day, rate = date.fromisoformat(str(row["deadline"])), row["target_rate"]
            label = labels.label("phrases", "target_of", lang, year=day.year, rate=rate)
            yield Marker(day, rate, label, "target")


def causes(result: PlanResult, group: Group, lang: str) -> Table:
    """Urban growth by cause in each year [persons], with the plan; the causes add up exactly."""
    grown, start = by_year(result.both.scenario, group), result.scenario.start
    before = np.sum([*by_year(result.both.baseline, group).values()], axis=0)
    together = tuple(int(x) for x in np.sum([*grown.values()], axis=0))
    rows = [
        {"year": str(year), **dict(zip(labels.GROWTH, parts, strict=True)), "total": sum(parts)}
        for year, parts in [*grown.items(), (labels.label("phrases", "sum", lang), together)]
    ]
    note = labels.label(
        "notes", "causes", lang, year=start.year, start=labels.in_words(start, lang),
        sum=labels.persons(before.sum(), lang, sign="+"),
        moved=labels.persons(before[1], lang, sign="+"),
    )  # fmt: skip
    return labels.table(
        "causes", rows, lang, key=f"causes-{group.code}", source=result.stamp(lang), notes=[note],
        total=True, where=group.text(lang),
    )  # fmt: skip


def causes_chart(result: PlanResult, group: Group, lang: str) -> Chart:
    """Urban growth by cause, stacked."""
    table = causes(result, group, lang)
    description = labels.label("descriptions", "causes", lang, title=table.title)
    return Chart("causes", table, table.title, description)


def by_year(outcome: Outcome, group: Group) -> dict[int, tuple[int, ...]]:
    """Urban growth of a group by year: natural growth, migration, recoding [persons]."""
    frame = outcome.growth()
    own = frame[frame["unit_code"].isin([outcome.groups[c].code for c in group.counties])]
    sums = own.groupby(own["date"].dt.year)[list(labels.GROWTH)].sum()
    return {int(year): tuple(int(x) for x in row) for year, *row in sums.itertuples()}


def _shown_unit(unit: str, value: float, lang: str) -> tuple[str, float, int]:
    """The unit in which an indicator is shown, its size, and decimals: persons to a hundred."""
    counted, size = unit in ("persons", "jobs"), labels.LARGE[lang]
    if counted and value >= size:
        return labels.large_unit(unit, lang), size, labels.LARGE_DIGITS[lang]
    return labels.label("units", unit, lang), 1.0, -2 if counted else 0 if value >= FINE else 2


def figures(result: PlanResult, group: Group, lang: str) -> Table:
    """Key indicators of a place at the start, and at the end without and with the plan.

    The urbanization rate is that of the verdict; the others are those of the one run of the model.
    """
    both, place, rows = result.both, result.groups.index(group), []
    level = on_a_day(result, group, both.scenario.dates[-1])
    for name in KEY_INDICATORS:
        without = float(both.baseline.series(name)[-1, place])
        start, plan = (float(both.scenario.series(name)[day, place]) for day in (0, -1))
        if name == "resident_urbanization_rate":  # one name has one number
            start, without, plan = (level[key] for key in ("rate_at_start", "without", "expected"))
        unit, size, digits = _shown_unit(INDICATORS[name].unit, start, lang)
        values = {"start": start, "without": without, "with": plan, "effect": plan - without}
        rows.append({
            "indicator": labels.indicator(name, lang), "unit": unit,
            **{key: round(value / size, digits) + 0.0 for key, value in values.items()},
        })  # fmt: skip
    anchored = "statistics" in {*result.verdicts.get("basis", ())}
    return labels.table(
        "figures", rows, lang, key=f"figures-{group.code}", source=result.stamp(lang),
        notes=[labels.label("notes", "own_level", lang)] if anchored else [],
        where=group.text(lang), begin=both.scenario.dates[0], end=both.scenario.dates[-1],
    )  # fmt: skip
