"""The words of every command, by which it is read, explained and completed.

What a command does is imported when it is called, so that help and usage errors come at once.
"""

from collections.abc import Callable
from pathlib import Path

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
    about = say("区域包，名称或文件夹", "region pack, its name or folder")
    return Option("--region", about, "./rizhao", type=Name("packs", metavar="PACK"),
                  default="binzhou")  # fmt: skip


def _scenario(say: Say) -> Argument:
    about = say("情景名或文件", "name or file of a scenario")
    return Argument("scenario", about, "schools-first", type=Name("scenarios"), required=False,
                    default="plan")  # fmt: skip


def _seed(say: Say, *, usual: str = "", default: int | None = 1) -> Option:
    about = say("随机种子，整数", "seed of the random numbers")
    return Option("--seed", about, "7", type=whole(say), default=default, usual=usual)


def _scale(
    say: Say, default: float | None, *, name: str = "--scale", about: str = "", usual: str = ""
) -> Option:
    about = about or say("规模，大于 0 至 1", "size of the population, above 0 to 1")
    unit = say("每名居民的行数", "rows for each resident")
    return Option(name, about, "0.05", unit=unit, type=decimal(say), default=default, usual=usual)


def _draws(
    say: Say, default: int | None, *, least: int = 0, usual: str = "", about: str = ""
) -> Option:
    zh, en = ("；0 为不抽样", "; 0: none") if not least and default is not None else ("", "")
    about = about or say(f"参数抽样次数{zh}", f"number of parameter draws{en}")
    return Option("--draws", about, "40", type=whole(say, least), default=default, usual=usual)


def _jobs(say: Say) -> Option:
    usual = say("处理器核数", "one for each core")
    return Option("--jobs", say("并行进程数", "worker processes"), "2", usual=usual,
                  type=whole(say, 1, 256))  # fmt: skip


def _until(say: Say) -> Option:
    about, usual = say("终点", "last day"), say("情景的终点", "that of the scenario")
    return Option("--until", about, "2030-12-31", usual=usual, type=day(say))


def _at(say: Say) -> Option:
    about, usual = say("哪一天", "day of the outcome"), say("目标期限", "the last deadline")
    return Option("--at", about, "2025-12-31", usual=usual, type=day(say))


def _county(say: Say) -> Option:
    usual = say("最大的目标所辖", "that of the largest target")
    return Option("--county", say("地区，名称或代码", "place, its name or code"), "371621",
                  usual=usual, metavar="PLACE")  # fmt: skip


def _table(say: Say, name: str = "--csv") -> Option:
    about = say("另存为此 CSV 文件", "also write this CSV file")
    return Option(name, about, "shares.csv", usual=say("不存", "none"), type=File())


def _folder(say: Say, about: str, usual: str, *, required: bool = False) -> Option:
    return Option("--out", about, "here", usual=usual, type=File("DIR"), required=required)


# One run


def run(say: Say) -> Command:
    """A scenario against its baseline."""
    start = Option(
        "--start", say("起点，须为普查时点", "first day, a census date"), "2010-11-01",
        usual=say("情景的起点", "that of the scenario"), type=day(say),
    )  # fmt: skip
    figure = Option(
        "--figure", say("另存判定图（SVG）", "also draw the verdicts (SVG)"), "answer.svg",
        usual=say("不画", "none"), type=File(),
    )  # fmt: skip
    return Command(
        "xiancheng.results.cli.run:run",
        say("模拟一个情景及其基准", "run a scenario against its baseline"), say,
        _scenario(say), _region(say), _seed(say), _draws(say, 0), _scale(say, 1.0), start,
        _until(say), _jobs(say), figure,
        _folder(say, say("保存运行的文件夹", "folder of runs"), "results/runs"),
    )  # fmt: skip


def check(say: Say) -> Command:
    """Files held to what can be used."""
    files = Argument(
        "files", say("名称、文件或文件夹", "names, files or folders"), "ours.yaml",
        type=Name("packs", "plans", "scenarios"), nargs=-1, required=True, metavar="FILE",
    )  # fmt: skip
    return Command(
        "xiancheng.results.cli.plan:check",
        say("检查情景、措施和区域文件", "check scenario, measure and region files"), say,
        files, _region(say),
    )  # fmt: skip


