"""The desk: equal runs once, users in turns, a bounded queue, and nobody cancels for another."""

import asyncio
import os
import pickle
import signal
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.results.console.desk import KEPT_BYTES, BusyError, Desk
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.result import ABQuery, restored
from xiancheng.results.console.work import Piece, compute
from xiancheng.scenarios.paired import Reading

REGION = load("binzhou")


@dataclass(frozen=True)
class Asked:
    """All that the desk knows of a task: its key."""

    key: str


class Notebook:
    """Runs that take a moment and note their order."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.done, self.seconds = [], seconds

    def __call__(self, task: Asked) -> Piece:
        time.sleep(self.seconds)
        if task.key == "impossible":
            raise ValueError("impossible")
        self.done.append(task.key)
        none = np.zeros((1, 1))
        return Piece(Reading(none, none, none, none), None)


def desk(notebook: Notebook, jobs: int = 1, **limits: int) -> Desk:
    return Desk(jobs, run=notebook, workers=lambda lane: ThreadPoolExecutor(jobs), **limits)


def tasks(name: str, n: int) -> list[Asked]:
    return [Asked(f"{name}{i}") for i in range(n)]


def test_equal_requests_are_computed_once():
    notebook = Notebook()

    async def ask():
        shared = desk(notebook, jobs=2)
        same = tasks("same", 5)
        await asyncio.gather(*(shared.ask(user, same, "quick") for user in ("a", "b", "c")))
        await shared.ask("d", same, "full")

    asyncio.run(ask())
    assert sorted(notebook.done) == [task.key for task in tasks("same", 5)]


def test_users_take_turns():
    notebook = Notebook()

    async def ask():
        shared = desk(notebook)
        many = asyncio.create_task(shared.ask("many", tasks("many", 20), "full"))
        await asyncio.sleep(0.03)
        await shared.ask("few", tasks("few", 2), "full")
        waited = len(notebook.done)
        await many
        return waited

    assert asyncio.run(ask()) < 12, "two runs do not wait for twenty"


def test_a_quick_run_does_not_wait_for_full_ones():
    notebook = Notebook(0.05)

    async def ask():
        shared = desk(notebook)
        full = asyncio.create_task(shared.ask("a", tasks("full", 20), "full"))
        await asyncio.sleep(0.01)
        await shared.ask("b", tasks("quick", 1), "quick")
        waited = len(notebook.done)
        full.cancel()
        return waited

    assert asyncio.run(ask()) <= 3


def test_one_users_cancel_leaves_the_other_alone():
    notebook = Notebook()

    async def ask():
        shared = desk(notebook)
        same = tasks("same", 10)
        first = asyncio.create_task(shared.ask("first", [*same, *tasks("own", 10)], "full"))
        await asyncio.sleep(0)
        second = asyncio.create_task(shared.ask("second", same, "full"))
        await asyncio.sleep(0.02)
        first.cancel()
        return await second, shared.waiting()

    pieces, waiting = asyncio.run(ask())
    assert len(pieces) == 10
    assert waiting == 0
    assert not any(key.startswith("own9") for key in notebook.done), "what nobody wants is dropped"


@pytest.mark.parametrize("limit", ["waiting", "each"])
def test_the_queue_is_bounded(limit):
    notebook = Notebook()

    async def ask():
        shared = desk(notebook, **{limit: 10})
        await shared.ask("a", tasks("fits", 10), "full")
        with pytest.raises(BusyError) as refused:
            await shared.ask("a", tasks("too many", 11), "full")
        assert shared.waiting() == 0, "nothing of what was refused is queued"
        return refused.value

    refused = asyncio.run(ask())
    assert "排队" in refused.zh
    assert not any(key.startswith("too many") for key in notebook.done)


def test_a_run_that_fails_fails_for_those_who_asked_and_nobody_else():
    notebook = Notebook()

    async def ask():
        shared = desk(notebook)
        with pytest.raises(ValueError, match="impossible"):
            await shared.ask("a", [Asked("impossible")], "full")
        return await shared.ask("b", tasks("fine", 2), "full")

    assert len(asyncio.run(ask())) == 2


class Mortal(ThreadPoolExecutor):
    """Workers that die of the first so many runs."""

    def __init__(self, deaths: int) -> None:
        super().__init__(1)
        self.deaths = deaths

    def submit(self, does, /, *given, **more):
        if self.deaths:
            self.deaths -= 1
            future = Future()
            future.set_exception(BrokenProcessPool("killed"))
            return future
        return super().submit(does, *given, **more)


def test_a_run_whose_worker_was_killed_is_made_by_a_new_one():
    notebook, hired = Notebook(), []

    def workers(lane):
        hired.append(Mortal(deaths=1 if len(hired) < 3 else 0))  # the first of each lane
        return hired[-1]

    async def ask():
        shared = Desk(1, run=notebook, workers=workers)
        made = await shared.ask("a", tasks("run", 3), "quick")
        await shared.aside(notebook.done.append, "report")
        return made

    assert len(asyncio.run(ask())) == 3
    assert sorted(notebook.done) == ["report", "run0", "run1", "run2"]


def test_a_run_that_kills_every_worker_fails_in_the_end():
    async def ask():
        shared = Desk(1, run=Notebook(), workers=lambda lane: Mortal(deaths=1))
        with pytest.raises(BrokenProcessPool):
            await shared.ask("a", tasks("deadly", 1), "quick")
        assert shared.waiting() == 0

    asyncio.run(ask())


def test_a_worker_process_that_is_killed_at_rest_costs_no_answer():
    async def ask():
        shared = Desk(1, run=running_in, workers=processes_of_one)
        try:
            first = (await shared.ask("a", [Asked("one")], "quick"))[0]
            os.kill(first.pid, signal.SIGKILL)
            return first, (await shared.ask("a", [Asked("two")], "quick"))[0]
        finally:
            shared.close()

    first, second = asyncio.run(ask())
    assert first.pid != second.pid


@dataclass(frozen=True)
class Where:
    """A result that says which process made it."""

    pid: int
    size: int = 0


def running_in(_: Asked) -> Where:
    return Where(os.getpid())


def processes_of_one(lane: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, get_context("spawn"))


def test_a_first_answer_goes_before_the_draws_of_others():
    notebook = Notebook()

    async def ask():
        shared = desk(notebook)
        others = [
            asyncio.create_task(shared.ask(f"user{n}", tasks(f"draws{n}-", 10), "quick"))
            for n in range(5)
        ]
        await asyncio.sleep(0.03)
        await shared.ask("new", tasks("first", 3), "quick", first=True)
        waited = len(notebook.done)
        await asyncio.gather(*others)
        return waited

    assert asyncio.run(ask()) < 12, "three runs do not wait for a round of everybody's"


def test_what_is_remembered_is_bounded_in_bytes():
    kept = 0

    def run(_: Asked) -> Where:
        return Where(0, size=KEPT_BYTES // 10)

    async def ask():
        nonlocal kept
        shared = Desk(1, run=run, workers=lambda lane: ThreadPoolExecutor(1))
        await shared.ask("a", tasks("large", 40), "full")
        kept = shared.kept_bytes
        await shared.ask("a", tasks("large", 40)[-5:], "full")
        assert shared.computed == 40, "the last ones are still there"

    asyncio.run(ask())
    assert 0 < kept <= KEPT_BYTES


def test_a_piece_takes_what_it_says_and_an_answer_little():
    """What a server holds for each step of a slider: it held half a megabyte a run."""
    plan = ScenarioEdit.of("plan").scenario
    question = ABQuery(plan, ScenarioEdit.of("baseline").scenario, "binzhou", 0.002, 1)
    for task in (question.central[0], question.drawn[0]):
        piece = compute(task)
        assert len(pickle.dumps(piece)) <= 2 * piece.size
        assert piece.size <= 150_000
    arrived = pickle.loads(pickle.dumps(compute(question.central[0])))
    assert restored(arrived, plan, REGION).movers()["persons"].sum() > 0


def test_a_report_does_not_wait_for_runs():
    order = []

    async def ask():
        shared = desk(Notebook(0.3))
        runs = asyncio.create_task(shared.ask("a", tasks("long", 2), "full"))
        await asyncio.sleep(0.05)
        await shared.aside(order.append, "report")
        assert not runs.done()
        await runs

    asyncio.run(ask())
    assert order == ["report"]
