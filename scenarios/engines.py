"""Engines: where the runs of a sweep are computed. They carry nothing but tasks and reports.

What is durable lives in the store: a task that is asked for twice is answered there. So an engine
may lose workers and send a task again; no engine changes a result.
"""

import logging
import os
import re
import socket
import threading
from asyncio import CancelledError
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures import CancelledError as FuturesCancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, Protocol

from xiancheng.calibration.i18n import _
from xiancheng.scenarios.simulate import RequestError

BATCH_SECONDS = 0.35  # of work sent at once: much more than sending it takes
LARGEST_BATCH = 256
RECYCLED_AFTER = 1000  # runs by one process
DEATHS = 2  # of its worker, before a task is given up
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip

Job = Callable[[int], Any]  # small and picklable; called with the number of a task


@dataclass(frozen=True)
class Lost:
    """A task that ended its worker every time it was tried."""

    task: int


class WorkersLostError(RuntimeError):
    """A task ended every worker that tried it, and nothing can be had without it."""

    zh = "工作进程意外结束（内存不足？）；请减小 --jobs 或 --scale"
    en = "workers ended unexpectedly (out of memory?); use fewer --jobs or a smaller --scale"

    def __init__(self) -> None:
        super().__init__(self.en)


class Engine(Protocol):
    """What computes: reports in the order in which they come."""

    @property
    def jobs(self) -> int:
        """How many tasks are computed at once."""

    def run(self, job: Job, tasks: Sequence[int]) -> Iterator[Any]:
        """What `job` says of each task, or `Lost`; every task once."""


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


def batch_of(job: Job, tasks: Sequence[int]) -> tuple[list[Any], float]:
    """Call a job with each task; what it said, and the seconds it took."""
    begun = monotonic()
    return [job(task) for task in tasks], monotonic() - begun


# Processes on this machine


_job: Job | None = None  # of this worker


def _begin(job: Job) -> None:
    """Make a process a worker with a job."""
    global _job
    _job = job
    leave_signals()


def leave_signals() -> None:
    """Make a process a worker: it leaves signals to its parent and does not outlive it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(tasks: Sequence[int]) -> tuple[list[Any], float]:
    assert _job is not None
    return batch_of(_job, tasks)


@dataclass
class Worker:
    """One spawned process, and what it is doing."""

    job: Job
    pool: ProcessPoolExecutor = field(init=False)
    process: BaseProcess | None = field(init=False, default=None)
    doing: Future[tuple[list[Any], float]] | None = None
    tasks: list[int] = field(default_factory=list)
    done: int = 0

    def __post_init__(self) -> None:
        self.pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (self.job,))

    def send(self, tasks: list[int]) -> None:
        """Start on a batch."""
        before = set(active_children())
        self.tasks, self.doing = tasks, self.pool.submit(_work, tasks)
        self.process = self.process or next(iter(set(active_children()) - before), None)
        self.done += len(tasks)

    def end(self, *, at_once: bool) -> None:
        """End the process, at once or after what it is doing."""
        if at_once and self.process is not None:
            self.process.kill()
        self.pool.shutdown(wait=True, cancel_futures=True)


@dataclass
class Local:
    """One spawned process per job, one thread each.

    A process that dies is replaced. Its batch is cut in half and tried again, down to single tasks;
    a task that ends its worker twice is given up.
    """

    jobs: int

    def run(self, job: Job, tasks: Sequence[int]) -> Iterator[Any]:
        """What `job` says of each task, or `Lost`; every task once."""
        fresh, again = deque(tasks), deque[list[int]]()
        deaths: Counter[int] = Counter()
        pace = Pace()
        workers: list[Worker] = []
        with one_thread_each():
            try:
                workers += [Worker(job) for __ in range(min(self.jobs, len(tasks)))]
                while fresh or again or any(worker.doing for worker in workers):
                    for worker in workers:
                        if worker.doing is None and (again or fresh):
                            size = pace.batch(len(fresh), len(workers))
                            worker.send(again.popleft() if again else _taken(fresh, size))
                    busy = [worker.doing for worker in workers if worker.doing]
                    wait(busy, timeout=0.5, return_when=FIRST_COMPLETED)
                    for i, worker in enumerate(workers):
                        if worker.doing is None or not worker.doing.done():
                            continue
                        future, worker.doing = worker.doing, None
                        try:
                            said, seconds = future.result()
                        except BrokenProcessPool:
                            worker.end(at_once=True)
                            workers[i] = Worker(job)
                            yield from _after_death(worker.tasks, deaths, again)
                            continue
                        pace.observed(seconds, len(worker.tasks))
                        if worker.done >= RECYCLED_AFTER and (fresh or again):
                            worker.end(at_once=False)
                            workers[i] = Worker(job)
                        yield from said
            except BaseException:
                for worker in workers:
                    worker.end(at_once=True)
                raise
            for worker in workers:
                worker.end(at_once=False)


def _taken(queue: deque[int], size: int) -> list[int]:
    return [queue.popleft() for __ in range(min(size, len(queue)))]


def _after_death(tasks: list[int], deaths: Counter[int], again: deque[list[int]]) -> Iterator[Lost]:
    """Bisect the batch of a worker that died; give up a task that was alone, twice."""
    if len(tasks) > 1:
        half = len(tasks) // 2
        again.extend([tasks[:half], tasks[half:]])
        return
    deaths[tasks[0]] += 1
    if deaths[tasks[0]] < DEATHS:
        again.append(tasks)
    else:
        yield Lost(tasks[0])


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started meanwhile compute with one thread."""
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
            _(
                "--scheduler should be such as tcp://host:port (tcp://10.0.0.5:8786); got {text!r}",
                text=text,
            )
        )
    return found[3].strip("[]"), int(found[4])


