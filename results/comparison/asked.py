"""What the commands that compare and explain were asked, read and checked before computing."""

from argparse import Namespace
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import nearest
from xiancheng.results import cells
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.simulate import RequestError, checked, horizon, reported

if TYPE_CHECKING:
    from xiancheng.scenarios.paired import Runs
    from xiancheng.scenarios.scenario_files import Scenario


def scenario(asked: Namespace) -> "Scenario":
    """The scenario that is asked about, up to the day that is asked for."""
    return horizon(resolve(asked.scenario, asked.region), None, asked.until)


def possible(asked: Namespace, *scenarios: "Scenario", **numbers: Any) -> None:
    """Refuse what cannot be computed or written, before anything is.

    Parameters
    ----------
    numbers : as `checked` takes them

    Raises
    ------
    RequestError, PackError
    """
    for each in scenarios:
        checked(each, asked.region, **numbers)
    if getattr(asked, "csv", None):
        cells.possible(asked.csv)


NOTHING = Words("", "")


def at_least(least: int, name: str, given: int, why: Words = NOTHING) -> None:
    """Refuse a number below the least that means something.

    Parameters
    ----------
    why : why less means nothing

    Raises
    ------
    RequestError
    """
    if given < least:
        raise RequestError(
            _(
                "--{name} should be a whole number from {least}{why}; got {given}",
                name=name,
                least=least,
                why=why,
                given=given,
            )
        )


def idle(asked: Namespace, names: tuple[str, ...], why: Words) -> None:
    """Refuse options that were given and would do nothing.

    Parameters
    ----------
    why : why they would do nothing, and what to do

    Raises
    ------
    RequestError
    """
    for name in names:
        if getattr(asked, name) is not None:
            raise RequestError(_("--{name} would do nothing: {why}", name=name, why=why))


def runs(asked: Namespace, told: "Scenario", day: date, scale: float | None = None) -> "Runs":
    """What runs scenarios for a command, and reads them on a day.

    Raises
    ------
    RequestError
        if the scenario does not reach that day.
    """
    from xiancheng.scenarios.paired import Runs

    if not told.start < day <= told.until:
        raise RequestError(
            _(
                "--at {day} should be after {start} and not after {until}",
                day=day,
                start=told.start,
                until=told.until,
            )
        )
    return Runs(asked.region, day=day, scale=scale or asked.scale, jobs=asked.jobs)


def last_deadline(asked: Namespace, told: "Scenario") -> date:
    """The day on which the targets are judged, or else the last of the scenario."""
    from xiancheng.calibration.region import load
    from xiancheng.scenarios.paired import judged_on

    return judged_on(told, load(asked.region))


def day(text: str | None) -> date | None:
    """The day that is meant by `--at`.

    Raises
    ------
    RequestError
    """
    found = parsing.day(text) if text else None
    if text and found is None:
        raise RequestError(_("--at should be a date such as 2025-12-31; got {text!r}", text=text))
    return found


def numbers(pairs: list[str], example: str) -> dict[str, float]:
    """Numbers by name, from words such as M12=2.

    Raises
    ------
    RequestError
    """
    told = {}
    for pair in pairs:
        name, __, value = pair.partition("=")
        if name in told:
            raise RequestError(
                _("{name} stands twice; name each once: {example}", name=name, example=example)
            )
        number = parsing.number(value)
        if number is None:
            raise RequestError(_("expected {example}, got {pair!r}", example=example, pair=pair))
        told[name] = number
    return told


def unknown(what: Words, name: str, known: Iterable[str]) -> Words:
    """What is said of a name that nothing has: the nearest one, or else all there are."""
    names = list(known)
    near = nearest(name, names)
    if near:
        advice = _("did you mean {near}?", near=near)
    else:
        advice = _("known: {names}", names=listed(names))
    return _("no {what} is called {name!r}; {advice}", what=what, name=name, advice=advice)


def group_named(made: "Runs", name: str | None) -> int:
    """The index of a group of counties, by code or name; by default the largest target's.

    Raises
    ------
    RequestError
    """
    groups = reported(made.pack)
    if name is None:
        return len(groups) - 1
    codes = [str(group.code) for group in groups]
    places = naming.place_names(groups)
    if (code := naming.place(name, places)) is not None:
        return codes.index(code)
    near = nearest(name, places)
    meant = _("; did you mean {near}?", near=near) if near else Words("", "")
    zh = "、".join(f"{g.code} {g.zh}" for g in groups)
    en = ", ".join(f"{g.code} {g.en}" for g in groups)
    raise RequestError(
        _(
            "no place is called {name!r}; known: {what}{meant}",
            name=name,
            what=Words(zh, en),
            meant=meant,
        )
    )
