"""Runs on disk: a folder each, that is there as a whole or not at all.

`run.json` says what made the run and holds the digest of every file beside it. A folder is written
under another name, synced and renamed, so what has its proper name is whole; what was torn or
altered afterwards is found by its digests and put into quarantine.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xiancheng.calibration import forms
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import _, listed
from xiancheng.calibration.naming import is_path
from xiancheng.results.store import parquet, record
from xiancheng.results.store.files import draft_folder, file_digest
from xiancheng.results.store.record import Record
from xiancheng.scenarios.ensemble import Ensemble
from xiancheng.scenarios.outcome import (
    RATE,
    Outcome,
    model_target_table,
    of_results,
    reported_groups,
    series_dataset,
)
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim.observation import FOUND

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

RUNS = Path("results/runs")
RUN = "run.json"

Targets = Mapping[str, Sequence[Mapping[str, Any]]]  # "verdicts" or "model_targets": the rows


@dataclass(frozen=True, repr=False)
class SavedRun(forms.Displayed):
    """A run that was read back; its tables are read when they are asked for."""

    folder: Path
    record: Record

    def to_frame(self) -> "pd.DataFrame":
        """Every indicator, as `Outcome.to_frame`."""
        return forms.typed(self._table("series.parquet"))

    series = to_frame  # by the name of its file

    def to_xarray(self) -> "xarray.Dataset":
        """Every indicator, as `Outcome.to_xarray`.

        Raises
        ------
        RequestError
            if xarray is not installed.
        """
        return series_dataset(self._table("series.parquet"), dict(self.displayed()[1][:4]))

    def plot(
        self, indicator: str = RATE, *, places: Sequence[int] | None = None,
        ax: "Axes | None" = None, lang: str | None = None,
    ) -> "Axes":  # fmt: skip
        """Draw an indicator over time, as `Outcome.plot`."""
        draw = of_results("plots", "lines", _("plots are drawn"))
        return draw(self.to_frame(), indicator, places, ax, lang)

    def growth(self) -> "pd.DataFrame":
        """Urban growth by cause, as `Outcome.growth`."""
        return forms.typed(self._table("growth.parquet"))

    def movers(self) -> "pd.DataFrame":
        """Who moved, as `Outcome.movers`; empty if the run was saved without."""
        known = "movers.parquet" in self.record.files
        return forms.typed(self._table("movers.parquet")) if known else pd.DataFrame()

    def draws(self) -> "pd.DataFrame":
        """Published rates in every draw: a row for each draw, date and place [percent].

        Returns
        -------
        draw_index from 1 on, date, unit_code, county, county_en; rate_in_draw with the plan,
        baseline_in_draw without, reference_in_draw without and in reference conditions. Empty if
        the run has no draws, or was saved before they were kept
        """
        known = "draws.parquet" in self.record.files
        return forms.typed(self._table("draws.parquet")) if known else pd.DataFrame()

    def verdicts(self) -> "pd.DataFrame":
        """The verdict on each target, as `xiancheng run` saved it.

        Raises
        ------
        RequestError
            if the run was saved without: a run of a sweep has the model's own targets only.
        """
        if not self.record.verdicts and self.record.model_targets:
            raise RequestError(
                _("{folder} holds one run without a verdict; model_targets() gives the model's "
                  "own level, xiancheng run the verdict", folder=self.folder)
            )  # fmt: skip
        return forms.typed(pd.read_csv(self.folder / "verdicts.csv", encoding="utf-8-sig"))

    def model_targets(self) -> "pd.DataFrame":
        """What the run shows of each target, as `Outcome.model_targets`.

        Raises
        ------
        RequestError
            if the run was saved with verdicts instead.
        """
        if self.record.verdicts:
            raise RequestError(
                _("{folder} holds verdicts, see verdicts(); outcome().model_targets() gives the "
                  "model's own level", folder=self.folder)
            )  # fmt: skip
        return model_target_table(self.record.model_targets)

    def _table(self, name: str) -> "pd.DataFrame":
        return pd.read_parquet(self.folder / name)

    @cached_property
    def spec(self) -> RunSpec:
        """What made the run, to be run again.

        Raises
        ------
        ScenarioError, PackError
            if its plan or its pack is no longer there.
        """
        record = self.record
        return RunSpec.of(
            record.scenario, region=record.region.name, parameters=record.parameters,
            seed=record.seed, scale=record.scale, draw=record.draw, cutoff=record.cutoff,
            alignment=record.alignment, observations=map(PublishedRate.of_row, record.observations),
        )  # fmt: skip

    def outcome(self, spec: RunSpec | None = None) -> Outcome:
        """The outcome, as `simulate` gave it; `spec` is what made it, where it is at hand.

        Raises
        ------
        RequestError
            if its plan or its pack was changed since: targets and measures are read from them.
        ScenarioError, PackError
            if one of them is no longer there.
        """
        record, spec = self.record, spec or self.spec
        self.refuse_changed(spec)
        region = spec.pack
        groups, growth = reported_groups(region), self._table("growth.parquet")
        counties = len(region.counties)
        days = growth["date"].dt.date.to_numpy()[::counties]
        outcome = Outcome(
            spec=spec,
            groups=groups,
            dates=(date.fromisoformat(record.start), *days),
            record=parquet.record_in(self._table("series.parquet"), groups),
            _growth=parquet.growth_in(growth, counties),
            _steered=parquet.steered_in(growth, counties),
            _unexpected=parquet.unexpected_in(growth, counties),
            _start=(np.array(record.begun.urban), np.array(record.begun.present)),
            census={
                name: np.array([record.summary[f"{name}_{c.code}"] for c in region.counties])
                for name in FOUND
            },
        )
        if "movers.parquet" not in record.files:
            return outcome
        movers = self._table("movers.parquet")
        return replace(outcome, _movers=parquet.movers_in(movers, outcome))

    def with_draws(self, both: Ensemble) -> Ensemble:
        """An ensemble of this run with the draws that were saved; the same if none were."""
        table = self.draws()
        if table.empty:
            return both
        outcome, scale = both.scenario, self.record.verdicts[0]["draw_scale"]
        series = parquet.series_in(table, len(outcome.dates), len(outcome.groups))
        return both.with_series(series, scale)

    def refuse_changed(self, spec: RunSpec) -> None:
        """Refuse the plan and the pack as they are now, where the run was made of others.

        Raises
        ------
        RequestError
        """
        record = self.record
        for what, then, now in (
            (_("plan"), record.plan, spec.inputs["plan"]),
            (_("region pack"), record.region, spec.inputs["region"]),
        ):
            if then.sha256 != now:
                raise RequestError(
                    _("the {what} {then} was changed after the run {run}; run it again with "
                      "xiancheng run (xiancheng reproduce names what changed)", what=what,
                      then=then.name, run=record.run)
                )  # fmt: skip

    def displayed(self) -> tuple[str, forms.Rows]:
        """Settings, then what was expected of each target."""
        record = self.record
        rows = [
            ("scenario", f"{record.scenario['name']} in {record.region.name}"),
            ("horizon", f"{record.start} to {record.until}"),
            ("scale", f"{record.scale:g}, seed {record.seed}, draw {record.draw}"),
            ("written", f"{record.written} by version {record.software.version}"),
        ]
        for row in record.verdicts:
            chance = row.get("probability")
            shown = "" if chance is None else f", probability {chance:.2f}"
            rows.append((row["target"], f"expected {row['expected']:.2f} %{shown}"))
        return f"Run {record.run}", rows


_SETTINGS = ("seed", "scale", "draw", "start", "until", "cutoff", "alignment", "observations",
             "parameters")  # fmt: skip


def read_run(folder: Path) -> SavedRun | None:
    """The run in a folder; None if it is torn, altered or none of ours."""
    try:
        known = record.parsed((folder / RUN).read_bytes())
    except OSError:
        return None
    return SavedRun(folder, known) if known else None


def read_whole(folder: Path) -> SavedRun | None:
    """The run in a folder, if its record is sealed and every file is as it was written."""
    saved = read_run(folder)
    if saved is None:
        return None
    try:
        same = all(
            file_digest(folder / name) == known for name, known in saved.record.files.items()
        )
    except OSError:
        return None
    return saved if same else None


def find_run(run: str | Path, runs: Path = RUNS) -> SavedRun | None:
    """A run by its folder, the folder that holds it alone, or its id; None if there is none.

    Raises
    ------
    RequestError
        if it is not as it was written, or the folder holds several.
    """
    own, there = Path(run), runs / run  # a bare name is an id before it is a folder here
    for folder in (own, there) if is_path(run) else (there, own):
        if (folder / RUN).is_file():
            saved = read_whole(folder)
            if saved is None:
                raise RequestError(
                    _("the record in {folder} is torn or altered; run it again", folder=folder)
                )
            return saved
    inside = sorted(file.parent for file in own.glob(f"*/{RUN}"))
    if len(inside) > 1:
        raise RequestError(
            _("{folder} holds {n} runs; name one of them: {known}", folder=own, n=len(inside),
              known=listed(folder.name for folder in inside[:5]))
        )  # fmt: skip
    return find_run(inside[0].resolve()) if inside else None


def load_run(run: str | Path, runs: str | Path = RUNS) -> SavedRun:
    """A run that was saved, its files checked against the digests in its record.

    Parameters
    ----------
    run : its folder, a folder that holds it alone, or its id, a name of a folder in `runs`
    runs : where ids are looked up, relative to the present folder

    Returns
    -------
    a `SavedRun`: `record` is its run.json, `to_frame()` every indicator by quarter and place,
    `verdicts()` what was expected of targets (rates in percent), `growth()` and `movers()` persons.
    Tables are read when asked for; `outcome()` makes the run again

    Raises
    ------
    RequestError
        if there is none, or it is not as it was written.

    Examples
    --------
    >>> from xiancheng import load_run
    >>> run = load_run("mine")  # of: xiancheng run plan --out mine
    >>> sorted(run.verdicts()["target"])
    ['T-0', 'T-1', 'T-2', 'T-3', 'T-4', 'T-5']
    """
    if saved := find_run(run, Path(runs)):
        return saved
    raise RequestError(
        _("no run {run}; expected the id of a run or a folder that holds {RUN}", run=run, RUN=RUN)
    )


# Writing


def write_run(
    folder: Path,
    outcome: Outcome,
    spec: RunSpec,
    seconds: Mapping[str, float],
    verdicts: "pd.DataFrame | None" = None,
    extra: Mapping[str, bytes] | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Path:
    """Write a run as `folder`: first as a draft beside it, then synced and renamed.

    Parameters
    ----------
    seconds : spent so far, by phase
    verdicts : as `results.verdict.verdict` gives them; a run without keeps `Outcome.model_targets`
    extra : more files of the run, by name
    evidence : what the verdicts rest on, as `results.store.record.evidence` gives it

    Raises
    ------
    OSError
        if the disk is full or cannot be written to; then no draft is left either.
    """
    begun = time.perf_counter()
    if verdicts is None:
        rows = outcome.model_target_rows()
        targets = {"model_targets": [{n: parquet.plain(c) for n, c in r.items()} for r in rows]}
    else:
        targets = {"verdicts": parquet.rows(verdicts)}
    content = contents(outcome, spec, targets, extra)
    about = _content(folder.name, outcome, spec, targets) | {"evidence": evidence}
    about["files"] = {name: hashlib.sha256(each).hexdigest() for name, each in content.items()}
    tabulated = time.perf_counter()
    with draft_folder(folder) as draft:
        for name, each in content.items():
            (draft / name).write_bytes(each)
        spent = {"tabulate": tabulated - begun, "write": time.perf_counter() - tabulated}
        phases = {**seconds, **spent}
        about["seconds"] = {phase: round(each, 4) for phase, each in phases.items()}
        (draft / RUN).write_bytes(record.written(about))
    return folder


def contents(
    outcome: Outcome, spec: RunSpec, targets: Targets,
    extra: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:  # fmt: skip
    """The files of a run by name, but for its record.

    `scenario.yaml` is the scenario as resolved, `series.parquet` and `growth.parquet` hold the
    tables; `verdicts.csv`, or `model_targets.csv` of a run without, opens in a spreadsheet.
    """
    return {
        "scenario.yaml": _as_yaml(json.dumps(spec.inputs["scenario"])).encode(),
        **parquet.parquet_files(outcome),
        **{f"{name}.csv": parquet.csv_of(list(rows[0]) if rows else [], rows)
           for name, rows in targets.items()},
        **(extra or {}),
    }  # fmt: skip


@lru_cache(maxsize=64)
def _as_yaml(document: str) -> str:
    """A JSON document as YAML."""
    return parquet.yaml(json.loads(document))


def _content(
    name: str,
    outcome: Outcome,
    spec: RunSpec,
    targets: Targets,
) -> dict[str, Any]:
    """What the record of a run says, but for its files."""
    settings = outcome.settings
    urban, present = outcome._start
    return {
        "format": 1,
        "run": name,
        "key": spec.key,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": record.software().model_dump(),
        "plan": {"name": spec.scenario.plan.name, "sha256": spec.inputs["plan"]},
        "region": {"name": spec.region, "sha256": spec.inputs["region"]},
        "scenario": spec.scenario.resolved(),
        **{name: settings[name] for name in _SETTINGS},
        "environment": record.environment().model_dump(),
        "peak_memory_bytes": record.peak_memory(),
        "begun": {"urban": urban.tolist(), "present": present.tolist()},
        "summary": {key: parquet.plain(value) for key, value in outcome.summary().items()},
        **targets,
        "values": parquet.values_digest(outcome),
    }
