"""`xiancheng cite`: how to cite the program, and what made the numbers of this installation."""

from argparse import Namespace

import xiancheng
from xiancheng.calibration.i18n import _
from xiancheng.results.cli.output import give
from xiancheng.results.cli.process import DONE
from xiancheng.results.text import Say
from xiancheng.results.verdict.registered import digests
from xiancheng.scenarios.run_spec import code_digest
from xiancheng.sim import MODEL_VERSION

AUTHOR = "The xiancheng founders"  # as in CITATION.cff, which an installation lacks
TITLE = "xiancheng 县城: an open simulator of county-town urbanization in China"
YEAR = 2026


def cite(options: Namespace, say: Say) -> int:
    """Print the citation, an entry for BibTeX, and the digests that a supplement names."""
    version = xiancheng.__version__
    text = f"{AUTHOR} ({YEAR}). {TITLE} (version {version}) [Computer software]."
    entry = (
        f"@software{{xiancheng_{version},\n  author = {{{{{AUTHOR}}}}},\n  title = {{{TITLE}}},\n"
        f"  year = {{{YEAR}}},\n  version = {{{version}}}\n}}"
    )
    made = {"model": MODEL_VERSION, "simulation_code": code_digest(), **digests(options.region)}
    names = {
        "model": _("version of the model"),
        "simulation_code": _("code that simulates (as in run.json)"),
        "forecasting_code": _("code that simulates, forecasts and scores"),
        "pack": _("region pack {region}", region=options.region),
        "record": _("record of forecasts"),
        "posterior": _("posterior sample"),
    }

    def show() -> None:
        print(text, entry, say(_("What made the numbers (name them in a supplement):")), sep="\n\n")
        for key, name in names.items():
            print(" ", say(_("{name}: {digest}", name=name, digest=made[key] or _("none"))))

    give(options, {"citation": text, "bibtex": entry, "version": version, "made_by": made}, show)
    return DONE
