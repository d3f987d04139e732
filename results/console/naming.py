"""What a scenario is called on the page: never by the title of one that it is not."""

from dataclasses import replace
from typing import TYPE_CHECKING

from results.console.changes import changes
from results.console.draft import Draft
from scenarios.checking import Words
from scenarios.keys import Text
from scenarios.loading import Plan
from scenarios.scenario import Scenario

if TYPE_CHECKING:
    from calibration.region import Region

BASELINE = "baseline"  # the scenario that carries nothing out: it belongs to no plan


def titled(draft: Draft, region: "Region | None" = None, saved: Draft | None = None) -> Words:
    """The title of a draft, in both languages.

    Parameters
    ----------
    region : where it is applied; outside the region of its plan this is said
    saved : the scenario on file that the draft came from
    """
    if draft.named_by_user:
        title, since = Words(draft.title, draft.title), saved
    else:
        title, since = of_region(draft.base, region), None
    count = len(changes(draft))
    if since is not None:
        known = {(c.key, c.new) for c in changes(since)}
        now = {(c.key, c.new) for c in changes(draft)}
        count = len({key for key, _ in known ^ now})
    elif draft.named_by_user:
        count = 0  # the title is of the whole of it
    if not count:
        return title
    return Words(
        f"{title.zh}（有改动 {count} 项）",
        f"{title.en} ({count} change{'s' if count > 1 else ''})",
    )


def shown(draft: Draft, region: "Region | None" = None, saved: Draft | None = None) -> Scenario:
    """The scenario of a draft under the title that pages and documents give it."""
    title = titled(draft, region, saved)
    if tuple(title) == (draft.scenario.title.zh, draft.scenario.title.en):
        return draft.scenario
    return replace(draft.scenario, title=Text(zh=title.zh, en=title.en))


def of_region(scenario: Scenario, region: "Region | None") -> Words:
    """The title of a scenario of the plan, where it is applied."""
    own = Words(scenario.title.zh, scenario.title.en)
    if region is None or covers(scenario.plan, region) or scenario.name == BASELINE:
        return own
    plan = plan_name(scenario.plan)
    if scenario.name == "plan":
        return Words(f"{plan.zh}（套用）", f"{plan.en} (applied elsewhere)")
    return Words(f"{own.zh}（套用{plan.zh}）", f"{own.en} ({plan.en}, applied elsewhere)")


def covers(plan: Plan, region: "Region") -> bool:
    """Whether a plan was written for any county of a region."""
    own = {place.code for place in plan.about.counties}
    return any(county.code in own for county in region.counties)


def plan_name(plan: Plan) -> Words:
    """What people call a plan: its issuer and year."""
    about = plan.about
    zh = about.issuer.zh.partition("人民政府")[0]
    en = about.issuer.en.removeprefix("General Office of the ").partition(" Municipal")[0]
    return Words(f"{zh} {about.issued.year} 年方案", f"{en} plan of {about.issued.year}")


def unnamed(draft: Draft) -> bool:
    """Whether a changed scenario has no title of its own yet."""
    return draft.changed and not draft.named_by_user
