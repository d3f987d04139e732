"""The desk: what many users ask for is computed in turns, once, and never more than it can hold.

A quick lane, a full one and documents have worker processes of their own, so a long computation
never makes a short one wait for more than its own kind. Within a lane users take turns, a run each;
runs of a first answer, which are few, go before those of a distribution. A run whose worker process
died is run again by a new one.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Literal, TypeVar

from xiancheng.calibration.i18n import _
from xiancheng.results.console.work import Piece, Task, compute, prepare
from xiancheng.scenarios.simulate import RequestError

Made = TypeVar("Made")
Lane = Literal["quick", "full", "aside"]  # the last for what is no run: documents
NICENESS: dict[Lane, int] = {"quick": 5, "full": 15, "aside": 10}
ASIDE = 2  # documents made at a time
WAITING = 6000  # runs that may wait, of all users together
EACH = 1500  # of one user
KEPT_BYTES = 48 * 2**20  # of results that are remembered, in all
TRIES = 3  # of a run or a document whose worker process dies


class BusyError(RequestError):
    """More is asked for than can wait."""

    def __init__(self) -> None:
        super().__init__(
            _("too many computations are waiting; try again later, or cancel one first")
        )


@dataclass(eq=False)
class Job:
    """A run that somebody waits for."""

    task: Task
    user: str
    result: "asyncio.Future[Piece]"
    first: bool = False  # whether it is part of a first answer
    wanted: int = 0  # by how many callers
    running: bool = False
    tries: int = 0  # ended by the death of a worker process


Queue = OrderedDict[str, deque[Job]]  # users in turn, and their jobs in order


@dataclass
class Line:
    """The queues of a lane: first answers, then all else."""

    workers: Executor
    size: int
    queues: tuple[Queue, Queue] = field(default_factory=lambda: (OrderedDict(), OrderedDict()))
    running: int = 0

    def add(self, job: Job) -> None:
        """At the end of its user's own queue."""
        self.queues[not job.first].setdefault(job.user, deque()).append(job)

    def drop(self, job: Job) -> None:
        """Out of the queue, wherever it stands."""
        queue = self.queues[not job.first]
        own = queue.get(job.user)
        if own and job in own:
            own.remove(job)
            if not own:
                del queue[job.user]

    def hasten(self, job: Job) -> None:
        """Somebody waits for it as part of a first answer."""
        if not job.first and not job.running:
            self.drop(job)
            job.first = True
            self.add(job)

    def waiting(self, user: str | None = None) -> int:
        """Runs in the queues, of a user or of all."""
        return sum(
            len(own) for queue in self.queues for name, own in queue.items() if user in (None, name)
        )

    def next(self) -> Job | None:
        """The first job of the user whose turn it is."""
        queue = next((queue for queue in self.queues if queue), None)
        if queue is None:
            return None
        user, own = queue.popitem(last=False)
        job = own.popleft()
        if own:
            queue[user] = own  # behind all others
        return job


