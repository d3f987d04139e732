"""The documents and maps on a run, each made whole in memory."""

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import EMPTY, _, listed
from xiancheng.calibration.naming import nearest
from xiancheng.results.report import maps, sections
from xiancheng.results.report.charts import FONT_PACKAGE, Format
from xiancheng.results.report.document import Layout, pictures
from xiancheng.results.report.sections import USUAL
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Lang


class Writer(NamedTuple):
    """A format of the report: `write(document, pictures)` of the module of its name makes it."""

    title: str
    libraries: tuple[str, ...]  # that it needs
    pictures: Format | None = None  # the form of its pictures


WRITERS = {
    "docx": Writer("Word", ("docx", "matplotlib", FONT_PACKAGE), "png"),
    "pdf": Writer("PDF", ("typst", "matplotlib", FONT_PACKAGE), "svg"),
    "xlsx": Writer("Excel", ("xlsxwriter",)),
    "html": Writer("HTML", ("matplotlib", FONT_PACKAGE), "svg"),
}
MAPS = {"geojson": ("GeoJSON", maps.geojson), "gpkg": ("GeoPackage", maps.geopackage)}
FORMATS = {form: known[0] for form, known in (*WRITERS.items(), *MAPS.items())}  # their titles
RESERVED = '<>:"/\\|?*'
LONGEST = 60  # characters of a title in the name of a file


def file_name(result: PlanResult, lang: str, setting: Layout = USUAL) -> str:
    """The name of a document's file, without its ending: region, title of the scenario, date.

    Characters that a file system refuses are left out.
    """
    written = sections.written(result).isoformat()
    title = f"{result.region.title(lang)} {result.title(lang)}"
    safe = "".join(" " if c in RESERVED else c for c in title if c.isprintable())
    brief = labels.label("report", "brief", lang) if setting.brief else ""
    language = "" if lang == "zh" else ".en"
    return f"{'_'.join(safe.split())[:LONGEST]}{brief}_{written}{language}"


def documents(
    result: PlanResult, forms: list[str], lang: Lang, setting: Layout = USUAL
) -> dict[str, bytes]:
    """The report, or the map, in each format.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    check_installed(forms)
    texts = {form: MAPS[form][1](result, lang) for form in forms if form in MAPS}
    written = [form for form in forms if form in WRITERS]
    if not written:
        return texts
    document = sections.document(result, lang, setting)
    shapes = {shape for form in written if (shape := WRITERS[form].pictures)}
    drawn = pictures(document, *sorted(shapes)) if shapes else {}
    modules = {form: import_module(f"{__package__}.{form}") for form in written}
    return {form: module.write(document, drawn) for form, module in modules.items()} | texts


def formats(text: str) -> list[str]:
    """The formats asked for, each once, in our order.

    Raises
    ------
    RequestError
        if one is unknown or cannot be written here.
    """
    names = [word.strip().lower() for word in text.split(",") if word.strip()]
    for word in names or [""]:
        if word not in FORMATS:
            near = nearest(word, FORMATS)
            hint = _("; did you mean {near}?", near=near) if near else EMPTY
            raise RequestError(
                _(
                    "--format should be among {formats}; got {word!r}{hint}",
                    formats=listed(FORMATS),
                    word=word,
                    hint=hint,
                )
            )
    forms = [form for form in FORMATS if form in names]
    check_installed(forms)
    return forms


def check_installed(forms: list[str]) -> None:
    """Refuse formats whose libraries are not installed, before anything is computed.

    Raises
    ------
    RequestError
    """
    needed = dict.fromkeys(
        name for form in forms if form in WRITERS for name in WRITERS[form].libraries
    )
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise RequestError(
            _(
                "documents need {missing}; in its sources: pip install -e '.[report]'",
                missing=listed(missing),
            )
        )
