"""The job queue of the page: what many users ask for is computed in turns, once, and bounded.

Each priority has its own worker processes, so a long computation never delays a short one. Within a
priority users take turns, a job each: the runs of a draw, which share their past. Those of a first
answer, which are few, go before those of a distribution. Equal runs are made once, and the last are
kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.scenarios.ensemble import RunSummary, Summarize
from xiancheng.scenarios.executor import Executor, LocalExecutor
from xiancheng.scenarios.run_spec import RunSpec

Result = TypeVar("Result")
Priority = Literal["quick", "full", "aside"]  # the last for what is no run: documents
NICENESS: dict[Priority, int] = {"quick": 5, "full": 15, "aside": 10}
ASIDE = 2  # documents made at a time
WAITING = 6000  # runs that may wait, of all users together
EACH = 1500  # of one user
KEPT_BYTES = 48 * 2**20  # of results that are remembered, in all


class BusyError(RequestError):
    """More is asked for than can wait."""

    def __init__(self) -> None:
        super().__init__(
            _("too many computations are waiting; try again later, or cancel one first")
        )


Key = tuple[Any, ...]


@dataclass(eq=False)
class Job:
    """Runs that somebody waits for; `turn` is the place among the jobs of its user."""

    function: Summarize
    runs: Mapping[Key, RunSpec]
    user: str
    results: "Mapping[Key, asyncio.Future[RunSummary]]"
    first: bool = False  # whether it is part of a first answer
    turn: int = 0
    wanted: int = 0  # by how many callers, for each of its runs
    running: bool = False


class FairQueue:
    """The jobs of a priority that wait: first answers, then all else; users take turns in both."""

    def __init__(self, executor: Executor, size: int) -> None:
        self.executor, self.size = executor, size  # jobs that run at once
        self.jobs: list[Job] = []
        self.running = 0
        self._turn = {True: 0, False: 0}  # of the last job that ran, first answers and others
        self._last: dict[tuple[bool, str], int] = {}  # turn of the last job of each user

    def add(self, job: Job) -> None:
        """In the turn after the last that its user waits for."""
        own = job.first, job.user
        job.turn = self._last[own] = max(self._turn[job.first], self._last.get(own, 0)) + 1
        self.jobs.append(job)

    def next(self) -> Job:
        """Take out the job whose turn it is."""
        job = min(self.jobs, key=lambda job: (not job.first, job.turn))
        self.jobs.remove(job)
        self._turn[job.first] = job.turn
        if not self.jobs:
            self._last.clear()
        return job


class JobQueue:
    """Takes requests on the event loop and computes them in worker processes."""

    def __init__(
        self, jobs: int, *, executors: Callable[[Priority], Executor] | None = None,
        waiting: int = WAITING, each: int = EACH,
    ) -> None:  # fmt: skip
        self._waiting, self._each = waiting, each
        self._queues: dict[Priority, FairQueue] = {}
        for priority, niceness in NICENESS.items():
            size = ASIDE if priority == "aside" else jobs
            executor = executors(priority) if executors else LocalExecutor(size, niceness)
            self._queues[priority] = FairQueue(executor, size)
        self._jobs: dict[Key, tuple[FairQueue, Job]] = {}
        self._kept: OrderedDict[Key, RunSummary] = OrderedDict()
        self.kept_bytes = 0  # that these hold
        self._under_way: set[asyncio.Task[None]] = set()  # referred to, so that none is lost
        self.computed = 0  # runs that were computed

    def waiting(self, user: str | None = None) -> int:
        """Runs in the queue, of a user or of all."""
        jobs = (job for queue in self._queues.values() for job in queue.jobs)
        return sum(len(job.runs) for job in jobs if user in (None, job.user))

    def close(self) -> None:
        """End the workers; what waits is dropped."""
        for queue in self._queues.values():
            queue.executor.close(at_once=True)

    async def ask(
        self, user: str, function: Summarize, specs: Sequence[RunSpec], priority: Priority,
        done: Callable[[], None] = lambda: None, *, first: bool = False,
    ) -> list[RunSummary]:  # fmt: skip
        """The summary of each run, in order; cancelling takes back what nobody else waits for.

        Parameters
        ----------
        function : what a worker does with those that share a past
        first : whether these are the few runs of a first answer, which go before all others

        Raises
        ------
        BusyError
            before anything is queued, if that would be more than may wait.
        """
        keys = [function.key(spec) for spec in specs]
        named = dict(zip(keys, specs, strict=True))
        new = [spec for key, spec in named.items() if key not in self._kept | self._jobs]
        if self.waiting() + len(new) > self._waiting or self.waiting(user) + len(new) > self._each:
            raise BusyError
        parts = {function.key(spec): part for part in function.parts(new) for spec in part}

        async def one(key: Key, spec: RunSpec) -> RunSummary:
            if key in self._kept:
                self._kept.move_to_end(key)
                summary = self._kept[key]
            else:
                part = parts.get(key, [spec])
                summary = await self._wait(user, key, function, part, priority, first)
            done()
            return summary

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(one(key, spec)) for key, spec in zip(keys, specs, strict=True)
                ]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [each.result() for each in tasks]

    async def aside(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What a function gives, in a worker process that no run waits for."""
        executor = self._queues["aside"].executor
        result: Result = await asyncio.wrap_future(executor.submit(function, *arguments))
        return result

    async def _wait(
        self, user: str, key: Key, function: Summarize, part: Sequence[RunSpec],
        priority: Priority, first: bool,
    ) -> RunSummary:  # fmt: skip
        """The summary of a run, in a job of its own or with the others of its part."""
        if key in self._jobs:
            queue, job = self._jobs[key]
            if first and not job.first and not job.running:
                queue.jobs.remove(job)
                job.first = True
                queue.add(job)
        else:
            queue, loop = self._queues[priority], asyncio.get_running_loop()
            named = {function.key(spec): spec for spec in part}
            runs = {k: s for k, s in named.items() if k not in self._jobs and k not in self._kept}
            job = Job(function, runs, user, {k: loop.create_future() for k in runs}, first)
            self._jobs |= dict.fromkeys(runs, (queue, job))
            queue.add(job)
            self._dispatch(queue)
        job.wanted += 1
        try:
            return await asyncio.shield(job.results[key])
        finally:
            job.wanted -= 1
            if not job.wanted and not job.running and not job.results[key].done():
                queue.jobs.remove(job)
                self._end(job)

    def _end(self, job: Job) -> None:
        """Forget a job; nobody waits for what it did not give."""
        for key, result in job.results.items():
            self._jobs.pop(key, None)
            result.cancel()

    def _dispatch(self, queue: FairQueue) -> None:
        while queue.jobs and queue.running < queue.size:
            job = queue.next()
            job.running = True
            queue.running += 1
            running = asyncio.create_task(self._compute(queue, job))
            self._under_way.add(running)
            running.add_done_callback(self._under_way.discard)

    async def _compute(self, queue: FairQueue, job: Job) -> None:
        specs = list(job.runs.values())
        try:
            found = await asyncio.wrap_future(queue.executor.submit(job.function, specs))
        except BaseException as error:
            for result in job.results.values():
                if not result.done():
                    result.set_exception(error)
                    result.exception()  # it may be that nobody waits any more
        else:
            self.computed += len(found)
            for (key, result), summary in zip(job.results.items(), found, strict=True):
                self._keep(key, summary)
                if not result.done():
                    result.set_result(summary)
        finally:
            queue.running -= 1
            self._end(job)
            self._dispatch(queue)

    def _keep(self, key: Key, summary: RunSummary) -> None:
        self._kept[key] = summary
        self.kept_bytes += summary.size
        while self.kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            self.kept_bytes -= self._kept.popitem(last=False)[1].size
