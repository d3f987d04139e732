"""How the model was tested against data that it had not seen, or that it was not."""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from xiancheng.calibration import parsing, posterior
from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import load
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Table
from xiancheng.results.text import records
from xiancheng.results.verdict.forecasts import MODEL, TITLES
from xiancheng.scenarios.ensemble import Ensemble

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

SCORES = (  # columns of a record
    "left_out", "forecaster", "cases", "mae", "bias", "crps", "model_skill", "cover_50", "cover_80",
    "cover_95", "brier",
)  # fmt: skip
USED = "stacked"  # the forecaster of the level of verdicts
FAR = 2.0  # times the usual error, from which on a county is named
COVERS = [name for name in SCORES if name.startswith("cover")]


def record(region: "Region") -> "pd.DataFrame | None":
    """The record of hindcasts that comes with a region's pack; None where there is none.

    Returns
    -------
    the rows of `hindcast.csv` in the folder of the pack, as they were written

    Raises
    ------
    RefusedError
        if the file is no such record.
    """
    file = region.folder / "hindcast.csv"
    if not file.is_file():
        return None
    try:
        rows = pd.read_csv(StringIO(parsing.text_of(file.read_bytes())))
    except ValueError as error:
        found = str(error)
    else:
        lacking = [name for name in SCORES if name not in rows]
        if not lacking:
            return rows
        found = f"∅ {', '.join(lacking)}"
    raise RefusedError(
        _(
            "{file} should be the table that xiancheng hindcast wrote; got "
            "{found}; run hindcast again, or delete the file",
            file=file,
            found=found,
        )
    )


def recorded(result: PlanResult, lang: str) -> Table | None:
    """The record of hindcasts as it is, good or bad; the smallest error first."""
    found = record(result.region)
    if found is None:
        return None
    kept = labels.label("phrases", "kept_record", lang, region=result.region.name)
    return hindcast_scores(records(found.sort_values(["left_out", "crps"])), lang, source=kept)


def plainly(result: PlanResult, lang: str) -> list[str]:
    """What the record of hindcasts says, in three sentences; nothing where it lacks what they need.

    They are of counties left out one at a time, and of the forecaster that verdicts use.
    """
    found = record(result.region)
    if found is None:
        return []
    rows = {r["forecaster"]: r for r in records(found) if r["left_out"] == "unit"}
    if not {USED, "persistence", "model"} <= rows.keys():
        return []
    used, model, naive = (rows[name] for name in (USED, "model", "persistence"))
    runs_mae = rows["model_runs"]["mae"] if "model_runs" in rows else None
    return labels.paragraphs(
        "validation/plain", lang, cases=used["cases"], used=TITLES[USED], n=len(rows),
        mae=used["mae"], naive=naive["mae"], model_mae=model["mae"], runs_mae=runs_mae,
        cover=100 * used["cover_80"],
        place=1 + sum(row["mae"] < model["mae"] for row in rows.values()),
    )  # fmt: skip


def hindcast_scores(
    scores: Sequence[Mapping[str, Any]], lang: str, title: str = "", source: str = ""
) -> Table:
    """A row for each forecaster and what was left out, in the order given."""
    rows = [
        {
            **row, "left_out": labels.label("left_out", row["left_out"], lang),
            "forecaster": TITLES[row["forecaster"]].text(lang),
            "model_skill": row["model_skill"] if row["model_skill"] == row["model_skill"] else None,
            **{name: 100 * row[name] for name in COVERS},
            **({"fell_inside": f"{row['fell_inside_95']:g} / {row['fell']:g}"} if "fell" in row
               else {}),
        }
        for row in scores
    ]  # fmt: skip
    return labels.table("hindcast", rows, lang, title=title, source=source)


def later_census(both: Ensemble) -> "pd.DataFrame":
    """Simulated against observed urban share and population at a later census, by county.

    Returns
    -------
    unit_code, county, then observed and simulated rate [percent], their difference [points],
    observed and simulated residents [persons]; empty where no later census is on file
    """
    run = both.baseline
    later = [day for day in run.region.censuses if run.dates[0] < day <= run.dates[-1]]
    rows = []
    for day in later:
        observed = run.region.urban_rural(day)
        start = run.region.urban_rural(run.dates[0])
        rate = run.at("resident_urbanization_rate", day)
        persons = run.at("residents", day)
        for column, group in enumerate(run.groups):
            members = list(group.counties)
            urban, rural = observed[members].sum(axis=0)
            begun = start[members].sum(axis=0)
            rows.append(
                {
                    "census": day, "unit_code": group.code, "county": group.zh,
                    "county_en": group.en,
                    "rate_at_start": 100 * begun[0] / begun.sum(),
                    "rate_observed": 100 * urban / (urban + rural),
                    "rate_simulated": float(rate[column]),
                    "error_pp": float(rate[column]) - 100 * urban / (urban + rural),
                    "residents_observed": int(urban + rural),
                    "residents_simulated": round(float(persons[column])),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def census(compared: "pd.DataFrame", lang: str, source: str = "") -> Table:
    """`later_census` as a table: the baseline against a later census, by county."""
    rows = [
        {**row, "county": labels.county(row, lang), "census": str(row["census"])}
        for row in records(compared)
    ]
    return labels.table("census", rows, lang, source=source)


def census_sentence(compared: "pd.DataFrame", lang: str) -> str:
    """Whether errors at a later census are those that the model usually makes, and what to do.

    The usual error is that of the record of hindcasts that comes with the program: of counties
    left out, over ten years.
    """
    known = record(load("binzhou"))
    assert known is not None  # it comes with the program
    own = known[(known["forecaster"] == MODEL) & (known["left_out"] == "unit")].iloc[0]
    far = compared[compared["error_pp"].abs() > FAR * own["mae"]]
    return labels.sentence(
        "validation/census", lang, usual=own["mae"], n=int(own["cases"]), times=FAR,
        far=[f"{labels.county(row, lang)} {row['error_pp']:+.1f}" for row in records(far)],
    )  # fmt: skip


def against_census(result: PlanResult, lang: str) -> Table | None:
    """The baseline against a later census; None where the run reaches none."""
    compared = later_census(result.both)
    return None if compared.empty else census(compared, lang, result.stamp(lang))


def sentence(result: PlanResult, lang: str) -> str:
    """What is known of the model's accuracy, in a sentence or two."""
    sample, hindcast = posterior.read(result.region.folder), record(result.region)
    return labels.sentence(
        "validation/accuracy", lang, calibrated=sample is not None, tested=hindcast is not None
    )
