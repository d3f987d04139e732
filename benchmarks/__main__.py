"""Measure, and write the tables and the picture of docs/performance.md.

    python -m benchmarks [PART ...] [--tiny] [--page FILE]

Parts: peers, simulate, tick, growth, ensembles, commands; all by default. A part is written as soon
as it is measured. `--tiny` tries everything with few people in a minute or two, and prints unless
given a page.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks import bandwidth, commands, ensembles, fresh, growth, page, runs, tick
from benchmarks.peers import contest
from benchmarks.tables import Measured, as_cells, markdown

PAGE = fresh.ROOT / "docs" / "performance.md"
PICTURE = Path("pictures") / "growth.svg"  # beside the page


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    peers: tuple[tuple[int, int], ...]  # residents and steps
    rounds: int
    starts: int
    scales: tuple[tuple[float, int], ...]  # of Binzhou, and how often it runs warm
    tick: tuple[float, ...]  # scales of Binzhou
    seeds: int
    points: tuple[growth.Point, ...]
    growth_rounds: int
    repeats: int
    draws: tuple[float, float, int] = (0.1, 1.0, 16)  # scales that are compared, and draws
    pairs: tuple[float, int] = (1.0, 12)  # scale and seeds of the effect in one pair
    sampling: tuple[int, int] = (32, 8)  # draws, and replicates of the mean over them
    waits: tuple[commands.Command, ...] = commands.COMMANDS


FULL = Effort(
    peers=((10_000, 20), (100_000, 20), (1_000_000, 10)), rounds=5, starts=7,
    scales=((0.01, 20), (0.1, 10), (1, 5)), tick=(0.01, 0.1, 1), seeds=10,
    points=(
        ("binzhou", 0.01, 1), ("binzhou", 0.1, 1), ("binzhou", 1.0, 1),
        ("shandong", 0.1, 1), ("shandong", 0.3, 1), ("shandong", 1.0, 1), ("shandong", 1.0, 2),
    ),
    growth_rounds=3, repeats=2,
)  # fmt: skip
TINY = Effort(
    peers=((20_000, 5),), rounds=2, starts=1, scales=((0.01, 2),), tick=(0.01,), seeds=3,
    points=(("binzhou", 0.005, 1), ("binzhou", 0.01, 1), ("shandong", 0.002, 1)),
    growth_rounds=1, repeats=1, draws=(0.01, 0.02, 3), pairs=(0.01, 3), sampling=(2, 2),
    waits=commands.TINY,
)  # fmt: skip


def stamp(part: str, tiny: bool) -> str:
    """The date, the command and the machine, as a part begins."""
    command = f"python -m benchmarks {part}{' --tiny' * tiny}"
    return f"{date.today()}, `{command}`. {page.machine()}"


def listed(what: str, lines: list[str], none: str) -> str:
    """Lines as a list under a heading sentence, or the sentence for none."""
    return f"{what}\n\n" + "\n".join(f"- {line}" for line in lines) if lines else none


def missed(rows: list[Measured]) -> str:
    """The targets that are missed."""
    lines = [r.missed for r in rows if r.met is False]
    return listed("Missed:", lines, "Every target is met.")


def peers(effort: Effort, folder: Path) -> str:
    """The small task in several frameworks."""
    who = contest.interpreters()
    found = [contest.contest(n, steps, effort.rounds, who) for n, steps in effort.peers]
    copies = Measured.of("copy bandwidth", "GB/s", bandwidth.copying())
    return "\n\n".join([
        markdown(contest.cells(found)),
        f"{effort.rounds} rounds; median (least–most). {contest.verdict(found)} "
        f"The machine copies {copies.median:.1f} GB/s (read and write, one thread).",
        listed("Where a peer is ahead of us:", contest.losses(found), "No peer is ahead of us."),
    ])  # fmt: skip


def simulate(effort: Effort, folder: Path) -> str:
    """Starting, population and `simulate`."""
    rows = runs.starts(effort.starts)
    with tempfile.TemporaryDirectory() as cache:
        for scale, repeats in effort.scales:
            rows += runs.simulations(scale, repeats, cache)
    return f"{markdown(as_cells(rows))}\n\n{missed(rows)}"


def whole_tick(effort: Effort, folder: Path) -> str:
    """The whole tick against the same rules in plain Mesa and in numpy."""
    flows = tick.agreements(effort.seeds)
    rows: list[Measured] = []
    for scale in effort.tick:
        rows += tick.race(scale, plain=scale == effort.tick[-1])
    ours = [r.median for r in rows if r.what.endswith(": ours")]
    rows += bandwidth.memory(ours[-1], effort.tick[-1])
    return "\n\n".join(
        [markdown(as_cells(rows)), missed(rows), tick.verdict(flows), markdown(tick.cells(flows))]
    )


def grown(effort: Effort, folder: Path) -> str:
    """From a sample of a prefecture to a whole province."""
    with tempfile.TemporaryDirectory() as cache:
        points = growth.grown(list(effort.points), effort.growth_rounds, effort.repeats, cache)
    growth.draw(points, folder / PICTURE)
    promised = growth.verdict(points)
    return "\n\n".join([
        f"![Cost per resident-quarter and peak memory against rows]({PICTURE.as_posix()})",
        markdown(growth.cells(points)),
        listed("The province at scale 1:", promised, "The province at scale 1 was not run."),
    ])  # fmt: skip


def ensemble_parts(effort: Effort, folder: Path) -> str:
    """Scenarios from one trunk, draws at a smaller scale, one pair of runs."""
    small, large, draws = effort.draws
    rows = ensembles.branches(small, effort.rounds)
    scale, seeds = effort.pairs
    return "\n\n".join([
        markdown(as_cells(rows)),
        f"{draws} draws at scale {small:g} and at {large:g} [percent, points]:",
        markdown(ensembles.accuracy(small, large, draws)),
        f"The effect of the plan in one pair of runs at scale {scale:g}, {seeds} seeds [points]:",
        markdown(ensembles.effects(scale, seeds)),
        f"The mean of {effort.sampling[0]} draws of the parameters from their priors, "
        f"{effort.sampling[1]} replicates, scale 0.01 [points]:",
        markdown(ensembles.sampling(*effort.sampling)),
    ])  # fmt: skip


def waited(effort: Effort, folder: Path) -> str:
    """What users of the command line wait for."""
    rows = commands.measured(effort.waits)
    return f"{markdown(as_cells(rows))}\n\n{missed(rows)}"


PARTS: dict[str, Callable[[Effort, Path], str]] = {
    "simulate": simulate, "peers": peers, "tick": whole_tick, "growth": grown,
    "ensembles": ensemble_parts, "commands": waited,
}  # fmt: skip


def main() -> None:
    """Measure what is asked for, and write or print it."""
    command = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    command.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    command.add_argument("--tiny", action="store_true", help="few people")
    command.add_argument("--page", type=Path, metavar="FILE", help="where to write")
    options = command.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        command.error(f"no such part: {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        print(f"{part} ...", file=sys.stderr, flush=True)
        if options.tiny and not options.page:
            with tempfile.TemporaryDirectory() as folder:
                print(PARTS[part](TINY, Path(folder)), end="\n\n")
            continue
        file, effort = options.page or PAGE, TINY if options.tiny else FULL
        begun = stamp(part, options.tiny)
        page.write(file, part, f"{begun}\n\n{PARTS[part](effort, file.parent)}")


if __name__ == "__main__":
    main()
