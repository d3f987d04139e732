"""Tables of `xiancheng hindcast`, and the page docs/validation.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import Region
from xiancheng.results.tables.labels import label
from xiancheng.results.tables.render import Lines, bilingual, markdown_text, template
from xiancheng.results.verdict.estimate import trial_note
from xiancheng.results.verdict.forecasts import MODEL, TITLES
from xiancheng.results.verdict.hindcast import THRESHOLD

PARTS = {
    "urban_growth": _("urban residents"),
    "rural_growth": _("rural residents"),
    "residents_growth": _("residents"),
}


def settings_of(record: Mapping[str, Any]) -> Words:
    """The number of units held out, and the settings that decide the numbers."""
    chosen, units = record["settings"], record["units"]
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


def score_lines(scores: Sequence[Mapping[str, Any]], lang: str) -> Lines:
    """A row for each forecaster, the smallest CRPS first."""
    rows = []
    for row in sorted(scores, key=lambda row: row["crps"]):
        cells = {"forecaster": TITLES[row["forecaster"]].text(lang)}
        cells |= {name: f"{row[name]:.2f}" for name in ("mae", "crps", "brier")}
        cells["bias"] = f"{row['bias']:+.2f}"
        against = row["model_skill"]
        cells["model_skill"] = "–" if against is None else f"{against:+.2f}"
        cells |= {name: f"{row[name]:.0%}" for name in SCORES if name.startswith("cover_")}
        rows.append([cells[name] for name in SCORES])
    return [head.text(lang) for head in SCORES.values()], rows


def county_lines(record: Sequence[Mapping[str, Any]], pack: Region, lang: str) -> Lines:
    """A row for each of the region's own counties: forecast and census."""
    names = {c.code: c.text(lang) for c in pack.counties}
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
        for row in record
    ]  # fmt: skip
    return [head.text(lang) for head in heads], rows


def sign_lines(record: Mapping[str, Any], pack: Region, lang: str) -> Lines:
    """A row for each county and part: growth forecast and observed, and their signs."""
    names = {c.code: c.text(lang) for c in pack.counties}
    yes, no = _("yes").text(lang), _("**no**").text(lang)
    heads = (
        _("county"), _("part"), _("model's median"),
        _("95 % interval"), _("census"),
        _("sign right"), _("inside"),
    )  # fmt: skip
    rows = [
        [
            names[row["unit_code"]], PARTS[row["part"]].text(lang), f"{row['median']:+.1f}",
            f"{row['low_95']:+.0f} – {row['high_95']:+.0f}", f"{row['seen']:+.1f}",
            yes if row["right"] else no, yes if row["inside"] else no,
        ]
        for row in record["signs"]
    ]  # fmt: skip
    return [head.text(lang) for head in heads], rows


MARK = "<!-- scores -->\n"  # what follows in a page is kept: registered scores, as they came out


def registered_scores(file: Path) -> str:
    """The text from `MARK` on in a page that is written anew; empty if there is none."""
    if not file.is_file():
        return ""
    __, mark, scores = file.read_text(encoding="utf-8").partition(MARK)
    return f"\n{mark}{scores}" if mark else ""


def page(record: Mapping[str, Any], pack: Region) -> str:
    """The page docs/validation.md, Chinese with English beside it."""
    short, synthetic = record["trial"], record["synthetic"]
    finding = _finding(record)
    scores = []
    for by in dict.fromkeys(row["left_out"] for row in record["scores"]):
        rows = [row for row in record["scores"] if row["left_out"] == by]
        held_out = Words(*(label("left_out", by, lang) for lang in ("zh", "en")))
        title = _("{by} left out", by=held_out)
        scores += [f"## {title.zh} · {title.en}", markdown_text(*bilingual(score_lines, rows))]
        scores += [f"**{finding}**"] if short else []
    counties = [
        f"### {_title(name)}\n\n{markdown_text(*bilingual(county_lines, rows, pack))}\n"
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
        trial=_(" (a trial, not a result)") if short else Words("", ""),
        code=record["software"]["simulation_code"],
        years=record["years"],
        settings_zh=what.text("zh"),
        settings_en=what.text("en"),
        finding=finding,
        scores="".join(f"{each}\n\n" for each in scores).removesuffix("\n"),
        threshold=THRESHOLD,
        weights=", ".join(weights),
        pack=pack,
        counties="\n".join(counties),
        own=markdown_text(["预测者 forecaster", "MAE", "bias", "CRPS"], own),
        signs=markdown_text(*bilingual(sign_lines, record, pack)),
        synthetic=synthetic,
        coverage=", ".join(f"{float(k):.0%}: {v:.0%}" for k, v in synthetic["coverage"].items()),
    )


def _title(forecaster: str) -> str:
    return " ".join(TITLES[forecaster].text(lang) for lang in ("zh", "en"))


def _finding(record: Mapping[str, Any]) -> str:
    """Whether the model or a simple forecast has the lower CRPS; of a trial nothing."""
    if record["trial"]:
        note = trial_note(record["trial"])
        return f"{note.text('zh')}。{note.text('en')}."
    best = min(r["crps"] for r in record["scores"] if r["forecaster"] != MODEL)
    if next(r["crps"] for r in record["scores"] if r["forecaster"] == MODEL) < best:
        found = _("The model's CRPS is below every simple forecast's.")
    else:
        found = _(
            "A simple forecast is better at the level: they carry the level, "
            "the model gives differences and their decomposition."
        )
    return found.text("zh") + found.text("en")
