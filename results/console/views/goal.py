"""What it would take: the least package of measures that meets targets with a wanted chance."""

import asyncio
from dataclasses import dataclass
from functools import partial

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis import certificate, goal_seek, goal_spec, requirement
from xiancheng.results.console.edits import ScenarioEdit, projects, safeguards
from xiancheng.results.console.measures import refusal
from xiancheng.results.console.result import content_digest
from xiancheng.results.console.tab import Computation, QueuedSummaries, Tab
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import (
    area,
    bulleted,
    button,
    checkbox,
    element,
    number,
    tag,
    text,
    write,
)
from xiancheng.results.tables import analysis as tables
from xiancheng.results.tables.labels import label
from xiancheng.scenarios.ensemble import independent, layered
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.scenario_files import STRONGEST, Scenario

LEAST, MOST = 50, 99  # percent that may be asked for
STRONGEST_AT_FIRST = 1.5
DRAWS, CONFIRM = 20, 60  # at most: of the search, and fresh ones; the command line takes more


@dataclass(frozen=True)
class FoundPackage:
    """The outcome of a search."""

    digest: str  # of the scenario whose measures it takes
    goal: goal_spec.GoalSpec
    found: goal_seek.SearchResult
    proof: certificate.Certificate
    needed: requirement.Requirement
    anchored: bool
    scale: float

    @property
    def scenario(self) -> Scenario:
        """The scenario that carries the package out."""
        return self.goal.scenario_of(self.found.package)


