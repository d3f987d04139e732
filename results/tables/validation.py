"""How the model was tested against data that it had not seen, or that it was not."""

from io import StringIO
from math import isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from xiancheng.calibration import parsing, posterior
from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import _
from xiancheng.results.cells import records
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Table, build
from xiancheng.results.verdict.forecasts import TITLES
from xiancheng.scenarios.ensemble import Ensemble

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

SCORES = (  # columns of a record
    "left_out", "forecaster", "cases", "mae", "bias", "crps", "model_skill", "cover_50", "cover_80",
    "cover_95", "brier",
)  # fmt: skip


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
    covers = [name for name in SCORES if name.startswith("cover")]
    rows: list[dict[str, Any]] = [
        {
            **row, "left_out": labels.label("left_out", row["left_out"], lang),
            "forecaster": TITLES[row["forecaster"]].text(lang),
            "model_skill": None if isnan(row["model_skill"]) else row["model_skill"],
            **{name: 100 * row[name] for name in covers},
        }
        for row in records(found.sort_values(["left_out", "crps"]))
    ]  # fmt: skip
    title = _("Hindcast: forecasts of a later census, by county").text(lang)
    kept = _(
        "the record kept with the region pack {region}, not of this run", region=result.region.name
    ).text(lang)
    return build("hindcast", title, labels.columns("hindcast", lang), rows, source=kept)


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


def census(compared: "pd.DataFrame", title: str, lang: str, source: str = "") -> Table:
    """`later_census` as a table: the baseline against a later census, by county."""
    rows = [
        {**row, "county": labels.county(row, lang), "census": str(row["census"])}
        for row in records(compared)
    ]
    return build("census", title, labels.columns("census", lang), rows, source=source)


def against_census(result: PlanResult, lang: str) -> Table | None:
    """The baseline against a later census; None where the run reaches none."""
    compared = later_census(result.both)
    if compared.empty:
        return None
    title = _("Simulated against a later census").text(lang)
    return census(compared, title, lang, result.stamp(lang))


def sentence(result: PlanResult, lang: str) -> str:
    """What is known of the model's accuracy, in a sentence or two."""
    calibrated = posterior.read(result.region.folder) is not None
    source = (
        _("The parameters were estimated from censuses (a posterior sample is kept with the pack).")
        if calibrated
        else _(
            "The model has not been calibrated: its parameters come from the "
            "literature and from assumptions, and the results follow from these; "
            "they are no tested forecast."
        )
    )
    tested = (
        _("A record of hindcasts is under 'Validation'.")
        if record(result.region) is not None
        else _("No hindcast is on record.")
    )
    return ("" if lang == "zh" else " ").join((source.text(lang), tested.text(lang)))
