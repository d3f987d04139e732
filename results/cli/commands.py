"""The words of every command, by which it is read, explained and completed.

What a command does is imported when it is called, so that help and usage errors come at once.
"""

from pathlib import Path
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.cli.options import (
    Argument,
    Command,
    CommandGroup,
    File,
    Name,
    Option,
    day,
    decimal,
    one_of,
    pair,
    whole,
)

HERE = "127.0.0.1"  # address of the page
SAVED = Path("results/runs/scenarios")
WORLDS = 5  # random worlds of an attribution; see results.analysis.attribution

Text = str | Words

NONE, ALL = _("none", "default"), _("all")
CLI = "xiancheng.results.cli"

# Parameters of several commands


def _scale(
    default: float | None, name: str = "--scale", about: Words | None = None, *, usual: Text = ""
) -> Option:
    about, unit = about or _("size of the population, above 0 to 1"), _("rows per resident")
    return Option(name, about, "0.05", unit=unit, usual=usual, type=decimal(), default=default)


def _draws(default: int | None, about: Words | None = None, *, least: int = 0, usual: Text = "",
           name: str = "--draws") -> Option:  # fmt: skip
    about = about or _("number of parameter draws; 0: none")
    return Option(name, about, "40", usual=usual, type=whole(least), default=default)


DRAW_SCALE = _scale(
    None,
    "--draw-scale",
    _("size of the population in the runs of draws"),
    usual=_("0.1, or --scale if that is less"),
)


def _seed(default: int | None = 1, *, usual: Text = "") -> Option:
    about = _("seed of the random numbers")
    return Option("--seed", about, "7", usual=usual, type=whole(), default=default)


def _table(name: str) -> Option:
    return Option(name, _("also write this CSV file"), "table.csv", usual=NONE, type=File())


def _folder(about: Words, *, usual: Text = "", **more: Any) -> Option:
    return Option("--out", about, "folder", usual=usual, type=File("DIR"), **more)


def _several(name: str, about: Words, example: Text, usual: Text, metavar: str) -> Option:
    return Option(name, about, example, usual=usual, several=True, metavar=metavar)


SCENARIO = Argument("scenario", _("name or file of a scenario"), "schools-first",
                    type=Name("scenarios"), required=False, default="plan")  # fmt: skip
REGION = Option("--region", _("region pack, its name or folder"), "./rizhao",
                type=Name("packs", metavar="PACK"), default="binzhou")  # fmt: skip
PLAN = Option("--plan", _("plan: its name, its folder or a short YAML file"), "./our-plan",
              usual=_("that of the scenario or the region, else binzhou-2023"),
              type=Name("plans", metavar="PLAN"))  # fmt: skip
JOBS = Option("--jobs", _("worker processes"), "2", usual=_("one for each core"),
              type=whole(1, 256))  # fmt: skip
UNTIL = Option("--until", _("last day"), "2030-12-31", usual=_("that of the scenario"), type=day())
AT = Option("--at", _("day of the outcome"), "2025-12-31", usual=_("the last deadline"), type=day())
COUNTY = Option("--county", _("place, its name or code"), "371621", metavar="PLACE",
                usual=_("that of the largest target"))  # fmt: skip

OBSERVATIONS = Option("--observations",
                      _("published rates, CSV or Excel: unit_code, date, variable, value"),
                      "rates.csv", usual=NONE, type=File(read=True))  # fmt: skip
CUTOFF = Option("--cutoff", _("nothing published for a later day is used"), "2025-12-31",
                usual="2024-12-31", type=day())  # fmt: skip


def _alignment(default: str = "level", example: str = "off", usual: Text = "") -> Option:
    return Option("--alignment", _("whether runs without the plan follow the level"), example,
                  usual=usual, type=one_of("level", "off"), default=default)  # fmt: skip


# One run

