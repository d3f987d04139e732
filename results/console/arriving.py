"""What a tab begins with: the state that its address holds."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from xiancheng.calibration.errors import ScenarioError
from xiancheng.results.console import views
from xiancheng.results.console.address import unpacked
from xiancheng.results.console.choosing import usual
from xiancheng.results.console.draft import Draft
from xiancheng.results.console.session import Session
from xiancheng.scenarios.outcome import Group

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region


def arrived(
    lang: str, asked: Mapping[str, str], region: "Region", places: Sequence[Group],
    name: str | None = None,
) -> tuple[Session, str]:  # fmt: skip
    """The session that an address asks for, and what is wrong with the address, if anything.

    Parameters
    ----------
    name : of the region, or its folder
    """
    problems, first_asked = list[str](), usual(region)

    def draft(key: str) -> Draft:
        try:
            if key in asked:
                return unpacked(asked[key], name)
        except ScenarioError as error:
            problems.append(error.text(lang))
        return Draft.of(first_asked[key], region=name)

    session = Session(lang, draft("a"), draft("b"))
    with suppress(ValueError):
        session.day = date.fromisoformat(asked.get("day", ""))
    session.view = asked["view"] if asked.get("view") in views.VIEWS else session.view
    codes = [str(group.code) for group in places]
    wanted = asked.get("place", "")
    session.group = codes.index(wanted) if wanted in codes else first(region, places)
    return session, "\n".join(problems)


def first(region: "Region", places: Sequence[Group]) -> int:
    """The place shown first: the counties of the first target, or all together."""
    codes = [county.code for county in region.counties]
    if region.targets:
        wanted = tuple(sorted(codes.index(code) for code in region.targets[0].counties))
        return next(i for i, group in enumerate(places) if group.counties == wanted)
    return next((i for i, group in enumerate(places) if len(group.counties) > 1), 0)
