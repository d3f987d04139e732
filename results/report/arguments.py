"""The words of `xiancheng report` on the command line."""

from pathlib import Path

from xiancheng.results.asking import Command, Say

SCALE, DRAWS = 0.05, 20  # of a scenario that was not run before


def add(command: Command, say: Say) -> None:
    """Add the command to the command line."""
    report = command("report", "写成文档：Word、PDF、Excel、网页", "documents on a run")
    report.set_defaults(module="xiancheng.results.report.command")
    what = say("运行编号、运行文件夹，或要先运行的情景", "id or folder of a run, or a scenario")
    report.add_argument("run", help=what)
    forms = say("格式，以逗号分开", "formats, with commas")
    report.add_argument("--format", default="docx,pdf,xlsx,html", help=forms)
    out = say("放文档的文件夹", "folder of the documents")
    report.add_argument("--out", type=Path, default=Path(), help=out)
    shares = say(
        "并入 xiancheng attribute --json 的结果；缺省为现算",
        "result of attribute --json; by default computed",
    )
    report.add_argument("--attribution", type=Path, metavar="FILE", help=shares)
    package = say(
        "并入 xiancheng seek --json 的结果；缺省不并入", "result of seek --json; by default none"
    )
    report.add_argument("--package", type=Path, metavar="FILE", help=package)
    report.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    report.add_argument(
        "--seed", type=int, default=1, help=say("随机种子，整数", "seed of the random numbers")
    )
    scale = say("情景的规模：每名居民的行数", "rows for each resident, of a scenario")
    report.add_argument("--scale", type=float, default=SCALE, help=scale)
    draws = say("情景的参数抽样次数，0 为不抽样", "parameter draws of a scenario; 0: none")
    report.add_argument("--draws", type=int, default=DRAWS, help=draws)
    report.add_argument(
        "--jobs",
        type=int,
        help=say("并行进程数；缺省为处理器核数", "worker processes; by default one per core"),
    )
