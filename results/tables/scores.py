"""How the model was estimated, tested and scored: tables, and pages of docs/."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.inference.diagnostics import IDENTIFIED, WEAKLY, WORDS
from xiancheng.calibration.region import Region
from xiancheng.results.tables import labels
from xiancheng.results.tables.render import markdown
from xiancheng.results.tables.table import Table
from xiancheng.results.tables.validation import hindcast_scores
from xiancheng.results.text import records
from xiancheng.results.verdict.estimate import trial_note
from xiancheng.results.verdict.forecasts import MODEL, TITLES, ForecastSet
from xiancheng.results.verdict.hindcast import RUNS, THRESHOLD
from xiancheng.results.verdict.observations import ScoredRate
from xiancheng.results.verdict.registered import REGISTERED, ROUNDS, ScoreSettings

Account = Mapping[str, Any]
MOVED = 0.3  # of the way from a prior's median to its 5 or 95 %; half a standard deviation
LEAST_WEIGHT = 0.005  # of a forecast in a mixture: smaller ones are not named
MARK = "<!-- scores -->\n"  # what follows in a page is kept: registered scores, as they came out


# Hindcast


def hindcast_tables(account: Account, pack: Region, lang: str) -> list[Table]:
    """The scores of what was left out, and the forecasts of the region's counties.

    Parameters
    ----------
    account : of `verdict.hindcast.account`
    """
    settings = hindcast_settings(account).text(lang)
    tables = []
    for by in dict.fromkeys(row["left_out"] for row in account["scores"]):
        word = labels.label("left_out", by, lang)
        title = labels.label("phrases", "left_out", lang, by=word)
        scores = [row for row in account["scores"] if row["left_out"] == by]
        scores.sort(key=lambda row: row["crps"])
        tables.append(hindcast_scores(scores, lang, f"{title} · {settings}"))
    if account["permuted"]:
        tables.append(permuted(account, lang))
    if account["auxiliary"]:
        tables.append(auxiliary(account, lang))
    for name, rows in account["counties"].items():
        title = f"{pack.title(lang)} · {TITLES[name].text(lang)} · {settings}"
        tables.append(county_forecasts(rows, pack, lang, title))
    return tables


def county_forecasts(
    forecasts: Sequence[Account], pack: Region, lang: str, title: str = ""
) -> Table:
    """A row for each of the region's own counties: forecast and census."""
    names = {c.code: c.text(lang) for c in pack.counties}
    rows = [
        {**row, "county": names[row["unit_code"]],
         **{f"inner_{p}": f"{row[f'low_{p}']:.1f} – {row[f'high_{p}']:.1f}" for p in (80, 95)}}
        for row in forecasts
    ]  # fmt: skip
    return labels.table("county_forecasts", rows, lang, title=title or " ")


def signs(account: Account, pack: Region, lang: str) -> Table:
    """A row for each county and part: growth forecast and observed, and their signs."""
    names = {c.code: c.text(lang) for c in pack.counties}
    word = labels.labels("growth_parts", lang)
    rows = [
        {**row, "county": names[row["unit_code"]], "part": word[row["part"]],
         "inner_95": f"{row['low_95']:+.0f} – {row['high_95']:+.0f}",
         **{key: word["yes" if row[key] else "no"] for key in ("right", "inside")}}
        for row in account["signs"]
    ]  # fmt: skip
    return labels.table("signs", rows, lang, title=" ")


def auxiliary(account: Account, lang: str) -> Table:
    """A row for each auxiliary regression: the slope of the censuses beside that of the model."""
    rows = [
        {**row, "change": labels.label("auxiliary", row["name"], lang),
         "inner_90": "–" if row["low"] is None else f"{row['low']:+.3f} – {row['high']:+.3f}"}
        for row in account["auxiliary"]
    ]  # fmt: skip
    return labels.table("auxiliary", rows, lang)