class Desk:
    """Takes requests on the event loop and computes them in worker processes."""

    def __init__(
        self, jobs: int, *, run: Callable[[Task], Piece] = compute,
        workers: Callable[[Lane], Executor] | None = None, waiting: int = WAITING,
        each: int = EACH,
    ) -> None:  # fmt: skip
        self._run, self._waiting, self._each = run, waiting, each
        self._workers = workers or partial(processes, jobs)
        self._lines: dict[Lane, Line] = {lane: Line(self._workers(lane), jobs) for lane in NICENESS}
        self._jobs: dict[str, tuple[Lane, Job]] = {}
        self._kept: OrderedDict[str, Piece] = OrderedDict()
        self.kept_bytes = 0  # that these hold
        self._under_way: set[asyncio.Task[None]] = set()  # held, so that none is lost
        self.computed = 0  # runs that were really made

    def waiting(self, user: str | None = None) -> int:
        """Runs in the queue, of a user or of all."""
        return sum(line.waiting(user) for line in self._lines.values())

    def close(self) -> None:
        """Let go of the workers; what waits is dropped."""
        for line in self._lines.values():
            line.workers.shutdown(wait=False, cancel_futures=True)

    async def ask(
        self, user: str, tasks: Sequence[Task], lane: Lane,
        done: Callable[[], None] = lambda: None, *, first: bool = False,
    ) -> list[Piece]:  # fmt: skip
        """What each task comes to, in order; cancelling takes back what nobody else waits for.

        Parameters
        ----------
        first : whether these are the few runs of a first answer, which go before all others

        Raises
        ------
        BusyError
            before anything is queued, if that would be more than may wait.
        """
        new = {t.key for t in tasks if t.key not in self._kept and t.key not in self._jobs}
        if self.waiting() + len(new) > self._waiting or self.waiting(user) + len(new) > self._each:
            raise BusyError
        try:
            async with asyncio.TaskGroup() as group:
                asked = [
                    group.create_task(self._one(user, task, lane, done, first)) for task in tasks
                ]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [each.result() for each in asked]

    async def aside(self, does: Callable[..., Made], *given: object) -> Made:
        """What a function makes of what it is given, in a worker process that no run waits for."""
        loop, tries = asyncio.get_running_loop(), 0
        while True:
            workers = self._lines["aside"].workers
            try:
                return await loop.run_in_executor(workers, does, *given)
            except BrokenExecutor:
                self._renew("aside", workers)
                tries += 1
                if tries == TRIES:
                    raise

    async def _one(
        self, user: str, task: Task, lane: Lane, done: Callable[[], None], first: bool
    ) -> Piece:
        piece = self._kept.get(task.key)
        if piece is None:
            piece = await self._wait(user, task, lane, first)
        else:
            self._kept.move_to_end(task.key)
        done()
        return piece

    async def _wait(self, user: str, task: Task, lane: Lane, first: bool) -> Piece:
        if task.key in self._jobs:
            lane, job = self._jobs[task.key]
            if first:
                self._lines[lane].hasten(job)
        else:
            job = Job(task, user, asyncio.get_running_loop().create_future(), first)
            self._jobs[task.key] = lane, job
            self._lines[lane].add(job)
            self._dispatch(lane)
        job.wanted += 1
        try:
            return await asyncio.shield(job.result)
        finally:
            job.wanted -= 1
            if not job.wanted and not job.running and not job.result.done():
                del self._jobs[task.key]
                self._lines[lane].drop(job)
                job.result.cancel()

    def _dispatch(self, lane: Lane) -> None:
        line = self._lines[lane]
        for job in self._ready(line):
            job.running = True
            line.running += 1
            running = asyncio.create_task(self._compute(lane, job))
            self._under_way.add(running)
            running.add_done_callback(self._under_way.discard)

    def _ready(self, line: Line) -> Iterator[Job]:
        while line.running < line.size and (job := line.next()):
            yield job

    async def _compute(self, lane: Lane, job: Job) -> None:
        line, workers = self._lines[lane], self._lines[lane].workers
        again = False
        try:
            loop = asyncio.get_running_loop()
            piece = await loop.run_in_executor(workers, self._run, job.task)
        except BaseException as error:
            if isinstance(error, BrokenExecutor):
                self._renew(lane, workers)
                job.tries += 1
                again = job.tries < TRIES and job.wanted > 0
            if not again and not job.result.done():
                job.result.set_exception(error)
                job.result.exception()  # it may be that nobody waits any more
        else:
            self.computed += 1
            self._keep(job.task.key, piece)
            if not job.result.done():
                job.result.set_result(piece)
        finally:
            line.running -= 1
            if again:
                job.running = False
                line.add(job)
            else:
                self._jobs.pop(job.task.key, None)
            self._dispatch(lane)

    def _renew(self, lane: Lane, dead: Executor) -> None:
        """New workers in place of those that died; what waits stays in the queue."""
        line = self._lines[lane]
        if dead is line.workers:
            dead.shutdown(wait=False)
            line.workers = self._workers(lane)

    def _keep(self, key: str, piece: Piece) -> None:
        self._kept[key] = piece
        self.kept_bytes += piece.size
        while self.kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            self.kept_bytes -= self._kept.popitem(last=False)[1].size


def processes(jobs: int, lane: Lane) -> Executor:
    """Worker processes of a lane, started afresh rather than forked."""
    return ProcessPoolExecutor(
        ASIDE if lane == "aside" else jobs, get_context("spawn"), initializer=prepare,
        initargs=(NICENESS[lane],),
    )  # fmt: skip
