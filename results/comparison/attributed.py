"""An attribution as people read it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import shortened
from xiancheng.results.analysis.attribution import FEATURES, AttributionTable
from xiancheng.results.caveats import belief
from xiancheng.results.contents.contributions import SEEN, error, points, whole_rows
from xiancheng.results.contents.words import CAUSES
from xiancheng.scenarios.ensemble import PARTS
from xiancheng.scenarios.scenario_files import Scenario

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

KINDS = {
    "shapley": Words("Shapley", "Shapley"),
    "owen": Words("Owen", "Owen"),
    "persons": _("persons", "count"),
    "first_in": _("first in"),
    "last_in": _("last in"),
    **CAUSES,
}


SHOWN = {  # columns after the name, by level; the first is the share with its error
    "project": ("owen", "persons", "first_in", "last_in", *PARTS),
    "measure": ("shapley", "persons", "owen", "first_in", "last_in", *PARTS),
}
LEVELS = {"project": _("project"), "measure": _("measure")}


def shares(
    table: AttributionTable, scenario: Scenario, code: int, level: str, lang: str
) -> tuple[list[str], list[list[str]]]:
    """A row for each project or measure in a group of counties; then the whole effect, their sum.

    Parameters
    ----------
    level : "project" or "measure"
    """
    columns, total = SHOWN[level], table.of_group(code, "total", "total")
    others = {
        kind: {
            row["id"]: points(row["points"])
            for row in [*table.of_group(code, level, kind), *(total if kind == "owen" else ())]
        }
        for kind in columns[1 : -len(PARTS)]
        if kind != "persons"
    }

    def cells(row: Mapping[str, Any]) -> Iterator[str]:
        known = bool(row["points"]) and table.several
        yield points(row["points"]) + (f" ±{error(row['points_error'])}" if known else "")
        yield f"{whole_rows(row['persons'], table.scale):+,.0f}"
        yield from (other.get(row["id"], "") for other in others.values())
        yield from (points(row[part]) for part in PARTS)

    rows = [
        [_title(scenario, row["id"], lang), *cells(row)]
        for row in table.of_group(code, level, columns[0])
    ]
    for row in total:
        rows.append([_("sum = whole effect").said(lang), *cells(row)])
    headers = [LEVELS[level].said(lang), *(KINDS[kind].said(lang) for kind in columns)]
    return headers, rows


def _title(scenario: Scenario, name: str, lang: str) -> str:
    """A project or measure with its number and title."""
    if name in scenario.plan.measures:
        return f"{name} {shortened(scenario.plan.measures[name].title.said(lang), 34)}"
    titles = scenario.plan.about.projects
    return f"{name} {titles.get(name, _('safeguards')).said(lang)}"


def remarks(table: AttributionTable, region: "Region", lang: str) -> Iterator[str]:
    """Notes that stand wherever contributions are shown."""
    yield _(
        "The shares add up to the whole effect ({day}, resident urbanization "
        "rate, points; persons are urban residents). {permutations} orders "
        "of either kind, in antithetic pairs; ± is the standard error over "
        "orders, parameters and random worlds, not a forecast interval.",
        day=table.day,
        permutations=table.permutations,
    ).said(lang)
    yield _(
        "'<{SEEN:g}' is less than {SEEN:g} points; persons are no finer than a row of the model.",
        SEEN=SEEN,
    ).said(lang)
    yield _(
        "First-in and last-in are not bounds: where measures help or replace "
        "each other, a share may lie outside them."
    ).said(lang)
    own = table.frame[(table.frame["level"] == "measure") & (table.frame["kind"] != "owen")]
    moved = own[(own[list(FEATURES)] != 0).any(axis=1)]["id"]
    idle = [name for name in own["id"].unique() if name not in set(moved)]
    if idle:
        yield _(
            "Exactly 0: {idle} (they move no lever that acts in this world).", idle=listed(idle)
        ).said(lang)
    yield _(
        "The load on counties is that of the whole scenario in every "
        "coalition, so a measure that moves no lever gets exactly 0, even "
        "where capacity binds."
    ).said(lang)
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
    yield luck.said(lang)
    yield _(
        "scale {scale:g}, {runs} runs made; the smaller the scale, the noisier small shares.",
        scale=table.scale,
        runs=table.runs,
    ).said(lang)