def permuted(account: Account, lang: str) -> Table:
    """What is left of the structural gap where structure is that of other counties."""
    rows = [
        {**row, "left_out": labels.label("left_out", row["left_out"], lang)}
        for row in account["permuted"]
    ]
    return labels.table("permuted", rows, lang)


def hindcast_settings(account: Account) -> Words:
    """The number of units held out, and the settings that decide the numbers."""
    chosen, units = account["settings"], account["units"]
    prefix = "" if chosen["pool"] is None else "pool_"
    return _both(
        "validation/settings", units=units, pool=chosen["pool"], runs=chosen[f"{prefix}runs"],
        scale=chosen[f"{prefix}scale"], seed=chosen["seed"],
    )  # fmt: skip


def registered_scores(file: Path) -> str:
    """The text from `MARK` on in a page that is written anew; empty if there is none."""
    if not file.is_file():
        return ""
    __, mark, scores = file.read_text(encoding="utf-8").partition(MARK)
    return f"\n{mark}{scores}" if mark else ""


def findings(scores: Sequence[Account]) -> list[dict[str, Any]]:
    """Who is best at the level, by what was left out: CRPS of the model and the best simple one.

    Returns
    -------
    `by`, what was left out; CRPS [points]: `estimate` of the model, its `runs` without errors, and
    `best` of the simple forecasts
    """
    found = []
    for name in dict.fromkeys(row["left_out"] for row in scores):
        crps = {row["forecaster"]: row["crps"] for row in scores if row["left_out"] == name}
        found.append({
            "by": Words(*(labels.label("left_out", name, lang) for lang in ("zh", "en"))),
            "estimate": crps.pop(MODEL), "runs": crps.pop(RUNS), "best": min(crps.values()),
        })  # fmt: skip
    return found


def validation_page(account: Account, pack: Region) -> str:
    """The page docs/validation.md, Chinese with English beside it."""
    trial = account["trial"]
    by: dict[str, list[Account]] = {}
    for row in sorted(account["scores"], key=lambda row: row["crps"]):
        by.setdefault(row["left_out"], []).append(row)
    order = dict.fromkeys(row["left_out"] for row in account["scores"])
    return _page(
        "validation.md", account=account, pack=pack, trial=trial and trial_note(trial),
        findings=findings(account["scores"]), settings=hindcast_settings(account),
        threshold=THRESHOLD, titles=TITLES, least=LEAST_WEIGHT,
        scores={
            Words(*(labels.label("left_out", name, lang) for lang in ("zh", "en"))):
            _bilingual(hindcast_scores, by[name])
            for name in order
        },
        counties={
            name: _bilingual(county_forecasts, rows, pack)
            for name, rows in account["counties"].items()
        },
        signs=_bilingual(signs, account, pack),
        auxiliary=_bilingual(auxiliary, account) if account["auxiliary"] else "",
        permuted=_bilingual(permuted, account) if account["permuted"] else "",
    )  # fmt: skip


# Scores of forecasts


def score_cases(cases: "pd.DataFrame", lang: str) -> Table:
    """A row for each observation and forecaster."""
    rows = [
        {**row, "place": labels.county(row, lang),
         "date": str(row["date"]), "forecaster": TITLES[row["forecaster"]].text(lang),
         "band": f"{row['low_80']:.1f}–{row['high_80']:.1f}" + ("" if row["inside"] else " ✗")}
        for row in records(cases)
    ]  # fmt: skip
    return labels.table("score_cases", rows, lang)


def scores(found: "pd.DataFrame", lang: str) -> list[Table]:
    """A row for each forecaster; coverage with its binomial error; counties alone and together."""
    return [
        labels.table(
            "scores",
            [
                {**row, "forecaster": TITLES[row["forecaster"]].text(lang),
                 **{name: f"{row[name]:.0%} ±{row[name + '_error']:.0%}"
                    for name in ("covered_50", "covered_80", "covered_95")}}
                for row in records(rows)
            ],
            lang, title=labels.label("scores_over", str(over), lang, n=rows["cases"].iloc[0]),
        )
        for over, rows in found.groupby("over", sort=False)
    ]  # fmt: skip


