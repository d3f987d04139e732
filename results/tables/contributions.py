"""Tables of an attribution in a terminal: what each project and measure contributes."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.i18n import _, listed
from xiancheng.calibration.naming import shortened
from xiancheng.results.analysis.attribution import BY_CAUSE, FEATURES, AttributionTable
from xiancheng.results.tables import labels
from xiancheng.results.tables.attribution import SEEN, error, points, whole_rows
from xiancheng.results.tables.notes import belief
from xiancheng.results.tables.table import Cell, Table
from xiancheng.scenarios.scenario_files import Scenario

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

KINDS = {  # of the share with its error, and of the other shares, by level
    "project": ("owen", "first_in", "last_in"),
    "measure": ("shapley", "owen", "first_in", "last_in"),
}


def shares(
    table: AttributionTable, scenario: Scenario, code: int, level: str, title: str, lang: str
) -> Table:
    """A row for each project or measure in a group of counties; then the whole effect, their sum.

    Parameters
    ----------
    level : "project" or "measure"
    """
    first, *others = KINDS[level]
    total = table.of_group(code, "total", "total")
    known = {
        kind: {
            row["id"]: points(row["points"])
            for row in [*table.of_group(code, level, kind), *(total if kind == "owen" else ())]
        }
        for kind in others
    }

    def cells(name: str, row: Mapping[str, Any]) -> tuple[Cell, ...]:
        sure = bool(row["points"]) and table.several
        return (
            name, points(row["points"]) + (f" ±{error(row['points_error'])}" if sure else ""),
            f"{whole_rows(row['urban_residents'], table.scale):+,.0f}",
            *(each.get(row["id"], "") for each in known.values()),
            *(points(row[column]) for column in BY_CAUSE.values()),
        )  # fmt: skip

    whole = _("sum = whole effect").text(lang)
    rows = [
        cells(_title(scenario, row["id"], lang), row) for row in table.of_group(code, level, first)
    ]
    rows += [cells(whole, row) for row in total]
    heads = labels.columns("contributions", lang)
    shown = (level, first, "persons", *others, *BY_CAUSE)
    columns = tuple(heads[key] for key in shown)
    return Table(f"contributions-{level}", title, columns, tuple(rows), total=True)


def _title(scenario: Scenario, name: str, lang: str) -> str:
    """A project or measure with its number and title."""
    if name in scenario.plan.measures:
        return f"{name} {shortened(scenario.plan.measures[name].title.text(lang), 34)}"
    titles = scenario.plan.about.projects
    return f"{name} {titles.get(name, _('safeguards')).text(lang)}"


def notes(table: AttributionTable, region: "Region", lang: str) -> Iterator[str]:
    """Notes that stand wherever contributions are shown."""
    yield _(
        "The shares add up to the whole effect ({day}, resident urbanization "
        "rate, points; persons are urban residents). {permutations} orders "
        "of either kind, in antithetic pairs; ± is the standard error over "
        "orders, parameters and random worlds, not a forecast interval.",
        day=table.day,
        permutations=table.permutations,
    ).text(lang)
    yield _(
        "'<{SEEN:g}' is less than {SEEN:g} points; persons are no finer than a row of the model.",
        SEEN=SEEN,
    ).text(lang)
    yield _(
        "First-in and last-in are not bounds: where measures help or replace "
        "each other, a share may lie outside them."
    ).text(lang)
    own = table.frame[(table.frame["level"] == "measure") & (table.frame["kind"] != "owen")]
    moved = own[(own[list(FEATURES)] != 0).any(axis=1)]["id"]
    idle = [name for name in own["id"].unique() if name not in set(moved)]
    if idle:
        yield _(
            "Exactly 0: {idle} (they move no lever that acts in this world).", idle=listed(idle)
        ).text(lang)
    yield _(
        "The load on counties is that of the whole scenario in every "
        "coalition, so a measure that moves no lever gets exactly 0, even "
        "where capacity binds."
    ).text(lang)
    luck = (
        _(
            "{draws} draws of the {belief}, the orders played in them in turn.",
            draws=table.draws,
            belief=belief(region),
        )
        if table.several
        else _(
            "Central parameters and one random world: the error is not known and "
            "not shown; use --draws."
        )
    )
    yield luck.text(lang)
    yield _(
        "scale {scale:g}, {runs} runs made; the smaller the scale, the noisier small shares.",
        scale=table.scale,
        runs=table.runs,
    ).text(lang)