RUN = Command(
    f"{CLI}.run:run", _("run a scenario against its baseline"),
    SCENARIO, REGION, PLAN, _seed(), _draws(0), _scale(1.0), DRAW_SCALE,
    Option("--start", _("first day, a census date"), "2010-11-01",
           usual=_("that of the scenario"), type=day()),
    UNTIL, JOBS, OBSERVATIONS, CUTOFF, _alignment(),
    Option("--figure", _("also draw the verdicts (SVG)"), "answer.svg", usual=NONE, type=File()),
    _folder(_("folder of runs"), usual="results/runs"),
)  # fmt: skip

OF_RUN = _("a run on file has its own")
REPRODUCE = Command(
    f"{CLI}.run:reproduce", _("run again and compare digests"),
    Argument("run", _("id or folder of a run"), "results/runs/ID", type=Name("scenarios")),
    without={"--plan": OF_RUN, "--region": OF_RUN},
)  # fmt: skip

# Scenarios and measures

CHECK = Command(
    f"{CLI}.plan:check", _("check scenario, measure and region files"),
    Argument("files", _("names, files or folders"), "ours.yaml", metavar="FILE", nargs=-1,
             type=Name("packs", "plans", "scenarios"), required=True),
    REGION, PLAN,
)  # fmt: skip

SHOW = Command(
    f"{CLI}.plan:show", _("a scenario as resolved"),
    Argument("scenario", _("name or file of a scenario"), "plan", type=Name("scenarios")),
    Option("--diff", _("what the other scenario changes"), "schools-first",
           usual=_("the scenario itself"), type=Name("scenarios", metavar="OTHER")),
    REGION, PLAN,
)  # fmt: skip

MEASURES = Command(
    f"{CLI}.plan:measures", _("the register of measures, both ways"),
    Argument("id", _("number of a measure; by default all"), "M12", required=False),
    PLAN, REGION,
    Option("--levers", _("sorted by lever"), is_flag=True),
)  # fmt: skip

# Many runs

SWEEP = Command(
    f"{CLI}.batch:sweep", _("run a design of many runs"),
    Argument("design", _("design file"), "docs/sweep.yaml", type=File(read=True)),
    _folder(_("folder of runs"), required=True), JOBS,
    Option("--shard", _("part i of n"), "2/8", default="1/1", metavar="i/n"),
    Option("--engine", _("where to compute"), "dask", type=one_of("local", "dask"),
           default="local"),
    Option("--scheduler", _("address of the Dask scheduler"), "tcp://host:8786",
           usual=_("a cluster on this machine"), metavar="ADDRESS"),
    Option("--resume", _("continue, computing what is missing"), is_flag=True),
    without={"--plan": _("write {key}: PATH in the design", key="plan"),
             "--region": _("write {key}: PATH in the design", key="region")},
)  # fmt: skip

OWN = _("1; a saved run brings its own")
COMPARE = Command(
    f"{CLI}.analyse:compare", _("scenarios or runs side by side"),
    Argument("scenarios", _("names, files or folders of runs"), "baseline plan", metavar="A",
             type=Name("scenarios"), nargs=-1, required=True),
    Option("--baseline", _("the one that is the baseline"), "plan", usual=_("the first"),
           type=Name("scenarios", metavar="A")),
    Option("--seeds", _("seeds for each draw"), "2", usual="1", type=whole(1)),
    _several("--outcome", _("indicators that are shown"), "migration_pp",
             _("the published rate and urban residents"), "INDICATOR"),
    REGION, PLAN, _seed(None, usual=OWN), _scale(None, usual=OWN), JOBS, _draws(0), DRAW_SCALE, AT,
    OBSERVATIONS, CUTOFF, _alignment(), _table("--csv"),
)  # fmt: skip

ATTRIBUTE = Command(
    f"{CLI}.analyse:attribute", _("what each measure contributes"),
    SCENARIO, UNTIL,
    Option("--permutations", _("number of orders, in antithetic pairs"), "20", type=whole(1),
           default=2 * WORLDS),
    REGION, PLAN, _seed(), _scale(0.05), JOBS,
    _draws(None, _("parameter draws, each a random world"),
           usual=_("{worlds}, or half the orders if fewer", worlds=WORLDS)),
    _draws(20, _("draws of doses and responses; 0: without the table of doses"),
           name="--dose-draws"),
    AT, COUNTY, OBSERVATIONS, CUTOFF, _alignment(), _table("--csv"),
)  # fmt: skip

