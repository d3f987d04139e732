"""The page on more than one machine: its commands as they stand, and its sums."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.test_docs import DOCS, blocks, commands, text_of
from xiancheng.results.cli import batch, main
from xiancheng.results.store.cache import RunStore
from xiancheng.scenarios.executor import InlineExecutor

PAGE = DOCS / "cluster.md"
DESIGN, ARRAY = "small.yaml", "array.sh"
TASKS = 4  # of the array job
SET = re.compile(r"\b[0-9a-f]{64}\b")


@pytest.fixture
def cluster_folder(tmp_path, monkeypatch):
    """A folder with the two files that the page tells to save, in which its commands are typed."""
    (design,), (array,) = blocks(PAGE, "yaml"), blocks(PAGE, "bash")
    (tmp_path / DESIGN).write_text(design, "utf-8")
    (tmp_path / ARRAY).write_text(array, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_process_and_two_shards_end_with_one_digest(cluster_folder, monkeypatch, capsys):
    monkeypatch.setattr(batch, "LocalExecutor", lambda _: InlineExecutor())
    digests = []
    for words in commands(PAGE):
        if "--engine" not in words:
            assert main(words) == 0
            digests += SET.findall(capsys.readouterr().out)
    assert len(digests) == 2  # of the first line, and of the last shard
    assert len(set(digests)) == 1


def test_the_array_job_deals_every_run_to_one_of_its_tasks():
    (array,) = blocks(PAGE, "bash")
    assert f"#SBATCH --array=1-{TASKS}\n" in array
    assert f'--shard "$SLURM_ARRAY_TASK_ID/{TASKS}"' in array


# As typed in terminals of their own


def environment(**more: str) -> dict[str, str]:
    """That of a shell in which the commands of this installation are found."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "XIANCHENG_LANG": "en", **more}


def typed(line: str, **more: str) -> str:
    """What a line typed in a shell prints; it must end well."""
    done = subprocess.run(
        ["bash", "-c", line], env=environment(**more), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def lines(begin: str) -> list[str]:
    return re.findall(rf"^ {{4}}({begin} .+)$", text_of(PAGE), re.M)


def ends_with(printed: str) -> str:
    """The set digest at the end of what a sweep prints."""
    (digest,) = SET.findall(printed)
    return digest


@contextmanager
def terminal(line: str):
    """A process of its own group, ended on leaving."""
    begun = subprocess.Popen(
        ["bash", "-c", f"exec {line}"], env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield begun
    finally:
        killed(begun)


def killed(begun: subprocess.Popen) -> None:
    """End a process with all that it started, without a warning, as a machine that fails."""
    with suppress(ProcessLookupError):
        os.killpg(begun.pid, signal.SIGKILL)
    begun.wait(20)


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def waited(true, seconds: float = 120) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The set digest of the first command of the page."""
    folder = tmp_path_factory.mktemp("alone")
    (design,) = blocks(PAGE, "yaml")
    (folder / DESIGN).write_text(design, "utf-8")
    first, *_ = lines("xiancheng sweep")
    return ends_with(typed(f"cd '{folder}' && {first}"))


@pytest.mark.slow
def test_dask_on_this_machine_ends_with_the_same_digest(cluster_folder, alone):
    (line,) = [each for each in lines("xiancheng sweep") if "--engine" in each][:1]
    assert "--scheduler" not in line
    assert ends_with(typed(line)) == alone


@pytest.mark.slow
def test_an_array_task_that_is_cut_off_is_handed_in_again(cluster_folder, alone):
    """Tasks run at once; the third is killed on its way, and what it lacks is computed later."""
    line = f"bash {ARRAY}"
    task = {"env": environment(SLURM_ARRAY_TASK_ID="3"), "start_new_session": True}
    with subprocess.Popen(["bash", ARRAY], stderr=subprocess.DEVNULL, **task) as third:
        waited(lambda: Path("array/sweep.json").exists())
        killed(third)
    before = len(RunStore(cluster_folder / "array").keys())
    assert before < 2  # of the two runs that are its own
    others = [typed(line, SLURM_ARRAY_TASK_ID=str(i)) for i in (1, 2, 4)]
    assert not any(SET.search(output) for output in others)  # nothing of a part is compared
    assert ends_with(typed(line, SLURM_ARRAY_TASK_ID="3", RESUME="--resume")) == alone


@pytest.mark.slow
def test_the_workers_of_a_machine_that_is_lost_on_the_way_lose_no_run(cluster_folder, alone):
    port = free_port()

    def here(line: str) -> str:
        return line.replace("HOST", "127.0.0.1").replace("8786", str(port))

    (scheduler,), (worker,) = lines("dask scheduler"), lines("dask worker")
    (sweep,) = [each for each in lines("xiancheng sweep") if "--scheduler" in each]
    with ExitStack() as stack:
        stack.enter_context(terminal(here(scheduler) + " --no-dashboard"))
        waited(lambda: answers(port))
        machines = [
            stack.enter_context(terminal(here(worker) + " --no-dashboard")) for _ in range(2)
        ]
        begun = stack.enter_context(
            subprocess.Popen(
                ["bash", "-c", here(sweep)], env=environment(), stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True,
            )
        )  # fmt: skip
        waited(lambda: RunStore(cluster_folder / "SHARED").keys() or begun.poll() is not None)
        left = 8 - len(RunStore(cluster_folder / "SHARED").keys())
        killed(machines[0])
        printed, _ = begun.communicate(timeout=300)
    assert left > 0
    assert begun.returncode == 0
    assert ends_with(printed) == alone
    assert "0 failed" in printed


# What a national run would take


def national() -> list[list[str]]:
    """The rows of the tables of the section, three cells each."""
    _, _, section = text_of(PAGE).partition("## What a national run would take")
    return [row.split(" | ") for row in re.findall(r"^\| (.+ \| .+ \| .+) \|$", section, re.M)]


def test_the_sums_of_a_national_run_come_out():
    sums = [row for row in national() if row[1].startswith("`")]
    assert len(sums) > 8
    for what, arithmetic, result in sums:
        assert set(arithmetic.strip("`")) <= set("0123456789.e+-*/ "), what
        number = result.split()[0].replace(",", "")
        decimals = len(number.partition(".")[2])
        value = eval(arithmetic.strip("`"), {})
        assert float(number) == pytest.approx(value, abs=0.51 * 10**-decimals), what


def test_what_was_measured_is_near_what_the_page_on_speed_holds():
    """Within a quarter; whoever measures anew and finds more writes the section anew."""
    grown = re.findall(
        r"^\| shandong \| (\S+ \| 1 \| .+) \|$", text_of(DOCS / "performance.md"), re.M
    )
    full, middle, small = (
        next(found for row in grown if (found := row.split(" | "))[0] == scale)
        for scale in ("1", "0.3", "0.1")
    )
    _, _, rows, residents, _, ready, _, cost, _, peak = map(float, full)
    measured = {
        "rows for each resident": rows / residents,
        "CPU time of a resident-quarter": cost,
        "peak memory of a worker": peak * 2**30 / rows / 1e6,
        "making ready": ready / rows,
        "building the population, once": float(middle[4]) / float(middle[2]),
    }
    for begin, value in measured.items():
        (row,) = [row for row in national() if row[0].startswith(begin) and "`" not in row[1]]
        assert float(row[1].split()[0]) == pytest.approx(value, rel=0.25), begin
    at_tenth = re.search(r"; ([0-9.]+) ns at scale 0\.1", text_of(PAGE))
    assert float(at_tenth[1]) == pytest.approx(float(small[7]), rel=0.25)
