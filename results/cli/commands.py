"""The words of every command, by which it is read, explained and completed.

What a command does is imported when it is called, so that help and usage errors come at once.
"""

from collections.abc import Callable
from pathlib import Path

from xiancheng.calibration.i18n import _
from xiancheng.results.cli.options import (
    Argument,
    Command,
    File,
    Group,
    Name,
    Option,
    Value,
    day,
    decimal,
    one_of,
    pair,
    whole,
)
from xiancheng.results.text import Say

HERE = "127.0.0.1"  # address of the page
SAVED = Path("results/runs/scenarios")
WORLDS = 5  # random worlds of an attribution; see results.analysis.attribution


# Parameters of several commands


def _region(say: Say) -> Option:
    about = say(_("region pack, its name or folder"))
    return Option("--region", about, "./rizhao", type=Name("packs", metavar="PACK"),
                  default="binzhou")  # fmt: skip


def _scenario(say: Say) -> Argument:
    about = say(_("name or file of a scenario"))
    return Argument("scenario", about, "schools-first", type=Name("scenarios"), required=False,
                    default="plan")  # fmt: skip


def _seed(say: Say, *, usual: str = "", default: int | None = 1) -> Option:
    about = say(_("seed of the random numbers"))
    return Option("--seed", about, "7", type=whole(say), default=default, usual=usual)


def _scale(
    say: Say, default: float | None, *, name: str = "--scale", about: str = "", usual: str = ""
) -> Option:
    about = about or say(_("size of the population, above 0 to 1"))
    unit = say(_("rows for each resident", "commands"))
    return Option(name, about, "0.05", unit=unit, type=decimal(say), default=default, usual=usual)


def _draws(
    say: Say, default: int | None, *, least: int = 0, usual: str = "", about: str = ""
) -> Option:
    if not about:
        none = not least and default is not None
        what = _("number of parameter draws; 0: none") if none else _("number of parameter draws")
        about = say(what)
    return Option("--draws", about, "40", type=whole(say, least), default=default, usual=usual)


def _jobs(say: Say) -> Option:
    usual = say(_("one for each core"))
    return Option("--jobs", say(_("worker processes")), "2", usual=usual,
                  type=whole(say, 1, 256))  # fmt: skip


def _until(say: Say) -> Option:
    about, usual = say(_("last day")), say(_("that of the scenario"))
    return Option("--until", about, "2030-12-31", usual=usual, type=day(say))


def _at(say: Say) -> Option:
    about, usual = say(_("day of the outcome")), say(_("the last deadline"))
    return Option("--at", about, "2025-12-31", usual=usual, type=day(say))


def _county(say: Say) -> Option:
    usual = say(_("that of the largest target"))
    return Option("--county", say(_("place, its name or code")), "371621",
                  usual=usual, metavar="PLACE")  # fmt: skip


def _table(say: Say, name: str = "--csv") -> Option:
    about = say(_("also write this CSV file"))
    return Option(name, about, "shares.csv", usual=say(_("none", "commands")), type=File())


def _folder(say: Say, about: str, usual: str, *, required: bool = False) -> Option:
    return Option("--out", about, "here", usual=usual, type=File("DIR"), required=required)


# One run


def run(say: Say) -> Command:
    """A scenario against its baseline."""
    start = Option(
        "--start", say(_("first day, a census date")), "2010-11-01",
        usual=say(_("that of the scenario", "commands")), type=day(say),
    )  # fmt: skip
    figure = Option(
        "--figure", say(_("also draw the verdicts (SVG)")), "answer.svg",
        usual=say(_("none", "commands 2")), type=File(),
    )  # fmt: skip
    return Command(
        "xiancheng.results.cli.run:run",
        say(_("run a scenario against its baseline")), say,
        _scenario(say), _region(say), _seed(say), _draws(say, 0), _scale(say, 1.0), start,
        _until(say), _jobs(say), figure,
        _folder(say, say(_("folder of runs")), "results/runs"),
    )  # fmt: skip


def check(say: Say) -> Command:
    """Files held to what can be used."""
    files = Argument(
        "files", say(_("names, files or folders")), "ours.yaml",
        type=Name("packs", "plans", "scenarios"), nargs=-1, required=True, metavar="FILE",
    )  # fmt: skip
    return Command(
        "xiancheng.results.cli.plan:check",
        say(_("check scenario, measure and region files")), say,
        files, _region(say),
    )  # fmt: skip


def show(say: Say) -> Command:
    """A scenario as resolved, or how it differs from another."""
    scenario = Argument("scenario", say(_("name or file of a scenario")), "plan",
                        type=Name("scenarios"))  # fmt: skip
    other = Option(
        "--diff", say(_("what the other scenario changes")), "schools-first",
        usual=say(_("the scenario itself", "commands")), type=Name("scenarios", metavar="OTHER"),
    )  # fmt: skip
    return Command("xiancheng.results.cli.plan:show",
                   say(_("a scenario as resolved")), say,
                   scenario, other, _region(say))  # fmt: skip


