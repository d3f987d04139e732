"""What each project and measure contributes: a waterfall that adds up, and the tables behind it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nicegui import ui

from results import judgement
from results.comparison.attribute import Game, attribute
from results.console import charts
from results.console.desk import Desk
from results.console.markup import joined, listed, tag
from results.console.native import area, button, draw, element, write
from results.console.shown import Shown, as_table
from results.console.views.under_way import UnderWay
from results.console.work import Task, Told
from results.contents import contributions
from results.contents.shares import Shares
from scenarios.paired import Draw, Reading, Runs, judged_on
from scenarios.scenario import Scenario

if TYPE_CHECKING:
    from results.console.page import Page

ORDERS = 4  # of each kind; more make the standard error smaller, and the wait longer


class FarRuns(Runs):
    """Runs that the desk makes, asked for from a thread of its own."""

    def __init__(self, page: "Page", scenario: Scenario, step: Callable[[], None]) -> None:
        self._desk: Desk = page.server.desk
        self._user, self._loop = page.client.id, asyncio.get_running_loop()
        self._step = step
        super().__init__(
            page.server.name, day=judged_on(scenario, page.server.region),
            scale=page.server.sizes.quick_scale, jobs=1,
        )  # fmt: skip

    def read(
        self, asked: Sequence[tuple[Scenario, Draw]], done: Callable[[], None] = lambda: None
    ) -> list[Reading]:
        """What each scenario comes to under its draw."""
        tasks = [
            Task(Told.of(s), draw, self.region, self.scale, self.day, whole=False)
            for s, draw in asked
        ]
        assert all(task.key for task in tasks)  # worked out here, not on the event loop
        self._asked = asyncio.run_coroutine_threadsafe(
            self._desk.ask(self._user, tasks, "full", self._step), self._loop
        )
        self.made += len(tasks)
        return [piece.reading for piece in self._asked.result()]

    def take_back(self) -> None:
        """Withdraw what was asked for."""
        if hasattr(self, "_asked"):
            self._asked.cancel()


class Attribution:
    """Begins when it is asked to: it takes some hundred small runs."""

    def __init__(self, page: "Page") -> None:
        self.page, say = page, page.session.say
        self._shares: Shares | None = None
        self._of: object = None
        with element("div", "sides"):
            button(say("计算各措施的贡献", "Compute the contributions"), lambda _: self._begin(),
                   cls="main-action")  # fmt: skip
        self._progress = UnderWay(page)
        with element("section", "card") as self._frame:
            self._title = area()
            self._chart = ui.echart({}).classes("chart tall")
        self._frame.set_visibility(False)
        note = say(
            "把方案的总作用分到七项工程和各项措施：约需几百次小规模模拟，可随时取消。",
            "Shares the effect of the plan out over projects and measures: some hundred small "
            "runs, which can be cancelled at any time.",
        )
        self._area = area(tag("p", note, cls="card"), cls="below")

    def show(self, shown: Shown) -> None:
        """Show the contributions to A, if they are of A as it is."""
        self._last = shown
        if self._shares is None:
            return
        if self._of != shown.session.a.file():
            stale = shown.say(
                "情景 A 已改动，请重新计算。", "Scenario A has changed: compute again."
            )
            write(self._area, tag("p", stale, cls="card"))
            self._frame.set_visibility(False)
            return
        self._write(shown, self._shares)

    def stop(self) -> None:
        """Take back what is under way."""
        self._progress.stop()

    def _begin(self) -> None:
        draft, page = self.page.session.a, self.page
        scenario = draft.scenario
        game = Game.of(scenario, ORDERS, 1, 1)

        async def work() -> None:
            runs = FarRuns(page, scenario, self._progress.step)
            try:
                told = await asyncio.to_thread(
                    attribute, scenario, runs, permutations=ORDERS, seed=1
                )
            except asyncio.CancelledError:
                runs.take_back()
                raise
            self._shares, self._of = Shares.of(told, runs.scale), draft.file()
            if not page.client.is_deleted:
                with page.client:
                    self.show(self._last)

        what = page.session.say("正在计算各措施的贡献…", "Computing the contributions…")
        self._progress.begin(what, len(game.coalitions()), work)

    def _write(self, shown: Shown, shares: Shares) -> None:
        told, lang, code = shown.answer.subject, shown.lang, shown.group.code
        projects = contributions.projects(told, shares, code, lang)
        day = judged_on(told.scenario, told.region)
        rates, _ = judgement.expected(shown.answer.both, day, told.verdicts)
        start = float(rates[shown.column])
        steps = [(str(row[0]), float(row[1] or 0)) for row in projects.rows[:-1]]  # type: ignore[arg-type]
        words = {
            "whole": shown.say("水平", "level"),
            "up": shown.say("提高", "raises"),
            "down": shown.say("拉低", "lowers"),
        }
        ends = shown.say("无方案", "without the plan"), shown.say("有方案", "with the plan")
        self._frame.set_visibility(True)
        write(
            self._title,
            tag(
                "h2", projects.title, shown.say("；纵轴不从 0 起", "; the axis does not begin at 0")
            ),
        )
        options = charts.waterfall(projects.title, steps, ends, start, words)
        draw(self._chart, options, projects.title)
        write(self._area, joined([
            as_table(projects),
            as_table(contributions.measures(told, shares, code, lang)),
            tag("section", listed(contributions.verdict(told, shares, lang), "remarks"),
                listed(contributions.remarks(shares, lang), "remarks"), cls="card"),
        ]))  # fmt: skip
