"""What a tab begins with: the state that its address holds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from results.console import views
from results.console.address import unpacked
from results.console.choosing import USUAL
from results.console.draft import Draft
from results.console.session import Session
from scenarios.checking import ScenarioError
from scenarios.outcome import Group

if TYPE_CHECKING:
    from calibration.region import Region


def arrived(
    lang: str, asked: Mapping[str, str], region: "Region", places: Sequence[Group]
) -> tuple[Session, str]:
    """The session that an address asks for, and what is wrong with the address, if anything."""
    problems = list[str]()

    def draft(key: str) -> Draft:
        try:
            return unpacked(asked[key]) if key in asked else Draft.of(USUAL[key])
        except ScenarioError as error:
            problems.append(error.text(lang))
            return Draft.of(USUAL[key])

    session = Session(lang, draft("a"), draft("b"))
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