SEEK = Command(
    f"{CLI}.analyse:seek", _("the least package that meets the targets"),
    SCENARIO, UNTIL,
    Option("--probability", _("chance of meeting the targets, 0 to 1"), "0.8", type=decimal(),
           default=0.9),
    _several("--targets", _("ids of targets, or counties"), _("T-2 Huimin"), ALL, "TARGET"),
    Option("--rate", _("another target rate, in percent"), "371621=45", several=True,
           usual=_("that of the pack"), metavar="PLACE=RATE", type=pair("371621=45")),
    _several("--exclude", _("measures or projects not to be used"), "M05", NONE, "ID"),
    Option("--max-intensity", _("largest intensity"), "2", unit=_("multiples of the plan's"),
           type=decimal(), default=1.5),
    Option("--weight", _("weight in the total intensity"), "M12=2", several=True,
           usual=_("1 each"), metavar="ID=WEIGHT", type=pair("M12=2")),
    Option("--least", _("what is to be least in total"), "cost",
           type=one_of("intensity", "cost"), default="intensity"),
    Option("--budget", _("budget"), "2e9", unit=_("yuan"), usual=NONE, type=decimal()),
    _several("--counties", _("counties to act in"), _("Huimin 371622"), ALL, "PLACE"),
    _draws(150, _("fresh draws that confirm"), least=1, name="--confirm"),
    _scale(0.1, "--confirm-scale", _("size of the population in the confirmations")),
    _draws(20, _("fresh draws for other outside worlds; 0: none"), name="--regret"),
    REGION, PLAN, _seed(), _scale(0.02), JOBS, _draws(40, _("number of parameter draws"), least=1),
    OBSERVATIONS, CUTOFF, _alignment(),
)  # fmt: skip

SENSITIVITY = Command(
    f"{CLI}.analyse:sensitivity", _("which parameters matter"),
    SCENARIO, UNTIL,
    Option("--method", _("method of the analysis"), "sobol", type=one_of("morris", "sobol"),
           default="morris"),
    Option("--outcome", _("indicator that is analysed"), "migration_pp", metavar="INDICATOR",
           default="resident_urbanization_rate"),
    Option("--effect", _("analyse the plan less its baseline"), is_flag=True),
    Option("--verdict", _("split the variance of the verdict on each target"), is_flag=True),
    _several("--factors", _("parameters"), "kappa beta_y", ALL, "PARAMETER"),
    Option("--trajectories", _("Morris trajectories, at least 5"), "20", usual="10", type=whole()),
    Option("--top", _("factors that Morris passes on to Sobol"), "5", usual="8", type=whole(1)),
    Option("--points",
           _("base points of Sobol, a power of two; pairs of draws, at least 8, with --verdict"),
           "128", usual=_("64; with --verdict 32"), type=whole()),
    REGION, PLAN, _seed(), _scale(0.01, usual=_("0.01; with --verdict 0.1")), JOBS, AT, COUNTY,
    OBSERVATIONS, CUTOFF,
    _alignment("off", "level", _("off; with --verdict level")),
    _table("--csv"),
)  # fmt: skip

# Estimates and tests

ESTIMATE = (
    REGION,
    Option("--pool", _("pack of counties around, or none"), "shandong",
           usual=_("the largest of the province"), type=Name("packs", metavar="PACK")),
    Option("--runs", _("runs of the region", "number"), "320", usual="1000", type=whole(180)),
    Option("--pool-runs", _("runs of the counties around", "number"), "320", usual="1024",
           type=whole(180)),
    _scale(None, about=_("size of the region's population"), usual="0.1"),
    Option("--pairs", _("of these runs, how many are made at full scale too"), "50",
           usual=_("100, none at a smaller scale"), type=whole(2)),
    _scale(None, "--pool-scale", _("the same of the counties around"), usual="0.01"),
    _seed(), JOBS,
    _folder(_("where runs are kept, and taken up again"), usual=_("results/runs/trials/PACK")),
)  # fmt: skip

