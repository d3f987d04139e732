"""`xiancheng report`: a run as Word, PDF, Excel and HTML."""

from argparse import Namespace
from pathlib import Path

from xiancheng.results.cells import as_json
from xiancheng.results.cli import Say
from xiancheng.results.keeping.files import whole_file, writable
from xiancheng.results.report.build import documents, file_name, formats, result_of
from xiancheng.results.show import progress
from xiancheng.results.stopping import DONE

STEPS = 4  # runs, draws, attribution, documents


def report(asked: Namespace, say: Say) -> int:
    """Write the documents; nothing is there before all of it is made."""
    forms = formats(asked.format)
    writable(asked.out)
    with progress(say("报告", "reporting"), STEPS) as step:
        result = result_of(asked, say, step)
        made = documents(result, forms, "en" if say.lang == "en" else "zh")
        step()
    paths = []
    for form, content in made.items():
        paths.append(_free(asked.out / f"{file_name(result, say.lang)}.{form}", result.run))
        whole_file(paths[-1], content)
    if asked.json:
        print(as_json({"run": result.run, "files": [str(path) for path in paths]}))
    else:
        print("\n".join(str(path) for path in paths))
    return DONE


def _free(path: Path, run: str) -> Path:
    """A path at which no document of another run is lost: with the run's id if it is taken."""
    return path.with_name(f"{path.stem}_{run}{path.suffix}") if path.exists() else path
