"""A comparison as people read it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import unknown
from xiancheng.results.analysis.compare import Comparison, outcomes
from xiancheng.results.tables.labels import ASKED, indicator, labels, percent
from xiancheng.results.tables.notes import ENOUGH, applied_elsewhere, belief, beyond
from xiancheng.scenarios.diff import applied, called
from xiancheng.scenarios.simulate import RequestError

if TYPE_CHECKING:
    import pandas as pd

WHOLE = {"persons", "jobs", "units", "yuan/year"}  # units in which decimals say nothing
USUAL = ("resident_urbanization_rate", "urban_residents")


def asked_for(names: list[str]) -> list[str]:
    """The outcomes of these names.

    Raises
    ------
    RequestError
    """
    for name in names:
        if name not in outcomes():
            raise RequestError(unknown(_("outcome"), name, outcomes()))
    return names or list(USUAL)


def title(outcome: str, lang: str) -> str:
    """An outcome in the reader's words."""
    if cause := labels("causes", lang).get(outcome.removesuffix("_pp")):
        return cause
    return indicator(outcome, lang)


def values(told: Comparison, outcome: str, lang: str) -> tuple[list[str], list[list[str]]]:
    """One outcome: a row for each group, a column for each side, and its difference."""
    frame = told.to_frame()
    own = frame[frame["outcome"] == outcome].to_dict("records")
    cells = {(row["scenario"], row["unit_code"]): row for row in own}
    digits = 2
    if outcomes()[outcome] in WHOLE:  # no finer than the rows that the model counts
        digits = -int(np.ceil(np.log10(1 / told.scale)))
    base_name = told.sides[0].name
    headers = [_("place").said(lang), base_name]
    for side in told.sides[1:]:
        headers += [side.name, f"{side.name} − {base_name}"]
        if told.drawn is not None:
            headers += ["90%", _("draws").said(lang), _("luck").said(lang)]
    rows = []
    for group in told.groups:
        base = cells[told.sides[0].name, group.code]
        row = [group.said(lang), _number(base["value"], digits)]
        for side in told.sides[1:]:
            cell = cells[side.name, group.code]
            mean = "difference" if told.drawn is None else "mean_difference"
            crosses = cell["difference_low"] < 0 < cell["difference_high"]  # never without draws
            unclear = "?" if crosses else ""
            row += [_number(cell["value"], digits), _signed(cell[mean], digits) + unclear]
            if told.drawn is not None:
                low, high = (_signed(cell[f"difference_{k}"], digits) for k in ("low", "high"))
                row += [f"{low} … {high}", *(_number(cell[k], digits) for k in SPREAD)]
        rows.append(row)
    return headers, rows


SPREAD = ("draw_sd", "seed_sd")


def targets(told: Comparison, lang: str) -> tuple[list[str], list[list[str]]]:
    """Each target with the expected rate and, where it is known, the chance to meet it, by side."""
    frame = told.verdicts()
    headers = [
        _("target").said(lang), _("deadline").said(lang),
        _("wanted").said(lang),
    ]  # fmt: skip
    for side in told.sides:
        headers.append(side.name)
        if told.judged:
            headers.append(_("P(met)").said(lang))
    if frame.empty:
        return headers, []
    rows = []
    for target in told.region.targets:
        judged = frame[frame["target"] == target.id].to_dict("records")
        own = {row["scenario"]: row for row in judged}
        if not own:
            continue
        row = [
            f"{target.id} {target.name.said(lang)}", str(target.deadline),
            f"{ASKED[target.operator]}{target.value:g}",
        ]  # fmt: skip
        for side in told.sides:
            cell = own.get(side.name)
            row.append("–" if cell is None else f"{cell['expected']:.1f}")
            if told.judged:
                row.append("–" if cell is None else percent(cell["probability"]))
        rows.append(row)
    return headers, [*rows, *_at_once(told, frame, lang)]


def _at_once(told: Comparison, frame: "pd.DataFrame", lang: str) -> Iterator[list[str]]:
    """By deadline, the chance that all targets due by then are met, where there are several."""
    days = sorted(set(frame["deadline"]))
    for day in days if told.judged else ():
        due = frame[frame["deadline"] <= day]
        if due["target"].nunique() > 1:
            row = [_("all of these met").said(lang), str(day), "–"]
            own = frame[frame["deadline"] == day].groupby("scenario")["all_met"].first()
            for side in told.sides:
                known = side.name in own and np.isfinite(own[side.name])
                row += ["–", percent(own[side.name]) if known else "–"]
            yield row


