"""`xiancheng console`: checks what it was asked for, says where the page is, and serves it."""

import os
import socket
from argparse import Namespace
from errno import EADDRINUSE
from importlib.util import find_spec

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.results.cli.commands import HERE
from xiancheng.results.cli.process import DONE
from xiancheng.results.console.computation import Server, Sizes
from xiancheng.results.console.jobs import JobQueue
from xiancheng.results.console.library import Library
from xiancheng.results.store.runs import RUNS
from xiancheng.results.text import Say
from xiancheng.results.verdict.level import level_from
from xiancheng.scenarios.ensemble import scale_of_draws
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec, check_run, judged
from xiancheng.scenarios.trunk import KeptStates


def console(options: Namespace, say: Say) -> int:
    """Serve the page until interrupted."""
    if find_spec("nicegui") is None:
        raise RequestError(_("the page needs nicegui; in its sources: pip install -e '.[console]'"))
    plan, host, port = resolve("plan", options.region), options.host, options.port
    sizes = Sizes(
        options.quick_scale, options.quick_draws, options.scale, options.draws, options.draw_scale
    )
    check_run(plan, options.region, scale=sizes.scale, draws=sizes.draws)
    scale_of_draws(RunSpec.of(plan, region=options.region), sizes.draw_scale)
    check_run(plan, options.region, scale=sizes.quick_scale, draws=sizes.quick_draws)
    vacant(host, port)
    if host != HERE:
        say.note(
            _("warning: listening on {host}: everyone on that network can open the page and "
              "compute on this machine; there is no login and no encryption.", host=host)
        )  # fmt: skip
    pack = judged(plan, options.region)
    level_from(pack, pack.censuses[-1], plan.until)  # once, and not while somebody waits
    queue = JobQueue(options.jobs or os.cpu_count() or 1)
    library = Library(options.saved, options.region)
    states = KeptStates.begin()
    server = Server(queue, pack, options.region, library, RUNS, sizes, options.sweeps, states)
    shown = f"[{host}]" if ":" in host else host
    say.note(_("the page: http://{shown}:{port}/en (Ctrl+C ends it)", shown=shown, port=port))
    from xiancheng.results.console.app import serve  # needs NiceGUI

    try:
        serve(server, host=host, port=port, show=options.open)
    finally:
        states.end()
    return DONE


def vacant(host: str, port: int) -> None:
    """Refuse a port that is taken, so that no address is announced which is another's.

    Raises
    ------
    RequestError
        also if the address is not of this machine.
    """
    try:
        family, kind, protocol, __, where = socket.getaddrinfo(
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
                _("port {port} is in use; choose another with --port", port=port)
            ) from None
        raise RequestError(
            _("cannot listen on port {port} of {host}: {strerror}", port=port, host=host,
              strerror=error.strerror)
        ) from None  # fmt: skip
