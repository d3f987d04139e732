"""A run held against a census that came later than its start."""

from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import _
from xiancheng.scenarios.ensemble import Pair

if TYPE_CHECKING:
    import pandas as pd

HEADERS = {
    "county": _("county", "place"),
    "rate_at_start": _("rate at start"),
    "rate_observed": _("observed"),
    "rate_simulated": _("simulated"),
    "error_pp": _("error (points)"),
    "residents_observed": _("residents observed"),
    "residents_simulated": _("residents simulated"),
}


def against_census(both: Pair) -> "pd.DataFrame":
    """Simulated against observed urban share and population at a later census, by county.

    Returns
    -------
    unit_code, county, then observed and simulated rate [percent], their difference [points],
    observed and simulated residents [persons]; empty where no later census is on file
    """
    import pandas as pd

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


def lines(table: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """The comparison as people read it."""
    rows = []
    for row in table.to_dict("records"):
        cells = {k: f"{v:.2f}" for k, v in row.items() if isinstance(v, float)}
        cells |= {k: f"{v:,}" for k, v in row.items() if isinstance(v, int)}
        cells["error_pp"] = f"{row['error_pp']:+.2f}"
        cells["county"] = str(row["county"] if lang == "zh" else row["county_en"])
        rows.append([cells[k] for k in HEADERS])
    return [h.said(lang) for h in HEADERS.values()], rows