def show(say: Say) -> Command:
    """A scenario as resolved, or how it differs from another."""
    scenario = Argument("scenario", say("情景名或文件", "name or file of a scenario"), "plan",
                        type=Name("scenarios"))  # fmt: skip
    other = Option(
        "--diff", say("与另一情景之差", "what the other scenario changes"), "schools-first",
        usual=say("展开情景", "the scenario itself"), type=Name("scenarios", metavar="OTHER"),
    )  # fmt: skip
    return Command("xiancheng.results.cli.plan:show",
                   say("展开一个情景", "a scenario as resolved"), say,
                   scenario, other, _region(say))  # fmt: skip


def measures(say: Say) -> Command:
    """The register of measures."""
    number = Argument("id", say("措施编号；缺省为全部", "number of a measure; by default all"),
                      "M12", required=False)  # fmt: skip
    levers = Option("--levers", say("按抓手排列", "sorted by lever"), is_flag=True)
    return Command("xiancheng.results.cli.plan:measures",
                   say("措施登记，双向追溯", "the register of measures, both ways"), say,
                   number, levers)  # fmt: skip


# Many runs


def sweep(say: Say) -> Command:
    """A design of many runs."""
    design = Argument("design", say("设计文件", "design file"), "docs/sweep.yaml",
                      type=File(read=True))  # fmt: skip
    shard = Option("--shard", say("第 i 份，共 n 份", "part i of n"), "2/8", default="1/1",
                   metavar="i/n")  # fmt: skip
    engine = Option("--engine", say("在本机或 Dask 集群运行", "where to compute"), "dask",
                    type=one_of("local", "dask"), default="local")  # fmt: skip
    scheduler = Option(
        "--scheduler", say("Dask 调度器地址", "address of the Dask scheduler"), "tcp://host:8786",
        usual=say("本机集群", "a cluster on this machine"), metavar="ADDRESS",
    )  # fmt: skip
    resume = Option("--resume", say("继续，只算缺的", "continue, computing what is missing"),
                    is_flag=True)  # fmt: skip
    return Command(
        "xiancheng.results.cli.batch:sweep",
        say("批量运行一个设计", "run a design of many runs"), say, design,
        _folder(say, say("保存运行的文件夹", "folder of runs"), "", required=True),
        _jobs(say), shard, engine, scheduler, resume,
    )  # fmt: skip


def reproduce(say: Say) -> Command:
    """A saved run again."""
    saved = Argument("run", say("运行编号或文件夹", "id or folder of a run"), "results/runs/ID",
                     type=Name("scenarios"))  # fmt: skip
    return Command("xiancheng.results.cli.run:reproduce",
                   say("重跑并核对摘要", "run again and compare digests"), say, saved)  # fmt: skip


# Analyses


def compare(say: Say) -> Command:
    """Scenarios or saved runs side by side."""
    scenarios = Argument(
        "scenarios", say("情景名、文件或运行文件夹", "names, files or folders of runs"),
        "baseline plan", type=Name("scenarios"), nargs=-1, required=True, metavar="A",
    )  # fmt: skip
    baseline = Option(
        "--baseline", say("作为基准的一个", "the one that is the baseline"), "plan",
        usual=say("第一个", "the first"), type=Name("scenarios", metavar="A"),
    )  # fmt: skip
    seeds = Option("--seeds", say("每组抽样的种子数", "seeds for each draw"), "2", usual="1",
                   type=whole(say, 1))  # fmt: skip
    outcome = Option(
        "--outcome", say("显示的指标", "indicators that are shown"), "migration_pp",
        usual=say("城镇化率及其成因", "the rate and its causes"), several=True, metavar="INDICATOR",
    )  # fmt: skip
    saved = say("；已存运行用其自己的", "; a saved run brings its own")
    return Command(
        "xiancheng.results.cli.analyse:compare",
        say("并列比较情景或已存运行", "scenarios or runs side by side"), say,
        scenarios, baseline, seeds, outcome, _region(say),
        _seed(say, usual=f"1{saved}", default=None), _scale(say, None, usual=f"1{saved}"),
        _jobs(say), _draws(say, 0), _at(say), _table(say),
    )  # fmt: skip


