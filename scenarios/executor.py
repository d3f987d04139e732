"""Executors: where runs are computed: in this process, in processes of this machine, or by Dask.

An executor carries nothing but calls and what they return. What is durable lives in a store: a run
that is asked for twice is read from there. So an executor may lose workers and make a call again,
and none changes a result.
"""

import logging
import os
import re
import signal
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from time import monotonic
from types import TracebackType
from typing import Any, Self

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.sim.deferred import Deferred

asyncio = Deferred("asyncio")  # for its CancelledError, which Dask raises

BATCH_SECONDS = 0.35  # of work sent at once: much more than sending it takes
LARGEST_BATCH = 256
RECYCLED_AFTER = 1000  # runs by one process
TRIES = 2  # of a call, if its worker ends
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


@dataclass(frozen=True)
class Lost:
    """A task that ended its worker every time it was tried."""

    task: Any


class WorkersLostError(RuntimeError):
    """A call ended every worker that tried it, and nothing can be had without it."""

    zh = "工作进程意外结束（内存不足？）；请减小 --jobs 或 --scale"
    en = "workers ended unexpectedly (out of memory?); use fewer --jobs or a smaller --scale"

    def __init__(self) -> None:
        super().__init__(self.en)


class Executor(ABC):
    """What computes. Functions, arguments and results are small and picklable."""

    jobs: int  # calls that are made at once

    @abstractmethod
    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Call a function in a worker.

        A call whose worker ends is made again, `TRIES` times in all; then the future holds a
        WorkersLostError. A call that no worker has begun can be cancelled.
        """

    @abstractmethod
    def close(self, *, at_once: bool = False) -> None:
        """Let go of the workers, after what they are doing or at once; what waits is cancelled."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close(at_once=kind is not None)

    def map(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
        """What a function gives for each task, or `Lost`; every task once, as they are done.

        Tasks are sent in batches. A batch whose workers ended is cut in half and sent again, down
        to single tasks, which are given up.
        """
        fresh, again, pace = deque(tasks), deque[list[Any]](), Pace()
        flying: dict[Future[Any], list[Any]] = {}
        shared, ready = self._shared(function), list[Any]()
        try:
            while fresh or again or flying or ready:
                most = self._in_flight()
                while (fresh or again) and len(flying) < most:
                    size = pace.batch(len(fresh), most)
                    batch = again.popleft() if again else _taken(fresh, size)
                    flying[self._send(shared, batch)] = batch
                yield from ready  # while the workers go on
                ready = []
                for future in wait(flying, return_when=FIRST_COMPLETED).done if flying else ():
                    batch = flying.pop(future)
                    try:
                        results, seconds = future.result()
                    except WorkersLostError:
                        half = len(batch) // 2
                        again.extend([batch[:half], batch[half:]] if half else [])
                        ready += [] if half else [Lost(batch[0])]
                    else:
                        pace.observed(seconds, len(batch))
                        ready += results
        finally:
            for future in flying:
                future.cancel()

    def results(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], done: Callable[[Any], None]
    ) -> list[Any]:
        """What a function gives for each task, in their order; `done` is called with each.

        Raises
        ------
        WorkersLostError
        """
        found: dict[int, Any] = {}
        for result in self.map(Numbered(function), list(enumerate(tasks))):
            if isinstance(result, Lost):
                raise WorkersLostError
            found.update([result])
            done(result[1])
        return [found[number] for number in range(len(tasks))]

    def _in_flight(self) -> int:
        """Batches that are sent at once."""
        return self.jobs

    def _shared(self, function: Callable[[Any], Any]) -> Any:
        """What stands for a function in many calls."""
        return function

    def _send(self, function: Any, batch: list[Any]) -> "Future[Any]":
        return self.submit(batch_of, function, batch)


@dataclass(frozen=True)
class Numbered:
    """A function of the second of a pair; what it gives comes back with the first, a number."""

    function: Callable[[Any], Any]

    def __call__(self, task: tuple[int, Any]) -> tuple[int, Any]:
        """The number, and what the function gives for the second."""
        return task[0], self.function(task[1])


