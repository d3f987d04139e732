"""The job queue: equal runs once, users in turns, a bounded queue, nobody cancels for another."""

import asyncio
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.jobs import KEPT_BYTES, BusyError, JobQueue
from xiancheng.results.console.result import ABQuery, restored
from xiancheng.scenarios.ensemble import RunSummary
from xiancheng.scenarios.executor import Executor


@dataclass(frozen=True)
class Task:
    """All that the queue knows of a run: what makes it another."""

    outcome_key: tuple[str, ...]


class Threads(Executor):
    """Workers that are threads."""

    def __init__(self, jobs: int) -> None:
        self.jobs, self.pool = jobs, ThreadPoolExecutor(jobs)

    def submit(self, function, *arguments):
        return self.pool.submit(function, *arguments)

    def close(self, *, at_once=False):
        self.pool.shutdown()


class Work:
    """What workers do with a run."""

    @staticmethod
    def key(spec: Task) -> tuple[str, ...]:
        return spec.outcome_key

    @staticmethod
    def parts(specs: list[Task]) -> list[list[Task]]:
        return [[spec] for spec in specs]


class Notebook(Work):
    """Runs that take a moment and note their order."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.done, self.seconds = [], seconds

    def __call__(self, specs: list[Task]) -> list[RunSummary]:
        time.sleep(self.seconds)
        if specs[0].outcome_key == ("impossible",):
            raise ValueError("impossible")
        self.done += [spec.outcome_key[0] for spec in specs]
        none = np.zeros((1, 1))
        return [RunSummary(none, none, none, none) for _ in specs]


class NotedQueue:
    """A queue, and what its workers do with a run."""

    def __init__(self, notebook, jobs: int = 1, **limits: int) -> None:
        self.queue = JobQueue(jobs, executors=lambda priority: Threads(jobs), **limits)
        self.notebook = notebook

    def ask(self, user, specs, priority, **more):
        return self.queue.ask(user, self.notebook, specs, priority, **more)

    def __getattr__(self, name):
        return getattr(self.queue, name)


def tasks(name: str, n: int) -> list[Task]:
    return [Task((f"{name}{i}",)) for i in range(n)]


def run(coroutine):
    """What it returns, run in a thread: sync Playwright leaves a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def test_equal_requests_are_computed_once():
    notebook = Notebook()

    async def ask():
        shared = NotedQueue(notebook, jobs=2)
        same = tasks("same", 5)
        await asyncio.gather(*(shared.ask(user, same, "quick") for user in ("a", "b", "c")))
        await shared.ask("d", same, "full")

    run(ask())
    assert sorted(notebook.done) == [task.outcome_key[0] for task in tasks("same", 5)]


class Together(Notebook):
    """Runs of which those whose names begin alike share a past."""

    @staticmethod
    def parts(specs: list[Task]) -> list[list[Task]]:
        found: dict[str, list[Task]] = {}
        for spec in specs:
            found.setdefault(spec.outcome_key[0][0], []).append(spec)
        return [*found.values()]


def test_runs_that_share_a_past_are_one_job_and_those_under_way_are_not_made_again():
    notebook = Together(0.05)

    async def ask():
        shared = NotedQueue(notebook)
        both = [*tasks("a", 3), *tasks("b", 2)]
        first = asyncio.create_task(shared.ask("one", both, "full"))
        await asyncio.sleep(0.01)
        more = asyncio.create_task(shared.ask("two", [*tasks("a", 3), *tasks("b", 4)], "full"))
        await asyncio.sleep(0.01)
        first.cancel()
        return len(await more), shared.computed, shared.waiting()

    assert run(ask()) == (7, 7, 0)
    assert notebook.done[:3] == ["a0", "a1", "a2"]
    assert len(set(notebook.done)) == 7


def test_users_take_turns():
    notebook = Notebook()

    async def ask():
        shared = NotedQueue(notebook)
        many = asyncio.create_task(shared.ask("many", tasks("many", 20), "full"))
        await asyncio.sleep(0.03)
        await shared.ask("few", tasks("few", 2), "full")
        waited = len(notebook.done)
        await many
        return waited

    assert run(ask()) < 12, "two runs do not wait for twenty"