NO_PLAN = {"--plan": _("a plan says nothing of the years between censuses")}
CALIBRATE = Command(
    f"{CLI}.evidence:calibrate", _("estimate the parameters from censuses"), *ESTIMATE,
    Option("--rows", _("rows of the sample that is kept"), "100", usual="400", type=whole(1)),
    Option("--quick", _("a quick estimate, for development"), is_flag=True),
    Option("--report", _("write what is on file as this page"), "page.md", usual=_("estimate"),
           type=File()),
    without=NO_PLAN,
)  # fmt: skip

HINDCAST = Command(
    f"{CLI}.evidence:hindcast", _("test on a census it never saw"), *ESTIMATE,
    Option("--write", _("also write this page"), "page.md", usual=NONE, type=File()),
    without=NO_PLAN,
)  # fmt: skip

REGISTERED = _("as registered")
SCORE = Command(
    f"{CLI}.evidence:score", _("score forecasts on later figures"),
    Argument("observations",
             _("CSV: unit_code, date, variable, value; without it, the settings"),
             "observations.csv", type=File(read=True), required=False),
    REGION, PLAN,
    Option("--cutoff", _("information cut-off"), "2020-11-01", usual=REGISTERED, type=day()),
    _draws(None, _("number of parameter draws"), usual=REGISTERED),
    _scale(None, usual=REGISTERED), _seed(None, usual=REGISTERED), JOBS, _table("--out"),
)  # fmt: skip

# What is handed on

REPORT = Command(
    f"{CLI}.publish:report", _("documents on a run"),
    Argument("run", _("id or folder of a run, or scenario"), "plan", type=Name("scenarios")),
    Option("--format", _("formats, with commas"), "pdf,xlsx", default="docx,pdf,xlsx,html",
           metavar="FORMATS"),
    Option("--style", _("official: page for leaders and body as Chinese offices set them (公文, "
                        "GB/T 9704; PDF in Noto fonts); analytic: small type throughout"),
           "analytic", usual=_("official in Chinese, analytic in English"),
           type=one_of("official", "公文", "analytic")),
    Option("--brief", _("page for leaders and body, without annex"), is_flag=True),
    Option("--unit", _("who hands it in, on page 1"), "市发展改革委", usual=_("to be filled in"),
           metavar="TEXT"),
    _folder(_("folder of the documents"), default=Path()),
    Option("--attribution", _("result of attribute --json"), "shares.json", usual=_("computed"),
           type=File(read=True)),
    Option("--package", _("result of seek --json"), "package.json", usual=NONE,
           type=File(read=True)),
    Option("--variance", _("result of sensitivity --verdict --json"), "variance.json", usual=NONE,
           type=File(read=True)),
    REGION, PLAN, _seed(), _scale(0.05), _draws(20), DRAW_SCALE, JOBS, OBSERVATIONS, CUTOFF,
)  # fmt: skip

CONSOLE = Command(
    f"{CLI}.console:console", _("compare scenarios in the browser"),
    Option("--port", _("port"), "8081", type=whole(1, 65535), default=8080),
    Option("--host", _("address to listen on"), "0.0.0.0", default=HERE, metavar="ADDRESS"),
    REGION, PLAN, _scale(1.0), _draws(200), DRAW_SCALE,
    _scale(0.02, "--quick-scale", _("size of the population of the first answer")),
    _draws(40, _("draws of the first distribution; more follow"), name="--quick-draws"),
    JOBS,
    Option("--saved", _("folder of saved scenarios"), "scenarios", type=File("DIR"),
           default=SAVED),
    Option("--sweeps", _("folder with sweeps to explore"), "results/runs", type=File("DIR"),
           default=SAVED.parent),
    Option("--open", _("open a browser"), is_flag=True),
)  # fmt: skip

