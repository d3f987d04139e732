"""Tables of a comparison: targets, and each outcome, side by side."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.results.analysis.compare import Comparison
from xiancheng.results.analysis.result import UNITS
from xiancheng.results.tables import labels
from xiancheng.results.tables.notes import ENOUGH, applied_elsewhere, belief, beyond
from xiancheng.results.tables.table import Cell, Column, Table
from xiancheng.scenarios.diff import applied, called

if TYPE_CHECKING:
    import pandas as pd

WHOLE = {"persons", "jobs", "units", "yuan/year"}  # units in which decimals say nothing


def outcome_title(outcome: str, lang: str) -> str:
    """An indicator, or a cause of the rate's change, in the reader's words."""
    causes = labels.labels("causes", lang)
    return causes.get(outcome.removesuffix("_pp")) or labels.indicator(outcome, lang)


def values(comparison: Comparison, outcome: str, lang: str) -> Table:
    """One outcome: a row for each group; of each side its value and its difference from the first.

    A difference whose interval holds zero is marked with "?".
    """
    frame = comparison.to_frame()
    own = frame[frame["outcome"] == outcome].to_dict("records")
    by_place = {(row["scenario"], row["unit_code"]): row for row in own}
    digits = 2
    if UNITS[outcome] in WHOLE:  # no finer than the rows that the model counts
        digits = -int(np.ceil(np.log10(1 / comparison.scale)))
    heads = labels.columns("comparison", lang)
    base, drawn = comparison.sides[0].name, comparison.drawn is not None
    columns = [heads["place"], Column(base, base, digits=digits)]
    for side in comparison.sides[1:]:
        columns.append(Column(side.name, side.name, digits=digits))
        columns.append(Column(f"{side.name}_difference", f"{side.name} − {base}"))
        for key, form in (("interval", None), ("draw_sd", digits), ("seed_sd", digits)):
            if drawn:
                columns.append(Column(f"{side.name}_{key}", heads[key].label, digits=form))
    rows = []
    for group in comparison.groups:
        row: list[Cell] = [group.text(lang), by_place[base, group.code]["value"]]
        for side in comparison.sides[1:]:
            cell = by_place[side.name, group.code]
            row += [cell["value"], *_difference(cell, digits, drawn=drawn)]
        rows.append(tuple(row))
    return Table(outcome, outcome_title(outcome, lang), tuple(columns), tuple(rows))


def _difference(row: Mapping[Any, Any], digits: int, *, drawn: bool) -> Iterator[Cell]:
    """The difference; over draws its mean, its interval and the parts of its spread."""

    def signed(value: float) -> str:
        return f"{round(value, digits) or 0.0:+,.{max(digits, 0)}f}" if np.isfinite(value) else "–"

    if not drawn:
        yield signed(row["difference"])
        return
    low, high = row["difference_low"], row["difference_high"]
    yield signed(row["mean_difference"]) + ("?" if low < 0 < high else "")
    yield f"{signed(low)} … {signed(high)}"
    yield from (row["draw_sd"], row["seed_sd"])


def targets(comparison: Comparison, lang: str) -> Table:
    """Each target with the expected rate and, where it is known, the chance to meet it, by side."""
    frame = comparison.verdicts()
    heads = labels.columns("comparison_targets", lang)
    columns = [heads["target"], heads["deadline"], heads["asked"]]
    for side in comparison.sides:
        columns.append(Column(side.name, side.name, digits=1))
        if comparison.judged:
            columns.append(Column(f"{side.name}_chance", heads["chance"].label))
    rows: list[tuple[Cell, ...]] = []
    for target in comparison.region.targets if len(frame) else ():
        own = frame[frame["target"] == target.id].set_index("scenario")
        if own.empty:
            continue
        asked = f"{labels.ASKED[target.operator]}{target.value:g}"
        row: list[Cell] = [f"{target.id} {target.name.text(lang)}", str(target.deadline), asked]
        for side in comparison.sides:
            due = side.name in own.index
            row.append(own["expected"][side.name] if due else None)
            if comparison.judged:
                row.append(labels.percent(own["probability"][side.name]) if due else None)
        rows.append(tuple(row))
    rows += _all_met(comparison, frame, lang)
    title = _("targets").text(lang)
    return Table("targets", title, tuple(columns), tuple(rows))


def _all_met(
    comparison: Comparison, frame: "pd.DataFrame", lang: str
) -> Iterator[tuple[Cell, ...]]:
    """By deadline, the chance that all targets due by then are met, where there are several."""
    for day in sorted(set(frame["deadline"])) if comparison.judged and len(frame) else ():
        if frame[frame["deadline"] <= day]["target"].nunique() < 2:
            continue
        own = frame[frame["deadline"] == day].groupby("scenario")["all_met"].first()
        row: list[Cell] = [_("all of these met").text(lang), str(day), None]
        for side in comparison.sides:
            known = side.name in own and np.isfinite(own[side.name])
            row += [None, labels.percent(own[side.name]) if known else None]
        yield tuple(row)


def notes(comparison: Comparison, lang: str) -> Iterator[str]:
    """Notes that stand wherever differences are shown."""
    base = comparison.sides[0].name
    named = [f"{s.name}：{called(s.scenario, comparison.region).zh}" for s in comparison.sides]
    en = [f"{s.name}: {called(s.scenario, comparison.region).en}" for s in comparison.sides]
    yield Words("；".join(named) + "。", "; ".join(en) + ".").text(lang)
    strange = [s.scenario for s in comparison.sides if applied(s.scenario, comparison.region)]
    if strange:
        yield applied_elsewhere(strange[0]).text(lang)
    until = min(side.scenario.until for side in comparison.sides)
    late = [
        t for t in comparison.region.targets if not t.due(comparison.sides[0].scenario.start, until)
    ]
    if late:
        yield _(
            "Targets that are not judged in every column, which end by {until}: {late}.",
            until=until,
            late=listed(_("{name} ({deadline})", name=t.name, deadline=t.deadline) for t in late),
        ).text(lang)
    yield _(
        "At {day}, columns at the central parameters; differences are from {base}{mean}; "
        "scale {scale:g}.",
        day=comparison.day,
        base=base,
        mean="" if comparison.drawn is None else _(", the mean over draws"),
        scale=comparison.scale,
    ).text(lang)
    if comparison.level is not None:
        yield _(
            "Expected rates and chances of targets: the level is that of "
            "stacked statistical forecasts, to which each side adds the "
            "model's paired difference; all other tables are the model's own "
            "figures."
        ).text(lang)
    shared: dict[str, list[str]] = {}  # and the sides that they are of
    for side in comparison.sides:
        horizon = side.scenario.start, side.scenario.until
        for note in beyond(comparison.region, comparison.groups, *horizon):
            shared.setdefault(note.text(lang), []).append(side.name)
    for said, names in shared.items():
        yield _("{names}: {said}", names=listed(names), said=said).text(lang)
    apart = [s.name for i, s in enumerate(comparison.sides) if not comparison.paired(i)]
    if apart:
        yield _(
            "{apart} met another seed, draw, parameters, scale, start, data "
            "or version of the program than {base}: the difference is not "
            "paired; --draws puts all under the same draws.",
            apart=listed(apart),
            base=base,
        ).text(lang)
    if comparison.drawn is None:
        yield _(
            "Without draws this is the paired difference in one world and "
            "has no interval; that of a county may be noise. One over seeds "
            "alone is not the uncertainty and is never shown. Use --draws 50."
        ).text(lang)
        return
    draws, seeds = comparison.drawn.shape[1:3]
    yield _(
        "90 %: {draws} {belief} draws with {seeds} seed(s) each; differences under the same draw "
        "and luck. 'draws' and 'luck' are their standard deviations between draws, and between "
        "seeds within a draw{apart}; ? is an interval that holds zero: not to be told from it.",
        draws=draws,
        belief=belief(comparison.region),
        seeds=seeds,
        apart="" if seeds > 1 else _(" (--seeds 2 tells them apart)"),
    ).text(lang)
    if draws < ENOUGH:
        yield _(
            "With only {draws} draws the ends are close to the least and the most.", draws=draws
        ).text(lang)
