"""What each project and measure contributes: a waterfall that adds up, and the tables behind it."""

import asyncio
from dataclasses import replace
from functools import partial

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis import doses, variance
from xiancheng.results.analysis.attribution import (
    WORLDS,
    AttributionTable,
    CoalitionGame,
    attribute,
)
from xiancheng.results.console import charts
from xiancheng.results.console.downloads import ChartFrame
from xiancheng.results.console.result import content_digest
from xiancheng.results.console.tab import Computation, QueuedSummaries, Tab
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import area, bulleted, button, element, tag, write
from xiancheng.results.tables import analysis as analysis_tables
from xiancheng.results.tables import attribution as tables
from xiancheng.scenarios.ensemble import layered
from xiancheng.scenarios.run_spec import RunSpec

POINTS = 16  # pairs of draws of a split
ORDERS = 2 * WORLDS  # of each kind, an antithetic pair a world; more are surer, and take longer


class Attribution:
    """Starts on a button: it takes some hundred small runs."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        with element("div", "sides"):
            button(tab.say(_("Compute the contributions")), self._start, cls="main-action")
            button(tab.say(_("Split the uncertainty")), self._start_split)
        self.job = Computation(tab, _("progress"), _("Cancel"))
        with element("section", "card") as self._frame:
            self._chart = ChartFrame("tall")
        self._area = area(cls="below")
        with element("section", "card") as self._split_frame:
            self._split_chart = ChartFrame("tall")
        self._split_area = area(cls="below")
        self._split_frame.set_visibility(False)
        self._write_note(_(
            "Shares the effect of the plan out over projects and measures: several hundred small "
            "runs in {WORLDS} draws of the parameters, which can be cancelled at any time. The "
            "result becomes part of the report that this page makes.", WORLDS=WORLDS,
        ), _(
            "With them comes what each family of levers does: dose, share realised, effect per "
            "unit. 'Split the uncertainty' shares out the variance of each verdict over level, "
            "recoding, responses, doses, conditions and random numbers ({n} runs).",
            n=variance.runs_needed(POINTS),
        ))  # fmt: skip

    def show(self, model: ViewModel) -> None:
        """Show the contributions to A, if they are of A as it is."""
        self._model = model
        split, lang = self._tab.session.variance, self._tab.session.lang
        known = split is not None and split[0] == model.result.digest
        self._split_frame.set_visibility(known)
        write(self._split_area, "")
        if split is not None and known:
            self._write_split(model, split[1], lang)
        computed = self._tab.session.attribution
        if not model.result.has_plan:
            self._write_note(_("Scenario A carries nothing out: there is no effect to share."))
        elif computed is not None and computed[0] == (model.result.digest, model.day):
            self._write(model, computed[1])
        elif computed is not None:
            self._write_note(_("Scenario A has changed: compute again."))

    def _write_note(self, *notes: Words) -> None:
        write(self._area, *(tag("p", self._tab.say(note), cls="card") for note in notes))
        self._frame.set_visibility(False)

    def _start(self) -> None:
        tab, day, scenario = self._tab, self._model.day, self._tab.session.scenario
        game = CoalitionGame.of(scenario, ORDERS, WORLDS, 1)

        async def work() -> None:
            steps = len(game.coalitions()) + doses.runs_needed(scenario, doses.DRAWS)
            self.job.begin(_("Computing the contributions…"), steps)
            sizes = tab.server.sizes
            spec = RunSpec.of(
                scenario, region=tab.server.name, scale=sizes.quick_scale,
                observations=tab.session.figures,
            )  # fmt: skip
            draws = await asyncio.to_thread(layered, spec, WORLDS, 1)
            runs = QueuedSummaries(tab, self.job.step, spec, day)
            try:
                computed = await asyncio.to_thread(attribute, scenario, runs, game, draws)
                table = await asyncio.to_thread(doses.lever_effects, scenario, runs, day)
            except asyncio.CancelledError:
                runs.cancel()
                raise
            computed = replace(computed, doses=table)
            tab.session.attribution = (content_digest(scenario), day), computed
            if not tab.client.is_deleted:
                with tab.client:
                    self.show(self._model)

        self.job.start(work)

    def _start_split(self) -> None:
        tab, day, scenario = self._tab, self._model.day, self._tab.session.scenario

        async def work() -> None:
            self.job.begin(_("Splitting the variance…"), variance.runs_needed(POINTS))
            spec = RunSpec.of(
                scenario, region=tab.server.name, scale=tab.server.sizes.quick_scale,
                observations=tab.session.figures,
            )  # fmt: skip
            runs = QueuedSummaries(tab, self.job.step, spec, day)
            split = partial(variance.split, scenario, runs, points=POINTS)
            try:
                computed = await asyncio.to_thread(split)
            except asyncio.CancelledError:
                runs.cancel()
                raise
            tab.session.variance = content_digest(scenario), computed
            if not tab.client.is_deleted:
                with tab.client:
                    self.show(self._model)

        self.job.start(work)

    def _write_split(self, model: ViewModel, split: variance.VarianceSplit, lang: str) -> None:
        """The chart of a split, its tables, and what they rest on."""
        chart = analysis_tables.variance_chart(split, lang)
        rows = [str(row[0]) for row in chart.table.rows]
        parts = {
            column.label: [float(row[i]) for row in chart.table.rows]  # type: ignore[arg-type]
            for i, column in enumerate(chart.table.columns)
            if i
        }
        options = charts.divided(chart.description, rows, parts)
        self._split_chart.show(options, chart.description, lang, chart.title)
        tables_of = [analysis_tables.variance_of_verdict(split, lang)]
        tables_of += [analysis_tables.variance_of_effect(split, lang)] if split.anchored else []
        notes = map(model.plain, analysis_tables.variance_notes(split, lang))
        write(self._split_area, *map(model.table, tables_of),
              tag("section", bulleted(notes), cls="card"))  # fmt: skip

    def _write(self, model: ViewModel, shares: AttributionTable) -> None:
        lang, subject = model.lang, replace(model.result.subject, shares=shares)
        projects = tables.of_result(subject, model.group, "project", lang)
        steps = [(str(row[0]), float(row[1] or 0)) for row in projects.rows[:-1]]  # type: ignore[arg-type]
        start = float(model.result.places(model.day).baseline[model.column])
        self._frame.set_visibility(True)
        heading = projects.title + model.say(_("; the axis does not begin at 0"))
        options = charts.waterfall(projects.title, steps, start, lang)
        self._chart.show(options, projects.title, lang, heading)
        notes = (tables.sentences(subject, lang), tables.notes(shares, subject.region, lang))
        write(
            self._area,
            model.table(projects),
            model.table(tables.of_result(subject, model.group, "measure", lang)),
            *([] if shares.doses is None
              else [model.table(tables.doses_of(subject, model.group, lang))]),
            tag("section", *(bulleted(map(model.plain, lines)) for lines in notes),
                cls="card"),
        )  # fmt: skip