def registered(settings: ScoreSettings, digests: Mapping[str, str | None], lang: str) -> Table:
    """The settings and the digests that registration names."""
    none = labels.label("phrases", "no_digest", lang)
    rows = [{"item": name, "value": str(value)} for name, value in settings.row().items()]
    rows += [{"item": f"sha256 {name}", "value": value or none} for name, value in digests.items()]
    return labels.table("registered", rows, lang)


def score_notes(
    found: ForecastSet, observed: Sequence[ScoredRate], settings: ScoreSettings, lang: str
) -> list[str]:
    """Notes that belong to every table of scores."""
    changed = {k: v for k, v in asdict(settings).items() if v != getattr(REGISTERED, k)}
    if settings.cutoff in ROUNDS:
        changed.pop("cutoff", None)
    return labels.paragraphs(
        "validation/score", lang, sample=found.model.posterior is not None, titles=TITLES,
        changed=[f"{k}={v}" for k, v in changed.items()], with_plan=found.model.with_plan,
        weights={n: w for n, w in found.weights.items() if w >= LEAST_WEIGHT}, n=len(observed),
    )  # fmt: skip


# Estimates


def estimated_parameters(account: Account, lang: str) -> Table:
    """Before and after the data, a row for each estimated parameter."""
    rows = [
        {"parameter": f"{row['name']} {row[lang]}", "prior": _range(row["prior"]),
         "posterior": _range(row["posterior"]), "contraction": row["contraction"],
         "verdict": _word(row).text(lang)}
        for row in account["parameters"]
    ]  # fmt: skip
    return labels.table("estimated_parameters", rows, lang)


def estimated_errors(account: Account, lang: str) -> Table:
    """The size of what the model leaves out, a row for each summary."""
    rows = [
        {"summary": row["name"], "prior": f"{row['prior'][1]:.3g}",
         "posterior": _range(row["posterior"])}
        for row in account["errors"]
    ]  # fmt: skip
    return labels.table("estimated_errors", rows, lang)


def _word(row: Account) -> Words:
    """The verdict on a parameter; a median may move without the interval getting narrower."""
    (low, middle, high), after = row["prior"], row["posterior"][1]
    way = high - middle if after > middle else middle - low
    if row["word"] == "not" and abs(after - middle) >= MOVED * way:
        return _("moved, no narrower")
    return WORDS[row["word"]]


def _range(values: Iterable[float]) -> str:
    return " · ".join(f"{value:.3g}" for value in values)


def identifiability_page(account: Account) -> str:
    """The page docs/identifiability.md, Chinese with English beside it."""
    software = {"model": None, **account["software"]}
    given = {"full_scale": [], **account, "software": software}  # before 2026-11-30: neither
    return _page(
        "identifiability.md", account=given, words=WORDS, identified=IDENTIFIED, weakly=WEAKLY,
        code=str(software["code"] if "code" in software else software["simulation_code"]),
        parameters=_bilingual(estimated_parameters, account),
        errors=_bilingual(estimated_errors, account),
    )  # fmt: skip


# Pages


def _page(name: str, **values: Any) -> str:
    """A page in both languages at once."""
    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    environment.filters["f"] = format
    return environment.from_string(labels.read(f"text/pages/{name}")).render(**values)


def _bilingual(make: Callable[..., Table], *about: Any) -> str:
    """A table in Markdown, each cell in both languages; `make(*about, lang)` makes it in one."""
    return markdown(make(*about, "zh"), make(*about, "en"))


def _both(name: str, **values: Any) -> Words:
    return Words(*(labels.sentence(name, lang, **values) for lang in ("zh", "en")))
