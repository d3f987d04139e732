"""`xiancheng plan`: plans of one's own are begun, checked, and the levers they may set listed."""

import os
from argparse import Namespace
from pathlib import Path

from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.i18n import _, listed
from xiancheng.calibration.naming import is_path
from xiancheng.calibration.region import load as load_region
from xiancheng.calibration.region import pack_writer
from xiancheng.results.cli.output import give
from xiancheng.results.cli.process import DONE, REFUSED
from xiancheng.results.tables.render import show_rows
from xiancheng.results.text import Say
from xiancheng.scenarios.loader import SHIPPED, load_plan, plan_home
from xiancheng.scenarios.own_plans import unit_zh
from xiancheng.scenarios.plan_check import KINDS, plan_findings
from xiancheng.scenarios.plan_files import Plan
from xiancheng.scenarios.plan_writer import new_plan
from xiancheng.scenarios.trace import Finding, by_lever
from xiancheng.sim.levers import LEVERS


def new(options: Namespace, say: Say) -> int:
    """A folder to be filled in: an empty plan, or the shipped measures as templates."""
    pack = load_region(options.region, say.lang)
    folder = options.out or Path(options.name)
    pack_writer.check_vacant(folder)
    if not options.issued < options.deadline:
        raise RequestError(
            _("--deadline {deadline} should be after --issued {issued}",
              deadline=options.deadline, issued=options.issued)
        )  # fmt: skip
    source = load_plan(options.source, options.region) if options.source else None
    reference = pack.reference
    if is_path(reference):
        reference = Path(os.path.relpath(reference, folder.resolve())).as_posix()
        reference = reference if is_path(reference) else f"./{reference}"
    texts = new_plan(options.name, pack, reference, options.issued, options.deadline, source)
    pack_writer.write(folder, texts)
    line = say(
        _("{folder} is made; fill it in, then run xiancheng plan check {folder}", folder=folder)
    )
    give(options, {"out": str(folder), "files": sorted(texts)}, lambda: print(line))
    return DONE


def check(options: Namespace, say: Say) -> int:
    """What a plan leaves out, assumes and says against itself, by file and line."""
    try:
        plan = load_plan(options.file, options.region)
    except ScenarioError as error:
        if not options.json:
            raise
        give(options, {"plan": options.file or "", "ok": False, "problems": error.rows(say.lang)},
             lambda: None)  # fmt: skip
        return REFUSED
    found = findings(plan, options.region)
    rows = [
        {"kind": each.kind, "topic": each.topic, "at": each.at, "concerns": list(each.concerns),
         "says": each.says.text(say.lang)}
        for each in found
    ]  # fmt: skip

    def text() -> None:
        header = [
            say(words) for words in (_("finding"), _("file and line"), _("what"), _("concerns"))
        ]
        shown = [
            [say(KINDS[each.kind]), each.at or "–", each.says.text(say.lang),
             listed(each.concerns[:MOST]).text(say.lang) + " …" * (len(each.concerns) > MOST)]
            for each in found
        ]  # fmt: skip
        show_rows(plan.about.title.text(say.lang), header, shown, prose=True)
        counts = [(kind, sum(each.kind == kind for each in found)) for kind in KINDS]
        print(", ".join(f"{say(KINDS[kind])} {n}" for kind, n in counts))
        named = f" --plan {options.file}" if options.file else ""
        place = f" --region {options.region}" if "region" in options.given else ""
        command = f"xiancheng run plan{named}{place}"
        print(say(_("it can be run: {command}", command=command)))

    report = {
        "plan": plan.name, "ok": True, "problems": [], "measures": len(plan.measures),
        "targets": [each.id for each in plan.targets], "findings": rows,
    }  # fmt: skip
    give(options, report, text)
    return DONE


MOST = 6  # of what a finding concerns, in the table


def levers(options: Namespace, say: Say) -> int:
    """Every lever that a measure of one's own may set, with its unit and bound."""
    by = by_lever(load_plan(SHIPPED))
    rows = [
        {"lever": name, "zh": lever.zh, "en": lever.meaning, "unit": lever.unit,
         "unit_zh": unit_zh(lever.unit), "where": lever.where, "most": lever.high,
         "grade": by[name][0].grade if by[name] else "A"}
        for name, lever in LEVERS.items() if name != "workload"
    ]  # fmt: skip

    def text() -> None:
        header = [say(words) for words in (_("lever"), _("meaning"), _("unit"), _("at most"))]
        chinese = say.lang == "zh"
        shown = [
            [str(row["lever"]), str(row["zh"] if chinese else row["en"]),
             str(row["unit_zh"] if chinese else row["unit"]), f"{row['most']:g}"]
            for row in rows
        ]  # fmt: skip
        show_rows(say(_("levers")), header, shown)

    give(options, {"levers": rows}, text)
    return DONE


def findings(plan: Plan, region: str) -> list[Finding]:
    """The findings on a plan, in the region of its counties where it is not the one in use."""
    pack = load_region(region)
    if plan.about.covers(county.code for county in pack.counties):
        return plan_findings(plan, pack)
    home = plan_home(plan)
    return plan_findings(plan, load_region(home) if home else pack)
