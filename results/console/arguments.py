"""The words of `xiancheng console` on the command line."""

from pathlib import Path

from xiancheng.results.asking import Command, Say

HERE = "127.0.0.1"
SAVED = Path("results/runs/scenarios")


def add(command: Command, say: Say) -> None:
    """Add the command to the command line."""
    console = command("console", "在浏览器中比较情景", "compare scenarios in the browser")
    console.set_defaults(module="xiancheng.results.console.command")
    console.add_argument("--port", type=int, default=8080, help=say("端口", "port"))
    console.add_argument("--host", default=HERE, help=say("监听地址", "address to listen on"))
    console.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    console.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help=say("规模：每名居民的行数", "rows for each resident"),
    )
    console.add_argument(
        "--draws", type=int, default=40, help=say("参数抽样次数", "number of parameter draws")
    )
    quick = say("初步结果的规模", "the same of the preliminary answer")
    console.add_argument("--quick-scale", type=float, default=0.02, help=quick)
    first = say("初步结果的抽样次数", "draws of the preliminary answer")
    console.add_argument("--quick-draws", type=int, default=16, help=first)
    console.add_argument(
        "--jobs",
        type=int,
        help=say("并行进程数；缺省为处理器核数", "worker processes; by default one per core"),
    )
    kept = say("已存情景的文件夹", "folder of saved scenarios")
    console.add_argument("--saved", type=Path, default=SAVED, help=kept)
    console.add_argument("--open", action="store_true", help=say("打开浏览器", "open a browser"))
