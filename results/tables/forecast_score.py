"""Tables of `xiancheng score`: observations, scores, registered settings, and notes."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.results.tables.render import Lines
from xiancheng.results.verdict.forecasts import TITLES, ForecastSet
from xiancheng.results.verdict.observations import ScoredRate
from xiancheng.results.verdict.registered import REGISTERED, ROUNDS, ScoreSettings

if TYPE_CHECKING:
    import pandas as pd

CASES = {
    "place": _("place"),
    "date": _("date"),
    "start": _("start %"),
    "observed": _("published %"),
    "forecaster": _("forecaster"),
    "median": _("median %"),
    "band": _("80% interval"),
    "error": _("error (points)"),
}
SUMMARY = {
    "forecaster": _("forecaster"),
    "mae": _("MAE"),
    "bias": _("bias"),
    "crps": Words("CRPS", "CRPS"),
    "covered_50": _("in 50%"),
    "covered_80": _("in 80%"),
    "covered_95": _("in 95%"),
    "brier": _("Brier"),
    "skill_of_meld": _("skill of meld"),
    "skill_of_model": _("skill of model"),
}
OVER = {
    "counties": _("each forecaster, {} of single counties"),
    "together": _("each forecaster, {} of counties together"),
}


def case_lines(each: "pd.DataFrame", lang: str) -> Lines:
    """A row for each observation and forecaster."""
    rows = []
    for row in each.to_dict("records"):
        shown = {
            "place": row["county" if lang == "zh" else "county_en"],
            "date": str(row["date"]),
            "forecaster": TITLES[row["forecaster"]].text(lang),
            "band": f"{row['low']:.1f}–{row['high']:.1f}" + ("" if row["inside"] else " ✗"),
            "error": f"{row['error']:+.2f}",
            **{name: f"{row[name]:.2f}" for name in ("start", "observed", "median")},
        }
        rows.append([shown[name] for name in CASES])
    return [words.text(lang) for words in CASES.values()], rows


def score_lines(overall: "pd.DataFrame", lang: str) -> Lines:
    """A row for each forecaster; coverage with its binomial error."""
    rows = []
    for row in overall.to_dict("records"):
        shown = {"forecaster": TITLES[row["forecaster"]].text(lang)}
        for name in ("mae", "crps", "brier"):
            shown[name] = f"{row[name]:.2f}" if np.isfinite(row[name]) else "–"
        for name in ("bias", "skill_of_meld", "skill_of_model"):
            shown[name] = f"{row[name]:+.2f}"
        for name in ("covered_50", "covered_80", "covered_95"):
            shown[name] = f"{row[name]:.0%} ±{row[name + '_error']:.0%}"
        rows.append([shown[name] for name in SUMMARY])
    return [words.text(lang) for words in SUMMARY.values()], rows


def registered_lines(settings: ScoreSettings, digests: dict[str, str | None], lang: str) -> Lines:
    """The settings and the digests that registration names."""
    rows = [[name, str(value)] for name, value in settings.row().items()]
    none = _("none: draws of the priors").text(lang)
    rows += [[f"sha256 {name}", value or none] for name, value in digests.items()]
    return [_("item").text(lang), _("value").text(lang)], rows


def notes(
    made: ForecastSet, observed: Sequence[ScoredRate], settings: ScoreSettings
) -> Iterator[Words]:
    """Notes that belong to every table of scores."""
    if made.model.posterior is None:
        yield _(
            "Mind: the pack holds no posterior sample; the model's "
            "parameters are drawn from priors, not estimated. This is not "
            "the registered scoring."
        )
    changed = {k: v for k, v in asdict(settings).items() if v != getattr(REGISTERED, k)}
    if settings.cutoff in ROUNDS:
        changed.pop("cutoff", None)
    if changed:
        yield _(
            "These are not the registered settings: {changed}.",
            changed=listed(f"{k}={v}" for k, v in changed.items()),
        )
    if not made.model.with_plan:
        yield _(
            "At the cut-off the plan had not been issued, or the pack has no "
            "targets: neither the model nor the meld holds it."
        )
    weights = {n: w for n, w in made.weights.items() if w >= 0.005}
    each = [
        _("{forecaster} {weight:.2f}", forecaster=TITLES[n], weight=w) for n, w in weights.items()
    ]
    yield _(
        "Stack: {weights}",
        weights=Words("，".join(w.zh for w in each), ", ".join(w.en for w in each)),
    )
    yield _(
        "The {n} observations depend on each other: errors of coverage are "
        "lower bounds, and nothing is tested. Errors and CRPS are points of "
        "the change since the last census.",
        n=len(observed),
    )
    yield _(
        "Published yearly county rates are smoothed towards the prefecture: "
        "small errors are no proof of skill. Growth slowed after 2020, so "
        "what 2010 to 2020 tells will mostly be high."
    )
