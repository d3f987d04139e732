"""What is spoken of: a run with its baseline, and whatever else was worked out about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results import verdict_table
from xiancheng.results.analysis.attribution import AttributionTable
from xiancheng.results.verdict.verdict import BY_DRAWS, verdicts
from xiancheng.scenarios.diff import called, foreign
from xiancheng.scenarios.ensemble import Answer, Pair, Simulated, in_usual_world, without_plan
from xiancheng.scenarios.outcome import Group, Outcome
from xiancheng.scenarios.request import Request
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import RequestError

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region
    from xiancheng.results.keeping.store import Saved
    from xiancheng.scenarios.types import Text

SAME = 1e-6  # percentage points by which a run made again may differ from its record


@dataclass(frozen=True)
class Subject:
    """A run, its baseline under the same luck, and what is known besides.

    `verdicts` is the table of `Verdict.to_frame`.
    """

    both: Pair
    verdicts: "pd.DataFrame"
    delivery: "pd.DataFrame"
    run: str  # id of the saved run; empty if it was not saved
    made: Mapping[str, Any]  # provenance, JSON-ready
    shares: AttributionTable | None = None
    package: Mapping[str, Any] | None = None  # what `xiancheng seek --json` printed

    @property
    def scenario(self) -> Scenario:
        """What was run."""
        return self.both.plan.scenario

    @property
    def region(self) -> "Region":
        """Where."""
        return self.both.plan.region

    @property
    def groups(self) -> tuple[Group, ...]:
        """Counties, prefectures, and the counties of each target together."""
        return self.both.plan.groups

    @property
    def caveats(self) -> "Mapping[str, Text]":
        """What has to be said of the plan wherever it is judged, if it speaks of this region."""
        return self.scenario.plan.about.caveats_for(county.code for county in self.region.counties)

    @property
    def draws(self) -> int:
        """How many draws the plan's effect rests on; 0: the central parameters only."""
        return int(self.verdicts["draws"].iloc[0]) if len(self.verdicts) else 0

    @property
    def known(self) -> bool:
        """Whether there is a chance to speak of for each target."""
        return bool(len(self.verdicts) and self.verdicts["probability"].notna().all())

    @property
    def together(self) -> tuple[float, float] | None:
        """The chance that all targets are met, without the plan and with it, if known.

        Each is met at its own deadline; `results.caveats.together` has this by deadline.
        """
        if not self.known:
            return None
        last = self.verdicts.iloc[self.verdicts["deadline"].astype(str).argmax()]
        return float(last["all_met_without"]), float(last["all_met"])

    def title(self, lang: str, *, whole: bool = False) -> str:
        """What the scenario is called: changed as changed, applied elsewhere as applied."""
        return called(self.scenario, self.region, whole=whole).said(lang)

    @property
    def foreign(self) -> bool:
        """Whether the plan was written for another city."""
        return foreign(self.scenario, self.region)

    def stamp(self, lang: str) -> str:
        """The run that a table or figure came from, in a line."""
        asked = self.both.plan.request
        title = self.title(lang)
        name = self.run or _("not saved").said(lang)
        drawn = f"{self.draws}" if self.draws else _("0 (central)").said(lang)
        return _(
            "Run {name}; {title_en}; scenario '{title}'; {start} to {until}; "
            "scale {scale:g}; seed {seed}; draws {drawn}",
            name=name,
            title_en=Words(self.region.title_zh, self.region.title_en),
            title=title,
            start=asked["start"],
            until=asked["until"],
            scale=asked["scale"],
            seed=asked["seed"],
            drawn=drawn,
        ).said(lang)


def paired(both: Pair, draws: "pd.DataFrame | None" = None, *, run: str = "") -> Subject:
    """The subject of a pair that was just run, with what `scenarios.ensemble.draws` gave."""
    return Subject(
        both=both, verdicts=verdicts(both, draws), delivery=verdict_table.delivery(both.plan),
        run=run, made=both.plan.provenance,
    )  # fmt: skip


def saved(run: "Saved", *, answer: Answer | None = None, **more: Any) -> Subject:
    """The subject of a run on disk; its baseline is run again, under the same luck.

    Parameters
    ----------
    answer : what gives the outcome of the baseline; it is simulated by default
    more : fields of the subject that are known besides

    Raises
    ------
    RequestError
        if the baseline is no longer what it was when the run was saved.
    """
    import pandas as pd

    outcome, told = run.outcome(), run.record
    asked: dict[str, Any] = {
        "region": told.region.name, "parameters": told.parameters, "seed": told.seed,
        "scale": told.scale, "draw": told.draw, "cutoff": told.cutoff,
    }  # fmt: skip
    ask = answer or Simulated()
    baseline = ask(Request.of(without_plan(outcome.scenario), **asked))
    both = Pair(outcome, baseline, in_usual_world(baseline, ask, **asked))
    table, kept = verdicts(both), pd.DataFrame(told.verdicts)
    if len(kept):
        _refuse_another(kept, table, told.run)
        judged = [name for name in BY_DRAWS if name in kept]
        table[judged] = kept.set_index("target").loc[table["target"], judged].to_numpy()
    return Subject(
        both=both, verdicts=table, delivery=verdict_table.delivery(outcome), run=told.run,
        made=told.model_dump(), **more,
    )  # fmt: skip


def _refuse_another(kept: "pd.DataFrame", table: "pd.DataFrame", run: str) -> None:
    """Refuse a record whose numbers this version of the program no longer gives."""
    both = kept.merge(table, on="target", suffixes=("", "_now"))
    same = [name for name in ("baseline", "simulated") if name in kept]
    if any((both[name] - both[f"{name}_now"]).abs().max() > SAME for name in same):
        raise RequestError(
            _(
                "run {run} was made by another version of the program or of its "
                "data, and its baseline has changed; run it again with xiancheng "
                "run",
                run=run,
            )
        )


def outcome_rows(outcome: Outcome, indicator: str, group: Group) -> list[float]:
    """An indicator of a group at every date of a run."""
    return [float(x) for x in outcome.series(indicator)[:, outcome.groups.index(group)]]
