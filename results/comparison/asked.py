"""What the commands that compare and explain were asked, read and checked before computing."""

from argparse import Namespace
from datetime import date
from typing import TYPE_CHECKING, Any

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import RequestError
from xiancheng.results import cells
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import check_run, horizon

if TYPE_CHECKING:
    from xiancheng.scenarios.ensemble import Summaries
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
        check_run(each, asked.region, **numbers)
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


def runs(asked: Namespace, told: "Scenario", day: date, scale: float | None = None) -> "Summaries":
    """What runs scenarios for a command, and reads them on a day.

    Raises
    ------
    RequestError
        if the scenario does not reach that day.
    """
    from xiancheng.scenarios.ensemble import Summaries
    from xiancheng.scenarios.run_spec import RunSpec

    if not told.start < day <= told.until:
        raise RequestError(
            f"--at {day} 应在 {told.start} 之后、不晚于 {told.until}",
            f"--at {day} should be after {told.start} and not after {told.until}",
        )
    spec = RunSpec.of(told, region=asked.region, seed=asked.seed, scale=scale or asked.scale)
    return Summaries(spec, day, asked.jobs)


def last_deadline(asked: Namespace, told: "Scenario") -> date:
    """The day on which the targets are judged, or else the last of the scenario."""
    from xiancheng.calibration.region import load
    from xiancheng.scenarios.ensemble import judged_on

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