def attribute(say: Say) -> Command:
    """What each measure contributes."""
    orders = Option(
        "--permutations", say("次序数，成对取反", "number of orders, in antithetic pairs"), "20",
        type=whole(say, 1), default=2 * WORLDS,
    )  # fmt: skip
    worlds = say("参数抽样数，各有自己的随机世界", "parameter draws, each a random world")
    usual = say(f"{WORLDS}，次序更少时为其一半", f"{WORLDS}, or half the orders if fewer")
    return Command(
        "xiancheng.results.cli.analyse:attribute",
        say("各措施的贡献", "what each measure contributes"), say,
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

    nothing, every = say("没有", "none"), say("全部", "all")
    return Command(
        "xiancheng.results.cli.analyse:seek",
        say("达标的最小措施组合", "the least package that meets the targets"), say,
        _scenario(say), _until(say),
        Option("--probability", say("达标概率，0 至 1", "chance of meeting the targets, 0 to 1"),
               "0.8", type=decimal(say), default=0.9),
        several("--targets", say("目标编号或县名", "ids of targets, or counties"),
                say("T-2 惠民县", "T-2 Huimin"), every, "TARGET"),
        several("--rate", say("目标改用的城镇化率", "another target rate, in percent"),
                "371621=45", say("照区域包", "that of the pack"), "PLACE=RATE", pair("371621=45")),
        several("--exclude", say("不得使用的措施或工程", "measures or projects not to be used"),
                "M05", nothing, "ID"),
        Option("--max-intensity", say("最大力度", "largest intensity"), "2",
               unit=say("方案的倍数", "multiples of the plan's"), type=decimal(say), default=1.5),
        several("--weight", say("措施在总力度中的权重", "weight in the total intensity"), "M12=2",
                say("均为 1", "1 each"), "ID=WEIGHT", pair("M12=2")),
        Option("--least", say("求最小的是总力度还是总费用", "what is to be least in total"), "cost",
               type=one_of("intensity", "cost"), default="intensity"),
        Option("--budget", say("预算", "budget"), "2e9", unit=say("元", "yuan"),
               usual=say("不限", "none"), type=decimal(say), metavar="YUAN"),
        several("--counties", say("只在这些县实施", "counties to act in"),
                say("惠民县 371622", "Huimin 371622"), every, "PLACE"),
        Option("--confirm", say("确认的新抽样次数", "fresh draws that confirm"), "300",
               type=whole(say, 1), default=150),
        _scale(say, 1.0, name="--confirm-scale",
               about=say("确认所用规模", "size of the population in the confirmations")),
        Option("--regret", say("外部条件比较的新抽样数，0 为不做",
                               "fresh draws for other outside worlds; 0: none"), "0",
               type=whole(say, 0), default=20),
        _region(say), _seed(say), _scale(say, 0.02), _jobs(say), _draws(say, 40, least=1),
    )  # fmt: skip


def sensitivity(say: Say) -> Command:
    """Which parameters matter."""
    return Command(
        "xiancheng.results.cli.analyse:sensitivity",
        say("参数敏感性", "which parameters matter"), say,
        _scenario(say), _until(say),
        Option("--method", say("分析方法", "method of the analysis"), "sobol",
               type=one_of("morris", "sobol"), default="morris"),
        Option("--outcome", say("所分析的指标", "indicator that is analysed"), "migration_pp",
               default="resident_urbanization_rate", metavar="INDICATOR"),
        Option("--effect", say("分析方案减基准", "analyse the plan less its baseline"),
               is_flag=True),
        Option("--factors", say("参数", "parameters"), "kappa beta_y", usual=say("全部", "all"),
               several=True, metavar="PARAMETER"),
        Option("--trajectories", say("Morris 轨迹数", "Morris trajectories"), "20", usual="10",
               type=whole(say)),
        Option("--top", say("由 Morris 选入 Sobol 的参数个数",
                            "factors that Morris passes on to Sobol"), "5", usual="8",
               type=whole(say, 1)),
        Option("--points", say("Sobol 基点数，2 的幂", "base points of Sobol, a power of two"),
               "128", usual="64", type=whole(say)),
        _region(say), _seed(say), _scale(say, 0.01), _jobs(say), _at(say), _county(say),
        _table(say),
    )  # fmt: skip


# Evidence


def _estimate(say: Say) -> list[Option]:
    """What calibrate and hindcast have in common."""
    around = say("借用其县份的区域包，none 为不用", "pack of counties around, or none")
    largest = say("同省最大的区域包", "the largest of the province")
    kept = say("运行保存位置，中断后从这里继续", "where runs are kept, and taken up again")
    pack = say("results/runs/trials/区域包名", "results/runs/trials/PACK")
    return [
        _region(say),
        Option("--pool", around, "shandong", usual=largest, type=Name("packs", metavar="PACK")),
        Option("--runs", say("本地区运行次数", "runs of the region"), "320", usual="1000",
               type=whole(say, 180)),
        Option("--pool-runs", say("周边各县运行次数", "runs of the counties around"), "320",
               usual="1000", type=whole(say, 180)),
        Option("--rows", say("保留的后验样本数", "rows of the sample that is kept"), "100",
               usual="400", type=whole(say, 1)),
        _scale(say, None, about=say("本地区规模", "size of the region's population"), usual="1"),
        _scale(say, None, name="--pool-scale",
               about=say("周边各县的规模", "the same of the counties around"), usual="0.01"),
        _seed(say), _jobs(say), _folder(say, kept, pack),
    ]  # fmt: skip


def calibrate(say: Say) -> Command:
    """The parameters estimated from censuses."""
    quick = Option("--quick", say("快速估计，供开发用", "a quick estimate, for development"),
                   is_flag=True)  # fmt: skip
    page = Option(
        "--report", say("不估计，只把已有结果写成此文件", "write what is on file as this page"),
        "page.md", usual=say("估计", "estimate"), type=File(),
    )  # fmt: skip
    return Command("xiancheng.results.cli.evidence:calibrate",
                   say("用普查估计参数", "estimate the parameters from censuses"), say,
                   *_estimate(say), quick, page)  # fmt: skip


def hindcast(say: Say) -> Command:
    """The model tested on a census that it never saw."""
    page = Option("--write", say("另写成此文件", "also write this page"), "page.md",
                  usual=say("不写", "none"), type=File())  # fmt: skip
    return Command("xiancheng.results.cli.evidence:hindcast",
                   say("用未见过的普查检验", "test on a census it never saw"), say,
                   *_estimate(say), page)  # fmt: skip


def score(say: Say) -> Command:
    """Forecasts scored on later figures."""
    observations = Argument(
        "observations",
        say("CSV：unit_code, date, variable, value；缺省则只列设定",
            "CSV: unit_code, date, variable, value; without it, the settings"),
        "observations.csv", type=File(read=True), required=False,
    )  # fmt: skip
    registered = say("登记的设定", "as registered")
    cutoff = Option("--cutoff", say("信息截止日", "information cut-off"), "2020-11-01",
                    usual=registered, type=day(say))  # fmt: skip
    return Command(
        "xiancheng.results.cli.evidence:score",
        say("以后来公布的数为预测评分", "score forecasts on later figures"), say,
        observations, _region(say), cutoff, _draws(say, None, usual=registered),
        _scale(say, None, usual=registered), _seed(say, usual=registered, default=None),
        _jobs(say), _table(say, "--out"),
    )  # fmt: skip


# What is handed on


def report(say: Say) -> Command:
    """Documents on a run."""
    what = Argument(
        "run", say("运行编号、运行文件夹，或要先运行的情景", "id or folder of a run, or scenario"),
        "plan", type=Name("scenarios"),
    )  # fmt: skip
    forms = Option("--format", say("格式，以逗号分开", "formats, with commas"), "pdf,xlsx",
                   default="docx,pdf,xlsx,html", metavar="FORMATS")  # fmt: skip
    out = Option("--out", say("放文档的文件夹", "folder of the documents"), "reports",
                 type=File("DIR"), default=Path())  # fmt: skip
    shares = Option(
        "--attribution", say("并入 attribute --json 的结果", "result of attribute --json"),
        "shares.json", usual=say("现算", "computed"), type=File(read=True),
    )  # fmt: skip
    package = Option(
        "--package", say("并入 seek --json 的结果", "result of seek --json"),
        "package.json", usual=say("不并入", "none"), type=File(read=True),
    )  # fmt: skip
    return Command(
        "xiancheng.results.cli.publish:report",
        say("写成文档：Word、PDF、Excel、网页", "documents on a run"), say,
        what, forms, out, shares, package, _region(say), _seed(say), _scale(say, 0.05),
        _draws(say, 20), _jobs(say),
    )  # fmt: skip


def console(say: Say) -> Command:
    """The page in the browser."""
    return Command(
        "xiancheng.results.cli.console:console",
        say("在浏览器中比较情景", "compare scenarios in the browser"), say,
        Option("--port", say("端口", "port"), "8081", type=whole(say, 1, 65535), default=8080),
        Option("--host", say("监听地址", "address to listen on"), "0.0.0.0", default=HERE,
               metavar="ADDRESS"),
        _region(say), _scale(say, 1.0), _draws(say, 40),
        _scale(say, 0.02, name="--quick-scale",
               about=say("初步结果的规模", "size of the population of the preliminary answer")),
        Option("--quick-draws", say("初步结果的抽样次数", "draws of the preliminary answer"), "8",
               type=whole(say, 0), default=16),
        _jobs(say),
        Option("--saved", say("已存情景的文件夹", "folder of saved scenarios"), "scenarios",
               type=File("DIR"), default=SAVED),
        Option("--open", say("打开浏览器", "open a browser"), is_flag=True),
    )  # fmt: skip


# Region packs


def region(say: Say) -> Group:
    """Commands about region packs."""
    members = {"check": region_check, "from-census": region_from_census, "new": region_new}
    return Group("region", say("区域包", "region packs"), say, members)


def region_check(say: Say) -> Command:
    """What a pack misses and assumes."""
    pack = Argument("pack", say("名称或文件夹", "name or folder"), "binzhou", type=Name("packs"))
    fits = say("合成人口与普查的吻合程度", "how close the synthetic population comes to the census")
    return Command("xiancheng.results.cli.region:check",
                   say("检查区域包：缺什么、假定了什么", "what a pack misses and assumes"), say,
                   pack, Option("--fit", fits, is_flag=True))  # fmt: skip


def region_from_census(say: Say) -> Command:
    """A pack from a county census table."""
    return Command(
        "xiancheng.results.cli.region:from_census",
        say("由普查分县表生成区域包", "a pack from a county census table"), say,
        Argument("table", say("普查表（CSV）", "the census table (CSV)"), "census.csv",
                 type=File(read=True)),
        Option("--prefecture", say("地级市代码", "codes of prefectures"), "371400",
               usual=say("须用 --province", "give --province"), several=True, metavar="CODE"),
        Option("--province", say("全省", "all prefectures"), is_flag=True),
        _folder(say, say("新文件夹", "a new folder"), "", required=True),
        Option("--concordance", say("区划对照表", "which units make one"), "joins.csv",
               usual=say("自带的", "the shipped table"), type=File(read=True)),
        Option("--via", say("谁数字化、许可", "who digitised the table, and its licence"),
               "CC-BY", usual=say("空", "empty"), default="", metavar="TEXT"),
    )  # fmt: skip


def region_new(say: Say) -> Command:
    """An empty pack."""
    return Command(
        "xiancheng.results.cli.region:new",
        say("新建空白区域包", "an empty pack to fill by hand"), say,
        Argument("name", say("名称", "its name"), "mycounty"),
        _folder(say, say("新文件夹", "a new folder"), say("以名称命名", "named as the pack")),
    )  # fmt: skip


COMMANDS: dict[str, Callable[[Say], Command | Group]] = {
    each.__name__: each
    for each in (
        run, check, show, measures, sweep, compare, attribute, seek, sensitivity, reproduce, score,
        calibrate, hindcast, report, console, region,
    )
}  # fmt: skip
