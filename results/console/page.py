"""The page of one browser tab: it joins session, computation, controls and views."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui

from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console import figures, library, presentation
from xiancheng.results.console.computation import Server, make_document, results
from xiancheng.results.console.controls import LeverPanel, ScenarioPicker
from xiancheng.results.console.edits import ScenarioEdit, edit_title
from xiancheng.results.console.presentation import slides
from xiancheng.results.console.result import ABResult
from xiancheng.results.console.session import Session, decode
from xiancheng.results.console.tab import Computation, Tab
from xiancheng.results.console.view_model import ViewModel, print_head
from xiancheng.results.console.views import Content
from xiancheng.results.console.widgets import (
    VALUE,
    button,
    checkbox,
    dialog,
    element,
    select,
    set_prop,
    text,
    title_dialog,
    write,
)
from xiancheng.results.report import build
from xiancheng.results.report.document import Layout
from xiancheng.results.store.parquet import yaml
from xiancheng.scenarios.outcome import Group

if TYPE_CHECKING:
    from xiancheng.results.tables.plan_result import PlanResult
    from xiancheng.results.tables.table import Lang

UPLOAD = """async (e) => {
  const file = e.target.files[0];
  e.target.value = '';
  if (!file) return;
  try {
    const answer = await fetch('/PLACE?lang=' + document.documentElement.lang.slice(0, 2),
                               {method: 'POST', body: file});
    emit(await answer.json());
  } catch (problem) { emit({message: String(problem)}); }
}"""


class Page(Tab):
    """One tab.

    Parameters
    ----------
    problem : what was wrong with its URL, if anything
    places : counties, prefectures, and the counties of each target together
    """

    def __init__(
        self, server: Server, session: Session, problem: str, places: Sequence[Group]
    ) -> None:
        super().__init__(server, session)
        self._places = places
        self._result: ABResult | None = None  # the last that was shown
        self._writing = False  # a document
        text(self.say(_("Skip to the results")), name="a", cls="skip").props("href=#main")
        with element("div", "console"):
            self._build_toolbar()
            with element("div", "frame"):
                side = self.say(_("Scenario and levers"))
                with element("aside", "side", aria_label=side):
                    presentation.tour_invitation(self.say)
                    self._picker = ScenarioPicker(session, self._pick, {
                        "undo": partial(self._step, session.undo),
                        "redo": partial(self._step, session.redo),
                        "save": self._save,
                        "clone": partial(self._stored, library.clone, _("Cloned")),
                        "rename": partial(self._ask_title, _("Rename"),
                                          partial(self._stored, library.rename, None)),
                    })  # fmt: skip
                    self._levers = LeverPanel(session, server.region, self._edit)
                with element("main", "main", id="main", tabindex="-1"):
                    self._build_status(problem)
                    self._head = text("", name="div", cls="print-head")
                    self._content = Content(self, places, self._show_content, self._stamp)
        self._slides = text("", name="div", cls="slides console").props("role=dialog hidden")
        self._slides.props["aria-label"] = self.say(_("Presentation: arrow keys turn, Escape ends"))
        self._slides.props["tabindex"] = "-1"
        self.pick_place, self.edit = self._content.pick_place, self._edit
        presentation.prepare_tour(self.say)
        self._refresh()
        self._compute()

    def close(self) -> None:
        """Cancel what is under way."""
        self._job.cancel()

    def _build_toolbar(self) -> None:
        say, region = self.say, self.server.region
        with element("header", "top"):
            name = Words(region.title_zh, region.title_en)
            text(say(_("{title_en}: urbanization scenarios", title_en=name)), name="h1")
            with element("div", "actions"):
                presentation.tour_button(say, _("Tour"))
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
                to = UPLOAD.replace("PLACE", "scenario")
                upload.on("change", self._uploaded, js_handler=to)
                button(say(_("Our figures")), self._ask_figures)
                rates = element(
                    "input", id="figures", type="file", accept=".csv,.xlsx", hidden=True,
                    aria_label=say(_("Upload published rates")), tabindex="-1",
                )  # fmt: skip
                to = UPLOAD.replace("PLACE", "figures")
                rates.on("change", self._brought, js_handler=to)
                with element("button", "button", type="button", data_print=True):
                    text(say(_("Print")))
                with element("button", "button", type="button", data_present=True):
                    text(say(_("Present")))
                button(say(_("Report")), self._ask_document)
                other, code = say(Words("English", "中文")), say(Words("en", "zh-CN"))
                button(other, self._switch_language, lang=code)

    def _build_status(self, problem: str) -> None:
        """Errors, what the shown numbers rest on, and the progress of the next ones."""
        self.alerts = text(problem, name="div", cls="alert").props("role=alert")
        with element("div", "status"):
            with element("div", role="status", aria_live="polite"):
                self._basis = text("")
            cancel = _("Cancel", "computation")
            label = _("Progress of the ensemble")
            self._job = Computation(self, label, cancel, counted=True, cancel=self._cancel)
            self._resume = button(self.say(_("Compute at full scale")), self._compute)

    # The toolbar

    def _copy_url(self) -> None:
        ui.run_javascript("navigator.clipboard && navigator.clipboard.writeText(location.href)")
        self._notify(_("Copied: it holds the whole scenario"))

    def _download(self) -> None:
        name = library.file_name(self._title(self.session.a, self.session.origin), "yaml")
        ui.download.content(yaml(self.session.a.to_file()).encode(), name, "text/yaml")

    def _uploaded(self, event: object) -> None:
        answer = getattr(event, "args", None) or {}
        if "address" not in answer:
            self.alert(str(answer.get("message", "")))
            return

        def change() -> None:
            self.session.change(a=decode(str(answer["address"]), self.server.name))
            self.session.saved_as = None  # saving it makes a new scenario
            self._follow()

        self.guarded(change)

    # Figures that the visitor brings

    def _ask_figures(self) -> None:
        """Say what can be brought and what is used; choose a file, or use none."""
        say, used = self.say, self.session.figures
        with dialog(say(_("Our figures"))) as opened, element("div", "dialog console"):
            text(
                say(
                    _(
                        "A table (CSV or Excel) of rates published since the last census: place, "
                        "date, rate. The level follows them; nothing is kept on the server."
                    )
                )
            )
            if used:
                text(say(figures.summary(used)))
            with element("div", "actions"):
                choose = "document.getElementById('figures').click()"
                button(say(_("Choose a file")), partial(self._with_figures, opened.close, choose))
                button(
                    say(_("Download a template")),
                    partial(
                        ui.download.content, figures.TEMPLATE.encode(), "figures.csv", "text/csv"
                    ),
                )
                if used:
                    button(say(_("Use none")), partial(self._bring, (), opened.close))
                button(say(_("Cancel")), opened.close)

    def _with_figures(self, close: Callable[[], object], script: str) -> None:
        close()
        self.client.run_javascript(script)

    def _brought(self, event: object) -> None:
        answer = getattr(event, "args", None) or {}
        if "figures" not in answer:
            self.alert(str(answer.get("message", "")))
            return
        remarks = "\n".join(str(each) for each in answer.get("remarks", ()))

        def bring() -> None:
            self._bring(figures.decode(str(answer["figures"]), self.server.region))

        if self.guarded(bring) and remarks:
            with self.client:
                self.alert(remarks)

    def _bring(
        self, rates: tuple[PublishedRate, ...], close: Callable[[], object] = lambda: None
    ) -> None:  # fmt: skip
        close()
        self.session.bring(rates)
        self._follow()

    def _switch_language(self) -> None:
        other = "en" if self.session.lang == "zh" else "zh"
        ui.navigate.to(replace(self.session, lang=other).url(self._places))

    # Scenarios

    def _edit(self, change: Callable[[ScenarioEdit], ScenarioEdit]) -> None:
        """Change A; a change that the validator refuses is shown, and undone on the panel."""

        def edit() -> None:
            self.session.change(a=change(self.session.a))
            self._follow()

        if not self.guarded(edit):
            with self.client:
                self._refresh()

    def _pick(self, side: str, key: str) -> None:
        """Make the scenario of a key of the picker A or B."""

        def pick() -> None:
            library.pick(self.session, self.server.library, side, key, self.server.name)
            self._follow()

        self.guarded(pick)

    def _step(self, move: Callable[[], None]) -> None:
        move()
        self._follow()

    def _save(self) -> None:
        heading = _("A title to save the scenario under")
        save = partial(self._stored, library.save, _("Saved"))
        self._titled(not self.session.a.has_own_title, heading, save)

    def _stored(self, action: Callable[..., None], done: Words | None, *title: str) -> None:
        """Do something with the library."""

        def act() -> None:
            action(self.session, self.server.library, *title)
            self._retitled(done)

        self.guarded(act)

    def _titled(self, needed: bool, heading: Words, then: Callable[[], None]) -> None:
        """Do something, if need be after A was given a title of its own."""

        def retitle(title: str) -> None:
            library.check_title(title)
            self.session.change(a=self.session.a.with_title(title))
            self._retitled()

        def titled(title: str) -> None:
            if self.guarded(partial(retitle, title)):
                with self.client:
                    then()

        if needed:
            self._ask_title(heading, titled)
        else:
            then()

    def _retitled(self, done: Words | None = None) -> None:
        """Show the present titles over the last result; no number changes with a title."""
        self._refresh()
        if self._result is not None:
            self._result = self._result.retitled(self.session.scenario, self.session.b.scenario)
        self._show_content()
        if done:
            self._notify(done)

    def _ask_title(self, heading: Words, then: Callable[[str], object]) -> None:
        """Ask for a title of A; its own one is proposed, if it has any."""
        say, a = self.say, self.session.a
        title = library.suggested_title(self.session, self.server.library)
        label, buttons = say(_("Title of scenario A")), (say(_("OK")), say(_("Cancel")))
        title_dialog(say(heading), label, a.title if a.has_own_title else title, buttons, then)

    def _title(self, edit: ScenarioEdit, saved: ScenarioEdit | None = None) -> str:
        return edit_title(edit, self.server.region, saved).text(self.session.lang)

    # Documents

    def _ask_document(self) -> None:
        """Ask for a format, and write the document; a changed scenario is given a title first."""
        heading = _("A report needs a title of the scenario")
        self._titled(self.session.a.needs_title, heading, self._ask_format)

    def _ask_format(self) -> None:
        """Ask how the document is set, and in which format."""
        say, chosen = self.say, dict[str, Any]()
        with dialog(say(_("Report"))) as opened, element("div", "dialog console report"):
            text(say(_("A report on A, of what is shown now:")))
            if self.session.lang == "zh":
                styles = {"official": say(_("official document (GB/T 9704)")),
                          "analytic": say(_("analytic"))}  # fmt: skip
                with element("label"):
                    text(say(_("Style of Word and PDF")))
                    select(say(_("Style of Word and PDF")), {"": styles}, "official",
                           partial(chosen.__setitem__, "style"))  # fmt: skip
                with element("label"):
                    text(say(_("Handed in by")))
                    unit = element("input", type="text", maxlength=60)
                unit.on("change", lambda e: chosen.update(unit=str(e.args)), js_handler=VALUE)
            checkbox(say(_("page for leaders and body only, without annex")), False,
                     partial(chosen.__setitem__, "brief"))  # fmt: skip
            with element("div", "actions"):
                for form, title in build.FORMATS.items():
                    button(title, partial(self._make_document, form, chosen, opened.close))
                button(say(_("Cancel")), opened.close)

    def _make_document(
        self, form: str, chosen: dict[str, Any], close: Callable[[], object]
    ) -> None:
        close()
        result, attribution = self._result, self.session.attribution
        if result is None or self._writing:
            return
        self._writing = True
        with self.client:
            message = self.say(_("Making the report…"))
            note = ui.notification(message, position="top-right", spinner=True, timeout=None)
        subject = result.subject
        if attribution is not None and attribution[0][0] == result.digest:
            subject = replace(subject, shares=attribution[1])
        if (split := self.session.variance) is not None and split[0] == result.digest:
            subject = replace(subject, variance=split[1])
        background_tasks.create(self._written(subject, form, Layout(**chosen), note))

    async def _written(
        self, subject: "PlanResult", form: str, setting: Layout, note: ui.notification
    ) -> None:
        queue, lang = self.server.queue, self.session.lang
        of: Lang = "en" if lang == "en" else "zh"
        try:
            name, content = await queue.aside(
                make_document, subject, form, of, self.server.runs, setting
            )
        except Exception as error:
            self.report(error)
            return
        finally:
            self._writing = False
            if not self.client.is_deleted:
                note.dismiss()
        if not self.client.is_deleted:
            with self.client:
                ui.download.content(content, name)

    # Computing and showing

    def _follow(self) -> None:
        """Show the session as it is now, and compute it."""
        with self.client:  # the control that called may be gone by now
            self.alert("")
            self._refresh()
            self._compute()

    def _compute(self) -> None:
        self._resume.set_visibility(False)
        write(self._basis, self.say(_("Computing a first answer…")))
        self._content.set_busy(True)
        self._job.start(self._computed)

    async def _computed(self) -> None:
        a, b, job = self.session.scenario, self.session.b.scenario, self._job
        begin = partial(job.begin, _("more draws"))
        brought = self.session.figures
        async for result in results(self.server, self.client.id, a, b, begin, job.step, brought):
            if self.client.is_deleted:
                return
            self.session.keep_previous(self._result, result)
            self._result = result
            with self.client:
                self._content.set_busy(False)
                self._show_content()
                self._levers.show_shortfall(result)

    def _cancel(self) -> None:
        """Cancel what is under way for this tab; what is shown stays."""
        self._job.cancel()
        self._content.cancel()
        self._content.set_busy(False)
        write(self._basis, self.say(_("Cancelled: what is shown is from before")))
        self._resume.set_visibility(True)

    def _refresh(self) -> None:
        """Show controls and URL as the session is."""
        session = self.session
        self._levers.refresh()
        self._picker.refresh(
            (self._title(session.a, session.origin), self._title(session.b)),
            library.scenario_choices(session, self.server.library, self.server.region),
        )
        self._write_url()

    def _write_url(self) -> None:
        url = json.dumps(self.session.url(self._places))
        self.client.run_javascript(f"history.replaceState(null, '', {url})")

    def _show_content(self) -> None:
        """Write the open view anew, from the last result."""
        self._write_url()
        if self._result is not None:
            model = ViewModel(self.session, self._result)
            write(self._basis, model.basis())
            set_prop(self._head, "data-source", model.stamp())
            write(self._head, print_head(model))
            write(self._slides, slides(model))
            self._content.show(model)

    def _stamp(self) -> str:
        """What the shown numbers rest on."""
        return "" if self._result is None else ViewModel(self.session, self._result).stamp()

    def _notify(self, message: Words) -> None:
        ui.notify(self.say(message), position="top-right")
