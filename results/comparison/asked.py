"""What the commands that compare and explain were asked, read and checked before computing."""

from argparse import Namespace
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.i18n import Words
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


def at_least(least: int, name: str, given: int, zh: str = "", en: str = "") -> None:
    """Refuse a number below the least that means something.

    Parameters
    ----------
    zh, en : why less means nothing

    Raises
    ------
    RequestError
    """
    if given < least:
        raise RequestError(
            f"--{name} 应为不小于 {least} 的整数{zh}；得到 {given}",
            f"--{name} should be a whole number from {least}{en}; got {given}",
        )


def idle(asked: Namespace, names: tuple[str, ...], zh: str, en: str) -> None:
    """Refuse options that were given and would do nothing.

    Parameters
    ----------
    zh, en : why they would do nothing, and what to do

    Raises
    ------
    RequestError
    """
    for name in names:
        if getattr(asked, name) is not None:
            raise RequestError(f"--{name} 在此不起作用：{zh}", f"--{name} would do nothing: {en}")


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
            f"--at {day} 应在 {told.start} 之后、不晚于 {told.until}",
            f"--at {day} should be after {told.start} and not after {told.until}",
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
        raise RequestError(
            f"--at 应为日期，如 2025-12-31；得到 {text!r}",
            f"--at should be a date such as 2025-12-31; got {text!r}",
        )
    return found


def numbers(pairs: list[str], example: str) -> dict[str, float]:
    """Numbers by name, from words such as M12=2.

    Raises
    ------
    RequestError
    """
    told = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name in told:
            raise RequestError(
                f"{name} 写了两次，每个名称只写一次：{example}",
                f"{name} stands twice; name each once: {example}",
            )
        number = parsing.number(value)
        if number is None:
            raise RequestError(
                f"应写作 {example}；得到 {pair!r}", f"expected {example}, got {pair!r}"
            )
        told[name] = number
    return told


def unknown(what: Words, name: str, known: Iterable[str]) -> Words:
    """What is said of a name that nothing has: the nearest one, or else all there are."""
    names = list(known)
    near = nearest(name, names)
    if near:
        zh, en = f"是否指 {near}？", f"did you mean {near}?"
    else:
        zh, en = f"可用：{'、'.join(names)}", f"known: {', '.join(names)}"
    return Words(f"没有名为 {name!r} 的{what.zh}；{zh}", f"no {what.en} is called {name!r}; {en}")


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
    meant = Words(f"；是否指 {near}？", f"; did you mean {near}?") if near else Words("", "")
    zh = "、".join(f"{g.code} {g.zh}" for g in groups)
    en = ", ".join(f"{g.code} {g.en}" for g in groups)
    raise RequestError(
        f"没有名为 {name!r} 的地区；可用：{zh}{meant.zh}",
        f"no place is called {name!r}; known: {en}{meant.en}",
    )
