"""What each project and measure contributes: a waterfall that adds up, and the tables behind it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from nicegui import ui

from xiancheng.calibration.i18n import _
from xiancheng.results.analysis.attribution import (
    WORLDS,
    AttributionTable,
    CoalitionGame,
    attribute,
)
from xiancheng.results.console import charts
from xiancheng.results.console.answer import content_digest
from xiancheng.results.console.markup import joined, listed, tag
from xiancheng.results.console.native import area, button, draw, element, write
from xiancheng.results.console.shown import Shown, as_table
from xiancheng.results.console.views.under_way import UnderWay
from xiancheng.results.tables import attribution as tables
from xiancheng.scenarios.ensemble import RunSummary, Summaries, Summarize, layered
from xiancheng.scenarios.run_spec import RunSpec

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page

ORDERS = 2 * WORLDS  # of each kind, an antithetic pair a world; more are surer, and take longer


class QueuedSummaries(Summaries):
    """Summaries that the job queue makes, asked for from a thread of its own."""

    def __init__(self, page: "Page", step: Callable[[], None], spec: RunSpec, day: date) -> None:
        super().__init__(spec, day, jobs=1)
        self._queue, self._user = page.server.desk, page.client.id
        self._loop, self._step = asyncio.get_running_loop(), step

    def read(
        self, specs: Sequence[RunSpec], done: Callable[[], None] = lambda: None
    ) -> list[RunSummary]:
        """The summary of each run."""
        assert all(spec.outcome_key for spec in specs)  # worked out here, not on the event loop
        self._asked = asyncio.run_coroutine_threadsafe(
            self._queue.ask(self._user, Summarize(self.day), specs, "full", self._step), self._loop
        )
        self.made += len(specs)
        return self._asked.result()

    def take_back(self) -> None:
        """Withdraw what was asked for."""
        if hasattr(self, "_asked"):
            self._asked.cancel()


class Attribution:
    """Begins when it is asked to: it takes some hundred small runs."""

    def __init__(self, page: "Page") -> None:
        self.page, say = page, page.session.say
        with element("div", "sides"):
            button(say(_("Compute the contributions")), lambda __: self._begin(),
                   cls="main-action")  # fmt: skip
        self._progress = UnderWay(page)
        with element("section", "card") as self._frame:
            self._title = area()
            self._chart = ui.echart({}).classes("chart tall")
        self._frame.set_visibility(False)
        note = say(
            _(
                "Shares the effect of the plan out over projects and measures: "
                "some hundred small runs in {WORLDS} draws of the parameters, "
                "which can be cancelled at any time. The result becomes part of "
                "the report that this page makes.",
                WORLDS=WORLDS,
            )
        )
        self._area = area(tag("p", note, cls="card"), cls="below")

    def show(self, shown: Shown) -> None:
        """Show the contributions to A, if they are of A as it is."""
        self._last = shown
        if shown.answer.carries_nothing_out:
            nothing = shown.say(_("Scenario A carries nothing out: there is no effect to share."))
            write(self._area, tag("p", nothing, cls="card"))
            self._frame.set_visibility(False)
            return
        if self.page.attribution is None:
            return
        subject, shares = self.page.attribution
        if subject != (content_digest(shown.answer.outcome.scenario), shown.day):
            stale = shown.say(_("Scenario A has changed: compute again."))
            write(self._area, tag("p", stale, cls="card"))
            self._frame.set_visibility(False)
            return
        self._write(shown, shares)

    def stop(self) -> None:
        """Take back what is under way."""
        self._progress.stop()

    def _begin(self) -> None:
        page, shown = self.page, self._last
        scenario, day = page.scenario("a"), shown.day
        game = CoalitionGame.of(scenario, ORDERS, WORLDS, 1)

        async def work() -> None:
            server = page.server
            spec = RunSpec.of(scenario, region=server.name, scale=server.sizes.quick_scale)
            draws = await asyncio.to_thread(layered, spec, WORLDS, 1)
            runs = QueuedSummaries(page, self._progress.step, spec, day)
            try:
                told = await asyncio.to_thread(attribute, scenario, runs, game, draws)
            except asyncio.CancelledError:
                runs.take_back()
                raise
            page.attribution = (content_digest(scenario), day), told
            if not page.client.is_deleted:
                with page.client:
                    self.show(self._last)

        what = page.session.say(_("Computing the contributions…"))
        self._progress.begin(what, len(game.coalitions()), work)

    def _write(self, shown: Shown, shares: AttributionTable) -> None:
        told, lang, code = shown.answer.subject, shown.lang, shown.group.code
        projects = tables.projects(told, shares, code, lang)
        start = float(shown.answer.places(shown.day).without[shown.column])
        steps = [(str(row[0]), float(row[1] or 0)) for row in projects.rows[:-1]]  # type: ignore[arg-type]
        words = {
            "whole": shown.say(_("level")),
            "up": shown.say(_("raises")),
            "down": shown.say(_("lowers")),
        }
        ends = shown.say(_("without the plan")), shown.say(_("with the plan"))
        self._frame.set_visibility(True)
        write(
            self._title,
            tag("h2", projects.title, shown.say(_("; the axis does not begin at 0"))),
        )
        options = charts.waterfall(projects.title, steps, ends, start, words)
        draw(self._chart, options, projects.title)
        write(self._area, joined([
            as_table(projects),
            as_table(tables.measures(told, shares, code, lang)),
            tag("section", *(
                listed(map(shown.plain, lines), "remarks")
                for lines in (tables.sentences(told, shares, lang),
                              tables.share_notes(shares, lang))
            ), cls="card"),
        ]))  # fmt: skip
