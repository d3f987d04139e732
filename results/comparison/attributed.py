"""An attribution as people read it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import shortened
from xiancheng.results.analysis.attribution import Attribution
from xiancheng.results.tables.attribution import SEEN, error, points, whole_rows
from xiancheng.results.tables.labels import labels
from xiancheng.results.tables.notes import belief
from xiancheng.scenarios.paired import PARTS

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

KINDS = {
    "shapley": Words("Shapley", "Shapley"),
    "owen": Words("Owen", "Owen"),
    "persons": _("persons", "count"),
    "first_in": _("first in"),
    "last_in": _("last in"),
}


def projects(
    told: Attribution, g: int, lang: str, scale: float
) -> tuple[list[str], list[list[str]]]:
    """A row for each project: Owen value, and its parts by cause; then the sum and the total."""
    about = told.scenario.plan.about.projects
    safeguards = _("safeguards")
    kinds = ("owen", "persons", "first_in", "last_in", *PARTS)
    rows = []
    for project in told.projects:
        title = about.get(project, safeguards)
        rows.append(
            [
                f"{project} {title.said(lang)}",
                _with_error(told.owen[project][0, g], told.owen_error[project][0, g], told.several),
                f"{whole_rows(told.owen[project][1, g], scale):+,.0f}",
                points(told.first_in[project][0, g]),
                points(told.last_in[project][0, g]),
                *(points(x) for x in told.owen[project][2:, g]),
            ]
        )
    return _headers(kinds, _("project"), lang), [*rows, _total(told, g, lang, scale, 1)]


def measures(
    told: Attribution, g: int, lang: str, scale: float
) -> tuple[list[str], list[list[str]]]:
    """A row for each measure: Shapley and Owen values, and the parts of the former by cause."""
    kinds = ("shapley", "persons", "owen", "first_in", "last_in", *PARTS)
    rows = []
    for number, measure in told.scenario.plan.measures.items():
        value, title = told.shapley[number], shortened(measure.title.said(lang), 34)
        rows.append(
            [
                f"{number} {title}",
                _with_error(value[0, g], told.shapley_error[number][0, g], told.several),
                f"{whole_rows(value[1, g], scale):+,.0f}",
                points(told.owen[number][0, g]),
                points(told.first_in[number][0, g]),
                points(told.last_in[number][0, g]),
                *(points(x) for x in value[2:, g]),
            ]
        )
    return _headers(kinds, _("measure"), lang), [*rows, _total(told, g, lang, scale, 2)]


def remarks(told: Attribution, scale: float, region: "Region", lang: str) -> Iterator[str]:
    """What has to be said wherever contributions are shown."""
    yield _(
        "The shares add up to the whole effect ({day}, resident urbanization "
        "rate, points; persons are urban residents). {permutations} orders "
        "of either kind, in antithetic pairs; ± is the standard error over "
        "orders, parameters and random worlds, not a forecast interval.",
        day=told.day,
        permutations=told.permutations,
    ).said(lang)
    yield _(
        "'<{SEEN:g}' is less than {SEEN:g} points; persons are no finer than a row of the model.",
        SEEN=SEEN,
    ).said(lang)
    yield _(
        "First-in and last-in are not bounds: where measures help or replace "
        "each other, a share may lie outside them."
    ).said(lang)
    idle = [n for n, value in told.shapley.items() if not (value.any() or _alone(told, n))]
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
            draws=told.draws,
            belief=belief(region),
        )
        if told.several
        else _(
            "Central parameters and one random world: the error is not known and "
            "not shown; use --draws."
        )
    )
    yield luck.said(lang)
    yield _(
        "scale {scale:g}, {runs} runs made; the smaller the scale, the noisier small shares.",
        scale=scale,
        runs=told.runs,
    ).said(lang)


def _headers(kinds: tuple[str, ...], first: Words, lang: str) -> list[str]:
    words = {kind: words.said(lang) for kind, words in KINDS.items()} | labels("causes", lang)
    return [first.said(lang), *(words[kind] for kind in kinds)]


def _total(told: Attribution, g: int, lang: str, scale: float, before_parts: int) -> list[str]:
    """The whole effect: what the column of shares adds up to."""
    total = told.total[:, g]
    blank = [""] * (before_parts - 1)
    return [
        _("sum = whole effect").said(lang),
        _with_error(total[0], told.total_error[0, g], told.several),
        f"{whole_rows(total[1], scale):+,.0f}",
        *([points(total[0])] if blank else []),
        "",
        "",
        *(points(x) for x in total[2:]),
    ]


def _with_error(value: float, spread: float, known: bool) -> str:
    """A contribution with its standard error, which is known over several worlds only."""
    return f"{points(value)} ±{error(spread)}" if value and known else points(value)


def _alone(told: Attribution, number: str) -> bool:
    """Whether a measure does something alone, or as the last."""
    return bool(told.first_in[number].any() or told.last_in[number].any())
