"""The desk: equal runs once, users in turns, a bounded queue, and nobody cancels for another."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from results.console.desk import BusyError, Desk
from results.console.work import Piece
from scenarios.paired import Reading


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