def measures(say: Say) -> Command:
    """The register of measures."""
    number = Argument("id", say(_("number of a measure; by default all")),
                      "M12", required=False)  # fmt: skip
    levers = Option("--levers", say(_("sorted by lever")), is_flag=True)
    return Command("xiancheng.results.cli.plan:measures",
                   say(_("the register of measures, both ways")), say,
                   number, levers)  # fmt: skip


# Many runs


def sweep(say: Say) -> Command:
    """A design of many runs."""
    design = Argument("design", say(_("design file")), "docs/sweep.yaml",
                      type=File(read=True))  # fmt: skip
    shard = Option("--shard", say(_("part i of n")), "2/8", default="1/1",
                   metavar="i/n")  # fmt: skip
    engine = Option("--engine", say(_("where to compute")), "dask",
                    type=one_of("local", "dask"), default="local")  # fmt: skip
    scheduler = Option(
        "--scheduler", say(_("address of the Dask scheduler")), "tcp://host:8786",
        usual=say(_("a cluster on this machine")), metavar="ADDRESS",
    )  # fmt: skip
    resume = Option("--resume", say(_("continue, computing what is missing")),
                    is_flag=True)  # fmt: skip
    return Command(
        "xiancheng.results.cli.batch:sweep",
        say(_("run a design of many runs")), say, design,
        _folder(say, say(_("folder of runs")), "", required=True),
        _jobs(say), shard, engine, scheduler, resume,
    )  # fmt: skip


def reproduce(say: Say) -> Command:
    """A saved run again."""
    saved = Argument("run", say(_("id or folder of a run")), "results/runs/ID",
                     type=Name("scenarios"))  # fmt: skip
    return Command("xiancheng.results.cli.run:reproduce",
                   say(_("run again and compare digests")), say, saved)  # fmt: skip


# Analyses


def compare(say: Say) -> Command:
    """Scenarios or saved runs side by side."""
    scenarios = Argument(
        "scenarios", say(_("names, files or folders of runs")),
        "baseline plan", type=Name("scenarios"), nargs=-1, required=True, metavar="A",
    )  # fmt: skip
    baseline = Option(
        "--baseline", say(_("the one that is the baseline")), "plan",
        usual=say(_("the first")), type=Name("scenarios", metavar="A"),
    )  # fmt: skip
    seeds = Option("--seeds", say(_("seeds for each draw")), "2", usual="1",
                   type=whole(say, 1))  # fmt: skip
    outcome = Option(
        "--outcome", say(_("indicators that are shown")), "migration_pp",
        usual=say(_("the rate and its causes")), several=True, metavar="INDICATOR",
    )  # fmt: skip
    saved = say(_("; a saved run brings its own"))
    return Command(
        "xiancheng.results.cli.analyse:compare",
        say(_("scenarios or runs side by side")), say,
        scenarios, baseline, seeds, outcome, _region(say),
        _seed(say, usual=f"1{saved}", default=None), _scale(say, None, usual=f"1{saved}"),
        _jobs(say), _draws(say, 0), _at(say), _table(say),
    )  # fmt: skip


def attribute(say: Say) -> Command:
    """What each measure contributes."""
    orders = Option(
        "--permutations", say(_("number of orders, in antithetic pairs")), "20",
        type=whole(say, 1), default=2 * WORLDS,
    )  # fmt: skip
    worlds = say(_("parameter draws, each a random world"))
    usual = say(_("{WORLDS}, or half the orders if fewer", WORLDS=WORLDS))
    return Command(
        "xiancheng.results.cli.analyse:attribute",
        say(_("what each measure contributes")), say,
        _scenario(say), _until(say), orders, _region(say), _seed(say), _scale(say, 0.05),
        _jobs(say), _draws(say, None, about=worlds, usual=usual), _at(say), _county(say),
        _table(say),
    )  # fmt: skip


