"""How a command ends: its exit codes, and the signals that ask it to stop."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130  # exit codes; the last of what was stopped


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGTERM and Ctrl-C stop what is done meanwhile, as a KeyboardInterrupt.

    One that falls into the import of a compiled module comes out of it as another exception.
    """
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        raise KeyboardInterrupt

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except Exception:
        if stopped:
            raise KeyboardInterrupt from None
        raise
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def end_workers() -> None:
    """End the processes that compute for this one, which would else finish what they are at."""
    from multiprocessing import active_children

    for worker in active_children():
        worker.kill()


def _release_semaphores() -> None:
    """Remove the semaphores of this process, as the end of an interpreter does.

    Else the tracker of resources, which outlives a process that ends at once, warns of them.
    """
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        with suppress(Exception):
            util._run_finalizers(0)


def leave(code: int) -> NoReturn:
    """End the process with an exit code.

    An interpreter that was interrupted while it ran source made from a string, as some libraries do
    when they are imported, would end itself by the signal instead, whatever the code.
    """
    if code == INTERRUPTED:
        _release_semaphores()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
