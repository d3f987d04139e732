"""The record of a hindcast, the model and simple forecasts, good or bad: tables and the page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import Region
from xiancheng.results.forecasts.forecasting import TITLES
from xiancheng.results.knowing import hindcasting
from xiancheng.results.knowing.estimating import Settings, shortfalls, trial
from xiancheng.results.knowing.hindcasting import MODEL, STACKED, THRESHOLD, Hindcast
from xiancheng.results.store.record import software
from xiancheng.results.tables.labels import label
from xiancheng.results.tables.render import bilingual, markdown_lines

PARTS = {
    "urban_growth": _("urban residents"),
    "rural_growth": _("rural residents"),
    "residents_growth": _("residents"),
}


MARK = "<!-- scores -->\n"  # what follows in a page is kept: registered scores, as they came out


def registered(file: Path) -> str:
    """What stands from `MARK` on in a page that is written anew; empty if there is none."""
    if not file.is_file():
        return ""
    __, mark, scores = file.read_text(encoding="utf-8").partition(MARK)
    return f"\n{mark}{scores}" if mark else ""


def account(
    chosen: Settings, pack: Region, found: Sequence[Hindcast], change: Mapping[str, Any],
    synthetic: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Everything a hindcast gave, JSON-ready."""
    first, last = found[0], found[-1]
    inside = np.isin(first.panel.codes, [county.code for county in pack.counties])
    return {
        "software": software().model_dump(),
        "settings": asdict(chosen),
        "trial": shortfalls(chosen, own=False),
        "units": len(first.panel),
        "years": [str(day) for day in first.panel.dates],
        "scores": [row for each in found for row in each.rows()],
        "own": [
            {"forecaster": name, "mae": s.mae, "bias": s.bias, "crps": s.crps}
            for name, s in last.scores(inside).items()
        ],
        "weights": first.weights(),
        "counties": {name: last.counties(name, inside) for name in (STACKED, MODEL)},
        "signs": hindcasting.signs(last, change, inside),
        "synthetic": dict(synthetic),
    }


def settings_of(told: Mapping[str, Any]) -> Words:
    """How many units were left out, and the settings that decide the numbers."""
    chosen, units = told["settings"], told["units"]
    pool = chosen["pool"]
    prefix = "" if pool is None else "pool_"
    runs, scale = chosen[f"{prefix}runs"], chosen[f"{prefix}scale"]
    return _(
        "{units} county units, {pool}, {runs} runs at scale {scale:g}, seed {seed}",
        units=units,
        pool=(_("no pool") if pool is None else _("pool {pool}", pool=pool)),
        runs=runs,
        scale=scale,
        seed=chosen["seed"],
    )


SCORES = {
    "forecaster": _("forecaster"),
    "mae": _("MAE (points)"),
    "bias": _("bias"),
    "crps": Words("CRPS", "CRPS"),
    "model_skill": _("model's skill against it"),
    "cover_50": _("50 % cover"),
    "cover_80": _("80 % cover"),
    "cover_95": _("95 % cover"),
    "brier": Words("Brier", "Brier"),
}


def lines(scores: Sequence[Mapping[str, Any]], lang: str) -> tuple[list[str], list[list[str]]]:
    """A row for each forecaster, the smallest CRPS first."""
    rows = []
    for row in sorted(scores, key=lambda row: row["crps"]):
        cells = {"forecaster": TITLES[row["forecaster"]].said(lang)}
        cells |= {name: f"{row[name]:.2f}" for name in ("mae", "crps", "brier")}
        cells["bias"] = f"{row['bias']:+.2f}"
        against = row["model_skill"]
        cells["model_skill"] = "–" if against is None else f"{against:+.2f}"
        cells |= {name: f"{row[name]:.0%}" for name in SCORES if name.startswith("cover_")}
        rows.append([cells[name] for name in SCORES])
    return [head.said(lang) for head in SCORES.values()], rows


def county_lines(
    told: Sequence[Mapping[str, Any]], pack: Region, lang: str
) -> tuple[list[str], list[list[str]]]:
    """A row for each of the region's own counties: what was said of it, and what came out."""
    names = {c.code: c.said(lang) for c in pack.counties}
    heads = (
        _("county"), _("start"), _("median"),
        _("80 % interval"), _("95 % interval"),
        _("census"),
    )  # fmt: skip
    rows = [
        [
            names[row["unit_code"]], f"{row['begun']:.2f}", f"{row['median']:.2f}",
            f"{row['low_80']:.1f} – {row['high_80']:.1f}",
            f"{row['low_95']:.1f} – {row['high_95']:.1f}", f"{row['seen']:.2f}",
        ]
        for row in told
    ]  # fmt: skip
    return [head.said(lang) for head in heads], rows


def sign_lines(
    told: Mapping[str, Any], pack: Region, lang: str
) -> tuple[list[str], list[list[str]]]:
    """A row for each county and part: growth said and seen, and whether the sign is right."""
    names = {c.code: c.said(lang) for c in pack.counties}
    yes, no = _("yes").said(lang), _("**no**").said(lang)
    heads = (
        _("county"), _("part"), _("model's median"),
        _("95 % interval"), _("census"),
        _("sign right"), _("inside"),
    )  # fmt: skip
    rows = [
        [
            names[row["unit_code"]], PARTS[row["part"]].said(lang), f"{row['median']:+.1f}",
            f"{row['low_95']:+.0f} – {row['high_95']:+.0f}", f"{row['seen']:+.1f}",
            yes if row["right"] else no, yes if row["inside"] else no,
        ]
        for row in told["signs"]
    ]  # fmt: skip
    return [head.said(lang) for head in heads], rows


