"""`xiancheng console`: checks what it was asked for, says where the page is, and serves it."""

import os
import socket
from argparse import Namespace
from errno import EADDRINUSE
from importlib.util import find_spec

from xiancheng.results.cli import Say
from xiancheng.results.console.arguments import HERE
from xiancheng.results.stopping import DONE
from xiancheng.scenarios.simulate import RequestError


def console(asked: Namespace, say: Say) -> int:
    """Serve the page until interrupted."""
    from xiancheng.scenarios.loader import resolve
    from xiancheng.scenarios.simulate import checked

    if find_spec("nicegui") is None:
        raise RequestError(
            "网页需要 nicegui：请在源码目录 pip install -e '.[console]'",
            "the page needs nicegui; in its sources: pip install -e '.[console]'",
        )
    if not 1 <= asked.port <= 65535:
        raise RequestError(
            f"--port 应为 1 至 65535；得到 {asked.port}",
            f"--port should be from 1 to 65535; got {asked.port}",
        )
    jobs = asked.jobs if asked.jobs is not None else os.cpu_count() or 1
    for scale, draws in ((asked.scale, asked.draws), (asked.quick_scale, asked.quick_draws)):
        checked(resolve("plan"), asked.region, scale=scale, draws=draws, jobs=jobs)
    vacant(asked.host, asked.port)
    _serve(asked, jobs, say)
    return DONE


def vacant(host: str, port: int) -> None:
    """Refuse a port that is taken, so that no address is announced which is another's.

    Raises
    ------
    RequestError
        also if the address is not of this machine.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as tried:
            if os.name == "posix":  # elsewhere it would let two servers share a port
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(where)
            tried.listen()
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise RequestError(
                f"端口 {port} 已被占用；请用 --port 另选一个",
                f"port {port} is in use; choose another with --port",
            ) from None
        raise RequestError(
            f"无法监听 {host} 的端口 {port}：{error.strerror}",
            f"cannot listen on port {port} of {host}: {error.strerror}",
        ) from None


def _serve(asked: Namespace, jobs: int, say: Say) -> None:
    from xiancheng.calibration.region import load
    from xiancheng.results.console.app import serve
    from xiancheng.results.console.desk import Desk
    from xiancheng.results.console.library import Library
    from xiancheng.results.console.server import Server
    from xiancheng.results.console.study import Sizes
    from xiancheng.results.keeping.store import RUNS
    from xiancheng.results.verdict.level import level
    from xiancheng.scenarios.loader import resolve

    if asked.host != HERE:
        say.note(
            f"警告：监听 {asked.host}，同一网络中的人都能打开此页并使用本机计算；没有登录和加密。",
            f"warning: listening on {asked.host}: everyone on that network can open the page and "
            "compute on this machine; there is no login and no encryption.",
        )
    pack = load(asked.region)
    level(pack, resolve("plan").until)  # once, and not while somebody waits
    sizes = Sizes(asked.quick_scale, asked.quick_draws, asked.scale, asked.draws)
    server = Server(Desk(jobs), pack, asked.region, Library(asked.saved, asked.region), RUNS, sizes)
    shown = f"[{asked.host}]" if ":" in asked.host else asked.host
    say.note(
        f"网页：http://{shown}:{asked.port}/ （Ctrl+C 结束）",
        f"the page: http://{shown}:{asked.port}/en (Ctrl+C ends it)",
    )
    serve(server, host=asked.host, port=asked.port, show=asked.open)
