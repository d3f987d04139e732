"""Tables of `xiancheng hindcast`, and the page docs/validation.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.region import Region
from xiancheng.results.contents.words import LEFT_OUT
from xiancheng.results.markdown import Lines, both, markdown, template
from xiancheng.results.verdict.estimate import trial_note
from xiancheng.results.verdict.forecasts import MODEL, TITLES
from xiancheng.results.verdict.hindcast import THRESHOLD

PARTS = {
    "urban_growth": Words("城镇常住人口", "urban residents"),
    "rural_growth": Words("乡村常住人口", "rural residents"),
    "residents_growth": Words("常住人口", "residents"),
}


def settings_of(record: Mapping[str, Any]) -> Words:
    """The number of units held out, and the settings that decide the numbers."""
    chosen, units = record["settings"], record["units"]
    pool = chosen["pool"]
    prefix = "" if pool is None else "pool_"
    runs, scale = chosen[f"{prefix}runs"], chosen[f"{prefix}scale"]
    return Words(
        f"{units} 个县级单位，{'不借用周边各县' if pool is None else f'周边区域包 {pool}'}，"
        f"{runs} 次运行，规模 {scale:g}，种子 {chosen['seed']}",
        f"{units} county units, {'no pool' if pool is None else f'pool {pool}'}, {runs} runs at "
        f"scale {scale:g}, seed {chosen['seed']}",
    )


SCORES = {
    "forecaster": Words("预测者", "forecaster"),
    "mae": Words("平均绝对误差（点）", "MAE (points)"),
    "bias": Words("偏差", "bias"),
    "crps": Words("CRPS", "CRPS"),
    "model_skill": Words("模型对其技巧", "model's skill against it"),
    "cover_50": Words("50% 覆盖", "50 % cover"),
    "cover_80": Words("80% 覆盖", "80 % cover"),
    "cover_95": Words("95% 覆盖", "95 % cover"),
    "brier": Words("Brier", "Brier"),
}


def score_lines(scores: Sequence[Mapping[str, Any]], lang: str) -> Lines:
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


def county_lines(record: Sequence[Mapping[str, Any]], pack: Region, lang: str) -> Lines:
    """A row for each of the region's own counties: forecast and census."""
    names = {c.code: c.said(lang) for c in pack.counties}
    heads = (
        Words("县", "county"), Words("起点", "start"), Words("中位", "median"),
        Words("80% 区间", "80 % interval"), Words("95% 区间", "95 % interval"),
        Words("普查", "census"),
    )  # fmt: skip
    rows = [
        [
            names[row["unit_code"]], f"{row['begun']:.2f}", f"{row['median']:.2f}",
            f"{row['low_80']:.1f} – {row['high_80']:.1f}",
            f"{row['low_95']:.1f} – {row['high_95']:.1f}", f"{row['seen']:.2f}",
        ]
        for row in record
    ]  # fmt: skip
    return [head.said(lang) for head in heads], rows


def sign_lines(record: Mapping[str, Any], pack: Region, lang: str) -> Lines:
    """A row for each county and part: growth forecast and observed, and their signs."""
    names = {c.code: c.said(lang) for c in pack.counties}
    yes, no = Words("是", "yes").said(lang), Words("**否**", "**no**").said(lang)
    heads = (
        Words("县", "county"), Words("部分", "part"), Words("模型中位", "model's median"),
        Words("95% 区间", "95 % interval"), Words("普查", "census"),
        Words("符号对", "sign right"), Words("在区间内", "inside"),
    )  # fmt: skip
    rows = [
        [
            names[row["unit_code"]], PARTS[row["part"]].said(lang), f"{row['median']:+.1f}",
            f"{row['low_95']:+.0f} – {row['high_95']:+.0f}", f"{row['seen']:+.1f}",
            yes if row["right"] else no, yes if row["inside"] else no,
        ]
        for row in record["signs"]
    ]  # fmt: skip
    return [head.said(lang) for head in heads], rows


def page(record: Mapping[str, Any], pack: Region) -> str:
    """The page docs/validation.md, Chinese with English beside it."""
    short, synthetic = record["trial"], record["synthetic"]
    finding = _finding(record)
    scores = []
    for by in dict.fromkeys(row["left_out"] for row in record["scores"]):
        rows = [row for row in record["scores"] if row["left_out"] == by]
        scores += [f"## {LEFT_OUT[by].said('zh')}留出 · {LEFT_OUT[by].said('en')} left out",
                   markdown(*both(score_lines, rows))]  # fmt: skip
        scores += [f"**{finding}**"] if short else []
    counties = [
        f"### {_title(name)}\n\n{markdown(*both(county_lines, rows, pack))}\n"
        for name, rows in record["counties"].items()
    ]
    own = [
        [
            _title(row["forecaster"]),
            f"{row['mae']:.2f}",
            f"{row['bias']:+.2f}",
            f"{row['crps']:.2f}",
        ]
        for row in record["own"]
    ]
    weights = [f"{_title(name)} {w:.2f}" for name, w in record["weights"].items() if w > 0.005]
    what = settings_of(record)
    return template("validation.md").format(
        trial_zh="（试运行，不是结果）" if short else "",
        trial_en=" (a trial, not a result)" if short else "",
        code=record["software"]["simulation_code"],
        years=record["years"],
        settings_zh=what.said("zh"),
        settings_en=what.said("en"),
        finding=finding,
        scores="".join(f"{each}\n\n" for each in scores).removesuffix("\n"),
        threshold=THRESHOLD,
        weights=", ".join(weights),
        pack=pack,
        counties="\n".join(counties),
        own=markdown(["预测者 forecaster", "MAE", "bias", "CRPS"], own),
        signs=markdown(*both(sign_lines, record, pack)),
        synthetic=synthetic,
        coverage=", ".join(f"{float(k):.0%}: {v:.0%}" for k, v in synthetic["coverage"].items()),
    )


def _title(forecaster: str) -> str:
    return " ".join(TITLES[forecaster].said(lang) for lang in ("zh", "en"))


def _finding(record: Mapping[str, Any]) -> str:
    """Whether the model or a simple forecast has the lower CRPS; of a trial nothing."""
    if record["trial"]:
        note = trial_note(record["trial"])
        return f"{note.said('zh')}。{note.said('en')}."
    best = min(r["crps"] for r in record["scores"] if r["forecaster"] != MODEL)
    if next(r["crps"] for r in record["scores"] if r["forecaster"] == MODEL) < best:
        found = Words(
            "模型的 CRPS 低于所有简单预测。", "The model's CRPS is below every simple forecast's."
        )
    else:
        found = Words(
            "简单预测在水平上更好：水平由它们给出，模型只给出差异与分解。",
            "A simple forecast is better at the level: they carry the level, the model gives "
            "differences and their decomposition.",
        )
    return found.said("zh") + found.said("en")