@dataclass
class Dask:
    """The workers of a Dask scheduler, or of a cluster on this machine if no address is given.

    The scheduler sends the tasks of a lost worker to others.
    """

    jobs: int
    address: str | None = None

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

    def run(self, job: Job, tasks: Sequence[int]) -> Iterator[Any]:
        """What `job` says of each task, or `Lost`; every task once.

        Raises
        ------
        RequestError
            if Dask is not installed.
        SchedulerLostError
        """
        try:
            from distributed import Client, KilledWorker, LocalCluster, as_completed
        except ImportError:
            raise RequestError(
                _("running on a cluster needs Dask; in its sources: pip install -e '.[cluster]'")
            ) from None

        self.reach()
        fresh, again = deque(tasks), deque[list[int]]()
        pace = Pace()
        with one_thread_each(), _quiet():
            cluster = client = None
            finished = False
            try:
                if self.address is None:
                    cluster = LocalCluster(
                        n_workers=min(self.jobs, len(tasks)), threads_per_worker=1, processes=True,
                        dashboard_address=None, silence_logs=logging.CRITICAL,
                    )  # fmt: skip
                client = Client(cluster or self.address, set_as_default=False, timeout=CONNECTING)
                shared = client.scatter(job, broadcast=True, hash=False)
                flying: dict[Any, list[int]] = {}
                arrivals = as_completed(loop=client.loop)

                def send() -> None:
                    workers = max(1, len(client.nthreads()))
                    while (again or fresh) and len(flying) < 2 * workers:
                        size = pace.batch(len(fresh), 2 * workers)
                        batch = again.popleft() if again else _taken(fresh, size)
                        future = client.submit(batch_of, shared, batch, pure=False)
                        flying[future] = batch
                        arrivals.add(future)

                send()
                for future in arrivals:
                    batch = flying.pop(future)
                    try:
                        said, seconds = future.result()
                    except KilledWorker:  # tried on several workers, and each was lost
                        if len(batch) == 1:
                            said = [Lost(batch[0])]
                        else:
                            half = len(batch) // 2
                            again.extend([batch[:half], batch[half:]])
                            said = []
                    else:
                        pace.observed(seconds, len(batch))
                    send()
                    yield from said
                finished = True
            except (OSError, CancelledError, FuturesCancelledError) as error:
                reason = str(error) if isinstance(error, OSError) else ""
                raise SchedulerLostError(self.address, reason) from None
            finally:
                _leave(client, cluster, at_once=not finished)


def _leave(client: Any, cluster: Any, *, at_once: bool) -> None:
    """Leave a scheduler, and end a cluster of our own: at once if something went wrong."""
    if at_once:
        for worker in active_children() if cluster is not None else ():
            worker.kill()
    for each in (client, cluster):
        with suppress(Exception):  # what is gone cannot be left politely
            if each is not None:
                each.close(timeout=1.0 if at_once else 30.0)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own messages are left out: what went wrong is an error, in words of ours."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
