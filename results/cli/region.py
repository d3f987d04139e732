"""`xiancheng region`: packs of other regions are built, scaffolded and checked."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from xiancheng.calibration.errors import PackError, RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import census_import, load, pack_writer
from xiancheng.results.cli.output import give, print_notes
from xiancheng.results.cli.process import DONE, REFUSED
from xiancheng.results.tables import assumptions, labels, render
from xiancheng.results.text import Say


def check(options: Namespace, say: Say) -> int:
    """What a pack assumes and what it misses."""
    try:
        pack = load(options.pack, say.lang)
    except PackError as error:
        if not options.json:
            raise
        wrong = {"region": error.pack, "ok": False, "problems": error.rows(say.lang)}
        give(options, wrong, lambda: None)
        return REFUSED
    report: dict[str, Any] = {
        "region": pack.name, "ok": True, "problems": [], "sha256": pack.digest,
        "assumptions": [each._asdict() | {"date": str(each.date)} for each in pack.assumptions()],
        "first": [each._asdict() for each in pack.wanted()],
        "missing": [
            gap._asdict() | {"date": str(gap.date), "name": gap.name._asdict()}
            for gap in pack.missing()
        ],
    }  # fmt: skip
    if options.fit:
        report["fit"] = assumptions.fits(pack)

    def text() -> None:
        print(f"{pack.title(say.lang)} · sha256 {pack.digest}")
        if options.fit:
            render.show(labels.table("fit", report["fit"], say.lang))
            return
        if report["first"]:
            render.show(assumptions.first(pack, say.lang), prose=True)
        if options.all:
            render.show(assumptions.assumed(pack, say.lang), prose=True)
            render.show(assumptions.missing(pack, say.lang), prose=True)
            return
        n, m = len(report["assumptions"]), len(report["missing"])
        rest = _(
            "the pack can be run; {n} values are assumed and {m} are missing: --all lists them",
            n=n, m=m,
        )  # fmt: skip
        print_notes([say(rest)])

    give(options, report, text)
    return DONE


def from_census(options: Namespace, say: Say) -> int:
    """The census figures of a table, as a pack."""
    if bool(options.prefecture) == options.province:
        raise RequestError(_("give either --prefecture or --province"))
    out, given = options.out, options.concordance
    pack_writer.check_vacant(out)
    concordance = (
        census_import.read_concordance(given) if given else census_import.shipped_concordance()
    )
    plan = census_import.plan_pack(
        options.table, options.prefecture, concordance, via=options.via, lang=say.lang,
        unknown=options.unknown,
    )  # fmt: skip
    pack_writer.write(out, pack_writer.pack_files(plan, out.resolve().name))
    notes = [say(note) for note in plan.notes]
    units = [unit.code for unit in plan.units]

    def text() -> None:
        print_notes(notes)
        n = len(units)
        line = say(
            _("{title}: {n} county-level units at two censuses, in {out}", title=plan.title, n=n,
              out=out)
        )  # fmt: skip
        print(line)
        rest = say(
            _("defaults stand in for what the table lacks: see xiancheng region check {out}",
              out=out)
        )  # fmt: skip
        print_notes([rest])

    give(options, {"out": str(out), "units": units, "remarks": notes}, text)
    return DONE


def new(options: Namespace, say: Say) -> int:
    """An empty pack, to be filled in by hand."""
    folder = options.out or Path(options.name)
    files = pack_writer.blank_files(options.name)
    pack_writer.write(folder, files)
    lines = [
        _("{folder} is made; fill it in, then run xiancheng region check {folder}", folder=folder),
        _("or fill in one table, {table} (or .csv), then run xiancheng region from-census {table} "
          "--prefecture NAME --out FOLDER", table=folder / pack_writer.XLSX_NAME),
    ]  # fmt: skip
    text = "\n".join(map(say, lines))
    give(options, {"out": str(folder), "files": sorted(files)}, lambda: print(text))
    return DONE
