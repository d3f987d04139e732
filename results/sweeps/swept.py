"""A sweep as people read it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.region import load
from xiancheng.results import caveats
from xiancheng.results.sweeps.command import Tally
from xiancheng.scenarios.request import World
from xiancheng.scenarios.simulate import reported

if TYPE_CHECKING:
    import pandas as pd

HEADERS = {
    "scenario": Words("情景", "scenario"),
    "scale": Words("规模", "scale"),
    "county": Words("地区", "county"),
    "deadline": Words("期限", "deadline"),
    "target_rate": Words("目标", "target"),
    "runs": Words("次数", "runs"),
    "share_above_in_model": Words("模型中达标份额", "share above in the model"),
    "q05": Words("5%", "5%"),
    "q50": Words("中位", "median"),
    "q95": Words("95%", "95%"),
}


def lines(judged: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """What the runs say of the targets, as people read it: headers, and a row for each."""
    rows = []
    for row in judged.to_dict("records"):
        known = row["draws"] > 1
        cells = {name: f"{row[name]:.2f}" if known or name == "q50" else "–"
                 for name in ("q05", "q50", "q95")}  # fmt: skip
        cells |= {"scenario": row["scenario"], "runs": f"{row['runs']}"}
        cells |= {"scale": f"{row['scale']:g}", "target_rate": f"{row['target_rate']:g}"}
        cells["deadline"] = str(row["deadline"])
        cells["county"] = row["county_en" if lang == "en" else "county"]
        share = row["share_above_in_model"]
        cells["share_above_in_model"] = f"{share:.0%}" if known else "–"
        rows.append([cells[name] for name in HEADERS])
    return [each.said(lang) for each in HEADERS.values()], rows


def unjudged(worlds: Iterable[World]) -> list[Words]:
    """The targets that runs of a sweep say nothing of, a sentence each, none twice."""
    found: dict[Words, None] = {}
    for world in worlds:
        region, scenario = load(world.region), world.scenario
        groups = reported(region)
        late = caveats.unjudged(region, groups, scenario.start, scenario.until)
        found |= dict.fromkeys(late)
    return list(found)


LEVEL = Words(
    "这里是模型自己的水平，供研究参数之用，不是预测；判定见 xiancheng run、compare、seek。",
    "These are the model's own levels, for the study of parameters, and no forecast; for verdicts "
    "see xiancheng run, compare and seek.",
)


def of_part(went: Tally, runs: int, on_file: int, shard: tuple[int, int]) -> tuple[str, str]:
    """How a shard went while others are to come: no figure of a part is compared."""
    i, n = shard
    ready = went.done + went.kept
    return (
        f"第 {i}/{n} 份：全部 {runs} 次中，本份完成 {ready}（新算 {went.done}），失败 "
        f"{len(went.failed)}，文件夹中共有 {on_file}；各份都完成后，最后一份给出结果与集合摘要",
        f"shard {i} of {n}: {ready} of {runs} done ({went.done} of them computed now), "
        f"{len(went.failed)} failed, {on_file} on file; once all are there, the last shard "
        "prints the results and the set digest",
    )


def tally(went: Tally, digest: str) -> tuple[str, str]:
    """How a sweep went, in Chinese and English."""
    failed = len(went.failed)
    return (
        f"新算 {went.done}，已有 {went.kept}，失败 {failed}；集合摘要 {digest}",
        f"{went.done} computed, {went.kept} kept, {failed} failed; set {digest}",
    )
