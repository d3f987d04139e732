"""A run with all else that tables and reports need of it: what made it, what it delivers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.file_models import Text, quarter_name
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.tables import labels
from xiancheng.results.verdict.verdict import BY_DRAWS, ERRORS, verdicts
from xiancheng.scenarios.diff import called, foreign
from xiancheng.scenarios.ensemble import Ensemble, RunCache
from xiancheng.scenarios.outcome import Group, Outcome
from xiancheng.scenarios.plan_check import ASSUMED, plan_findings
from xiancheng.scenarios.policy import DeliveryRow, delivery_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trunk import simulate_together

if TYPE_CHECKING:
    from xiancheng.calibration.file_models import Text
    from xiancheng.calibration.region import Region
    from xiancheng.results.analysis.attribution import AttributionTable
    from xiancheng.results.analysis.variance import VarianceSplit
    from xiancheng.results.store.runs import SavedRun
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from xiancheng.results.store import record
from xiancheng.results.tables.table import Cell, Chart, Table
from xiancheng.results.text import records

OF_DRAWS = (*ERRORS, "draw_scale")  # which older records do not have
TOLERANCE = 1e-6  # percentage points by which a run made again may differ from its record
DELIVERY_IN_FILES = {"target": "promised", "met": "promise_kept", "share": "delivered_share"}


@dataclass(frozen=True)
class PlanResult:
    """A run and its baseline with the same random numbers, the verdicts, and optional analyses."""

    both: Ensemble
    verdicts: "pd.DataFrame"  # `Verdict.to_frame`
    delivery: "pd.DataFrame"  # `delivery_frame`
    run: str  # id of the saved run; empty if it was not saved
    provenance: Mapping[str, Any]  # what made the run, JSON-ready
    shares: "AttributionTable | None" = None
    package: Mapping[str, Any] | None = None  # what `xiancheng seek --json` printed
    variance: "VarianceSplit | None" = None

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run."""
        return self.both.scenario.scenario

    @property
    def region(self) -> "Region":
        """The region that it was run for."""
        return self.both.scenario.region

    @property
    def groups(self) -> tuple[Group, ...]:
        """Counties, prefectures, and the counties of each target together."""
        return self.both.scenario.groups

    @property
    def caveats(self) -> "Mapping[str, Text]":
        """What the text of the plan leaves open, if the plan is for this region.

        Of a plan of one's own: its notes, and what rules find in it (`scenarios.plan_check`).
        """
        plan = self.scenario.plan
        noted = plan.about.caveats_for(county.code for county in self.region.counties)
        if plan.shipped or self.foreign:
            return noted
        found = [each for each in plan_findings(plan, self.region) if each.kind != ASSUMED]
        return dict(noted) | {
            f"F{n}": Text(zh=each.sentence("zh"), en=each.sentence("en"))
            for n, each in enumerate(found, start=1)
        }

    @property
    def judged(self) -> bool:
        """Whether the run reaches the deadline of any target."""
        return not self.verdicts.empty

    @property
    def draws(self) -> int:
        """Parameter draws that the plan's effect rests on; 0: the central parameters only."""
        return int(self.verdicts["draws"].iloc[0]) if self.judged else 0

    @property
    def known(self) -> bool:
        """Whether every target has a probability."""
        return self.judged and bool(self.verdicts["probability"].notna().all())

    @property
    def foreign(self) -> bool:
        """Whether the plan was written for another region."""
        return foreign(self.scenario, self.region)

    def title(self, lang: str, *, whole: bool = False) -> str:
        """The title of the scenario, marked where it was changed or applied to another region."""
        return called(self.scenario, self.region, whole=whole).text(lang)

    def stamp(self, lang: str) -> str:
        """The run that a table or figure came from, in a line."""
        return labels.sentence(
            "verdict/stamp", lang, run=self.run, title=self.title(lang), draws=self.draws,
            region=Words(self.region.title_zh, self.region.title_en),
            settings=self.both.scenario.settings,
        )  # fmt: skip


def of_pair(both: Ensemble, *, run: str = "") -> PlanResult:
    """The result of an ensemble that was just run."""
    delivered = delivery_frame(both.scenario)
    return PlanResult(both, verdicts(both), delivered, run, both.scenario.provenance)


