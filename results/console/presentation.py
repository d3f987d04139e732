"""Presentation and tour. One large answer for each place, over the whole screen, by arrow keys.

The answers are written beside each result; page.js shows them, one at a time.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup
from nicegui import ui

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import element, joined, tag, text
from xiancheng.results.tables import labels
from xiancheng.results.text import records

LEAST = 0.05  # points: what is rounded to less than 0.1


def slides(model: ViewModel) -> Markup:
    """The answer of every place: those that are judged on the chosen day first."""
    judged = {str(row["unit_code"]): row for row in records(model.result.subject.verdicts)
              if str(row["deadline"]) == str(model.day)}  # fmt: skip
    order = sorted(range(len(model.result.groups)),
                   key=lambda g: str(model.result.groups[g].code) not in judged)  # fmt: skip
    return joined(
        tag("section", *_slide(model, g, judged.get(str(model.result.groups[g].code))),
            tag("p", f"{i}/{len(order)} · {model.stamp()}", cls="source"),
            cls="slide", hidden="")
        for i, g in enumerate(order, 1)
    )  # fmt: skip


def _slide(model: ViewModel, g: int, target: dict[str, Any] | None) -> Iterator[Markup]:
    """The rate of a place; whether its target is met, where one is due; what the plan adds."""
    result, say, rates = model.result, model.say, model.result.places(model.day)
    yield tag("h2", result.groups[g].text(model.lang))
    yield tag("p", f"{rates.a[g]:.1f}%", cls="answer-figure")
    says = [say(_("expected urban rate of residents, {day}", day=model.day))]
    if rates.a_interval is not None:
        low, high = (float(end[g]) for end in rates.a_interval)
        says.append(say(_("nine in ten chances for {low:.1f}% to {high:.1f}%", low=low, high=high)))
    yield tag("p", say(_(", ", "clauses")).join(says))
    if target is not None:
        qualifier = labels.label("qualifiers", target["operator"], model.lang)
        words = say(_("Target: {asked} {rate:g}%", asked=qualifier, rate=target["target_rate"]))
        if result.subject.known:
            chance = labels.tenths(target["probability"], model.lang)
            words += say(_(". Chance of meeting it: {chance}", chance=chance))
        yield tag("p", words, cls="target")
    if result.has_plan and not result.pending:
        interval = rates.effect_interval
        if interval is not None and interval[0][g] <= 0 <= interval[1][g]:
            added = _("What the plan adds here cannot be told from chance.")
        elif abs(rates.effect[g]) < LEAST:
            added = _("The plan makes less than 0.1 points of it.")
        else:
            added = _("The plan makes {effect} points of it.", effect=f"{rates.effect[g]:+.1f}")
        yield tag("p", say(added))


# The short tour of the page

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


def tour_invitation(say: Callable[[Words], str]) -> None:
    """An invitation to the tour, which the browser shows on a first visit only."""
    with element("div", "invitation", id="invitation", hidden=True):
        text(say(_("First time here?")), name="p")
        with element("div", "actions"):
            tour_button(say, _("Show me round (1 minute)"), "button main-action")
            tour_button(say, _("No, thank you"), does="end")


def tour_button(
    say: Callable[[Words], str], label: Words, cls: str = "button", does: str = "start"
) -> None:
    """A button that begins or ends the tour."""
    with element("button", cls, type="button", data_tour=does):
        text(say(label))


def prepare_tour(say: Callable[[Words], str]) -> None:
    """Give the steps to the browser."""
    steps = [[selector, say(title), say(words)] for selector, (title, words) in STEPS.items()]
    words = {"name": say(_("Tour")), "next": say(_("Next")), "back": say(_("Back", "tour")),
             "end": say(_("End", "tour"))}  # fmt: skip
    given = ", ".join(json.dumps(each, ensure_ascii=False) for each in (steps, words))
    ui.run_javascript(f"window.xianchengTour({given})")
