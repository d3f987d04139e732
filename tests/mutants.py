"""Breaks the source at random and runs the tests that should notice: `make mutants`.

A mutant is the source with one operator, comparison, number, call or returned value changed. It is
killed if a test fails, and survives if none does: then either no test holds the rule, or the change
means nothing. Mutants are a seeded sample of all there are, run in copies of the tree.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random
from tempfile import TemporaryDirectory

HOUSE = Path(__file__).parent.parent
COPIED = ("sim", "calibration", "scenarios", "results", "tests", "docs")
ROOT_FILES = ("pyproject.toml", "Makefile")
LONGEST = 900.0  # seconds that a file of tests may take at most
COMPILING = 120.0  # seconds that a mutant may take beside
LEFT_OUT = (  # tests of minutes
    "test_a_pack_without_targets_has_a_level_all_the_same",
    "test_no_county_has_a_say_in_the_weight_of_its_own_forecast",
)

# The areas: their share of the sample, their files, and the tests of each, the fastest first.
AREAS: dict[str, tuple[float, dict[str, tuple[str, ...]]]] = {
    "sim": (0.5, {
        "sim/accounts.py": ("test_books", "test_formulas", "test_days", "test_model"),
        "sim/calendar.py": ("test_books", "test_days", "test_model"),
        "sim/choice.py": ("test_formulas", "test_kernel", "test_migration", "test_model"),
        "sim/demography.py": ("test_formulas", "test_rules", "test_households", "test_model"),
        "sim/departure.py": ("test_formulas", "test_migration", "test_moving", "test_model"),
        "sim/destination.py": ("test_formulas", "test_migration", "test_moving", "test_model"),
        "sim/destination_constants.py": ("test_migration", "test_model"),
        "sim/events.py": ("test_kernel", "test_model"),
        "sim/governments.py": ("test_formulas", "test_levers", "test_model"),
        "sim/housing.py": ("test_formulas", "test_markets", "test_model"),
        "sim/hukou.py": ("test_formulas", "test_land_and_villages", "test_model"),
        "sim/indicators.py": ("test_formulas", "test_measurement", "test_model"),
        "sim/kernels.py": ("test_kernel", "test_moving"),
        "sim/labour.py": ("test_formulas", "test_markets", "test_model"),
        "sim/markets.py": ("test_formulas", "test_markets", "test_schools", "test_model"),
        "sim/model.py": ("test_model", "test_formulas", "test_levers", "test_days", "test_run"),
        "sim/observation.py": ("test_formulas", "test_measurement", "test_census", "test_days",
                               "test_model"),
        "sim/places.py": ("test_levers", "test_moving", "test_model"),
        "sim/population.py": ("test_books", "test_moving", "test_households", "test_measurement",
                              "test_land_and_villages", "test_model"),
        "sim/randomness.py": ("test_kernel", "test_model"),
        "sim/reclassification.py": ("test_formulas", "test_land_and_villages", "test_model"),
        "sim/relocation.py": ("test_formulas", "test_moving", "test_model"),
        "sim/schooling.py": ("test_formulas", "test_schools", "test_model"),
        "sim/services.py": ("test_formulas", "test_rules", "test_levers"),
        "sim/step.py": ("test_moving", "test_households", "test_model"),
        "sim/strata.py": ("test_books", "test_kernel", "test_households", "test_model"),
    }),
    "forecasts": (0.3, {
        "calibration/baselines/cohorts.py": ("test_baselines",),
        "calibration/baselines/errors.py": ("test_baselines",),
        "calibration/baselines/forecast.py": ("test_baselines",),
        "calibration/baselines/pool.py": ("test_baselines",),
        "calibration/baselines/shared.py": ("test_baselines",),
        "calibration/baselines/trends.py": ("test_baselines",),
        "calibration/meld.py": ("test_meld", "test_verdict"),
        "results/forecasts/forecasting.py": ("test_scoring", "test_meld"),
        "results/forecasts/frozen.py": ("test_scoring",),
        "results/forecasts/observed.py": ("test_scoring",),
        "results/forecasts/scored.py": ("test_scoring",),
    }),
    "verdict": (0.2, {
        "results/verdict/level.py": ("test_meld", "test_verdict"),
        "results/verdict/pairing.py": ("test_meld", "test_verdict"),
        "results/verdict/verdict.py": ("test_deadlines", "test_verdict"),
        "results/verdict_table.py": ("test_run",),
    }),
}  # fmt: skip

SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A file of which one piece of text is replaced; `start` and `end` are offsets in bytes."""

    file: str
    line: int
    start: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """The source with the change."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def __str__(self) -> str:
        before = (HOUSE / self.file).read_bytes()[self.start : self.end].decode()
        return f"{self.file}:{self.line}: {' '.join(before.split())}  ->  {self.text}"


def changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """A part of the source that can be changed, and what takes its place."""
    match node:
        case ast.BinOp() if type(node.op) in SWAPPED:
            yield node, _written(ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right))
        case ast.AugAssign() if type(node.op) in SWAPPED:
            yield node, _written(ast.AugAssign(node.target, SWAPPED[type(node.op)](), node.value))
        case ast.BoolOp():
            yield node, _written(ast.BoolOp(SWAPPED[type(node.op)](), node.values))
        case ast.Compare(ops=[first, *rest]) if type(first) in SWAPPED:
            swapped = [SWAPPED[type(first)](), *rest]
            yield node, _written(ast.Compare(node.left, swapped, node.comparators))
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node, _written(node.operand)
        case ast.Constant(value=bool()):
            yield node, str(not node.value)
        case ast.Constant(value=int()):
            yield node, str(node.value + 1)
        case ast.Constant(value=float()):
            yield node, repr(node.value * 1.5 if node.value else 1.0)
        case ast.Expr(value=ast.Call()):
            yield node, "pass"
        case ast.Return(value=ast.expr()):
            yield node, "return None"


def _written(node: ast.expr | ast.AugAssign) -> str:
    text = ast.unparse(ast.fix_missing_locations(node))
    return f"({text})" if isinstance(node, ast.expr) else text


def looked_at(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, but for annotations, decorators, imports and messages of errors."""
    yield node
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list") or isinstance(node, ast.Raise):
            continue
        for child in field if isinstance(field, list) else [field]:
            checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            if isinstance(child, ast.AST) and not checking and not isinstance(child, ast.JoinedStr):
                yield from looked_at(child)


