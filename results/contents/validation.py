"""How the model was tested against what it had not seen; said plainly where it was not."""

from io import StringIO
from typing import TYPE_CHECKING

from xiancheng.calibration import parsing, posterior
from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import Words
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
        f"{file} 应为 xiancheng hindcast 写的表；得到 {found}；请重新运行 hindcast，或删去此文件",
        f"{file} should be the table that xiancheng hindcast wrote; got {found}; run hindcast "
        "again, or delete the file",
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
    pp, ratio = POINTS.said(lang), Words("比例", "ratio").said(lang)
    columns = (
        Column(Words("留出", "left out").said(lang)),
        Column(Words("预测者", "forecaster").said(lang)),
        Column(Words("县数", "counties").said(lang), Words("个", "number").said(lang)),
        Column(Words("平均绝对误差", "mean absolute error").said(lang), pp, 2),
        Column(Words("偏差", "bias").said(lang), pp, 2, signed=True),
        Column("CRPS", pp, 2),
        Column(Words("模型对其技巧", "skill of the model against it").said(lang), ratio, 2,
               signed=True),
        *(Column(Words(f"{n}% 区间的覆盖", f"cover of {n} %").said(lang), "%", 0)
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
    title = Words(
        "回溯检验：各县预测与后一次普查之差", "Hindcast: forecasts of a later census, by county"
    )
    kept = Words(
        f"区域包 {subject.region.name} 保存的记录，不属于本次运行",
        f"the record kept with the region pack {subject.region.name}, not of this run",
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
        Column(Words("普查时点", "census").said(lang)),
        *(Column(heads[k], "%", 2) for k in ("rate_at_start", "rate_observed", "rate_simulated")),
        Column(Words("误差", "error").said(lang), pp, 2, signed=True),
        *(Column(heads[k], unit) for k in ("residents_observed", "residents_simulated")),
    )
    name = "county" if lang == "zh" else "county_en"
    order = ("rate_at_start", "rate_observed", "rate_simulated", "error_pp",
             "residents_observed", "residents_simulated")  # fmt: skip
    rows = tuple(
        (str(row[name]), str(row["census"]), *(row[k] for k in order))
        for row in told.to_dict("records")
    )
    title = Words("模拟与后一次普查", "Simulated against a later census").said(lang)
    return Table("census", title, columns, rows, subject.stamp(lang))


def calibrated(region: "Region") -> bool:
    """Whether parameters were estimated for a region: a posterior sample is on file."""
    return posterior.read(region.folder) is not None


def sentence(subject: Subject, lang: str) -> str:
    """What is known of the model's accuracy, in a sentence or two."""
    source = Words(
        "参数已用普查估计（后验样本随区域包保存）。",
        "The parameters were estimated from censuses (a posterior sample is kept with the pack).",
    ) if calibrated(subject.region) else Words(
        "模型尚未用数据校准：参数取自文献与假定，结果是这些假定的推论，不是经过检验的预测。",
        "The model has not been calibrated: its parameters come from the literature and from "
        "assumptions, and the results follow from these; they are no tested forecast.",
    )  # fmt: skip
    tested = Words(
        "回溯检验的记录见“检验”。", "A record of hindcasts is under 'Validation'."
    ) if record(subject.region) is not None else Words(
        "没有保存的回溯检验。", "No hindcast is on record."
    )  # fmt: skip
    return ("" if lang == "zh" else " ").join((source.said(lang), tested.said(lang)))
