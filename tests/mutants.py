"""Breaks the source at random and runs the tests that should notice: `make mutants`.

A mutant is the source with one operator, comparison, number, call or returned value changed. It is
killed if a test fails, and survives if none does: then either no test holds the rule, or the change
means nothing. Mutants are a seeded sample of all there are, tried in a copy of the tree
(build/mutants, with a cache of its own, both kept between runs).

What makes it fast: each test is first run once and timed, and the functions that it calls are
recorded. A mutant is tried on the tests that call its function, the fastest first, until one fails,
in a process forked from one that has loaded the libraries. In that copy alone, the key of a kept
population does not depend on the code, so that a mutant does not build every population anew.
"""

import argparse
import ast
import hashlib
import inspect
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

HOUSE = Path(__file__).parent.parent
COPY = Path("build", "mutants")
COPIED = ("xiancheng", "sim", "calibration", "scenarios", "results", "tests", "docs")
ROOT_FILES = ("pyproject.toml", "Makefile")
LIBRARIES = (  # loaded once, before a mutant's process is forked; none of them starts a thread
    "numpy", "numba", "scipy.stats", "scipy.optimize", "scipy.special", "mesa", "pandas", "yaml",
    "hypothesis", "hypothesis.extra.numpy", "pytest",
)  # fmt: skip
FIRST = 3.0  # seconds of tests that are tried first, so that few files need be read
BESIDE = 5.0  # seconds of other tests, after those
LONGEST = 900.0  # seconds that a mutant, or a file of tests, may take at most
COMPILED = "sim/kernels.py"  # no call within it is seen
CALL_COMPILED = ("sim/test_kernels", "sim/test_relocation", "sim/test_model")
BROKEN = {3: "an internal error", 4: "a usage error", 5: "no test"}  # exit codes of pytest
WORDS = {"passed": "survived", "failed": "killed  ", "stopped": "too slow"}  # a crash is the last
AT_IMPORT = "tests/sim/test_formulas.py"  # computes its examples when it is imported
LEFT_OUT = "test_a_pack_without_targets_has_a_level_all_the_same"  # a test of minutes

