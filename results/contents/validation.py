"""How the model was tested against what it had not seen; said plainly where it was not."""

from io import StringIO
from typing import TYPE_CHECKING

from xiancheng.calibration import parsing, posterior
from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import _
from xiancheng.results import later_census
from xiancheng.results.contents.parts import Column, Table
from xiancheng.results.contents.subject import Subject
from xiancheng.results.contents.words import LEFT_OUT, PERSONS, POINTS

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region


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
    import pandas as pd

    file = region.folder / "hindcast.csv"
    if not file.is_file():
        return None
    try:
        told = pd.read_csv(StringIO(parsing.text_of(file.read_bytes())))
    except ValueError as error:
        found = str(error)
    else:
        lacking = [name for name in SCORES if name not in told]
        if not lacking:
            return told
        found = f"∅ {', '.join(lacking)}"
    raise RefusedError(
        _(
            "{file} should be the table that xiancheng hindcast wrote; got "
            "{found}; run hindcast again, or delete the file",
            file=file,
            found=found,
        )
    )


SCORES = (  # columns of a record
    "left_out", "forecaster", "cases", "mae", "bias", "crps", "model_skill", "cover_50", "cover_80",
    "cover_95", "brier",
)  # fmt: skip


def recorded(subject: Subject, lang: str) -> Table | None:
    """The record of hindcasts as it is, good or bad; the smallest error first."""
    from xiancheng.results.forecasts.forecasting import TITLES

    told = record(subject.region)
    if told is None:
        return None
    pp, ratio = POINTS.said(lang), _("ratio").said(lang)
    columns = (
        Column(_("left out").said(lang)),
        Column(_("forecaster").said(lang)),
        Column(_("counties").said(lang), _("number").said(lang)),
        Column(_("mean absolute error").said(lang), pp, 2),
        Column(_("bias").said(lang), pp, 2, signed=True),
        Column("CRPS", pp, 2),
        Column(_("skill of the model against it").said(lang), ratio, 2,
               signed=True),
        *(Column(_("cover of {n} %", n=n).said(lang), "%", 0)
          for n in (50, 80, 95)),
        Column("Brier", ratio, 2),
    )  # fmt: skip
    rows = tuple(
        (
            LEFT_OUT[row["left_out"]].said(lang), TITLES[row["forecaster"]].said(lang),
            row["cases"], row["mae"], row["bias"], row["crps"],
            None if row["model_skill"] != row["model_skill"] else row["model_skill"],
            *(100 * row[f"cover_{n}"] for n in (50, 80, 95)), row["brier"],
        )
        for row in told.sort_values(["left_out", "crps"]).to_dict("records")
    )  # fmt: skip
    title = _("Hindcast: forecasts of a later census, by county")
    kept = _(
        "the record kept with the region pack {region}, not of this run", region=subject.region.name
    )
    return Table("hindcast", title.said(lang), columns, rows, kept.said(lang))


def census(subject: Subject, lang: str) -> Table | None:
    """The baseline against a later census; None where the run reaches none."""
    told = later_census.against_census(subject.both)
    if told.empty:
        return None
    pp, unit = POINTS.said(lang), PERSONS.said(lang)
    heads = {k: v.said(lang) for k, v in later_census.HEADERS.items()}
    columns = (
        Column(heads["county"]),
        Column(_("census", "date").said(lang)),
        *(Column(heads[k], "%", 2) for k in ("rate_at_start", "rate_observed", "rate_simulated")),
        Column(_("error").said(lang), pp, 2, signed=True),
        *(Column(heads[k], unit) for k in ("residents_observed", "residents_simulated")),
    )
    name = "county" if lang == "zh" else "county_en"
    order = ("rate_at_start", "rate_observed", "rate_simulated", "error_pp",
             "residents_observed", "residents_simulated")  # fmt: skip
    rows = tuple(
        (str(row[name]), str(row["census"]), *(row[k] for k in order))
        for row in told.to_dict("records")
    )
    title = _("Simulated against a later census").said(lang)
    return Table("census", title, columns, rows, subject.stamp(lang))


def calibrated(region: "Region") -> bool:
    """Whether parameters were estimated for a region: a posterior sample is on file."""
    return posterior.read(region.folder) is not None


def sentence(subject: Subject, lang: str) -> str:
    """What is known of the model's accuracy, in a sentence or two."""
    source = (
        _("The parameters were estimated from censuses (a posterior sample is kept with the pack).")
        if calibrated(subject.region)
        else _(
            "The model has not been calibrated: its parameters come from the "
            "literature and from assumptions, and the results follow from these; "
            "they are no tested forecast."
        )
    )
    tested = (
        _("A record of hindcasts is under 'Validation'.")
        if record(subject.region) is not None
        else _("No hindcast is on record.")
    )
    return ("" if lang == "zh" else " ").join((source.said(lang), tested.said(lang)))
