"""What a scenario is called where it is shown: as changed, and as applied, where it is."""

from functools import lru_cache
from pathlib import Path

from xiancheng.scenarios.checking import Words
from xiancheng.scenarios.differences import Difference, differences
from xiancheng.scenarios.loading import RegionLike
from xiancheng.scenarios.resolving import resolve
from xiancheng.scenarios.scenario import Scenario

TITLE = 40  # characters of a title that are shown


def called(scenario: Scenario, region: RegionLike, *, whole: bool = False) -> Words:
    """The name of a scenario in titles, headers, sources and sentences.

    The title of a shipped scenario stands alone only over what that scenario does; over anything
    else it is followed by the number of changes. Outside the city that the plan was written for,
    the plan is named as applied. A long title is cut, unless it is wanted `whole`.
    """
    namesake = shipped(scenario)
    own, changes = (namesake or scenario).title, len(changed(scenario, region))
    zh, en = (plain(title) if whole else brief(title) for title in (own.zh, own.en))
    if changes:
        zh, en = with_changes(zh, en, changes)
    if applied(scenario, region):
        name = scenario.plan.about.name
        zh = f"{name.zh}（套用）：{zh}"
        en = f"{name.en} (applied elsewhere): {en}"
    return Words(zh, en)


def with_changes(zh: str, en: str, count: int) -> Words:
    """A title followed by the number of changes."""
    return Words(f"{zh}（有改动 {count} 项）", f"{en} ({count} change{'s' if count > 1 else ''})")


def applied(scenario: Scenario, region: RegionLike) -> bool:
    """Whether a scenario carries measures out where its plan was not written for."""
    return bool(scenario.settings) and foreign(scenario, region)


def foreign(scenario: Scenario, region: RegionLike) -> bool:
    """Whether the plan of a scenario speaks of none of these counties."""
    return not scenario.plan.about.covers(str(county.code) for county in region.counties)


def changed(scenario: Scenario, region: RegionLike) -> list[Difference]:
    """The changes in a scenario that bears the title of one that is shipped; none in others."""
    namesake = shipped(scenario)
    return [] if namesake is None else differences(namesake, scenario, region, quantities=False)


def shipped(scenario: Scenario) -> Scenario | None:
    """The scenario on file with the plan that bears the same title; None if there is none."""
    on_file = scenario.plan.scenario_files().values()
    stamp = tuple((str(f), (s := f.stat()).st_mtime_ns, s.st_size) for f in on_file)
    own = {scenario.title.zh, scenario.title.en}
    return next((each for each in _read(stamp) if own & {each.title.zh, each.title.en}), None)


@lru_cache(maxsize=8)
def _read(files: tuple[tuple[str, int, int], ...]) -> tuple[Scenario, ...]:
    """Scenario files, read once until one of them changes."""
    return tuple(resolve(Path(file)) for file, _, _ in files)


def brief(text: str) -> str:
    """Text on one line without control characters, cut where it is longer than a title.

    >>> brief("学位优先"), len(brief("长" * 200))
    ('学位优先', 40)
    """
    shown = plain(text)
    return shown if len(shown) <= TITLE else shown[: TITLE - 1] + "…"


def plain(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
