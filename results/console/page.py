"""The page of one browser tab: it joins the session, the study, the panel and the views."""

import json
import logging
from collections.abc import Callable, Sequence
from datetime import date
from urllib.parse import quote

from nicegui import ui

from xiancheng.calibration.errors import ScenarioError, localized
from xiancheng.calibration.i18n import _
from xiancheng.results.analysis.attribution import AttributionTable
from xiancheng.results.console import naming, saving
from xiancheng.results.console.address import packed, unpacked
from xiancheng.results.console.answer import Answer, content_digest
from xiancheng.results.console.bar import Bar
from xiancheng.results.console.choosing import Choosing
from xiancheng.results.console.content import Content
from xiancheng.results.console.draft import Draft
from xiancheng.results.console.levers import Levers
from xiancheng.results.console.native import element, text
from xiancheng.results.console.server import Server
from xiancheng.results.console.session import Session
from xiancheng.results.console.status import Status
from xiancheng.results.console.study import Progress, Study
from xiancheng.scenarios.outcome import Group
from xiancheng.scenarios.scenario_files import Scenario

log = logging.getLogger(__name__)


Attributed = tuple[tuple[str, date], AttributionTable]  # digest of the scenario, day; contributions


class Page:
    """One tab."""

    def __init__(
        self, server: Server, arrived: tuple[Session, str], places: Sequence[Group]
    ) -> None:
        self.server, self.library, self.writing = server, server.library, False
        self._places = places
        self.session, self._problem = arrived
        self.attribution: Attributed | None = None  # the last that was computed here
        self.client = ui.context.client
        self.study = Study(
            server.desk, self.client.id, server.region, server.name, server.sizes,
            self._answered, self._progress, self.told,
        )  # fmt: skip

    def build(self) -> None:
        """The frame of the page; views fill it when there is an answer."""
        say = self.session.say
        text(say(_("Skip to the results")), name="a", cls="skip").props("href=#main")
        with element("div", "console"):
            Bar(self)
            with element("div", "frame"):
                side = say(_("Scenario and levers"))
                with element("aside", "side", aria_label=side):
                    self.choosing = Choosing(self)
                    self.levers = Levers(self.session, self.server.region, self.edit)
                with element("main", "main", id="main", tabindex="-1"):
                    self.status = Status(self, self._problem)
                    self.content = Content(self, self._places)

    def begin(self) -> None:
        """Show the controls, and compute the first answer."""
        self.refresh()
        self.ask()

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
                self.status.alert(error.text(self.session.lang))
            return
        self.change(a=draft)

    def open_address(self, letters: str) -> None:
        """Make the scenario of an address A."""

        def change() -> None:
            draft = unpacked(letters, self.server.name)
            self.session.change(a=draft)
            self.session.kept_as = None  # it is no saved scenario: saving makes a new one
            self.follow()

        self.guarded(change)

    def follow(self) -> None:
        """Show the session as it now is, and compute it."""
        with self.client:  # the control that asked may be gone by now
            self.status.alert("")
            self.refresh()
            self.ask()

    def ask(self) -> None:
        """Compute A and B."""
        self.status.begun()
        self.content.busy(True)
        self.study.ask(*(self.scenario(side) for side in ("a", "b")))

    def cancel(self) -> None:
        """Stop what is under way for this tab; others go on."""
        self.study.cancel()
        self.content.stop()
        self.content.busy(False)
        self.status.cancelled()

    # What people see

    def refresh(self) -> None:
        """Controls and address as the session is."""
        self.levers.refresh()
        self.choosing.refresh()
        self.write_address()

    def title(self, side: str) -> str:
        """What A or B is called."""
        draft, origin = self._side(side)
        return naming.titled(draft, self.server.region, origin).said(self.session.lang)

    def scenario(self, side: str) -> Scenario:
        """A or B under the title that the page gives it."""
        draft, origin = self._side(side)
        return naming.shown(draft, origin)

    def _side(self, side: str) -> tuple[Draft, Draft | None]:
        session = self.session
        return (session.a, session.origin) if side == "a" else (session.b, None)

    def entitle(self, title: str) -> None:
        """Give A a title of its own, without saving it.

        Raises
        ------
        RequestError, ScenarioError
        """
        saving.own_title(title)
        self.session.change(a=self.session.a.named(title))
        self.refresh()
        self.renamed()

    def renamed(self) -> None:
        """Show what is shown under the titles of now; no number changes with a title."""
        if self.study.answer is not None:
            self.study.answer = self.study.answer.entitled(self.scenario("a"), self.scenario("b"))
        self.content.render()

    def shares(self, answer: Answer) -> AttributionTable | None:
        """The attribution of the scenario that is shown, if it was computed."""
        if self.attribution is None:
            return None
        (digest, __), shares = self.attribution
        return shares if digest == content_digest(answer.outcome.scenario) else None

    def guarded(self, does: Callable[[], None]) -> bool:
        """Do something, and whether it was done; what a person can mend is told."""
        try:
            does()
        except Exception as error:
            said = localized(error, self.session.lang)
            if said is None:
                raise
            self.status.alert(said)
            return False
        return True

    def note(self, message: str) -> None:
        """Say something in passing."""
        ui.notify(message, position="top-right")

    def told(self, error: Exception) -> None:
        """Tell of an error of something that went on by itself."""
        if self.client.is_deleted:
            return
        said = localized(error, self.session.lang)
        if said is None:
            log.error("computation failed", exc_info=error)
            said = self.session.say(_("The computation failed; try again"))
        with self.client:
            self.status.alert(said)

    def _answered(self, answer: Answer) -> None:
        if self.client.is_deleted:
            return
        with self.client:
            self.content.busy(False)
            self.content.render()
            self.levers.executed(answer)

    def _progress(self, progress: Progress | None) -> None:
        if self.client.is_deleted:
            return
        with self.client:
            if progress is None:
                self.status.idle()
            else:
                self.status.progress(progress)

    # Where it is

    def address(self) -> str:
        """The path that opens this state again, anywhere."""
        s = self.session
        place = str(self._places[s.group].code)
        said = {"a": packed(s.a), "b": packed(s.b), "view": s.view, "place": place}
        if s.day is not None:
            said["day"] = s.day.isoformat()
        path = "/en" if s.lang == "en" else "/"
        return path + "?" + "&".join(f"{k}={quote(v)}" for k, v in said.items())

    def write_address(self) -> None:
        """Put the address of this state into the browser's bar."""
        self.client.run_javascript(f"history.replaceState(null, '', {json.dumps(self.address())})")
