"""Presentation: one large answer for each place, over the whole screen, turned by arrow keys.

The answers are written beside each result; page.js shows them, one at a time.
"""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from xiancheng.calibration.i18n import _
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import joined, tag
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
            yield tag("p", say(_("What the plan adds here cannot be told from chance.")))
        else:
            effect = _("The plan makes {effect} points of it.", effect=f"{rates.effect[g]:+.1f}")
            small = abs(rates.effect[g]) < LEAST
            yield tag(
                "p", say(_("The plan makes less than 0.1 points of it.") if small else effect)
            )