def of_saved(
    run: "SavedRun", *, answer: RunCache | None = None, both: Ensemble | None = None, **more: Any
) -> PlanResult:
    """The result of a run on disk; its baseline is run again with the same random numbers.

    Parameters
    ----------
    both : what was saved, if it is still at hand
    answer : gives the outcome of the baseline; it is simulated by default
    more : fields of the result that are known besides

    Raises
    ------
    RequestError
        if the baseline is no longer what it was when the run was saved.
    """
    outcome, record = run.outcome(), run.record
    if both is None:
        together = answer.together if answer else simulate_together
        both = run.with_draws(Ensemble.of(outcome, together))
    table, kept = verdicts(both), pd.DataFrame(record.verdicts)
    if len(kept):
        _refuse_another(kept, table, record.run)
        rows = kept.set_index("target").loc[table["target"]]
        for name in BY_DRAWS:  # null where there are no draws, or the record is older
            if name in kept:
                table[name] = rows[name].astype(table[name].dtype).to_numpy()
            elif name in OF_DRAWS:
                table[name] = np.nan
    return PlanResult(both, table, delivery_frame(outcome), record.run, record.model_dump(), **more)


def _refuse_another(kept: "pd.DataFrame", table: "pd.DataFrame", run: str) -> None:
    """Refuse a record whose numbers this version of the program no longer gives."""
    both = kept.merge(table, on="target", suffixes=("", "_now"))
    same = [name for name in ("baseline", "simulated") if name in kept]
    if any((both[name] - both[f"{name}_now"]).abs().max() > TOLERANCE for name in same):
        raise RequestError(
            _(
                "run {run} was made by another version of the program or of its "
                "data, and its baseline has changed; run it again with xiancheng "
                "run",
                run=run,
            )
        )


def delivery_frame(outcome: Outcome) -> "pd.DataFrame":
    """Every indicator of the plan at the end of every quarter: delivered against promised.

    Returns
    -------
    the fields of `scenarios.policy.DeliveryRow`, a row for each indicator and quarter; `quarter`
    as 2024Q1
    """
    effort = outcome.effort()
    rows = delivery_of(outcome.scenario, outcome.region, effort) if len(effort) else []
    cells = [{**asdict(row), "quarter": quarter_name(row.quarter)} for row in rows]
    return pd.DataFrame(cells, columns=[f.name for f in fields(DeliveryRow)])


def delivery_for_files(delivery: "pd.DataFrame") -> "pd.DataFrame":
    """The delivery under the names of its columns in files and JSON."""
    return delivery.rename(columns=DELIVERY_IN_FILES)


# What produced the numbers

WRITERS = ("typst", "python-docx", "xlsxwriter", "matplotlib")  # libraries that write documents
SETTINGS = ("start", "until", "cutoff", "seed", "draw", "scale")


def provenance(result: PlanResult, lang: str) -> Table:
    """A row for each fact: run, program, digests, seeds, libraries."""
    word = labels.labels("provenance", lang)
    rows = [
        {"item": word.get(name, name), "value": word["none"] if value is None else value}
        for name, value in facts_of_run(result, lang)
    ]
    return labels.table("provenance", rows, lang, source=result.stamp(lang))


def facts_of_run(result: PlanResult, lang: str) -> Iterator[tuple[str, Cell]]:
    """Each fact about a run in order, by its name in labels.yaml or in the record of the run."""
    saved, settings = result.provenance, result.both.scenario.settings
    yield "run", result.run or labels.label("provenance", "not saved", lang)
    if "written" in saved:
        yield "written", str(saved["written"])
    yield "scenario", result.scenario.name
    yield "title", result.title(lang, whole=True)
    yield "region", f"{result.region.name} {result.region.title(lang)}"
    yield from ((name, settings[name]) for name in SETTINGS)
    yield "draws", result.draws
    software = {**record.software().model_dump(), **saved.get("software", {})}
    yield "program", f"{software['name']} {software['version']}"
    yield "commit", software["commit"] or None
    yield "code", software.get("code") or software["simulation_code"]  # before 2026-11-29
    yield "pack", result.region.digest
    if "key" in saved:
        yield "key", saved["key"]
        yield "plan", saved["plan"]["sha256"]
        yield "values", saved["values"]
        yield from saved["files"].items()
    evidence = saved.get("evidence") or {}
    if sample := evidence.get("posterior"):
        yield "posterior", sample["sha256"]
        yield "estimated_by", f"{sample.get('model') or '?'} · {sample['made_by'] or '?'}"
    if forecasts := evidence.get("forecasts"):
        yield "forecasts", forecasts["record"]
    yield from evidence.get("files", {}).items()
    machine = saved.get("environment") or record.environment().model_dump()
    yield "Python", f"{machine['python']} · {machine.get('machine', '')}"
    others = {k: v for k, v in machine.items() if k not in ("python", "machine")}
    yield from (machine.get("libraries") or others).items()
    yield from writers().items()


