"""The short tour of the page: its steps, and the invitation on a first visit."""

import json
from collections.abc import Callable

from nicegui import ui

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.widgets import element, text

STEPS = {  # selector of what is shown, its heading, and a sentence on it
    ".pick": (_("Two scenarios"), _(
        "A is the scenario that you look at and change; B is what it is held against. Both run in "
        "the same draws, so that their difference is that of the scenarios alone."
    )),
    ".project": (_("Strength"), _(
        "1 carries a project out as the plan says. Move the slider or type a value; unfold the "
        "measures for amounts, timing and single counties."
    )),
    ".conditions": (_("What nobody here decides"), _(
        "Wages elsewhere, births, recoding: try what happens where the outside world goes "
        "otherwise."
    )),
    ".changes": (_("What you have changed"), _(
        "Every change with its old and new value; the arrow puts it back."
    )),
    ".status": (_("How sure the numbers are"), _(
        "A first answer comes within seconds and is marked preliminary; the final one replaces it."
    )),
    ".views": (_("The views"), _(
        "The overview answers whether targets are met. The others say why, by whom, with what "
        "assumptions, and how well the model did before."
    )),
    ".top .actions": (_("Taking it along"), _(
        "The address holds the whole scenario. Each table and chart can be downloaded, the page "
        "printed, and a report made in Word, PDF or Excel."
    )),
}  # fmt: skip


def invitation(say: Callable[[Words], str]) -> None:
    """An invitation to the tour, which the browser shows on a first visit only."""
    with element("div", "invitation", id="invitation", hidden=True):
        text(say(_("First time here?")), name="p")
        with element("div", "actions"):
            tour_button(say, _("Show me round (1 minute)"), "button main-action")
            with element("button", "button", type="button", data_tour="end"):
                text(say(_("No, thank you")))


def tour_button(say: Callable[[Words], str], label: Words, cls: str = "button") -> None:
    """A button that begins the tour."""
    with element("button", cls, type="button", data_tour="start"):
        text(say(label))


def prepare(say: Callable[[Words], str]) -> None:
    """Give the steps to the browser."""
    steps = [[selector, say(title), say(words)] for selector, (title, words) in STEPS.items()]
    words = {"name": say(_("Tour")), "next": say(_("Next")), "back": say(_("Back", "tour")),
             "end": say(_("End", "tour"))}  # fmt: skip
    given = ", ".join(json.dumps(each, ensure_ascii=False) for each in (steps, words))
    ui.run_javascript(f"window.xianchengTour({given})")