def seek(say: Say) -> Command:
    """The least package that meets the targets."""

    def several(
        name: str, about: str, example: str, usual: str, metavar: str, kind: Value | None = None
    ) -> Option:
        return Option(name, about, example, usual=usual, several=True, metavar=metavar, type=kind)

    nothing, every = say(_("none", "commands 3")), say(_("all"))
    return Command(
        "xiancheng.results.cli.analyse:seek",
        say(_("the least package that meets the targets")), say,
        _scenario(say), _until(say),
        Option("--probability", say(_("chance of meeting the targets, 0 to 1")),
               "0.8", type=decimal(say), default=0.9),
        several("--targets", say(_("ids of targets, or counties")),
                say(_("T-2 Huimin")), every, "TARGET"),
        several("--rate", say(_("another target rate, in percent")),
                "371621=45", say(_("that of the pack")), "PLACE=RATE", pair("371621=45")),
        several("--exclude", say(_("measures or projects not to be used")),
                "M05", nothing, "ID"),
        Option("--max-intensity", say(_("largest intensity")), "2",
               unit=say(_("multiples of the plan's")), type=decimal(say), default=1.5),
        several("--weight", say(_("weight in the total intensity")), "M12=2",
                say(_("1 each")), "ID=WEIGHT", pair("M12=2")),
        Option("--least", say(_("what is to be least in total")), "cost",
               type=one_of("intensity", "cost"), default="intensity"),
        Option("--budget", say(_("budget")), "2e9", unit=say(_("yuan")),
               usual=say(_("none", "commands 4")), type=decimal(say), metavar="YUAN"),
        several("--counties", say(_("counties to act in")),
                say(_("Huimin 371622")), every, "PLACE"),
        Option("--confirm", say(_("fresh draws that confirm")), "300",
               type=whole(say, 1), default=150),
        _scale(say, 1.0, name="--confirm-scale",
               about=say(_("size of the population in the confirmations"))),
        Option("--regret", say(_("fresh draws for other outside worlds; 0: none")), "0",
               type=whole(say, 0), default=20),
        _region(say), _seed(say), _scale(say, 0.02), _jobs(say), _draws(say, 40, least=1),
    )  # fmt: skip


def sensitivity(say: Say) -> Command:
    """Which parameters matter."""
    return Command(
        "xiancheng.results.cli.analyse:sensitivity",
        say(_("which parameters matter")), say,
        _scenario(say), _until(say),
        Option("--method", say(_("method of the analysis")), "sobol",
               type=one_of("morris", "sobol"), default="morris"),
        Option("--outcome", say(_("indicator that is analysed")), "migration_pp",
               default="resident_urbanization_rate", metavar="INDICATOR"),
        Option("--effect", say(_("analyse the plan less its baseline")),
               is_flag=True),
        Option("--factors", say(_("parameters")), "kappa beta_y", usual=say(_("all")),
               several=True, metavar="PARAMETER"),
        Option("--trajectories", say(_("Morris trajectories")), "20", usual="10",
               type=whole(say)),
        Option("--top", say(_("factors that Morris passes on to Sobol")), "5", usual="8",
               type=whole(say, 1)),
        Option("--points", say(_("base points of Sobol, a power of two")),
               "128", usual="64", type=whole(say)),
        _region(say), _seed(say), _scale(say, 0.01), _jobs(say), _at(say), _county(say),
        _table(say),
    )  # fmt: skip


# Evidence


def _estimate(say: Say) -> list[Option]:
    """What calibrate and hindcast have in common."""
    around = say(_("pack of counties around, or none"))
    largest = say(_("the largest of the province"))
    kept = say(_("where runs are kept, and taken up again"))
    pack = say(_("results/runs/trials/PACK"))
    return [
        _region(say),
        Option("--pool", around, "shandong", usual=largest, type=Name("packs", metavar="PACK")),
        Option("--runs", say(_("runs of the region", "commands")), "320", usual="1000",
               type=whole(say, 180)),
        Option("--pool-runs", say(_("runs of the counties around", "commands")), "320",
               usual="1000", type=whole(say, 180)),
        Option("--rows", say(_("rows of the sample that is kept")), "100",
               usual="400", type=whole(say, 1)),
        _scale(say, None, about=say(_("size of the region's population")), usual="1"),
        _scale(say, None, name="--pool-scale",
               about=say(_("the same of the counties around")), usual="0.01"),
        _seed(say), _jobs(say), _folder(say, kept, pack),
    ]  # fmt: skip


def calibrate(say: Say) -> Command:
    """The parameters estimated from censuses."""
    quick = Option("--quick", say(_("a quick estimate, for development")),
                   is_flag=True)  # fmt: skip
    page = Option(
        "--report", say(_("write what is on file as this page")),
        "page.md", usual=say(_("estimate")), type=File(),
    )  # fmt: skip
    return Command("xiancheng.results.cli.evidence:calibrate",
                   say(_("estimate the parameters from censuses")), say,
                   *_estimate(say), quick, page)  # fmt: skip


def hindcast(say: Say) -> Command:
    """The model tested on a census that it never saw."""
    page = Option("--write", say(_("also write this page")), "page.md",
                  usual=say(_("none", "commands 5")), type=File())  # fmt: skip
    return Command("xiancheng.results.cli.evidence:hindcast",
                   say(_("test on a census it never saw")), say,
                   *_estimate(say), page)  # fmt: skip


