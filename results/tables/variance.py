"""Where the uncertainty of verdicts comes from, as tables, a chart and sentences."""

from typing import Any

from xiancheng.calibration.region import Region
from xiancheng.results.analysis.variance import INTERACTIONS, LEVEL, VarianceSplit
from xiancheng.results.cells import records
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Chart, Table

SMALL = 0.005  # points: a plan whose effect spreads less has no variance to speak of


def of_verdict(found: VarianceSplit, region: Region, lang: str, source: str = "") -> Table:
    """A row for each target: its standard deviation and the share of each component in percent."""
    return labels.table("variance", _rows(found, region, "", lang), lang, source=source)


def of_effect(found: VarianceSplit, region: Region, lang: str, source: str = "") -> Table:
    """The same of what plan and outside conditions add to the level."""
    title = labels.label("titles", "variance_effect", lang)
    rows = _rows(found, region, "effect_", lang)
    return labels.table("variance", rows, lang, key="variance-effect", title=title, source=source)


def chart(found: VarianceSplit, region: Region, lang: str) -> Chart:
    """A bar for each target, divided among the components."""
    shown = of_verdict(found, region, lang)
    return Chart("variance", shown, shown.title, labels.label("descriptions", "variance", lang))


def _rows(found: VarianceSplit, region: Region, of: str, lang: str) -> list[dict[str, Any]]:
    """A row for each target; shares in percent, and the largest Monte Carlo error among them."""
    names = {each.id: each.name.text(lang) for each in region.targets}
    of_target: dict[str, list[dict[str, Any]]] = {}
    for row in records(found.frame):
        of_target.setdefault(row["target"], []).append(row)
    rows = []
    for target, parts in of_target.items():
        own = [part for part in parts if not (of and part["component"] in LEVEL)]
        rows.append({
            "target": f"{target} {names.get(target, '')}".strip(),
            "deadline": str(own[0]["deadline"]),
            "sd": own[0][f"{of or 'verdict_'}sd_pp"],
            **{part["component"]: 100 * part[f"{of}share"] for part in own},
            "error": 100 * max(part[f"{of}share_error"] for part in own),
        })  # fmt: skip
    return rows


def notes(found: VarianceSplit, lang: str) -> list[str]:
    """What the split says, how it was found, and what it took."""
    frame = found.frame
    level = frame[frame["component"].isin(LEVEL)].groupby("target")["share"].sum()
    recoding = frame[frame["component"] == LEVEL[0]]["share"]
    effect = frame[~frame["component"].isin([*LEVEL, INTERACTIONS])]
    largest = (
        effect.groupby("component")["effect_share"].mean().sort_values(ascending=False)
        if frame["effect_sd_pp"].max() > SMALL else None
    )  # fmt: skip
    names = labels.columns("variance", lang)
    return labels.paragraphs(
        "sensitivity/variance", lang, found=found, minutes=found.seconds / 60,
        level=(level.min(), level.max()) if len(level) else None,
        recoding=(recoding.min(), recoding.max()) if len(recoding) else None,
        largest=[(names[str(name)].label, share) for name, share in largest.head(3).items()]
        if largest is not None else [],
        error=frame["share_error"].max(),
    )  # fmt: skip
