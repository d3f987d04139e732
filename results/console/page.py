"""The page of one browser tab: it joins the session, the study, the panel and the views."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nicegui import ui

from results.console import views
from results.console.address import packed, unpacked
from results.console.answer import Answer
from results.console.bar import Bar
from results.console.choosing import USUAL, Choosing
from results.console.desk import Desk
from results.console.draft import Draft
from results.console.levers import Levers
from results.console.library import Library
from results.console.native import button, element, put, select, set_prop, text, write
from results.console.session import Session
from results.console.shown import Shown
from results.console.study import Progress, Sizes, Study
from scenarios.checking import ScenarioError
from scenarios.simulate import reported

if TYPE_CHECKING:
    from calibration.region import Region


@dataclass(frozen=True)
class Server:
    """What all tabs share."""

    desk: Desk
    region: "Region"
    name: str  # of the region, or its folder
    library: Library
    runs: Path  # where runs are saved that a document speaks of
    sizes: Sizes


class Page:
    """One tab."""

    def __init__(self, server: Server, lang: str, asked: dict[str, str]) -> None:
        self.server, self.asked = server, asked
        self.problem, self.writing = "", False
        a, b = (self._from_address(asked.get(key), usual) for key, usual in USUAL.items())
        self.session = Session(lang, a, b)
        self.session.view = asked["view"] if asked.get("view") in views.VIEWS else "overview"
        self._groups = reported(server.region)
        codes = [str(group.code) for group in self._groups]
        wanted = asked.get("place", "")
        self.session.group = codes.index(wanted) if wanted in codes else self._first()
        self.client = ui.context.client
        self.study = Study(
            server.desk, self.client.id, server.region, server.name, server.sizes,
            self._answered, self._progress, self._failed,
        )  # fmt: skip

    # Building

    def build(self) -> None:
        """The frame of the page; views fill it when there is an answer."""
        say = self.session.say
        text(say("跳到结果", "Skip to the results"), name="a", cls="skip").props("href=#main")
        with element("div", "console"):
            Bar(self)
            with element("div", "frame"):
                side = say("情景与抓手", "Scenario and levers")
                with element("aside", "side", aria_label=side):
                    self.choosing = Choosing(self)
                    self.levers = Levers(self.session, self.server.region, self.edit)
                with element("main", "main", id="main", tabindex="-1"):
                    self._status()
                    self._views()

    def begin(self) -> None:
        """Show the controls, and compute the first answer."""
        self.refresh()
        self.ask()

    def _status(self) -> None:
        say = self.session.say
        self.alert = text(self.problem, name="div", cls="alert").props("role=alert")
        with element("div", "status"):
            with element("div", role="status", aria_live="polite"):
                self._basis = text(say("正在计算初步结果…", "Computing a preliminary answer…"))
            self._bar = element(
                "progress",
                max=1,
                value=0,
                aria_label=say("全规模集合计算进度", "Progress of the ensemble"),
            )
            self._left = text("")
            self._cancel = button(say("取消计算", "Cancel"), lambda _: self.cancel())
            self._again = button(say("继续全规模计算", "Compute at full scale"),
                                 lambda _: self.ask())  # fmt: skip
            self._again.set_visibility(False)

    def _views(self) -> None:
        say = self.session.say
        with element("nav", "views", aria_label=say("内容", "Views")):
            self._tabs = {
                key: button(say(*view.title), self._opening(key))
                for key, view in views.VIEWS.items()
            }
            with element("label", "place"):
                text(say("地区", "Place"))
                names = {str(i): self._place(i) for i in range(len(self._groups))}
                self._where = select(
                    say("地区", "Place"), {"": names}, str(self.session.group), self._went
                )
        self._content = element("div", "view")
        self._mark_tab()
        with self._content:
            text(say("正在准备…", "Getting ready…"), name="p", cls="loading")
        self._shown_view: Any = None

    # What people do

    def change(self, a: Draft | None = None, b: Draft | None = None) -> None:
        """Go on with another scenario."""
        self.session.change(a, b)
        self.follow()

    def edit(self, does: Callable[[Draft], Draft]) -> None:
        """Change A; a change that the validator refuses is told, and taken back on the panel."""
        try:
            draft = does(self.session.a)
        except ScenarioError as error:
            with self.client:
                self.refresh()
                self.write_alert(error.text(self.session.lang))
            return
        self.change(a=draft)

    def follow(self) -> None:
        """Show the session as it now is, and compute it."""
        with self.client:  # the control that asked may be gone by now
            self.write_alert("")
            self.refresh()
            self.ask()

    def ask(self) -> None:
        """Compute A and B."""
        self._again.set_visibility(False)
        self._cancel.set_visibility(True)
        write(self._basis, self.session.say("正在计算初步结果…", "Computing a preliminary answer…"))
        set_prop(self._content, "aria-busy", "true")
        self.study.ask(self.session.a.scenario, self.session.b.scenario)

    def cancel(self) -> None:
        """Stop what is under way for this tab; others go on."""
        self.study.cancel()
        if self._shown_view is not None:
            self._shown_view.stop()
        set_prop(self._content, "aria-busy", "false")
        before = "已取消：以下是此前的结果", "Cancelled: what is shown is from before"
        write(self._basis, self.session.say(*before))
        self._idle()
        self._again.set_visibility(True)

    def refresh(self) -> None:
        """Controls and address as the session is."""
        self.levers.refresh()
        self.choosing.refresh()
        self._write_address()

    def write_alert(self, message: str) -> None:
        """Tell what went wrong, or that nothing does any more."""
        write(self.alert, message)

    def guarded(self, does: Callable[[], None]) -> None:
        """Do something; what a person can mend is told."""
        try:
            does()
        except Exception as error:
            said = told(error, self.session.lang)
            if said is None:
                raise
            self.write_alert(said)

    def open_address(self, letters: str) -> None:
        """Make the scenario of an address A."""

        def change() -> None:
            draft = unpacked(letters)
            self.session.change(a=draft)
            self.session.kept_as = None  # it is no saved scenario: saving makes a new one
            self.follow()

        self.guarded(change)

    def note(self, message: str) -> None:
        """Say something in passing."""
        ui.notify(message, position="top-right")

    def address(self) -> str:
        """The path that opens this state again, anywhere."""
        s = self.session
        place = str(self._groups[s.group].code)
        said = {"a": packed(s.a), "b": packed(s.b), "view": s.view, "place": place}
        path = "/en" if s.lang == "en" else "/"
        return path + "?" + "&".join(f"{k}={quote(v)}" for k, v in said.items())

    def _went(self, key: str) -> None:
        self.session.group = int(key)
        self._write_address()
        self.render()

    def went_to(self, code: str) -> None:
        """Look at the county that was clicked on a map."""
        codes = [str(group.code) for group in self._groups]
        if code in codes:
            self.session.group = codes.index(code)
            put({self._where: str(self.session.group)})
            self._went(str(self.session.group))

    def _opening(self, key: str) -> Callable[[object], None]:
        def opened(_: object) -> None:
            self.session.view = key
            self._mark_tab()
            self._write_address()
            self._fill()

        return opened

    # What comes back

    def _answered(self, answer: Answer) -> None:
        if self.client.is_deleted:
            return
        with self.client:
            write(self._basis, Shown(self.session, answer).basis())
            set_prop(self._content, "aria-busy", "false")
            self.render()

    def _progress(self, progress: Progress | None) -> None:
        if self.client.is_deleted:
            return
        with self.client:
            if progress is None:
                self._idle()
                return
            say = self.session.say
            self._bar.set_visibility(True)
            set_prop(self._bar, "max", progress.of)
            set_prop(self._bar, "value", progress.done)
            left = progress.left
            counted = say(f"全规模集合 {progress.done}/{progress.of}",
                          f"full-scale ensemble {progress.done}/{progress.of}")  # fmt: skip
            if left is not None:
                counted += say(f"，约剩 {left:.0f} 秒", f", about {left:.0f} s left")
            write(self._left, counted)

    def told(self, error: Exception) -> None:
        """Tell people of an error."""
        self._failed(error)

    def _failed(self, error: Exception) -> None:
        if self.client.is_deleted:
            return
        said = told(error, self.session.lang)
        if said is None:
            log.error("computation failed", exc_info=error)
            said = self.session.say("计算失败，请再试一次", "The computation failed; try again")
        with self.client:
            self.write_alert(said)

    def _idle(self) -> None:
        self._bar.set_visibility(False)
        self._cancel.set_visibility(False)
        write(self._left, "")

    # Showing

    def render(self) -> None:
        """Write the open view anew, from the last answer."""
        if self.study.answer is None:
            return
        if self._shown_view is None:
            self._fill()
        else:
            self._shown_view.show(Shown(self.session, self.study.answer))

    def _fill(self) -> None:
        """Open the chosen view."""
        if self.study.answer is None:
            return
        if self._shown_view is not None:
            self._shown_view.stop()
        self._content.clear()
        with self._content:
            self._shown_view = views.VIEWS[self.session.view].make(self)
            self._shown_view.show(Shown(self.session, self.study.answer))

    def _mark_tab(self) -> None:
        for key, tab in self._tabs.items():
            if key == self.session.view:
                tab.props["aria-current"] = "true"
            else:
                tab.props.pop("aria-current", None)
            tab.update()

    def _write_address(self) -> None:
        self.client.run_javascript(f"history.replaceState(null, '', {json.dumps(self.address())})")

    # Scenarios to choose from

    def _place(self, index: int) -> str:
        group = self._groups[index]
        return group.zh if self.session.lang == "zh" else group.en

    def _first(self) -> int:
        """The place shown first: the counties of the first target, or all together."""
        targets = self.server.region.targets
        codes = [c.code for c in self.server.region.counties]
        if targets:
            wanted = tuple(sorted(codes.index(c) for c in targets[0].counties))
            return next(i for i, g in enumerate(self._groups) if g.counties == wanted)
        return next((i for i, g in enumerate(self._groups) if len(g.counties) > 1), 0)

    def _from_address(self, letters: str | None, usual: str) -> Draft:
        if letters is None:
            return Draft.of(usual)
        try:
            return unpacked(letters)
        except ScenarioError as error:
            self.problem = error.text("en" if self.asked.get("lang") == "en" else "zh")
            return Draft.of(usual)


log = logging.getLogger(__name__)


def told(error: Exception, lang: str) -> str | None:
    """The message of an error that a person can mend, or None."""
    if hasattr(error, "problems") and hasattr(error, "text"):
        return str(error.text(lang))
    if hasattr(error, "zh") and hasattr(error, "en"):
        return str(error.en if lang == "en" else error.zh)
    return None
