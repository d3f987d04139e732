"""The words of `xiancheng report` on the command line."""

from pathlib import Path

from results.asking import Command, Say

SCALE, DRAWS = 0.05, 20  # of a scenario that was not run before


def add(command: Command, say: Say) -> None:
    """Add the command to the command line."""
    report = command("report", "写成文档：Word、PDF、Excel、网页", "documents on a run")
    report.set_defaults(module="results.report.command")
    what = say("运行编号、运行文件夹，或要先运行的情景", "id or folder of a run, or a scenario")
    report.add_argument("run", help=what)
    forms = say("格式，以逗号分开；缺省为全部", "formats, with commas; all by default")
    report.add_argument("--format", default="docx,pdf,xlsx,html", help=forms)
    out = say("文档放在哪里", "where the documents go")
    report.add_argument("--out", type=Path, default=Path(), help=out)
    shares = say("并入 xiancheng attribute --json 的结果", "bring in attribute --json")
    report.add_argument("--attribution", type=Path, metavar="FILE", help=shares)
    package = say("并入 xiancheng seek --json 的结果", "bring in seek --json")
    report.add_argument("--package", type=Path, metavar="FILE", help=package)
    report.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    report.add_argument("--seed", type=int, default=1, help=say("随机种子", "seed of the luck"))
    scale = say("情景的规模", "scale of a scenario")
    report.add_argument("--scale", type=float, default=SCALE, help=scale)
    draws = say("情景的参数抽样数", "draws of a scenario")
    report.add_argument("--draws", type=int, default=DRAWS, help=draws)
    report.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
