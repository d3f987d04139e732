"""Where the uncertainty of verdicts comes from, as tables, a chart and sentences."""

from collections.abc import Callable
from typing import Any

from xiancheng.results.analysis.variance import INTERACTIONS, LEVEL, VarianceSplit
from xiancheng.results.cells import records
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Cell, Chart, Table

SMALL = 0.005  # points: a plan whose effect spreads less has no variance to speak of
MOST = 3  # groups that the notes name


def of_verdict(found: VarianceSplit, lang: str, source: str = "") -> Table:
    """A row for each target: its standard deviation, and shares in percent with their errors."""
    return labels.table("variance", _rows(found, "", lang, _with_error), lang, source=source)


def of_effect(found: VarianceSplit, lang: str, source: str = "") -> Table:
    """The same of what plan and outside conditions add to the level."""
    title = labels.label("titles", "variance_effect", lang)
    rows = _rows(found, "effect_", lang, _with_error)
    return labels.table("variance", rows, lang, key="variance-effect", title=title, source=source)


def chart(found: VarianceSplit, lang: str, source: str = "") -> Chart:
    """A bar for each target, divided among the components; shares are numbers in percent."""
    rows = _rows(found, "", lang, lambda share, __: 100 * share)
    title = labels.label("titles", "variance", lang)
    shown = labels.table("variance_chart", rows, lang, title=title, source=source)
    return Chart("variance", shown, title, labels.label("descriptions", "variance", lang))


def source(found: VarianceSplit, result: PlanResult, lang: str) -> str:
    """What a split that stands in a report rests on, in a line."""
    return labels.sentence(
        "sensitivity/source", lang, found=found, title=result.title(lang), region=result.region,
        run=result.run, until=result.scenario.until,
    )  # fmt: skip


def _with_error(share: float, error: float) -> str:
    """A share in percent with its Monte Carlo standard error.

    >>> _with_error(0.0261, 0.0079), _with_error(0.4534, 0.0761), _with_error(-0.0004, 0.003)
    ('2.6±0.8', '45±8', '0.0±0.3')
    """
    digits = 0 if error >= 0.0095 else 1
    value = round(100 * share, digits) or 0.0
    return f"{value:.{digits}f}±{100 * error:.{digits}f}"


def _rows(
    found: VarianceSplit, of: str, lang: str, cell: Callable[[float, float], Cell]
) -> list[dict[str, Any]]:
    """A row for each target; `cell` makes the cells of shares and their errors."""
    of_target: dict[str, list[dict[str, Any]]] = {}
    for row in records(found.frame):
        if not (of and row["component"] in LEVEL):
            of_target.setdefault(row["target"], []).append(row)
    return [
        {
            "target": f"{target} {labels.county(parts[0], lang)}",
            "deadline": str(parts[0]["deadline"]),
            "sd": parts[0][f"{of or 'verdict_'}sd_pp"],
            **{p["component"]: cell(p[f"{of}share"], p[f"{of}share_error"]) for p in parts},
        }
        for target, parts in of_target.items()
    ]


def notes(found: VarianceSplit, lang: str) -> list[str]:
    """What the split says, how it was found, and what it took."""
    frame = found.frame
    level = frame[frame["component"].isin(LEVEL)].groupby("target")["share"].sum()
    recoding = frame[frame["component"] == LEVEL[1]]["share"]
    groups = frame[~frame["component"].isin([*LEVEL, INTERACTIONS])]
    mean = groups.groupby("component")["effect_share"].mean().sort_values(ascending=False)
    names = labels.columns("variance", lang)
    varies = frame["effect_sd_pp"].max() > SMALL
    return labels.paragraphs(
        "sensitivity/variance", lang, found=found, minutes=found.seconds / 60,
        level=(level.min(), level.max()) if len(level) else None,
        recoding=(recoding.min(), recoding.max()) if len(recoding) else None,
        largest=[(names[str(name)].label, float(share)) for name, share in mean.items()][:MOST]
        if varies else [],
    )  # fmt: skip
