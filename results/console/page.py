"""The page of one browser tab: it joins session, computation, controls and views."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from nicegui import background_tasks, ui

from xiancheng.calibration.errors import ScenarioError, localized
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console import library
from xiancheng.results.console.computation import (
    FORMATS,
    ABComputation,
    Progress,
    Server,
    make_document,
)
from xiancheng.results.console.controls import LeverPanel, ScenarioPicker
from xiancheng.results.console.edits import ScenarioEdit, edit_title
from xiancheng.results.console.library import file_name, suggested_title
from xiancheng.results.console.result import ABResult
from xiancheng.results.console.session import Session, decode
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views import Content
from xiancheng.results.console.views.context import ViewContext
from xiancheng.results.console.widgets import (
    ProgressBar,
    button,
    choice_dialog,
    element,
    text,
    title_dialog,
    write,
)  # fmt: skip
from xiancheng.results.store.parquet import yaml
from xiancheng.scenarios.outcome import Group

if TYPE_CHECKING:
    from xiancheng.results.tables.plan_result import PlanResult
    from xiancheng.results.tables.table import Lang

log = logging.getLogger(__name__)

UPLOAD = """async (e) => {
  const file = e.target.files[0];
  e.target.value = '';
  if (!file) return;
  try {
    const answer = await fetch('/scenario?lang=' + document.documentElement.lang.slice(0, 2),
                               {method: 'POST', body: file});
    emit(await answer.json());
  } catch (problem) { emit({message: String(problem)}); }
}"""


class Page:
    """One tab.

    Parameters
    ----------
    problem : what was wrong with its URL, if anything
    places : counties, prefectures, and the counties of each target together
    """

    def __init__(
        self, server: Server, session: Session, problem: str, places: Sequence[Group]
    ) -> None:
        self._server, self._session, self._places = server, session, places
        self._client = ui.context.client
        self._writing = False  # a document
        self._computation = ABComputation(
            server, self._client.id, self._show, self._show_progress, self._report
        )
        self._build(problem)
        self._refresh()
        self._compute()

    def close(self) -> None:
        """Cancel what is under way."""
        self._computation.cancel()

    def _build(self, problem: str) -> None:
        say = self._session.say
        text(say(_("Skip to the results")), name="a", cls="skip").props("href=#main")
        with element("div", "console"):
            self._build_toolbar()
            with element("div", "frame"):
                side = say(_("Scenario and levers"))
                with element("aside", "side", aria_label=side):
                    self._picker = ScenarioPicker(self._session, self._pick, {
                        "undo": partial(self._step, self._session.undo),
                        "redo": partial(self._step, self._session.redo),
                        "save": self._save, "clone": self._clone, "rename": self._rename,
                    })  # fmt: skip
                    self._levers = LeverPanel(self._session, self._server.region, self._edit)
                with element("main", "main", id="main", tabindex="-1"):
                    self._status = Status(self._session, problem, self._cancel, self._compute)
                    self._content = Content(
                        ViewContext(
                            self._session, self._server, self._client,
                            lambda code: self._content.pick_place(code),
                            self._guarded, self._report,
                        ),
                        self._places, self._show_content,
                    )  # fmt: skip

    def _build_toolbar(self) -> None:
        say, region = self._session.say, self._server.region
        with element("header", "top"):
            title = say(
                _(
                    "{title_en}: urbanization scenarios",
                    title_en=Words(region.title_zh, region.title_en),
                )
            )
            text(title, name="h1")
            button(say(_("Copy address")), self._copy_url)
            button(say(_("Download YAML")), self._download)
            button(
                say(_("Upload YAML")),
                lambda: ui.run_javascript("document.getElementById('upload').click()"),
            )
            upload = element(
                "input", id="upload", type="file", accept=".yaml,.yml", hidden=True,
                aria_label=say(_("Upload a scenario file")), tabindex="-1",
            )  # fmt: skip
            upload.on("change", self._uploaded, js_handler=UPLOAD)
            button(say(_("Report")), self._ask_document)
            other, code = say(Words("English", "中文")), say(Words("en", "zh-CN"))
            button(other, self._switch_language, lang=code)

    # The toolbar

    def _copy_url(self) -> None:
        ui.run_javascript("navigator.clipboard && navigator.clipboard.writeText(location.href)")
        self._notify(self._session.say(_("Copied: it holds the whole scenario")))

    def _download(self) -> None:
        name = file_name(self._title(self._session.a, self._session.origin), "yaml")
        ui.download.content(yaml(self._session.a.to_file()).encode(), name, "text/yaml")

    def _uploaded(self, event: object) -> None:
        answer = getattr(event, "args", None) or {}
        if "address" not in answer:
            self._status.alert(str(answer.get("message", "")))
            return

        def change() -> None:
            self._session.change(a=decode(str(answer["address"]), self._server.name))
            self._session.saved_as = None  # saving it makes a new scenario
            self._follow()

        self._guarded(change)

    def _switch_language(self) -> None:
        other = "en" if self._session.lang == "zh" else "zh"
        ui.navigate.to(replace(self._session, lang=other).url(self._places))

    # Scenarios

    def _edit(self, change: Callable[[ScenarioEdit], ScenarioEdit]) -> None:
        """Change A; a change that the validator refuses is shown, and undone on the panel."""
        try:
            edit = change(self._session.a)
        except ScenarioError as error:
            with self._client:
                self._refresh()
                self._status.alert(error.text(self._session.lang))
            return
        self._session.change(a=edit)
        self._follow()

    def _pick(self, side: str, key: str) -> None:
        """Make the scenario of a key of the picker A or B."""
        session, saved = self._session, self._server.library

        def pick() -> None:
            kind, __, number = key.partition(":")
            if side == "a" and kind == "saved":
                library.open_saved(session, saved, number)
            elif side == "a":
                session.change(a=library.chosen(key, session, saved, self._server.name))
                session.saved_as = None
            else:
                session.change(b=library.chosen(key, session, saved, self._server.name))
            self._follow()

        self._guarded(pick)

    def _step(self, move: Callable[[], None]) -> None:
        move()
        self._follow()

    def _save(self) -> None:
        if self._session.a.has_own_title:
            self._guarded(self._saved)
            return
        heading = self._session.say(_("A title to save the scenario under"))

        def save_as(title: str) -> None:
            if self._guarded(lambda: self._retitle(title)):
                self._guarded(self._saved)

        self._ask_title(heading, self._suggested_title(), save_as)

    def _saved(self) -> None:
        library.save(self._session, self._server.library)
        self._retitled()
        self._notify(self._session.say(_("Saved")))

    def _clone(self) -> None:
        def clone() -> None:
            library.clone(self._session, self._server.library)
            self._retitled()
            self._notify(self._session.say(_("Cloned")))

        self._guarded(clone)

    def _rename(self) -> None:
        a = self._session.a
        title = a.title if a.has_own_title else self._suggested_title()

        def rename(new: str) -> None:
            library.rename(self._session, self._server.library, new)
            self._retitled()

        self._ask_title(
            self._session.say(_("Rename")), title,
            lambda new: self._guarded(lambda: rename(new)),
        )  # fmt: skip

    def _retitle(self, title: str) -> None:
        """Give A a title of its own, without saving it.

        Raises
        ------
        RequestError, ScenarioError
        """
        library.check_title(title)
        self._session.change(a=self._session.a.with_title(title))
        self._retitled()

    def _retitled(self) -> None:
        """Show the present titles over the last result; no number changes with a title."""
        self._refresh()
        computation, session = self._computation, self._session
        if computation.result is not None:
            computation.result = computation.result.retitled(session.scenario, session.b.scenario)
        self._show_content()

    def _ask_title(self, heading: str, title: str, then: Callable[[str], object]) -> None:
        say = self._session.say
        label = say(_("Title of scenario A"))
        title_dialog(heading, label, title, (say(_("OK")), say(_("Cancel"))), then)

    def _suggested_title(self) -> str:
        return suggested_title(self._session, self._server.library)

    def _title(self, edit: ScenarioEdit, saved: ScenarioEdit | None = None) -> str:
        return edit_title(edit, self._server.region, saved).text(self._session.lang)

    # Documents

    def _ask_document(self) -> None:
        """Ask for a format, and write the document; a changed scenario is given a title first."""
        say = self._session.say
        if self._session.a.needs_title:
            heading = say(_("A report needs a title of the scenario"))

            def titled(title: str) -> None:
                if self._guarded(lambda: self._retitle(title)):
                    with self._client:
                        self._ask_document()

            self._ask_title(heading, self._suggested_title(), titled)
            return
        message = say(_("A report on A, of what is shown now:"))
        choice_dialog(say(_("Report")), message, FORMATS, say(_("Cancel")), self._make_document)

    def _make_document(self, form: str) -> None:
        result, attribution = self._computation.result, self._session.attribution
        if result is None or self._writing:
            return
        self._writing = True
        with self._client:
            message = self._session.say(_("Making the report…"))
            note = ui.notification(message, position="top-right", spinner=True, timeout=None)
        subject = result.subject
        if attribution is not None and attribution[0][0] == result.digest:
            subject = replace(subject, shares=attribution[1])
        background_tasks.create(self._written(subject, form, note))

    async def _written(self, subject: "PlanResult", form: str, note: ui.notification) -> None:
        server, lang = self._server, self._session.lang
        of: Lang = "en" if lang == "en" else "zh"
        try:
            name, content = await server.queue.aside(make_document, subject, form, of, server.runs)
        except Exception as error:
            self._report(error)
            return
        finally:
            self._writing = False
            if not self._client.is_deleted:
                note.dismiss()
        if not self._client.is_deleted:
            with self._client:
                ui.download.content(content, name)

    # Computing and showing

    def _follow(self) -> None:
        """Show the session as it is now, and compute it."""
        with self._client:  # the control that called may be gone by now
            self._status.alert("")
            self._refresh()
            self._compute()

    def _compute(self) -> None:
        self._status.started()
        self._content.set_busy(True)
        self._computation.start(self._session.scenario, self._session.b.scenario)

    def _cancel(self) -> None:
        """Cancel what is under way for this tab."""
        self._computation.cancel()
        self._content.cancel()
        self._content.set_busy(False)
        self._status.cancelled()

    def _refresh(self) -> None:
        """Show controls and URL as the session is."""
        session = self._session
        self._levers.refresh()
        self._picker.refresh(
            (self._title(session.a, session.origin), self._title(session.b)),
            library.scenario_choices(session, self._server.library, self._server.region),
        )
        self._write_url()

    def _write_url(self) -> None:
        url = json.dumps(self._session.url(self._places))
        self._client.run_javascript(f"history.replaceState(null, '', {url})")

    def _show_content(self) -> None:
        """Write the open view anew, from the last result."""
        self._write_url()
        if self._computation.result is not None:
            model = ViewModel(self._session, self._computation.result)
            self._status.show_basis(model)
            self._content.show(model)

    def _show(self, result: ABResult) -> None:
        if self._client.is_deleted:
            return
        with self._client:
            self._content.set_busy(False)
            self._show_content()
            self._levers.show_shortfall(result)

    def _show_progress(self, progress: Progress | None) -> None:
        if self._client.is_deleted:
            return
        with self._client:
            self._status.show_progress(progress)

    # Errors

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Do something, and whether it was done; an error that a user can correct is shown."""
        try:
            action()
        except Exception as error:
            message = localized(error, self._session.lang)
            if message is None:
                raise
            self._status.alert(message)
            return False
        return True

    def _report(self, error: Exception) -> None:
        """Show an error of a computation."""
        if self._client.is_deleted:
            return
        message = localized(error, self._session.lang)
        if message is None:
            log.error("computation failed", exc_info=error)
            message = self._session.say(_("The computation failed; try again"))
        with self._client:
            self._status.alert(message)

    def _notify(self, message: str) -> None:
        ui.notify(message, position="top-right")