def score(say: Say) -> Command:
    """Forecasts scored on later figures."""
    observations = Argument(
        "observations",
        say(_("CSV: unit_code, date, variable, value; without it, the settings")),
        "observations.csv", type=File(read=True), required=False,
    )  # fmt: skip
    registered = say(_("as registered"))
    cutoff = Option("--cutoff", say(_("information cut-off")), "2020-11-01",
                    usual=registered, type=day(say))  # fmt: skip
    return Command(
        "xiancheng.results.cli.evidence:score",
        say(_("score forecasts on later figures")), say,
        observations, _region(say), cutoff, _draws(say, None, usual=registered),
        _scale(say, None, usual=registered), _seed(say, usual=registered, default=None),
        _jobs(say), _table(say, "--out"),
    )  # fmt: skip


# What is handed on


def report(say: Say) -> Command:
    """Documents on a run."""
    what = Argument(
        "run", say(_("id or folder of a run, or scenario")),
        "plan", type=Name("scenarios"),
    )  # fmt: skip
    forms = Option("--format", say(_("formats, with commas")), "pdf,xlsx",
                   default="docx,pdf,xlsx,html", metavar="FORMATS")  # fmt: skip
    out = Option("--out", say(_("folder of the documents")), "reports",
                 type=File("DIR"), default=Path())  # fmt: skip
    shares = Option(
        "--attribution", say(_("result of attribute --json")),
        "shares.json", usual=say(_("computed")), type=File(read=True),
    )  # fmt: skip
    package = Option(
        "--package", say(_("result of seek --json")),
        "package.json", usual=say(_("none", "commands 6")), type=File(read=True),
    )  # fmt: skip
    return Command(
        "xiancheng.results.cli.publish:report",
        say(_("documents on a run")), say,
        what, forms, out, shares, package, _region(say), _seed(say), _scale(say, 0.05),
        _draws(say, 20), _jobs(say),
    )  # fmt: skip


def console(say: Say) -> Command:
    """The page in the browser."""
    return Command(
        "xiancheng.results.cli.console:console",
        say(_("compare scenarios in the browser")), say,
        Option("--port", say(_("port")), "8081", type=whole(say, 1, 65535), default=8080),
        Option("--host", say(_("address to listen on")), "0.0.0.0", default=HERE,
               metavar="ADDRESS"),
        _region(say), _scale(say, 1.0), _draws(say, 40),
        _scale(say, 0.02, name="--quick-scale",
               about=say(_("size of the population of the preliminary answer"))),
        Option("--quick-draws", say(_("draws of the preliminary answer")), "8",
               type=whole(say, 0), default=16),
        _jobs(say),
        Option("--saved", say(_("folder of saved scenarios")), "scenarios",
               type=File("DIR"), default=SAVED),
        Option("--open", say(_("open a browser")), is_flag=True),
    )  # fmt: skip


# Region packs


def region(say: Say) -> Group:
    """Commands about region packs."""
    members = {"check": region_check, "from-census": region_from_census, "new": region_new}
    return Group("region", say(_("region packs")), say, members)


def region_check(say: Say) -> Command:
    """What a pack misses and assumes."""
    pack = Argument("pack", say(_("name or folder")), "binzhou", type=Name("packs"))
    fits = say(_("how close the synthetic population comes to the census"))
    return Command("xiancheng.results.cli.region:check",
                   say(_("what a pack misses and assumes")), say,
                   pack, Option("--fit", fits, is_flag=True))  # fmt: skip


def region_from_census(say: Say) -> Command:
    """A pack from a county census table."""
    return Command(
        "xiancheng.results.cli.region:from_census",
        say(_("a pack from a county census table")), say,
        Argument("table", say(_("the census table (CSV)")), "census.csv",
                 type=File(read=True)),
        Option("--prefecture", say(_("codes of prefectures")), "371400",
               usual=say(_("give --province")), several=True, metavar="CODE"),
        Option("--province", say(_("all prefectures")), is_flag=True),
        _folder(say, say(_("a new folder")), "", required=True),
        Option("--concordance", say(_("which units make one")), "joins.csv",
               usual=say(_("the shipped table")), type=File(read=True)),
        Option("--via", say(_("who digitised the table, and its licence")),
               "CC-BY", usual=say(_("empty")), default="", metavar="TEXT"),
    )  # fmt: skip


def region_new(say: Say) -> Command:
    """An empty pack."""
    return Command(
        "xiancheng.results.cli.region:new",
        say(_("an empty pack to fill by hand")), say,
        Argument("name", say(_("its name")), "mycounty"),
        _folder(say, say(_("a new folder")), say(_("named as the pack"))),
    )  # fmt: skip


COMMANDS: dict[str, Callable[[Say], Command | Group]] = {
    each.__name__: each
    for each in (
        run, check, show, measures, sweep, compare, attribute, seek, sensitivity, reproduce, score,
        calibrate, hindcast, report, console, region,
    )
}  # fmt: skip
