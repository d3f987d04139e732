"""A place over time: its rate against target and censuses, why it grew, and what was delivered."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from xiancheng.calibration.i18n import Words
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
        Column(Words("日期", "date").said(lang)),
        Column(Words("无方案", "without the plan").said(lang), "%", 2),
        Column(Words("有方案", "with the plan").said(lang), "%", 2),
    ]
    values = [told.baseline, told.scenario]
    if told.low is not None and told.high is not None:
        low, high = verdict.INTERVAL
        columns.append(Column(Words(f"下限 {low}%", f"low {low}%").said(lang), "%", 2))
        columns.append(Column(Words(f"上限 {high}%", f"high {high}%").said(lang), "%", 2))
        values += [told.low, told.high]
    where = group.said(lang)
    title = Words(f"{where}常住人口城镇化率", f"Resident urbanization rate, {where}")
    return Table(
        f"path-{group.code}", title.said(lang), tuple(columns),
        tuple(zip(told.days, *(each.tolist() for each in values), strict=True)),
        subject.stamp(lang),
    )  # fmt: skip


def path_chart(subject: Subject, group: Group, lang: str) -> Chart:
    """The rate over time, with the censuses, and the target with its interval."""
    told = path(subject, group, lang)
    points = (*censuses(subject, group, lang), *wanted(subject, group, lang))
    about = Words(
        f"{told.title}，有方案与无方案，附普查点与目标",
        f"{told.title}, with and without the plan, with census points and target",
    )
    return Chart("path", told, told.title, about.said(lang), points)


def censuses(subject: Subject, group: Group, lang: str) -> Iterator[Point]:
    """What censuses up to the end of the run found [percent]."""
    members = list(group.counties)
    for day in subject.region.censuses:
        if day <= subject.scenario.until:
            urban, rural = subject.region.urban_rural(day)[members].sum(axis=0)
            label = Words(f"{day.year} 年普查", f"{day.year} census").said(lang)
            yield Point(day, 100 * float(urban / (urban + rural)), label, "census")


def wanted(subject: Subject, group: Group, lang: str) -> Iterator[Point]:
    """The target of a group of counties [percent]."""
    for row in subject.verdicts.to_dict("records"):
        if row["unit_code"] == group.code:
            day = date.fromisoformat(str(row["deadline"]))
            rate = f"{row['target_rate']:g}%"
            label = Words(f"{day.year} 年目标 {rate}", f"target of {day.year}: {rate}")
            yield Point(day, row["target_rate"], label.said(lang), "target")


def causes(subject: Subject, group: Group, lang: str) -> Table:
    """Urban growth by cause in each year [persons], with the plan; the causes add up exactly."""
    unit = PERSONS.said(lang)
    columns = (
        Column(Words("年份", "year").said(lang)),
        *(Column(each.said(lang), unit, 0, signed=True) for each in OF_GROWTH.values()),
        Column(Words("城镇人口增量", "urban growth").said(lang), unit, 0, signed=True),
    )
    grown = by_year(subject.both.plan, group)
    rows: list[tuple[Cell, ...]] = [(str(year), *each, sum(each)) for year, each in grown.items()]
    whole = tuple(int(x) for x in np.sum([*grown.values()], axis=0))
    before = np.sum([*by_year(subject.both.baseline, group).values()], axis=0)
    rows.append((Words("合计", "sum").said(lang), *whole, sum(whole)))
    where, start = group.said(lang), subject.scenario.start
    notes = Words(
        f"按现住地计；{start.year} 年自 {start} 起。无方案时合计 {before.sum():+,.0f} 人，"
        f"其中迁移 {before[1]:+,.0f} 人。模型在中心参数下的一次运行，划转因而与判定表所取的不同。",
        f"By where people are; {start.year} from {start} on. Without the plan the sum is "
        f"{before.sum():+,.0f} persons, migration {before[1]:+,.0f}. One run of the model at the "
        "central parameters, so that recoding is not what the verdicts have.",
    )
    title = Words(f"{where}城镇人口增长的来源", f"Urban growth by cause, {where}")
    return Table(
        f"causes-{group.code}", title.said(lang), columns, tuple(rows), subject.stamp(lang),
        (notes.said(lang),), total=True,
    )  # fmt: skip


def causes_chart(subject: Subject, group: Group, lang: str) -> Chart:
    """Urban growth by cause, stacked."""
    told = causes(subject, group, lang)
    about = Words(
        f"{told.title}，按年堆叠：自然增长、迁移、划转",
        f"{told.title}, stacked by year: natural growth, migration, recoding",
    )
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
        Column(Words("县（市、区）", "county").said(lang)),
        *(Column(Words(f"{d.year} 年末", f"end of {d.year}").said(lang), "%", 1) for d in ends),
    )
    shares = [outcome.at("delivery", day) for day in ends]
    rows: list[tuple[Cell, ...]] = [
        (g.said(lang), *(float(share[i]) for share in shares)) for i, g in enumerate(counties)
    ]
    title = Words("各县完成了被要求任务的多少", "How much of what it was asked each county did")
    return Table("effort", title.said(lang), columns, tuple(rows), subject.stamp(lang))


def effort_chart(subject: Subject, lang: str) -> Chart | str:
    """What each county carried out; a sentence where that was everything."""
    told = effort(subject, lang)
    if all(cell == FULL for row in told.rows for cell in row[1:]):
        return Words(
            "各县在各年末都完成了被要求的全部任务（按模型的执行能力）。",
            "By the model's capacity each county did all it was asked, at the end of every year.",
        ).said(lang)
    return Chart("effort", told, told.title, told.title)


def figures(subject: Subject, group: Group, lang: str) -> Table:
    """Indicators of a place at the start, and at the end without and with the plan."""
    begin, end = subject.both.plan.dates[0], subject.both.plan.dates[-1]
    days = Words(f"起点 {begin}，期末 {end}", f"start {begin}, end {end}").said(lang)
    by_unit = Words("见单位", "see unit").said(lang)
    columns = (
        Column(Words("指标", "indicator").said(lang)),
        Column(Words("单位", "unit").said(lang)),
        Column(Words("起点", "start").said(lang), by_unit, None),
        Column(Words("无方案", "without").said(lang), by_unit, None),
        Column(Words("有方案", "with").said(lang), by_unit, None),
        Column(Words("方案作用", "effect").said(lang), by_unit, None, signed=True),
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
    title = Words(f"{where}主要指标（{days}）", f"Key figures, {where} ({days})").said(lang)
    return Table(
        f"figures-{group.code}", title, columns, tuple(rows), subject.stamp(lang),
        _own_level(subject, lang),
    )  # fmt: skip


def _own_level(subject: Subject, lang: str) -> tuple[str, ...]:
    """That the model's level is not that of the verdicts, where it is not."""
    if "statistics" not in {*subject.verdicts.get("basis", ())}:
        return ()
    note = Words(
        "模型自身的读数，只用来看各项指标如何一起变化；判定所用的城镇化率水平来自统计，见“结论”。",
        "The model's own figures, which show how indicators move together; the level of the rate "
        "that verdicts rest on is that of statistics, see 'Conclusions'.",
    )
    return (note.said(lang),)