class GoalView:
    """Targets, chance and bounds to choose; the search starts on a button."""

    def __init__(self, tab: Tab) -> None:
        self._tab, say = tab, tab.say
        region, scenario = tab.server.region, tab.session.scenario
        self._chance, self._strongest = 90.0, STRONGEST_AT_FIRST
        self._targets = dict.fromkeys((target.id for target in region.targets), True)
        self._allowed = dict.fromkeys([*projects(scenario), *safeguards(scenario)], True)
        with element("section", "card goal"):
            text(say(_("Which measures, at least, would meet the targets?")), name="h2")
            with element("fieldset"):
                text(say(_("Targets to be met at once")), name="legend")
                for target in region.targets:
                    wanted = label("qualifiers", target.operator, tab.session.lang)
                    title = f"{target.name.text(tab.session.lang)} {wanted} {target.value:g}%"
                    due = _("{place} ({deadline})", place=title, deadline=target.deadline)
                    checkbox(say(due), True, partial(self._targets.__setitem__, target.id))
            with element("fieldset"):
                text(say(_("Projects that may be used")), name="legend")
                for name, title in _project_titles(tab).items():
                    checkbox(title, True, partial(self._allowed.__setitem__, name))
            with element("div", "bounds"):
                self._box(_("Chance to meet them (%)"), "_chance", LEAST, MOST, 1)
                most = _("Intensity at most, times that of A")
                self._box(most, "_strongest", 0.1, STRONGEST, 0.1)
                button(say(_("Search")), self._start, cls="main-action")
            self.job = Computation(tab, _("progress"), _("Cancel"))
        self._take = button(say(_("Make it scenario A")), self._make_a, cls="main-action")
        self._area = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Show what was found last, and of what."""
        self._model, found = model, self._tab.session.goal
        self._take.set_visibility(found is not None and bool(found.found.package))
        if found is None:
            write(self._area, tag("p", model.say(_(
                "Packages of measures are tried in draws of the parameters, and the least that "
                "meets the targets often enough is confirmed on fresh draws. This takes some "
                "minutes and can be cancelled at any time.")), cls="card"))  # fmt: skip
            return
        region, lang = self._tab.server.region, model.lang
        notes = tables.goal_notes(found.goal, found.found, found.proof, region, lang,
                                  anchored=found.anchored, scale=found.scale)  # fmt: skip
        notes += tables.requirement_notes(found.needed, lang)
        old = found.digest != content_digest(self._tab.session.scenario)
        changed = tag("p", model.say(_("Searched in another scenario than the present A.")))
        lead, *others = [model.explained(model.plain(note)) for note in notes]
        write(
            self._area, changed if old else "",
            tag("section", tag("p", lead, cls="lead"), bulleted(others), cls="card answer"),
            *(model.table(table) for table in (
                tables.package(found.goal, found.found, region, lang),
                tables.goal_targets(found.goal, found.proof, region, lang),
                tables.had(found.needed, lang), tables.beyond(found.needed, lang),
            ) if table.rows),
        )  # fmt: skip

    def _box(self, title: Words, name: str, low: float, high: float, step: float) -> None:
        """A box for one of the bounds."""
        label = self._tab.say(title)
        with element("label", "condition"):
            text(label)
            number(label, getattr(self, name), partial(setattr, self, name), low=low, high=high,
                   step=step, message=self._tab.say(refusal(low, high)), required=True)  # fmt: skip

    def _start(self) -> None:
        """Search, confirm on fresh draws, and show it; what cannot be searched is told at once."""

        def begin() -> None:
            tab, scenario = self._tab, self._tab.session.scenario
            named = [name for name, wanted in self._targets.items() if wanted]
            if not named:
                raise RequestError(_("choose at least one target"))
            goal = goal_spec.parse_goal(
                scenario, tab.server.region, probability=self._chance / 100, targets=named,
                exclude=[name for name, allowed in self._allowed.items() if not allowed],
                strongest=self._strongest,
            )  # fmt: skip
            if not goal.bounds:
                raise RequestError(_(
                    "scenario A carries out no measure that may be used: choose one that does, "
                    "as the plan as written"))  # fmt: skip
            tab.alert("")
            self.job.start(partial(self._search, goal))

        self._tab.guarded(begin)

    async def _search(self, goal: goal_spec.GoalSpec) -> None:
        tab, sizes = self._tab, self._tab.server.sizes
        spec = RunSpec.of(
            goal.scenario, region=tab.server.name, scale=sizes.quick_scale,
            observations=tab.session.figures,
        )  # fmt: skip
        each = goal_seek.runs_each(spec.pack, goal.scenario)
        draws = await asyncio.to_thread(layered, spec, min(sizes.quick_draws, DRAWS), 1)
        fresh = await asyncio.to_thread(independent, spec, min(sizes.draws, CONFIRM), 1)
        runs = QueuedSummaries(tab, self.job.step, spec, goal.scenario.until)

        def work() -> FoundPackage:
            own = goal_seek.AnchoredRuns(runs, goal.scenario, draws)
            found = goal_seek.search(goal, own, draws)
            own = goal_seek.AnchoredRuns(runs, goal.scenario, fresh)
            proof = certificate.certify(goal, found.package, own, fresh)
            pushed = ((), {}) if found.met else requirement.pushes(goal, runs, draws)
            needed = requirement.Requirement.of(goal, tab.server.region, proof.rates, pushed)
            return FoundPackage(
                content_digest(goal.scenario), goal, found, proof, needed, own.anchored,
                sizes.quick_scale,
            )  # fmt: skip

        total = each * (goal_seek.runs_foreseen(goal, len(draws)) + len(fresh))
        total += requirement.runs_foreseen(len(draws))
        self.job.begin(_("Searching, then confirming on fresh draws…"), total)
        try:
            tab.session.goal = await asyncio.to_thread(work)
        except asyncio.CancelledError:
            runs.cancel()
            raise
        if not tab.client.is_deleted:
            with tab.client:
                self.show(self._model)

    def _make_a(self) -> None:
        """Carry the package out in A, under a title that says what it is."""
        if (found := self._tab.session.goal) is None:
            return
        settings, chance = found.scenario.settings, round(100 * found.goal.probability)
        title = self._tab.say(_("Package for {chance} %", chance=chance))

        def taken(a: ScenarioEdit) -> ScenarioEdit:
            return a.with_settings(settings).with_title(title)

        self._tab.session.saved_as = None
        self._tab.edit(taken)


def _project_titles(tab: Tab) -> dict[str, str]:
    """Projects, and measures outside of them, by name."""
    scenario, lang = tab.session.scenario, tab.session.lang
    plan = scenario.plan
    found = {name: title.text(lang) for name, title in plan.about.projects.items()}
    found |= {name: plan.measures[name].title.text(lang) for name in safeguards(scenario)}
    return {name: f"{name} {title}" for name, title in found.items()}
