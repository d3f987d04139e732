"""The verdicts: the headline figures, and each target with its chance and its causes."""

from datetime import date

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.results.console.answer import EXACT
from xiancheng.results.console.markup import Markup, joined, table, tag
from xiancheng.results.console.shown import Shown
from xiancheng.results.tables import notes
from xiancheng.results.tables.labels import label, likelihood, percent
from xiancheng.scenarios.outcome import Group

PARTS = ("trend", "recoding", "conditions", "plan")


def headline(shown: Shown) -> Group:
    """The place of the headline figures: that of the first target of the day, or all together."""
    found = shown.answer.subject.verdicts
    groups = {group.code: group for group in shown.answer.groups}
    if not found.empty:
        due = found[found["deadline"] == shown.day]
        return groups[int((due if len(due) else found).iloc[0]["unit_code"])]
    together = (group for group in shown.answer.groups if len(group.counties) > 1)
    return next(together, shown.answer.groups[0])


def figures(shown: Shown) -> Markup:
    """The headline figures, all of one place and one day."""
    answer, say, day = shown.answer, shown.say, shown.day
    group = headline(shown)
    g = answer.groups.index(group)
    place, found = shown.place(group), answer.places(day)
    band = ""
    if found.a_interval is not None:
        low, high = (float(end[g]) for end in found.a_interval)
        band = say(_("90% {low:.1f}–{high:.1f}%, ", low=low, high=high))
    cards = [
        (
            say(_("Expected rate, {place}", place=place)),
            f"{found.a[g]:.1f}%",
            f"{band}{day}",
        ),
        *_together(shown),
    ]
    if not answer.carries_nothing_out:
        urban = answer.added("urban_residents", day)[g]
        pending = answer.pending
        amount = say(_("{urban:+,.0f} thousand", urban=Words(urban / 1e4, urban / 1e3)))
        cards += [
            (
                say(_("Effect of the plan against the baseline")),
                "–" if pending else say(_("{g:+.2f} pp", g=found.effect[g])),
                say(
                    _(
                        "{place}, {day}; without the plan {g:.1f}%",
                        place=place,
                        day=day,
                        g=found.without[g],
                    )
                ),
            ),
            (
                say(_("Urban residents that the plan adds")),
                "–" if pending else amount,
                say(_("{place}, {day}", place=place, day=day)),
            ),
        ]
    return joined(
        tag("div", tag("p", title, cls="title"), tag("p", number, cls="big"),
            tag("p", note, cls="note"), cls="card figure")
        for title, number, note in cards
    )  # fmt: skip


def _together(shown: Shown) -> list[tuple[str, str, str]]:
    """For each deadline the chance that all of its targets are met at once."""
    say, told = shown.say, shown.answer.subject
    if not shown.answer.outcome.region.targets:
        return []
    if not told.known:
        title = say(_("P(all targets met at once)"))
        return [(title, "–", say(_("no record, or no target due")))]
    cards = []
    for day, count, without, having in notes.joint_probabilities(told.verdicts):
        before = percent(without)
        cards.append((
            say(_("P(all {count} targets met by {day})", count=count, day=day)),
            percent(having),
            "" if shown.answer.carries_nothing_out
            else say(_("without the plan {before}", before=before)),
        ))  # fmt: skip
    return cards


def targets(shown: Shown) -> Markup:
    """Each target with its deadline, a row each."""
    say, answer = shown.say, shown.answer
    found = answer.subject.verdicts
    if found.empty:
        ends = say(_("The run ends before any deadline."))
        none = say(_("The region has no target."))
        return tag("p", ends if answer.outcome.region.targets else none, cls="card")
    has_plan = not answer.carries_nothing_out
    left_out = {"conditions"} if notes.usual_conditions(found) else set()
    left_out |= set() if has_plan else {"plan"}
    parts = [part for part in PARTS if part not in left_out]
    titles = {
        "trend": say(_("Trend (pp)")), "recoding": say(_("Recoding (pp)")),
        "conditions": say(_("Conditions (pp)")),
        "plan": say(_("Plan (pp)")),
    }  # fmt: skip
    headers = [
        say(_("Target")),
        say(_("Deadline")),
        say(_("In words")),
        say(_("P(met)")),
        *([say(_("Without"))] if has_plan else []),
        say(_("Expected (%)")),
        say(_("90% (%)")),
        say(_("Margin (pp)")),
        *(titles[part] for part in parts),
    ]
    rows = []
    names = {t.id: t.name for t in answer.outcome.region.targets}
    for row in found.to_dict("records"):
        where = row["county"] if shown.lang == "zh" else row["county_en"]
        wanted = label("qualifiers", row["operator"], shown.lang)
        title = tag("span", f"{where} {wanted} {row['target_rate']:g}%",
                    title=names[row["target"]].said(shown.lang))  # fmt: skip
        known = row["probability"] == row["probability"]
        rows.append([
            title, tag("span", row["deadline"], cls="short"), _badge(shown, row["probability"]),
            _chance(row["probability"]),
            *([percent(row["probability_without"]) if known else "–"] if has_plan else []),
            f"{row['expected']:.1f}", f"{row['low']:.1f}–{row['high']:.1f}" if known else "–",
            f"{row['margin_pp']:+.1f}",
            *("–" if answer.pending else f"{round(row[f'from_{part}_pp'], EXACT):+.2f}"
              for part in parts),
        ])  # fmt: skip
    caption = say(
        _("Chance to meet each target at its deadline, and what makes up the expected change")
    )
    basis = notes.basis(found, notes.belief(answer.outcome.region))
    below = [shown.plain(basis.said(shown.lang))]
    if later := unjudged(shown):
        days = sorted({str(day) for day in later})
        below.append(say(
            _("{n} more targets ({days}) fall due after the end of the "
        "scenario and are not judged.", n=len(later), days=listed(days))))  # fmt: skip
    sep = "" if shown.lang == "zh" else " "
    return tag(
        "section", table(headers, rows, caption=caption, numbers_from=4),
        tag("p", sep.join(below), cls="note"), cls="card",
    )  # fmt: skip


def unjudged(shown: Shown) -> list[date]:
    """The deadlines of targets that the run does not reach."""
    last = shown.answer.outcome.dates[-1]
    return [t.deadline for t in shown.answer.outcome.region.targets if t.deadline > last]


def _badge(shown: Shown, chance: float) -> Markup:
    if chance != chance:  # not known
        return tag("span", "–")
    style = "met" if chance >= 0.9 else "missed" if chance < 0.1 else "open"
    return tag("span", label("chances", likelihood(chance), shown.lang), cls=f"verdict {style}")


def _chance(chance: float) -> Markup:
    if chance != chance:
        return tag("span", "–")
    bar = tag("i", tag("b", style=f"width:{100 * chance:.0f}%"), cls="bar", aria_hidden="true")
    return tag("span", bar, tag("span", percent(chance), cls="percent"), cls="chance")
