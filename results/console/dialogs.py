"""The two small dialogs of the page: another title for A, and which report is wanted."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui

from xiancheng.calibration.i18n import _
from xiancheng.results.console import naming, saving
from xiancheng.results.console.documents import FORMS, made
from xiancheng.results.console.native import button, element, text
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Lang

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page

TYPED = "(e) => { e.preventDefault(); emit(e.target.querySelector('input').value) }"


def rename(page: "Page") -> None:
    """Ask for another title of A."""
    say, session = page.session.say, page.session
    title = session.a.title if session.a.named_by_user else saving.suggested(session, page.library)
    ask_title(page, say(_("Rename")), title, page.choosing.rename)


def ask_title(page: "Page", heading: str, title: str, then: Callable[[str], None]) -> None:
    """Ask for a title of A, and go on with it."""
    say = page.session.say
    with ui.dialog(value=True) as dialog:
        dialog.props["aria-label"] = heading
        with element("div", "dialog console"), element("form") as form:
            with element("label"):
                text(say(_("Title of scenario A")))
                box = element("input", type="text", maxlength=200, required=True)
                box.props["^value"] = title
            with element("div", "actions"):
                with element("button", "button main-action", type="submit"):
                    text(say(_("OK")))
                button(say(_("Cancel")), lambda __: dialog.close())

    def given(event: Any) -> None:
        dialog.close()
        then(str(event.args))

    form.on("submit", given, js_handler=TYPED)


def report(page: "Page") -> None:
    """Ask which document is wanted, and write it; a changed scenario is given a title first."""
    say, session = page.session.say, page.session
    if naming.unnamed(session.a):
        heading = say(_("A report needs a title of the scenario"))

        def entitled(title: str) -> None:
            if page.guarded(lambda: page.entitle(title)):
                with page.client:
                    report(page)

        ask_title(page, heading, saving.suggested(session, page.library), entitled)
        return
    with ui.dialog(value=True) as dialog:
        dialog.props["aria-label"] = say(_("Report"))
        with element("div", "dialog console"):
            text(say(_("A report on A, of what is shown now:")))
            with element("div", "actions"):
                for form, title in FORMS.items():
                    button(title, _making(page, form, dialog))
                button(say(_("Cancel")), lambda __: dialog.close())


def _making(page: "Page", form: str, dialog: ui.dialog) -> Callable[[object], None]:
    def begin(__: object) -> None:
        dialog.close()
        answer = page.study.answer
        if answer is not None and not page.writing:
            page.writing = True
            with page.client:
                said = page.session.say(_("Making the report…"))
                note = ui.notification(said, position="top-right", spinner=True, timeout=None)
            result = replace(answer.subject, shares=page.shares(answer))
            background_tasks.create(_made(page, result, form, note))

    return begin


async def _made(page: "Page", result: PlanResult, form: str, note: ui.notification) -> None:
    server, lang = page.server, page.session.lang
    spoken: Lang = "en" if lang == "en" else "zh"
    try:
        name, content = await server.desk.aside(made, result, form, spoken, server.runs)
    except Exception as error:
        page.told(error)
        return
    finally:
        page.writing = False
        if not page.client.is_deleted:
            note.dismiss()
    if not page.client.is_deleted:
        with page.client:
            ui.download.content(content, name)