def mutants(file: str) -> list[Mutant]:
    """Every mutant of a file."""
    source = (HOUSE / file).read_bytes()
    begins = [0]
    for line in source.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    found = []
    for node in looked_at(ast.parse(source)):
        for part, text in changes(node):
            start = begins[part.lineno - 1] + part.col_offset
            end = begins[part.end_lineno - 1] + part.end_col_offset
            mutant = Mutant(file, part.lineno, start, end, text)
            ast.parse(mutant.applied(source))
            found.append(mutant)
    return found


def sample(n: int, seed: int, only: str = "") -> list[tuple[Mutant, tuple[str, ...]]]:
    """`n` mutants and their tests, shared out among the areas; `only` is the start of a path."""
    drawn, random = [], Random(seed)
    for share, files in AREAS.values():
        every = [(m, files[f]) for f in files if f.startswith(only) for m in mutants(f)]
        wanted = n if only else round(share * n)
        drawn += random.sample(every, min(wanted, len(every)))
    return drawn


class Tree:
    """A copy of the source in which mutants are tried, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            shutil.copytree(HOUSE / name, folder / name, ignore=shutil.ignore_patterns("runs"))
        for name in ROOT_FILES:
            shutil.copy(HOUSE / name, folder)
        self.usual: dict[str, float] = {}  # seconds that a file of tests takes

    def passes(self, test: str, seconds: float, **own: str) -> bool:
        """Whether a file of tests passes, in time."""
        words = ["-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider",
                 "-k", f"not ({' or '.join(LEFT_OUT)})", f"tests/{test}.py"]  # fmt: skip
        own |= {"PYTHONPATH": str(self.folder), "XIANCHENG_CACHE": str(self.folder / "cache")}
        try:
            return not subprocess.run(
                [sys.executable, *words], cwd=self.folder, env=os.environ | own, timeout=seconds,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            return False

    def survives(self, mutant: Mutant, tests: tuple[str, ...]) -> bool:
        """Whether no test notices a mutant.

        Raises
        ------
        RuntimeError
            if tests fail without it.
        """
        for test in tests:
            if test not in self.usual:
                begun = time.monotonic()
                if not self.passes(test, LONGEST):
                    raise RuntimeError(f"{test} fails without any mutant")
                self.usual[test] = time.monotonic() - begun
            if not self.survives_one(mutant, test):
                return False
        return True

    def survives_one(self, mutant: Mutant, test: str) -> bool:
        """Whether no test of a file notices a mutant."""
        file = self.folder / mutant.file
        source, times = file.read_bytes(), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
        # What is compiled for a mutant must not take the place of what is compiled for the source.
        compiled = {}
        if mutant.file == "sim/kernel.py":
            compiled["NUMBA_CACHE_DIR"] = str(self.folder / "compiled" / str(mutant.start))
        file.write_bytes(mutant.applied(source))
        try:
            seconds = COMPILING + 4 * self.usual[test]
            return self.passes(test, min(seconds, LONGEST), **compiled)
        finally:
            file.write_bytes(source)
            os.utime(file, ns=times)


def main() -> None:
    """Try a sample of mutants and print those that survive."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("-n", type=int, default=100, help="mutants (default 100)")
    words.add_argument("--seed", type=int, default=1, help="of the sample (default 1)")
    words.add_argument("--only", default="", metavar="PATH", help="files that begin so")
    words.add_argument("--jobs", type=int, default=1, choices=(1, 2), help="copies of the tree")
    told = words.parse_args()
    drawn, survivors = sample(told.n, told.seed, told.only), []
    with TemporaryDirectory() as folder, ThreadPoolExecutor(told.jobs) as pool:
        trees: Queue[Tree] = Queue()
        for number in range(told.jobs):
            place = Path(folder) / f"tree{number}"
            place.mkdir()
            trees.put(Tree(place))

        def tried(each: tuple[Mutant, tuple[str, ...]]) -> bool:
            tree = trees.get()
            try:
                return tree.survives(*each)
            finally:
                trees.put(tree)

        for (mutant, _), survived in zip(drawn, pool.map(tried, drawn), strict=True):
            print("survived" if survived else "killed  ", mutant, flush=True)
            survivors += [mutant] * survived
    print(f"\n{len(drawn)} mutants, {len(survivors)} survived")
    for mutant in survivors:
        print(f"  {mutant}")


if __name__ == "__main__":
    main()
