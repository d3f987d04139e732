"""Signals that ask a command to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGTERM stops what is done meanwhile as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end_workers() -> None:
    """End the processes that compute for this one, which would else finish what they are at."""
    from multiprocessing import active_children

    for worker in active_children():
        worker.kill()
