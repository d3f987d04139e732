"""The documents on a run: Word, PDF, Excel and HTML, each made whole in memory."""

from datetime import date
from importlib import import_module
from importlib.util import find_spec

from xiancheng.calibration.i18n import _, listed
from xiancheng.calibration.naming import nearest
from xiancheng.results.contents.document import document
from xiancheng.results.contents.parts import Lang
from xiancheng.results.contents.subject import Subject
from xiancheng.results.figures import Format
from xiancheng.results.fonts import PACKAGE
from xiancheng.scenarios.simulate import RequestError

WRITERS: dict[str, tuple[str, tuple[str, ...], Format | None]] = {
    # the module that writes a format, the libraries that it needs, and the form of its pictures
    "docx": ("xiancheng.results.report.word", ("docx", "matplotlib", PACKAGE), "png"),
    "pdf": ("xiancheng.results.report.pdf", ("typst", "matplotlib", PACKAGE), "svg"),
    "xlsx": ("xiancheng.results.report.workbook", ("xlsxwriter",), None),
    "html": ("xiancheng.results.report.page", ("matplotlib", PACKAGE), "svg"),
}


def named(subject: Subject, lang: str) -> str:
    """The name of a document's file, without its ending: region, title of the scenario, date.

    Characters that a file system refuses are left out.
    """
    written = str(subject.made.get("written", ""))[:10] or date.today().isoformat()
    title = f"{subject.region.title(lang)} {subject.title(lang)}"
    kept = "".join(" " if c in RESERVED else c for c in title if c.isprintable())
    return f"{'_'.join(kept.split())[:LONGEST]}_{written}{'' if lang == 'zh' else '.en'}"


RESERVED = '<>:"/\\|?*'
LONGEST = 60  # characters of a title in the name of a file


def documents(subject: Subject, forms: list[str], lang: Lang) -> dict[str, bytes]:
    """The documents on a subject, by format; also what the button of the page asks for.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    from xiancheng.results.report import layout

    possible(forms)
    told = document(subject, lang)
    shown = {shape for form in forms if (shape := WRITERS[form][2])}
    pictures = layout.pictures(told, *sorted(shown)) if shown else {}
    return {form: import_module(WRITERS[form][0]).write(told, pictures) for form in forms}


def formats(text: str) -> list[str]:
    """The formats asked for, each once, in our order.

    Raises
    ------
    RequestError
        if one is unknown or cannot be written here.
    """
    asked = [word.strip().lower() for word in text.split(",") if word.strip()]
    for word in asked or [""]:
        if word not in WRITERS:
            near = nearest(word, WRITERS)
            hint = _("; did you mean {near}?", near=near) if near else ("", "")
            raise RequestError(
                _(
                    "--format should be among {WRITERS}; got {word!r}{hint}",
                    WRITERS=listed(WRITERS),
                    word=word,
                    hint=hint,
                )
            )
    forms = [form for form in WRITERS if form in asked]
    possible(forms)
    return forms


def possible(forms: list[str]) -> None:
    """Refuse formats whose libraries are not installed, before anything is computed.

    Raises
    ------
    RequestError
    """
    needed = dict.fromkeys(name for form in forms for name in WRITERS[form][1])
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise RequestError(
            _(
                "documents need {missing}; in its sources: pip install -e '.[report]'",
                missing=listed(missing),
            )
        )
