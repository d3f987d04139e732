"""What a scenario is called on the page: never by the title of one that it is not."""

from dataclasses import replace

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.region import Region
from xiancheng.results.console.changes import changes
from xiancheng.results.console.draft import Draft
from xiancheng.scenarios.diff import called, with_changes
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.types import Text

BASELINE = "baseline"  # the scenario that carries nothing out: it belongs to no plan


def titled(draft: Draft, region: Region, saved: Draft | None = None) -> Words:
    """The title of a draft, in both languages.

    Parameters
    ----------
    region : where it is applied; outside the region of its plan this is said
    saved : the scenario on file that the draft came from
    """
    return called(shown(draft, saved), region)


def shown(draft: Draft, saved: Draft | None = None) -> Scenario:
    """The scenario of a draft as pages and documents name it.

    One that came from a saved scenario, bears its title and is no longer what was saved has the
    number of changes in its title. Titles of the plan are seen to by `scenarios.diff.called`.
    """
    if saved is None or not draft.named_by_user or draft.title != saved.title:
        return draft.scenario
    known = {(change.key, change.new) for change in changes(saved)}
    now = {(change.key, change.new) for change in changes(draft)}
    count = len({key for key, _ in known ^ now})
    if not count:
        return draft.scenario
    zh, en = with_changes(draft.title, draft.title, count)
    return replace(draft.scenario, title=Text(zh=zh, en=en))


def unnamed(draft: Draft) -> bool:
    """Whether a changed scenario has no title of its own yet."""
    return draft.changed and not draft.named_by_user