CITE = Command(
    f"{CLI}.publish:cite", _("how to cite the program, with its digests"),
    REGION,
    without={"--plan": _("the record of a run names its plan")},
)  # fmt: skip

# Region packs

NEW_FOLDER = _("a new folder")
NAMED_LATER = {"--plan": _("write plan: PATH in region.yaml, or give it to later commands")}
REGION_CHECK = Command(
    f"{CLI}.region:check", _("what a pack misses and assumes"),
    Argument("pack", _("name or folder"), "binzhou", type=Name("packs")),
    Option("--all", _("all that is assumed or missing"), is_flag=True),
    Option("--fit", _("how close the synthetic population comes to the census"), is_flag=True),
    without={"--plan": _("a pack is checked alone; for a plan see xiancheng plan check")},
)  # fmt: skip

FROM_CENSUS = Command(
    f"{CLI}.region:from_census", _("a pack from a county census table"),
    Argument("table", _("the census table (CSV or Excel)"), "census.csv", type=File(read=True)),
    _several("--prefecture", _("names or codes of prefectures"), "371400", _("give --province"),
             "PLACE"),
    Option("--province", _("all prefectures"), is_flag=True),
    _folder(NEW_FOLDER, required=True),
    Option("--concordance", _("which units make one"), "joins.csv",
           usual=_("the shipped table"), type=File(read=True)),
    Option("--unknown", _("take impossible figures as unknown, and list them"), is_flag=True),
    Option("--via", _("who digitised the table, and its licence"), "CC-BY", usual=_("empty"),
           default="", metavar="TEXT"),
    without=NAMED_LATER,
)  # fmt: skip

NEW = Command(
    f"{CLI}.region:new", _("an empty pack to fill by hand"),
    Argument("name", _("its name"), "mycounty"),
    _folder(NEW_FOLDER, usual=_("named as the pack")),
    without=NAMED_LATER,
)  # fmt: skip

REGION_PACKS = CommandGroup(
    "region", _("region packs"), {_("commands:"): (REGION_CHECK, FROM_CENSUS, NEW)}
)

NEW_PLAN = Command(
    f"{CLI}.own_plan:new", _("a folder for a plan of one's own"),
    Argument("name", _("its name"), "our-plan"),
    REGION,
    Option("--from", _("plan whose measures become templates"), "binzhou-2023", usual=NONE,
           type=Name("plans", metavar="PLAN"), dest="source"),
    Option("--issued", _("day of issue; nothing acts before"), "2026-03-31",
           type=day(), default="2025-12-31"),
    Option("--deadline", _("deadline of the first target"), "2035-12-31",
           type=day(), default="2030-12-31"),
    _folder(NEW_FOLDER, usual=_("named as the plan")),
    without={"--plan": _("a plan to begin with is given by --from")},
)  # fmt: skip

PLAN_CHECK = Command(
    f"{CLI}.own_plan:check", _("what a plan leaves out, assumes and contradicts"),
    Argument("file", _("name, folder or short file of a plan; by default that of the region"),
             "./our-plan", type=Name("plans", metavar="PLAN"), required=False),
    REGION,
    without={"--plan": _("name the plan alone: xiancheng plan check PLAN")},
)  # fmt: skip

LEVERS_LIST = Command(
    f"{CLI}.own_plan:levers", _("the levers that a measure may set"),
    without={"--plan": _("levers are the same for all plans")},
)  # fmt: skip

PLANS = CommandGroup(
    "plan", _("plans of one's own"), {_("commands:"): (NEW_PLAN, PLAN_CHECK, LEVERS_LIST)}
)

COMMANDS = {
    _("one run:"): (RUN, REPRODUCE),
    _("scenarios and measures:"): (CHECK, SHOW, MEASURES),
    _("many runs:"): (SWEEP, COMPARE, ATTRIBUTE, SEEK, SENSITIVITY),
    _("estimates and tests:"): (CALIBRATE, HINDCAST, SCORE),
    _("to hand on:"): (REPORT, CONSOLE, CITE),
    _("other regions and plans:"): (REGION_PACKS, PLANS),
}