def remarks(told: Comparison, lang: str) -> Iterator[str]:
    """What has to be said wherever differences are shown."""
    base = told.sides[0].name
    named = [f"{s.name}：{called(s.scenario, told.region).zh}" for s in told.sides]
    en = [f"{s.name}: {called(s.scenario, told.region).en}" for s in told.sides]
    yield Words("；".join(named) + "。", "; ".join(en) + ".").said(lang)
    strange = [s.scenario for s in told.sides if applied(s.scenario, told.region)]
    if strange:
        yield applied_elsewhere(strange[0]).said(lang)
    until = min(side.scenario.until for side in told.sides)
    late = [t for t in told.region.targets if not t.due(told.sides[0].scenario.start, until)]
    if late:
        yield Words(
            f"各列没有都判定的目标（模拟到 {until}）："
            f"{'、'.join(f'{t.name.zh}（{t.deadline}）' for t in late)}。",
            f"Targets that are not judged in every column, which end by {until}: "
            f"{', '.join(f'{t.name.en} ({t.deadline})' for t in late)}.",
        ).said(lang)
    yield Words(
        f"{told.day} 的结果，各列为中心参数；差 = 各列 − {base}"
        + ("" if told.drawn is None else "，为各组抽样的平均")
        + f"，规模 {told.scale:g}。",
        f"At {told.day}, columns at the central parameters; differences are from {base}"
        + ("" if told.drawn is None else ", the mean over draws")
        + f"; scale {told.scale:g}.",
    ).said(lang)
    if told.known is not None:
        yield _(
            "Expected rates and chances of targets: the level is that of "
            "stacked statistical forecasts, to which each side adds the "
            "model's paired difference; all other tables are the model's own "
            "figures."
        ).said(lang)
    notes: dict[str, list[str]] = {}  # and the sides that they are of
    for side in told.sides:
        horizon = side.scenario.start, side.scenario.until
        for note in beyond(told.region, told.groups, *horizon):
            notes.setdefault(note.said(lang), []).append(side.name)
    for said, names in notes.items():
        yield _("{names}: {said}", names=listed(names), said=said).said(lang)
    apart = [s.name for i, s in enumerate(told.sides) if not told.paired(i)]
    if apart:
        yield _(
            "{apart} met another seed, draw, parameters, scale, start, data "
            "or version of the program than {base}: the difference is not "
            "paired; --draws puts all under the same draws.",
            apart=listed(apart),
            base=base,
        ).said(lang)
    if told.drawn is None:
        yield _(
            "Without draws this is the paired difference in one world and "
            "has no interval; that of a county may be noise. One over seeds "
            "alone is not the uncertainty and is never shown. Use --draws 50."
        ).said(lang)
        return
    draws, seeds = told.drawn.shape[1:3]
    yield Words(
        f"90% 区间：{draws} 组{belief(told.region).zh}参数抽样，每组 {seeds} 个种子，"
        "同一抽样、同一运气下的成对差。"
        "“参数”“运气”是成对差在抽样之间、在同一抽样的种子之间的标准差"
        + ("" if seeds > 1 else "；--seeds 2 才能分出运气")
        + "；? 表示区间含零，与零分不清。",
        f"90 %: {draws} {belief(told.region).en} draws with {seeds} seed(s) each; "
        "differences under the same draw and luck. 'draws' and 'luck' are their standard "
        "deviations between draws, and between seeds within a draw"
        + ("" if seeds > 1 else " (--seeds 2 tells them apart)")
        + "; ? is an interval that holds zero: not to be told from it.",
    ).said(lang)
    if draws < ENOUGH:
        yield _(
            "With only {draws} draws the ends are close to the least and the most.", draws=draws
        ).said(lang)


def _number(value: float, digits: int) -> str:
    return f"{_rounded(value, digits):,.{max(digits, 0)}f}" if np.isfinite(value) else "–"


def _signed(value: float, digits: int) -> str:
    return f"{_rounded(value, digits):+,.{max(digits, 0)}f}" if np.isfinite(value) else "–"


def _rounded(value: float, digits: int) -> float:
    return round(value, digits) or 0.0
