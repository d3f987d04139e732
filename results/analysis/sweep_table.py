"""A sweep as people read it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.sweep import Tally
from xiancheng.results.tables import verdicts
from xiancheng.scenarios.run_spec import RunSpec

if TYPE_CHECKING:
    import pandas as pd

HEADERS = {
    "scenario": _("scenario"),
    "scale": _("scale"),
    "county": _("county", "place"),
    "deadline": _("deadline"),
    "target_rate": _("target"),
    "runs": _("runs"),
    "share_above_in_model": _("share above in the model"),
    "q05": Words("5%", "5%"),
    "q50": _("median"),
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
    return [each.text(lang) for each in HEADERS.values()], rows


def unjudged(specs: Iterable[RunSpec], lang: str) -> list[str]:
    """The targets that runs of a sweep say nothing of, a sentence each, none twice."""
    found: dict[str, None] = {}
    for spec in specs:
        found |= dict.fromkeys(verdicts.unjudged(spec.scenario, spec.pack, lang))
    return list(found)


LEVEL = _(
    "These are the model's own levels, for the study of parameters, and no "
    "forecast; for verdicts see xiancheng run, compare and seek."
)


def of_part(went: Tally, runs: int, on_file: int, shard: tuple[int, int]) -> Words:
    """How a shard went while others are to come: no figure of a part is compared."""
    i, n = shard
    ready = went.done + went.kept
    return _(
        "shard {i} of {n}: {ready} of {runs} done ({done} of them "
        "computed now), {n_2} failed, {on_file} on file; once all are "
        "there, the last shard prints the results and the set digest",
        i=i,
        n=n,
        ready=ready,
        runs=runs,
        done=went.done,
        n_2=len(went.failed),
        on_file=on_file,
    )


def tally(went: Tally, digest: str) -> Words:
    """How a sweep went, in Chinese and English."""
    failed = len(went.failed)
    return _(
        "{done} computed, {kept} kept, {failed} failed; set {digest}",
        done=went.done,
        kept=went.kept,
        failed=failed,
        digest=digest,
    )