@dataclass
class Pace:
    """How many tasks make a batch, from how long the last ones took."""

    seconds: float | None = None  # for one task

    def batch(self, left: int, workers: int) -> int:
        """Tasks for the next batch; the last ones are shared among the workers."""
        if self.seconds is None:
            return 1
        fit = round(BATCH_SECONDS / max(self.seconds, 1e-6))
        return max(1, min(fit, LARGEST_BATCH, -(-left // workers)))

    def observed(self, seconds: float, tasks: int) -> None:
        """Learn from a batch; half of what is believed is the last batch."""
        latest = seconds / tasks
        self.seconds = latest if self.seconds is None else (self.seconds + latest) / 2


def batch_of(function: Callable[[Any], Any], tasks: Sequence[Any]) -> tuple[list[Any], float]:
    """Call a function with each task; what it gave, and the seconds it took."""
    begun = monotonic()
    return [function(task) for task in tasks], monotonic() - begun


def _taken(queue: deque[Any], size: int) -> list[Any]:
    return [queue.popleft() for __ in range(min(size, len(queue)))]


def local(jobs: int | None = None, tasks: int | None = None) -> Executor:
    """An executor on this machine: this process for one job, else processes, one a core by default.

    Parameters
    ----------
    tasks : how many there will be at most
    """
    most = min(jobs or os.cpu_count() or 1, tasks or 1_000_000)
    return InlineExecutor() if most == 1 else LocalExecutor(most)


class InlineExecutor(Executor):
    """Calls are made at once, in this process."""

    jobs = 1

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Make the call."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
        """What a function gives for each task, in order."""
        return map(function, tasks)

    def close(self, *, at_once: bool = False) -> None:
        """There is nothing to let go of."""


# Processes on this machine


@dataclass(eq=False)
class Call:
    """A call that was asked for."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    runs: int = 1
    future: "Future[Any]" = field(default_factory=Future)
    tries: int = 0


class Worker:
    """One spawned process."""

    def __init__(self, niceness: int) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), begin_worker, (niceness,))
        self.runs, self.ended = 0, False

    def start(self, call: Call) -> "Future[Any]":
        """Make a call.

        Raises
        ------
        BrokenProcessPool
            if the process has ended.
        """
        with starting_workers():
            doing = self._pool.submit(call.function, *call.arguments)
        self.runs += call.runs
        return doing

    def end(self, *, at_once: bool, wait: bool = True) -> None:
        """End the process, at once or after what it is doing."""
        self.ended = True
        for process in list((self._pool._processes or {}).values()) if at_once else ():
            process.kill()
        self._pool.shutdown(wait=wait, cancel_futures=True)


class LocalExecutor(Executor):
    """One spawned process per job, one thread each; a process that ends is replaced.

    Processes are started when they are needed, and stay until the executor is closed; then it can
    be used again.
    """

    def __init__(self, jobs: int, niceness: int = 0) -> None:
        self.jobs, self._niceness = jobs, niceness
        self._waiting: deque[Call] = deque()
        self._idle: list[Worker] = []
        self._busy: dict[Call, Worker] = {}  # by identity
        self._lock = threading.RLock()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Call a function in a worker; see `Executor.submit`."""
        return self._take(Call(function, arguments))

    def _send(self, function: Any, batch: list[Any]) -> "Future[Any]":
        return self._take(Call(batch_of, (function, batch), len(batch)))

    def close(self, *, at_once: bool = False) -> None:
        """End the processes, after what they are doing or at once; what waits is cancelled."""
        with self._lock:
            for call in self._waiting:
                call.future.cancel()
            self._waiting.clear()
            workers = [*self._idle, *self._busy.values()]
            self._idle.clear()
            for call in list(self._busy):
                call.tries = TRIES  # is not made again
        for worker in workers:
            worker.end(at_once=at_once)

    def _take(self, call: Call) -> "Future[Any]":
        with self._lock:
            self._waiting.append(call)
            self._dispatch()
        return call.future

    def _dispatch(self) -> None:
        while self._waiting and len(self._busy) < self.jobs:
            call = self._waiting.popleft()
            if not call.tries and not call.future.set_running_or_notify_cancel():
                continue
            call.tries += 1
            worker = self._idle.pop() if self._idle else Worker(self._niceness)
            try:
                doing = worker.start(call)
            except BrokenProcessPool:  # it ended while it had nothing to do
                worker = Worker(self._niceness)
                doing = worker.start(call)
            self._busy[call] = worker
            doing.add_done_callback(partial(self._done, call))

    def _done(self, call: Call, doing: "Future[Any]") -> None:
        """Called in a thread of the pool of a worker, whose lock it may hold."""
        error = asyncio.CancelledError() if doing.cancelled() else doing.exception()
        lost = isinstance(error, BrokenProcessPool)
        with self._lock:
            worker, again = self._busy.pop(call), lost and call.tries < TRIES
            if again:
                self._waiting.appendleft(call)
            elif not (lost or worker.ended) and worker.runs < RECYCLED_AFTER:
                self._idle.append(worker)
            elif not lost:
                worker.end(at_once=False, wait=False)
            self._dispatch()
        if again:
            return
        if error is None:
            call.future.set_result(doing.result())
        else:
            call.future.set_exception(WorkersLostError() if lost else error)


def begin_worker(niceness: int = 0) -> None:
    """Make a process a worker: it leaves signals to its parent and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(os, "nice"):
        os.nice(niceness)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def starting_workers() -> Iterator[None]:
    """Processes started meanwhile compute with one thread, and Ctrl-C is for this one alone.

    A terminal sends it to all of them, and one that is still being started would print a traceback.
    """
    blocks = getattr(signal, "pthread_sigmask", None)  # inherited; none on Windows
    mask = blocks(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else set()
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if blocks:  # an interrupt that waited is raised here
            blocks(signal.SIG_SETMASK, mask)


# A Dask cluster


CONNECTING = 5.0  # seconds in which a scheduler should answer
ADDRESS = re.compile(r"((tcp|tls|ws|wss)://)?(\[[0-9A-Fa-f:.%]+\]|[\w.-]+):([0-9]{1,5})", re.ASCII)


class SchedulerLostError(RuntimeError):
    """The scheduler does not answer, or does so no longer; what is in the store is whole."""

    def __init__(self, address: str | None, reason: str = "") -> None:
        where, why = address or "", f"（{reason}）" if reason else ""
        self.zh = f"Dask 调度器 {where} 没有响应{why}；它恢复后用 --resume 继续"
        self.en = (
            f"the Dask scheduler {where} does not answer{f' ({reason})' if reason else ''}; "
            "continue with --resume once it does"
        )
        super().__init__(self.en)


def addressed(text: str) -> tuple[str, int]:
    """The host and the port in the address of a scheduler.

    Raises
    ------
    RequestError
    """
    found = ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[4]) < 65536:
        raise RequestError(
            _("--scheduler should be such as tcp://host:port (tcp://10.0.0.5:8786); got {text!r}",
              text=text)
        )  # fmt: skip
    return found[3].strip("[]"), int(found[4])


class DaskExecutor(Executor):
    """The workers of a Dask scheduler, or of a cluster on this machine if no address is given.

    The scheduler makes the calls of a lost worker elsewhere.
    """

    def __init__(self, jobs: int, address: str | None = None) -> None:
        self.jobs, self.address = jobs, address
        self._client: Any = None
        self._cluster: Any = None
        self._pool: Any = None

    def reach(self) -> None:
        """See that the scheduler answers, before anything is computed.

        Raises
        ------
        RequestError
            if its address has no proper form.
        SchedulerLostError
        """
        if self.address is None:
            return
        try:
            socket.create_connection(addressed(self.address), CONNECTING).close()
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SchedulerLostError(self.address, reason) from None

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Call a function in a worker; see `Executor.submit`.

        Raises
        ------
        RequestError
            if Dask is not installed.
        SchedulerLostError
        """
        outer: Future[Any] = Future()
        self._connected()
        inner = self._pool.submit(function, *arguments)
        inner.add_done_callback(partial(_passed_on, outer))
        return outer

    def map(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
        """What a function gives for each task; see `Executor.map`.

        Raises
        ------
        RequestError
            if Dask is not installed.
        SchedulerLostError
        """
        with _quiet():
            try:
                self._connected()
                yield from super().map(function, tasks)
            except (OSError, asyncio.CancelledError, CancelledError) as error:
                reason = str(error) if isinstance(error, OSError) else ""
                raise SchedulerLostError(self.address, reason) from None

    def close(self, *, at_once: bool = False) -> None:
        """Leave the scheduler, and end a cluster of our own."""
        if at_once:
            for worker in active_children() if self._cluster is not None else ():
                worker.kill()
        with _quiet():
            for each in (self._client, self._cluster):
                with suppress(Exception):  # what is gone cannot be left politely
                    if each is not None:
                        each.close(timeout=1.0 if at_once else 30.0)
        self._client = self._cluster = self._pool = None

    def _in_flight(self) -> int:
        return 2 * max(1, len(self._connected().nthreads()))

    def _shared(self, function: Callable[[Any], Any]) -> Any:
        return self._connected().scatter(function, broadcast=True, hash=False)

    def _connected(self) -> Any:
        """The client of the scheduler."""
        if self._client is not None:
            return self._client
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise RequestError(
                _("running on a cluster needs Dask; in its sources: pip install -e '.[cluster]'")
            ) from None
        self.reach()
        with starting_workers():
            if self.address is None:
                self._cluster = LocalCluster(
                    n_workers=self.jobs, threads_per_worker=1, processes=True,
                    dashboard_address=None, silence_logs=logging.CRITICAL,
                )  # fmt: skip
            self._client = Client(
                self._cluster or self.address, set_as_default=False, timeout=CONNECTING
            )
            self._pool = self._client.get_executor(pure=False)
        return self._client


def _passed_on(outer: "Future[Any]", inner: "Future[Any]") -> None:
    """Give one future what another holds; a worker that was lost is an error of ours."""
    if inner.cancelled():
        outer.cancel()
        outer.set_running_or_notify_cancel()
    elif (error := inner.exception()) is None:
        outer.set_result(inner.result())
    else:
        killed = type(error).__name__ == "KilledWorker"  # tried on several workers, all lost
        outer.set_exception(WorkersLostError() if killed else error)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own messages are left out: what went wrong is an error, in words of ours."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