OPTIONS = (
    "-x", "-m", "not slow", "-p", "no:cacheprovider", "-k", f"not {LEFT_OUT}",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip

# The areas: their share of the sample, their files, and their tests.
TABLES = ("__init__", "conditions", "levers", "parameters", "state")  # declarations, no rules
SIM = tuple(f"sim/{f.name}" for f in sorted((HOUSE / "sim").glob("*.py")) if f.stem not in TABLES)
FORECASTS = tuple(
    f"calibration/forecasts/{f.name}"
    for f in sorted((HOUSE / "calibration" / "forecasts").glob("[!_]*.py"))
)
AREAS: dict[str, tuple[float, tuple[str, ...], tuple[str, ...]]] = {
    "sim": (0.5, SIM, (
        "sim/test_accounts", "sim/test_alignment", "sim/test_formulas", "sim/test_kernels",
        "sim/test_randomness", "sim/test_demography", "sim/test_relocation", "sim/test_levers",
        "sim/test_markets", "sim/test_departure", "sim/test_reclassification",
        "sim/test_indicators", "sim/test_schooling", "scenarios/test_days", "sim/test_model",
    )),
    "forecasts": (0.3, (*FORECASTS, "calibration/region/counties.py",
        "results/tables/scores.py", "results/verdict/forecasts.py",
        "results/verdict/observations.py", "results/verdict/registered.py",
    ), (
        *(f"calibration/forecasts/test_{name}" for name in (
            "cohort_component", "common_trend", "forecast", "hierarchical", "level", "melding",
            "panel", "printing", "scoring", "structural_gap", "trends",
        )),
        "results/verdict/test_forecast_score", "results/verdict/test_hindcast",
        "results/verdict/test_observations",
    )),
    "verdict": (0.2, (
        "scenarios/steering.py", "results/verdict/level.py", "results/verdict/verdict.py",
        "results/tables/verdicts.py",
    ), (
        "results/tables/test_verdicts", "results/verdict/test_deadlines",
        "results/verdict/test_one_verdict", "results/verdict/test_verdict",
        "calibration/forecasts/test_melding", "scenarios/test_outcome",
        "scenarios/test_naming", "scenarios/test_steering",
    )),
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
    for share, files, tests in AREAS.values():
        every = [(m, tests) for f in files if f.startswith(only) for m in mutants(f)]
        wanted = n if only else round(share * n)
        some = random.sample(every, min(wanted, len(every)))
        drawn += sorted(some, key=lambda each: each[0].file == COMPILED)  # the slow ones last
    return drawn


@cache
def outermost(file: str, line: int) -> int:
    """First line of the outermost function in whose body a line is; 0 if there is none."""
    for node in ast.walk(ast.parse((HOUSE / file).read_bytes())):  # from the outside inwards
        if isinstance(node, ast.FunctionDef) and line <= (node.end_lineno or 0):
            first = min(part.lineno for part in (node, *node.decorator_list))
            if first <= line:
                return first if node.body[0].lineno <= line else 0
    return 0


def defined(of: object, module: str) -> Iterator[FunctionType]:
    """All functions that a module defines, those of its classes too."""
    for value in list(vars(of).values()):
        value = getattr(value, "fget", None) or getattr(value, "func", None) or value
        value = inspect.unwrap(getattr(value, "__func__", value))
        if getattr(value, "__module__", "") != module:
            continue
        if isinstance(value, FunctionType):
            yield value
        elif isinstance(value, type):
            yield from defined(value, module)


def replaced(mutant: Mutant) -> Callable[[], None] | None:
    """What puts a mutant's code into a loaded module; None if it takes a fresh process."""
    first = outermost(mutant.file, mutant.line)
    name = "xiancheng." + mutant.file.removesuffix(".py").replace("/", ".")
    if mutant.file == COMPILED or not first or name not in sys.modules:
        return None
    own = list(defined(sys.modules[name], name))
    if first not in {each.__code__.co_firstlineno for each in own}:
        return None

    def replace() -> None:
        text = mutant.applied((HOUSE / mutant.file).read_bytes())
        todo, codes = [compile(text, str(HOUSE / mutant.file), "exec", dont_inherit=True)], {}
        while todo:
            inner = [each for each in todo.pop().co_consts if isinstance(each, CodeType)]
            codes |= {each.co_qualname: each for each in inner}
            todo += inner
        for each in own:
            if each.__code__.co_firstlineno == first:
                each.__code__ = codes[each.__code__.co_qualname]

    return replace


@cache
def function(file: str, line: int) -> str:
    """The innermost function around a line, as `Calls` names it; the file if there is none."""
    found = [
        (min(part.lineno for part in (node, *node.decorator_list)), node.end_lineno or 0)
        for node in ast.walk(ast.parse((HOUSE / file).read_bytes()))
        if isinstance(node, ast.FunctionDef)
    ]
    begins = [first for first, last in found if first <= line <= last]
    return f"{file}:{max(begins)}" if begins else file


class Calls:
    """Pytest plugin: the seconds of each test, and the functions of the source that it calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.called: dict[str, set[CodeType]] = {}
        self.fixtures: dict[str, set[CodeType]] = {}  # called while one of a wider scope was set up
        self.wider: dict[str, float] = {}  # seconds that one of a wider scope takes
        self.now: set[CodeType] = set()

    def seen(self, frame: FrameType, event: str, _: object) -> None:
        """Note a call; passed to `sys.setprofile`."""
        if event == "call":
            self.now.add(frame.f_code)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What one of a wider scope takes and calls counts for every test that uses it."""
        begun = time.monotonic()
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function":
                self.fixtures.setdefault(fixturedef.argname, self.now)
                self.wider.setdefault(fixturedef.argname, time.monotonic() - begun)

    def pytest_runtest_setup(self, item: Any) -> None:
        """Begin a test."""
        self.now, self.seconds[item.nodeid] = set(), time.monotonic()
        sys.setprofile(self.seen)

    def pytest_runtest_teardown(self, item: Any) -> None:
        """End a test."""
        sys.setprofile(None)
        self.seconds[item.nodeid] = time.monotonic() - self.seconds[item.nodeid]
        self.seconds[item.nodeid] += sum(self.wider.get(name, 0.0) for name in item.fixturenames)
        wider = [self.fixtures.get(name, set()) for name in item.fixturenames]
        self.called[item.nodeid] = self.now.union(*wider)

    def pytest_sessionfinish(self) -> None:
        """Hand over what was seen."""
        ours = f"{HOUSE}/"
        found = [
            (name, self.seconds[name], sorted({
                f"{code.co_filename.removeprefix(ours)}:{code.co_firstlineno}"
                for code in called if code.co_filename.startswith(ours)
            }))
            for name, called in self.called.items()
        ]  # fmt: skip
        (HOUSE / "calls.json").write_text(json.dumps(found))


@dataclass(eq=False)  # pytest keeps plugins in sets
class Ordered:
    """Pytest plugin: these tests in this order, each within a time in which it should end."""

    tests: dict[str, float]  # seconds that each takes
    beside: float  # seconds that each may take beside

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Put them in order."""
        by_name = {item.nodeid: item for item in items}
        items[:] = [by_name[name] for name in self.tests]

    def pytest_runtest_setup(self, item: Any) -> None:
        """A test that takes much longer than usual ends the process, by a signal."""
        signal.setitimer(signal.ITIMER_VIRTUAL, self.beside + 5 * self.tests[item.nodeid])


class Loaded(Ordered):
    """Pytest plugin: with all tests loaded, tries mutants one after the other, each in a fork."""

    def __init__(self, drawn: list[tuple[Mutant, dict[str, float]]]) -> None:
        super().__init__({}, 10.0)
        self.drawn: list[tuple[Mutant, dict[str, float]]] = drawn
        self.left: dict[str, bool] = {}  # to be tried in a fresh process; whether all tests are

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """All stay."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool | None:
        """In the fork, go on to the tests that face the mutant."""
        by_name = {item.nodeid: item for item in session.items}
        for mutant, tests in self.drawn:
            if not (replace := replaced(mutant)):
                self.left[str(mutant)] = True
                continue
            begun = time.monotonic()
            if not (child := os.fork()):
                os.setsid()
                signal.alarm(int(LONGEST))
                for stream in (1, 2):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
                replace()
                self.tests = tests
                session.items[:] = [by_name[n] for n in tests if not n.startswith(AT_IMPORT)]
                return None
            found = ended(child)
            if found == "passed" and any(name.startswith(AT_IMPORT) for name in tests):
                self.left[str(mutant)] = False
            else:
                show(mutant, found, begun)
        return True


def ended(child: int) -> str:
    """How a process ended: passed, failed or stopped.

    Raises
    ------
    RuntimeError
        if pytest itself broke or ran nothing, which says nothing of a mutant.
    """
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) in BROKEN:
        raise RuntimeError(f"pytest ended with {BROKEN[os.WEXITSTATUS(status)]}")
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it started and left
    return "stopped" if os.WIFSIGNALED(status) else "failed" if status else "passed"


def show(mutant: Mutant, found: str, begun: float) -> None:
    """Print what became of a mutant."""
    print(WORDS[found], f"{time.monotonic() - begun:5.1f} s", mutant, flush=True)


def forked(files: list[str], plugin: object, log: str = os.devnull) -> str:
    """What becomes of files of tests in a process of their own: passed, failed or stopped."""
    if not (child := os.fork()):
        code = 1
        try:
            os.setsid()
            signal.alarm(int(LONGEST))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            pin_populations()
            code = int(pytest.main(["-q", *OPTIONS, *files], plugins=[plugin]))
        except BaseException:  # shown in the log; nothing of this process may go on
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return ended(child)


def pin_populations() -> None:
    """Let a kept population serve whatever the code: no test here asks how they are made."""
    identity = import_module("xiancheng.calibration.code_identity")
    made_by = import_module("xiancheng.calibration.population.synthesis").CODE
    digest: Callable[..., str] = identity.digest
    identity.digest = lambda *parts: os.environ["SOURCE"] if parts == made_by else digest(*parts)


class Tests:
    """The tests of the unbroken source: what each takes and calls; kept in the copy."""

    def __init__(self, longest: float) -> None:
        self.longest = longest  # seconds of tests that call a mutant's function, at most
        self.kept = HOUSE / f"calls-{os.environ['SOURCE']}.json"
        read = json.loads(self.kept.read_text()) if self.kept.is_file() else {}
        self.files: dict[str, list[tuple[str, float, list[str]]]] = read

    def of(self, file: str) -> list[tuple[str, float, list[str]]]:
        """The name, seconds and called functions of each test of a file.

        Raises
        ------
        RuntimeError
            if one fails without any mutant.
        """
        key = f"{file} {hashlib.sha256((HOUSE / 'tests' / f'{file}.py').read_bytes()).hexdigest()}"
        if key not in self.files:
            log = str(HOUSE / f"{file}.log")
            if not any((HOUSE / "cache" / "compiled").iterdir()):  # slow where calls are recorded
                forked([f"tests/{each}.py" for each in CALL_COMPILED], object(), log)
            if forked([f"tests/{file}.py"], Calls(), log) != "passed":
                raise RuntimeError(f"{file} fails without any mutant; see {log}")
            self.files[key] = json.loads((HOUSE / "calls.json").read_text())
            self.kept.write_text(json.dumps(self.files))
        return self.files[key]

    def facing(self, mutant: Mutant, files: tuple[str, ...]) -> dict[str, float]:
        """Tests that may notice a mutant, in the order to run them, and their seconds."""
        where = function(mutant.file, mutant.line)
        calling, others = {}, {}
        for file in files:
            for name, seconds, called in self.of(file):
                if name.startswith(AT_IMPORT):
                    calls = True
                elif mutant.file == COMPILED:
                    calls = file in CALL_COMPILED
                elif where == mutant.file:  # of the module, not of a function
                    calls = any(each.startswith(f"{where}:") for each in called)
                else:
                    calls = where in called
                (calling if calls else others)[name] = seconds
        order: dict[str, float] = {}
        for tests, longest in ((calling, self.longest), (others, BESIDE)):
            total = 0.0
            for name, seconds in sorted(tests.items(), key=lambda each: each[1]):
                if (total := total + seconds) > longest and order:
                    break
                order[name] = seconds
        return order

    def tried(self, mutant: Mutant, tests: dict[str, float]) -> str:
        """What becomes of the tests that face a mutant: passed, failed or stopped."""
        found = "passed"
        file, compiled = HOUSE / mutant.file, HOUSE / "cache" / "compiled"
        source, times = file.read_bytes(), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
        before = set(compiled.iterdir())
        for folder in before:
            os.utime(folder)  # the youngest are kept
        file.write_bytes(mutant.applied(source))
        try:
            beside = 120.0 if mutant.file == COMPILED else 10.0
            total = 0.0
            stages: tuple[dict[str, float], dict[str, float]] = ({}, {})
            for name, seconds in tests.items():
                total += seconds
                stages[total > FIRST][name] = seconds
            for stage in filter(None, stages):
                used = dict.fromkeys(name.partition("::")[0] for name in stage)
                found = forked(list(used), Ordered(stage, beside))
                if found != "passed":
                    break
            return found
        finally:
            file.write_bytes(source)
            os.utime(file, ns=times)
            for folder in set(compiled.iterdir()) - before:
                shutil.rmtree(folder, ignore_errors=True)


def copy() -> Path:
    """The copy of the source as it is now; its cache and what was recorded stay."""
    place = HOUSE / COPY
    place.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.rmtree(place / name, ignore_errors=True)
        shutil.copytree(HOUSE / name, place / name, ignore=shutil.ignore_patterns("runs"))
    for name in ROOT_FILES:
        shutil.copy(HOUSE / name, place)
    return place


def source_digest() -> str:
    """Sha256 of all Python files that are copied, but for the tests."""
    content = hashlib.sha256()
    for name in sorted(set(COPIED) - {"tests"}):
        for file in sorted((HOUSE / name).rglob("*.py")):
            content.update(f"{file.relative_to(HOUSE)}\n".encode() + file.read_bytes())
    return content.hexdigest()[:16]


def by_hand(file: Path) -> list[tuple[Mutant, tuple[str, ...]]]:
    """Mutants from a file of JSON: rows of [path, text in it, text instead].

    Raises
    ------
    ValueError
        if the text does not occur just once.
    """
    drawn = []
    for path, before, after in json.loads(file.read_text()):
        source = (HOUSE / path).read_bytes()
        if source.count(before.encode()) != 1:
            raise ValueError(f"{path}: {before!r} occurs {source.count(before.encode())} times")
        start = source.index(before.encode())
        line = source[:start].count(b"\n") + 1
        mutant = Mutant(path, line, start, start + len(before.encode()), after)
        drawn.append((mutant, next(tests for _, files, tests in AREAS.values() if path in files)))
    return drawn


def main() -> None:
    """Try a sample of mutants and print those that survive."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("-n", type=int, default=100, help="mutants (default 100)")
    words.add_argument("--seed", type=int, default=1, help="of the sample (default 1)")
    words.add_argument("--only", default="", metavar="PATH", help="files that begin so")
    words.add_argument(
        "--longest", type=float, default=60, help="seconds of tests of each (default 60)"
    )
    words.add_argument("--by-hand", type=Path, metavar="FILE", help="mutants written in a file")
    words.add_argument("--show", action="store_true", help="print the sample, try nothing")
    given = words.parse_args()
    drawn = by_hand(given.by_hand) if given.by_hand else sample(given.n, given.seed, given.only)
    if given.show:
        print(*(mutant for mutant, _ in drawn), sep="\n")
        return
    if "SOURCE" not in os.environ:  # the same again, in the copy
        own = {"SOURCE": source_digest(), "XIANCHENG_CACHE": str(HOUSE / COPY / "cache")}
        own |= {"PYTHONPATH": str(place := copy()), "PYTHONPYCACHEPREFIX": str(place / "pyc")}
        (place / "cache" / "compiled").mkdir(parents=True, exist_ok=True)
        again = [sys.executable, "-m", "tests.mutants", *sys.argv[1:]]
        sys.exit(subprocess.run(again, cwd=place, env=os.environ | own, check=False).returncode)
    for library in LIBRARIES:
        import_module(library)
    tests = Tests(given.longest)
    faced = [(mutant, tests.facing(mutant, files)) for mutant, files in drawn]
    used = sorted({name.partition("::")[0] for _, order in faced for name in order})
    if not (child := os.fork()):
        pin_populations()
        own = os.getpid()
        plugin = Loaded(faced)
        code = import_module("pytest").main(
            [*OPTIONS, "-p", "no:terminal", *used], plugins=[plugin]
        )
        if os.getpid() == own:
            Path("left.json").write_text(json.dumps(plugin.left))
        os._exit(int(code))
    ended(child)
    left = json.loads(Path("left.json").read_text())
    for mutant, order in faced:
        if str(mutant) in left:
            begun = time.monotonic()
            if not left[str(mutant)]:
                order = {name: order[name] for name in order if name.startswith(AT_IMPORT)}
            show(mutant, tests.tried(mutant, order), begun)


if __name__ == "__main__":
    main()
