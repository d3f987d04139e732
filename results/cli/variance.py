"""`xiancheng sensitivity --verdict`: where the uncertainty of the verdict comes from."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.results.analysis import variance
from xiancheng.results.cli.output import (
    Work,
    announce,
    give,
    print_notes,
    progress,
    reject_unused,
    write_csv,
)
from xiancheng.results.cli.process import DONE
from xiancheng.results.tables import variance as tables
from xiancheng.results.tables.terminal import show
from xiancheng.results.text import Say
from xiancheng.scenarios.ensemble import Summaries, check_drawable
from xiancheng.scenarios.run_spec import LEVEL
from xiancheng.scenarios.scenario_files import Scenario

SCALE = 0.1  # by default: below it, random numbers alone make much of an effect's spread
ONE_OUTCOME = ["method", "outcome", "effect", "factors", "trajectories", "top", "at", "county"]


def settle(options: Namespace) -> int:
    """The points of a split; scale and alignment are its own unless they were given.

    Raises
    ------
    RequestError
        for options that would do nothing.
    """
    why = _("--verdict splits the variance of every target at its deadline; leave it out")
    reject_unused(options, ONE_OUTCOME, why)
    if "scale" not in options.given:
        options.scale = SCALE
    if "alignment" not in options.given:
        options.alignment = LEVEL
    points = variance.POINTS if options.points is None else options.points
    if points < variance.FEWEST:
        raise RequestError(
            _("--points should be a whole number from {least}, as fewer pairs of draws tell no "
              "shares; got {points}", least=variance.FEWEST, points=points)
        )  # fmt: skip
    return int(points)


def verdict(
    options: Namespace, say: Say, scenario: Scenario, runs: Summaries, about: Mapping[str, Any],
    points: int,
) -> int:  # fmt: skip
    """Split the variance, print the tables, write the CSV."""
    check_drawable(runs.spec)
    steps = variance.runs_needed(points)
    announce(say, [Work(steps, options.region, options.scale, scenario.start, scenario.until)],
             options.jobs)  # fmt: skip
    with runs, progress(say(_("splitting the variance")), steps) as step:
        found = variance.split(scenario, runs, points=points, seed=options.seed, done=step)
    notes = tables.notes(found, say.lang)
    report = {
        **about, "anchored": found.anchored, "points": found.points, "runs": found.runs,
        "seconds": round(found.seconds, 1), "scale": found.scale, "seed": options.seed,
        "variance": found.frame, "remarks": notes,
    }  # fmt: skip

    def text() -> None:
        show(tables.of_verdict(found, say.lang))
        if found.anchored:
            show(tables.of_effect(found, say.lang))
        print_notes(notes)

    give(options, report, text)
    write_csv(found.frame, options.csv, say)
    return DONE