NOTES = (
    "县太少，分不出预测者的高下：水平用哪一个，是按全省留出的结果定的。",
    "These are too few counties to tell forecasters apart: what carries the level was chosen by",
    "the counties of the province left out.",
    "",
    "这里的模型是加上误差项的估计，省的总水平取自其余各县；`score` 里的 `model`",
    "是后验抽样的运行本身，",
    "没有这一层，两者的覆盖率不能互换。",
    "The model here is its estimate with errors added, the level of the province read off the",
    "other counties; the `model` of `score` is the runs of the posterior as they are, and",
    "coverage does not carry over.",
)


def page(told: Mapping[str, Any], pack: Region) -> str:
    """The page docs/validation.md, Chinese with English beside it."""
    synthetic = told["synthetic"]
    best = min((r for r in told["scores"] if r["forecaster"] != MODEL), key=lambda r: r["crps"])
    mine = next(r for r in told["scores"] if r["forecaster"] == MODEL)
    better = mine["crps"] < best["crps"]
    short, what = told["trial"], settings_of(told)
    if short:
        found = f"{trial(short).zh}。{trial(short).en}."
    elif better:
        found = "模型的 CRPS 低于所有简单预测。The model's CRPS is below every simple forecast's."
    else:
        found = (
            "简单预测在水平上更好：水平由它们给出，模型只给出差异与分解。"
            "A simple forecast is better at the level: they carry the level, the model gives "
            "differences and their decomposition."
        )
    out = [
        "# 检验记录（试运行，不是结果） · The record (a trial, not a result)"
        if short
        else "# 检验记录 · The record",
        "",
        "本页由 `xiancheng hindcast --write` 写成，结果照录，不经手工修改。",
        "Written by `xiancheng hindcast --write`, as it came out; not edited by hand.",
        "",
        f"code {told['software']['simulation_code'][:16]} · "
        f"{told['years'][0]} → {told['years'][1]} · {what.zh} · {what.en}",
        "",
        "参数与遗漏的大小只由其余各县估计，被预测的县（或其所在市）自己的记录不参与。模型的规则和先验"
        "是在看到过这两次普查之后写成的，所以这是留出检验，不是盲测；盲测见 preregistration.md。",
        "Parameters and errors are estimated from the other counties only. The rules and priors "
        "were written by people who had seen both censuses: this is a test on counties left out, "
        "not a blind one. The blind one is in preregistration.md.",
        "",
        f"**{found}**",
        "",
        "![](pictures/validation.svg)",
        "",
    ]
    for by in dict.fromkeys(row["left_out"] for row in told["scores"]):
        words = Words(label("left_out", by, "zh"), label("left_out", by, "en"))
        out += [f"## {words.zh}留出 · {words.en} left out", ""]
        rows = [row for row in told["scores"] if row["left_out"] == by]
        out += [*markdown_lines(*bilingual(lines, rows)), ""]
        if short:
            out += [f"**{found}**", ""]
    out += [
        "叠加一行就是判定所用的水平：给每个被留出者的权重只由其余各县得出。",
        "The row 'stacked' is the level that verdicts use: the weights for what is left out come "
        "from the other counties.",
        "",
        f"Brier：十年上升是否达到 {THRESHOLD:g} 点。whether the rate rose by {THRESHOLD:g} points.",
        "",
        "混合权重（CRPS 最小）· weights of a mixture with the least CRPS: "
        + ", ".join(f"{TITLES[n].zh} {TITLES[n].en} {w:.2f}"
                    for n, w in told["weights"].items() if w > 0.005),
        "",
        f"## {pack.title_zh} · {pack.title_en}",
        "",
        *(line for name, rows in told["counties"].items() for line in (
            f"### {TITLES[name].zh} {TITLES[name].en}", "",
            *markdown_lines(*bilingual(county_lines, rows, pack)), "",
        )),
        *NOTES,
        "",
        *markdown_lines(
            ["预测者 forecaster", "MAE", "bias", "CRPS"],
            [[f"{TITLES[r['forecaster']].zh} {TITLES[r['forecaster']].en}", f"{r['mae']:.2f}",
              f"{r['bias']:+.2f}", f"{r['crps']:.2f}"] for r in told["own"]],
        ),
        "",
        "各部分的增长（100 × 对数）· Growth of the parts (100 log points)",
        "",
        *markdown_lines(*bilingual(sign_lines, told, pack)),
        "",
        "## 人造数据 · Synthetic truth",
        "",
        f"在 {synthetic['predictions']} 个留出的人造预测中，50%、80%、95% 区间含真值的比例 "
        "shares of intervals that contain the truth: "
        + ", ".join(f"{float(k):.0%}: {v:.0%}" for k, v in synthetic["coverage"].items()),
        "",
    ]  # fmt: skip
    return "\n".join(out) + "\n"


def csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as a CSV file that opens in a spreadsheet."""
    import pandas as pd

    return pd.DataFrame(list(rows)).to_csv(index=False).encode("utf-8-sig")
