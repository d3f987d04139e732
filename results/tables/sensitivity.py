"""The table of a sensitivity analysis: a row for each factor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import _
from xiancheng.calibration.priors import catalogue
from xiancheng.results.analysis.sensitivity import EFFECTS, KINDS, LUCK, YARDSTICKS
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd


def factors(found: "pd.DataFrame", title: str, lang: str) -> Table:
    """A row for each factor, the strongest first; columns as the method gives them."""
    titles = {prior.name: prior.title[lang] for prior in catalogue()}
    titles |= {name: each.text(lang) for name, each in YARDSTICKS.items()}
    heads, keys = labels.columns("sensitivity", lang), list(found.columns[1:])
    rows = [
        (row["factor"], titles[row["factor"]], *(row[key] for key in keys))
        for row in found.to_dict("records")
    ]
    columns = tuple(heads[key] for key in ("factor", "meaning", *keys))
    return Table("sensitivity", title, columns, tuple(rows))


def notes(method: str, effect: bool, seed: int, lang: str) -> Iterator[str]:
    """Notes that stand wherever an analysis is shown."""
    what = (
        _("the plan less its baseline, same draw and luck") if effect else _("the scenario itself")
    )
    yield _("The outcome: {what}.", what=what).text(lang)
    yield _(
        "{LUCK} (the seed) and {EFFECTS} are no parameters: one that moves "
        "the outcome less than the seed does is not told from noise.",
        LUCK=LUCK,
        EFFECTS=EFFECTS,
    ).text(lang)
    yield _(
        "--seed {seed} sets the points of the design and the luck of every "
        "run; {LUCK}, as a factor, chooses among the {KINDS} seeds from "
        "{seed} on.",
        seed=seed,
        LUCK=LUCK,
        KINDS=KINDS,
    ).text(lang)
    if method == "morris":
        yield _(
            "Morris: how much the outcome changes as one parameter moves "
            "within the middle 90 % of its prior (mu*), and how unevenly "
            "(sigma)."
        ).text(lang)
    else:
        yield _(
            "Sobol: the share of the variance that a parameter explains "
            "alone (S1) or with its interactions (ST); the parameters not "
            "named stay central."
        ).text(lang)
