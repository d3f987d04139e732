"""What each project and measure contributes: a waterfall that adds up, and the tables behind it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.attribution import (
    WORLDS,
    AttributionTable,
    CoalitionGame,
    attribute,
)
from xiancheng.results.console import charts
from xiancheng.results.console.downloads import Picture
from xiancheng.results.console.result import content_digest
from xiancheng.results.console.tab import Computation, Tab
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import area, bulleted, button, element, tag, write
from xiancheng.results.tables import attribution as tables
from xiancheng.scenarios.ensemble import RunSummary, Summaries, Summarize, layered
from xiancheng.scenarios.run_spec import RunSpec

ORDERS = 2 * WORLDS  # of each kind, an antithetic pair a world; more are surer, and take longer


class QueuedSummaries(Summaries):
    """Summaries that the job queue makes, asked for from a thread of its own."""

    def __init__(self, tab: Tab, step: Callable[[], None], spec: RunSpec, day: date) -> None:
        super().__init__(spec, day, jobs=1)
        self._queue, self._user, self._step = tab.server.queue, tab.client.id, step
        self._loop = asyncio.get_running_loop()

    def read(
        self, specs: Sequence[RunSpec], done: Callable[[], None] = lambda: None
    ) -> list[RunSummary]:
        """The summary of each run."""
        assert all(spec.outcome_key for spec in specs)  # cached here, not on the event loop
        self._future = asyncio.run_coroutine_threadsafe(
            self._queue.ask(self._user, Summarize(self.day), specs, "full", self._step), self._loop
        )
        self.simulated += len(specs)
        return self._future.result()

    def cancel(self) -> None:
        """Withdraw the runs that were asked for."""
        if hasattr(self, "_future"):
            self._future.cancel()


class Attribution:
    """Starts on a button: it takes some hundred small runs."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        with element("div", "sides"):
            button(tab.say(_("Compute the contributions")), self._start, cls="main-action")
        self.job = Computation(tab, _("progress"), _("Cancel"))
        with element("section", "card") as self._frame:
            self._chart = Picture("tall")
        self._area = area(cls="below")
        self._write_note(_(
            "Shares the effect of the plan out over projects and measures: several hundred small "
            "runs in {WORLDS} draws of the parameters, which can be cancelled at any time. The "
            "result becomes part of the report that this page makes.", WORLDS=WORLDS,
        ))  # fmt: skip

    def show(self, model: ViewModel) -> None:
        """Show the contributions to A, if they are of A as it is."""
        self._model = model
        computed = self._tab.session.attribution
        if not model.result.has_plan:
            self._write_note(_("Scenario A carries nothing out: there is no effect to share."))
        elif computed is not None and computed[0] == (model.result.digest, model.day):
            self._write(model, computed[1])
        elif computed is not None:
            self._write_note(_("Scenario A has changed: compute again."))

    def _write_note(self, note: Words) -> None:
        write(self._area, tag("p", self._tab.say(note), cls="card"))
        self._frame.set_visibility(False)

    def _start(self) -> None:
        tab, day, scenario = self._tab, self._model.day, self._tab.session.scenario
        game = CoalitionGame.of(scenario, ORDERS, WORLDS, 1)

        async def work() -> None:
            self.job.begin(_("Computing the contributions…"), len(game.coalitions()))
            sizes = tab.server.sizes
            spec = RunSpec.of(scenario, region=tab.server.name, scale=sizes.quick_scale)
            draws = await asyncio.to_thread(layered, spec, WORLDS, 1)
            runs = QueuedSummaries(tab, self.job.step, spec, day)
            try:
                computed = await asyncio.to_thread(attribute, scenario, runs, game, draws)
            except asyncio.CancelledError:
                runs.cancel()
                raise
            tab.session.attribution = (content_digest(scenario), day), computed
            if not tab.client.is_deleted:
                with tab.client:
                    self.show(self._model)

        self.job.start(work)

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
            tag("section", *(bulleted(map(model.plain, lines)) for lines in notes),
                cls="card"),
        )  # fmt: skip
