"""Executors: every task once, lost workers replaced, what waits cancelled."""

import os
import signal
import time
from concurrent.futures import wait

import pytest

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words
from xiancheng.scenarios.executor import (
    DaskExecutor,
    InlineExecutor,
    LocalExecutor,
    Lost,
    Pace,
    WorkersLostError,
    local,
)


def doubled(task: int) -> int:
    return 2 * task


def deadly(task: int) -> int:
    if task == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return task


def refusing(task: int) -> int:
    raise RequestError(Words("不行", f"not {task}"))


def process(_: int = 0) -> int:
    return os.getpid()


def deaf(_: int = 0) -> bool:
    """Whether this process does not hear Ctrl-C, and did not from its start on."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_a_batch_lasts_about_a_third_of_a_second():
    pace = Pace()
    assert pace.batch(100, 2) == 1
    pace.observed(0.2, 1)
    assert pace.batch(100, 2) == 2
    for _ in range(9):
        pace.observed(0.1, 10)
    assert 20 <= pace.batch(1000, 2) <= 50
    assert pace.batch(10, 2) == 5


def test_a_task_that_ends_its_worker_twice_is_given_up_and_no_other():
    with LocalExecutor(2) as executor:
        results = list(executor.map(deadly, range(12)))
    assert [each for each in results if isinstance(each, Lost)] == [Lost(5)]
    assert sorted(each for each in results if not isinstance(each, Lost)) == [
        n for n in range(12) if n != 5
    ]


@pytest.mark.parametrize("executor", [LocalExecutor(1), InlineExecutor()], ids=["local", "inline"])
def test_what_a_function_refuses_ends_the_work(executor):
    with pytest.raises(RequestError, match="not"), executor:
        list(executor.map(refusing, range(3)))


def test_a_call_that_ends_every_worker_fails_and_the_next_is_made():
    with LocalExecutor(1) as executor:
        lost, following = executor.submit(deadly, 5), executor.submit(doubled, 4)
        with pytest.raises(WorkersLostError):
            lost.result(60)
        assert following.result(60) == 8


def test_a_worker_that_is_killed_at_rest_costs_no_answer():
    with LocalExecutor(1) as executor:
        first = executor.submit(process).result(60)
        os.kill(first, signal.SIGKILL)
        assert executor.submit(process).result(60) != first


def test_workers_stay_between_calls_and_end_with_the_executor():
    with LocalExecutor(1) as executor:
        first = executor.submit(process).result(60)
        assert list(executor.map(process, [0, 0])) == [first, first]
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    with executor:
        assert executor.submit(process).result(60) != first


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no masks")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [LocalExecutor, DaskExecutor])
def test_ctrl_c_is_for_the_process_that_started_the_workers(kind):
    """A worker that heard it while it is being started would print a traceback."""
    with kind(1) as executor:
        assert executor.submit(deaf).result(60)
        assert not deaf()


def test_what_no_worker_has_begun_can_be_cancelled():
    with LocalExecutor(1) as executor:
        calls = [executor.submit(time.sleep, 0.2) for _ in range(3)]
        assert calls[2].cancel()
        wait(calls)
    assert [call.cancelled() for call in calls] == [False, False, True]


def test_one_job_is_computed_in_this_process():
    assert isinstance(local(1), InlineExecutor)
    assert isinstance(local(4, tasks=1), InlineExecutor)
    assert local(4, tasks=2).jobs == 2
    assert InlineExecutor().submit(process).result() == os.getpid()


@pytest.mark.filterwarnings("ignore")
def test_dask_gives_every_task_once():
    with DaskExecutor(1) as executor:
        assert sorted(executor.map(doubled, range(5))) == [0, 2, 4, 6, 8]