def test_a_quick_run_does_not_wait_for_full_ones():
    notebook = Notebook(0.05)

    async def ask():
        shared = NotedQueue(notebook)
        full = asyncio.create_task(shared.ask("a", tasks("full", 20), "full"))
        await asyncio.sleep(0.01)
        await shared.ask("b", tasks("quick", 1), "quick")
        waited = len(notebook.done)
        full.cancel()
        return waited

    assert run(ask()) <= 3


def test_one_users_cancel_leaves_the_other_alone():
    notebook = Notebook()

    async def ask():
        shared = NotedQueue(notebook)
        same = tasks("same", 10)
        first = asyncio.create_task(shared.ask("first", [*same, *tasks("own", 10)], "full"))
        await asyncio.sleep(0)
        second = asyncio.create_task(shared.ask("second", same, "full"))
        await asyncio.sleep(0.02)
        first.cancel()
        return await second, shared.waiting()

    pieces, waiting = run(ask())
    assert len(pieces) == 10
    assert waiting == 0
    assert not any(key.startswith("own9") for key in notebook.done), "what nobody wants is dropped"


@pytest.mark.parametrize("limit", ["waiting", "each"])
def test_the_queue_is_bounded(limit):
    notebook = Notebook()

    async def ask():
        shared = NotedQueue(notebook, **{limit: 10})
        await shared.ask("a", tasks("fits", 10), "full")
        with pytest.raises(BusyError) as refused:
            await shared.ask("a", tasks("too many", 11), "full")
        assert shared.waiting() == 0, "nothing of what was refused is queued"
        return refused.value

    refused = run(ask())
    assert "排队" in refused.zh
    assert not any(key.startswith("too many") for key in notebook.done)


def test_a_run_that_fails_fails_for_those_who_asked_and_nobody_else():
    notebook = Notebook()

    async def ask():
        shared = NotedQueue(notebook)
        with pytest.raises(ValueError, match="impossible"):
            await shared.ask("a", [Task(("impossible",))], "full")
        return await shared.ask("b", tasks("fine", 2), "full")

    assert len(run(ask())) == 2


def test_a_first_answer_goes_before_the_draws_of_others():
    notebook = Notebook()

    async def ask():
        shared = NotedQueue(notebook)
        others = [
            asyncio.create_task(shared.ask(f"user{n}", tasks(f"draws{n}-", 10), "quick"))
            for n in range(5)
        ]
        await asyncio.sleep(0.03)
        await shared.ask("new", tasks("first", 3), "quick", first=True)
        waited = len(notebook.done)
        await asyncio.gather(*others)
        return waited

    assert run(ask()) < 12, "three runs do not wait for a round of everybody's"


class Large:
    """A result of which ten fit."""

    size = KEPT_BYTES // 10


class Largest(Work):
    """Runs with large results."""

    def __call__(self, specs: list[Task]) -> list[Large]:
        return [Large() for _ in specs]


def test_what_is_remembered_is_bounded_in_bytes():
    kept = 0

    async def ask():
        nonlocal kept
        shared = NotedQueue(Largest())
        await shared.ask("a", tasks("large", 40), "full")
        kept = shared.kept_bytes
        await shared.ask("a", tasks("large", 40)[-5:], "full")
        assert shared.computed == 40, "the last ones are still there"

    run(ask())
    assert 0 < kept <= KEPT_BYTES


def test_a_summary_takes_what_it_says_and_an_answer_little():
    """What a server holds for each step of a slider: it held half a megabyte a run."""
    plan = ScenarioEdit.of("plan").scenario
    question = ABQuery(plan, ScenarioEdit.of("baseline").scenario, "binzhou", 0.002, 1)
    for spec in (question.central[0], question.drawn(1)[0]):
        [summary] = question.summarize([spec])
        assert len(pickle.dumps(summary)) <= 2 * summary.size
        assert summary.size <= 150_000
    arrived = pickle.loads(pickle.dumps(question.summarize(question.central[:1])[0]))
    assert restored(arrived, question.central[0]).movers()["persons"].sum() > 0


def test_a_report_does_not_wait_for_runs():
    order = []

    async def ask():
        shared = NotedQueue(Notebook(0.3))
        runs = asyncio.create_task(shared.ask("a", tasks("long", 2), "full"))
        await asyncio.sleep(0.05)
        await shared.aside(order.append, "report")
        assert not runs.done()
        await runs

    run(ask())
    assert order == ["report"]
