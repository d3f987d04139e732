"""`xiancheng report`: a run as Word, PDF, Excel and HTML."""

from argparse import Namespace
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from xiancheng.calibration.naming import nearest
from xiancheng.results.cells import as_json
from xiancheng.results.cli import Say
from xiancheng.results.contents.document import document
from xiancheng.results.contents.parts import Lang
from xiancheng.results.contents.subject import Subject
from xiancheng.results.figures import Format
from xiancheng.results.fonts import PACKAGE
from xiancheng.results.keeping.files import whole_file, writable
from xiancheng.results.report.subject import subject_of
from xiancheng.results.show import progress
from xiancheng.results.stopping import DONE
from xiancheng.scenarios.simulate import RequestError

WRITERS: dict[str, tuple[str, tuple[str, ...], Format | None]] = {
    # the module that writes a format, the libraries that it needs, and the form of its pictures
    "docx": ("xiancheng.results.report.word", ("docx", "matplotlib", PACKAGE), "png"),
    "pdf": ("xiancheng.results.report.pdf", ("typst", "matplotlib", PACKAGE), "svg"),
    "xlsx": ("xiancheng.results.report.workbook", ("xlsxwriter",), None),
    "html": ("xiancheng.results.report.page", ("matplotlib", PACKAGE), "svg"),
}


def report(asked: Namespace, say: Say) -> int:
    """Write the documents; nothing is there before all of it is made."""
    forms = formats(asked.format)
    writable(asked.out)
    with progress(say("报告", "reporting"), STEPS) as step:
        told = subject_of(asked, say, step)
        made = documents(told, forms, "en" if say.lang == "en" else "zh")
        step()
    paths = []
    for form, content in made.items():
        paths.append(_free(asked.out / f"{named(told, say.lang)}.{form}", told.run))
        whole_file(paths[-1], content)
    if asked.json:
        print(as_json({"run": told.run, "files": [str(path) for path in paths]}))
    else:
        print("\n".join(str(path) for path in paths))
    return DONE


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


def _free(path: Path, run: str) -> Path:
    """A path at which no document of another run is lost: with the run's id if it is taken."""
    return path.with_name(f"{path.stem}_{run}{path.suffix}") if path.exists() else path


STEPS = 4  # runs, draws, attribution, documents


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
            hint = (f"；是否指 {near}？", f"; did you mean {near}?") if near else ("", "")
            raise RequestError(
                f"--format 应为 {'、'.join(WRITERS)}；得到 {word!r}{hint[0]}",
                f"--format should be among {', '.join(WRITERS)}; got {word!r}{hint[1]}",
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
            f"文档需要 {'、'.join(missing)}：请在源码目录 pip install -e '.[report]'",
            f"documents need {', '.join(missing)}; in its sources: pip install -e '.[report]'",
        )