class Status:
    """Errors, what the shown numbers rest on, and the progress of the next ones."""

    def __init__(
        self, session: Session, problem: str, on_cancel: Callable[[], None],
        on_resume: Callable[[], None],
    ) -> None:  # fmt: skip
        self._say = say = session.say
        self._alert = text(problem, name="div", cls="alert").props("role=alert")
        with element("div", "status"):
            with element("div", role="status", aria_live="polite"):
                self._basis = text("")
            label = say(_("Progress of the ensemble"))
            self._bar = ProgressBar(
                label, say(_("Cancel", "computation")), on_cancel, announce=False
            )
            self._resume = button(say(_("Compute at full scale")), on_resume)

    def alert(self, message: str) -> None:
        """Show an error; an empty message removes it."""
        write(self._alert, message)

    def show_basis(self, model: ViewModel) -> None:
        """Show what the numbers rest on."""
        write(self._basis, model.basis())

    def started(self) -> None:
        """A computation starts."""
        self._resume.set_visibility(False)
        self._bar.show("", 0, 1)
        write(self._basis, self._say(_("Computing a preliminary answer…")))

    def cancelled(self) -> None:
        """It was cancelled; what is shown stays."""
        write(
            self._basis,
            self._say(_("Cancelled: what is shown is from before")),
        )
        self._bar.hide()
        self._resume.set_visibility(True)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far the ensemble is; None: nothing is under way."""
        if progress is None:
            self._bar.hide()
            return
        message = self._say(
            _("full-scale ensemble {done}/{total}", done=progress.done, total=progress.total)
        )
        if progress.seconds_left is not None:
            left = f"{progress.seconds_left:.0f}"
            message += self._say(_(", about {left} s left", left=left))
        self._bar.show(message, progress.done, progress.total)