def writers() -> dict[str, Any]:
    """The installed libraries that write documents, and their versions."""
    found = {}
    for name in WRITERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


# What the plan promises, what is delivered of it, and what each county carried out

COMPLETE = 1 - 1e-9  # a share from which on everything is carried out


def delivery_table(result: PlanResult, lang: str) -> Table:
    """A row for each indicator: at its deadline, or at the end of the run where none is written."""
    word, rows = labels.labels("delivery", lang), []
    units = labels.names("indicator_units") if lang == "en" else {}
    unlimited = {  # would be delivered if capacity did not bind
        (row.indicator, row.quarter)
        for row in delivery_of(result.scenario, result.region) if row.met
    }  # fmt: skip
    for row in at_deadlines(result):
        pace = "done" if row["met"] else "not done"
        if not row["met"] and (row["indicator"], row["quarter"]) in unlimited:
            pace = "capacity"
        share, quantity = _number(row["share"]), _number(row["quantity"])
        rows.append({
            "indicator": row["indicator"],
            "name": result.scenario.plan.indicators[row["indicator"]].name.text(lang),
            "asked": labels.label("qualifiers", row["operator"], lang),
            "promised": _number(row["target"]), "unit": units.get(row["unit"], row["unit"]),
            "due": str(row["due"] or word["no date"]),
            "share": word["no share"] if share is None else 100 * share,
            "quantity": None if quantity is None else round(quantity, 1),
            "pace": word[pace] if row["met"] is not None and row["at_deadline"] else "–",
        })  # fmt: skip
    notes = labels.paragraphs("delivery/notes", lang, **_delivery_facts(result))
    return labels.table("delivery", rows, lang, source=result.stamp(lang), notes=notes)


def at_deadlines(result: PlanResult) -> list[dict[str, Any]]:
    """The row of each indicator at its deadline, or else its last."""
    last: dict[str, dict[str, Any]] = {}
    for row in records(result.delivery):
        name = row["indicator"]
        if name not in last or not last[name]["at_deadline"]:
            last[name] = row
    return list(last.values())


def delivery_summary(result: PlanResult, lang: str) -> list[str]:
    """How many of the indicators that fall due are delivered, and where capacity binds."""
    return labels.paragraphs("delivery/summary", lang, **_delivery_facts(result))


def _delivery_facts(result: PlanResult) -> dict[str, Any]:
    """What the templates take: indicators due, those delivered, and the load over the capacity.

    A county of limited capacity carries out each task in proportion (docs/model.md, 7.15).
    """
    met = [r["met"] for r in at_deadlines(result) if r["at_deadline"] and r["met"] is not None]
    facts = {"due": len(met), "kept": sum(map(bool, met)), "counties": 0}
    effort, settings = result.both.scenario.effort(), result.scenario.settings
    if not len(effort) or not settings or effort.min() >= COMPLETE:
        return facts
    worst = effort.min(axis=0)
    span = dict.fromkeys(f"{100 * x:.0f}%" for x in (worst.min(), worst[worst < COMPLETE].max()))
    return facts | {
        "counties": int((worst < COMPLETE).sum()), "span": "–".join(span),
        "strongest": max(setting.intensity for setting in settings.values()),
    }  # fmt: skip


def effort(result: PlanResult, lang: str) -> Table:
    """What each county carried out of its tasks [percent], at the end of each year."""
    outcome, issued = result.both.scenario, result.scenario.plan.about.issued
    ends = [d for d in outcome.dates if d.month == 12 and d.year > issued.year]
    declared = {str(d.year): labels.columns("effort", lang, year=d.year) for d in ends}
    first = labels.columns("effort", lang, year="")["county"]
    shares = [outcome.at("delivery", end) for end in ends]
    return Table(
        "effort", labels.label("titles", "effort", lang),
        (first, *(replace(own["year"], key=year) for year, own in declared.items())),
        tuple(
            (group.text(lang), *(float(share[i]) for share in shares))
            for i, group in enumerate(outcome.groups[: len(outcome.region.counties)])
        ),
        result.stamp(lang),
    )  # fmt: skip


def effort_chart(result: PlanResult, lang: str) -> Chart | str:
    """What each county carried out; a sentence where that was everything."""
    table = effort(result, lang)
    if all(cell == 100 for row in table.rows for cell in row[1:]):
        return labels.label("notes", "all_done", lang)
    return Chart("effort", table, table.title, table.title)


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
