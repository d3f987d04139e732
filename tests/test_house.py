"""The house rules: imports go down, a number has one home, and nothing reaches behind the doors."""

import ast
import re
import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from tests.mutants import AREAS
from xiancheng import sim
from xiancheng.calibration.priors import catalogue
from xiancheng.results.analysis.doses import FAMILIES
from xiancheng.scenarios.policy import DOSE_LEVERS
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.parameters import Parameters

HOUSE = Path(__file__).parent.parent
FLOORS = ["sim", "calibration", "scenarios", "results"]  # ground floor first
SHIPPED = [file for floor in FLOORS for file in sorted((HOUSE / floor).rglob("*.py"))]
BESIDE = [
    *(HOUSE / "xiancheng").glob("*.py"),
    *(HOUSE / "tests").rglob("*.py"),
    *(HOUSE / "benchmarks").rglob("*.py"),
]

# The floors of sim: a file imports only what stands before it.
SIM_ORDER = [
    "deferred", "state", "kernels", "calendar", "conditions", "levers", "parameters", "places",
    "randomness",
    "choice", "strata", "accounts", "population", "step", "housing", "services", "hukou",
    "demography", "schooling", "destination", "events", "departure", "relocation", "labour",
    "markets", "reclassification", "alignment", "governments", "destination_constants",
    "indicators", "observation", "model",
]  # fmt: skip
SIM = {file.stem: file for file in SHIPPED if file.parent.name == "sim"}

PROCESSES = [
    "housing", "services", "hukou", "demography", "schooling", "destination", "departure",
    "relocation", "labour", "reclassification",
]  # fmt: skip
RULES = {  # the public functions of a process that only compute
    module: [
        n.name
        for n in ast.parse(SIM[module].read_text(encoding="utf-8")).body
        if isinstance(n, ast.FunctionDef)
        if not n.name.startswith("_") and [a.arg for a in n.args.args][:1] != ["step"]
    ]
    for module in PROCESSES
}

each_shipped_file = pytest.mark.parametrize(
    "file", SHIPPED, ids=lambda f: f.relative_to(HOUSE).as_posix()
)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> set[str]:
    """The modules a file imports, as dotted names; ours without `xiancheng.`, as sim.state."""
    nodes = list(ast.walk(tree(file)))
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    named = [n for n in nodes if isinstance(n, ast.ImportFrom)]
    assert not any(n.level for n in named), "relative imports hide which floor is meant"
    found = plain | {each for n in named for each in targets(n)}
    return {each.removeprefix("xiancheng.") for each in found}


def targets(node: ast.ImportFrom) -> set[str]:
    """What `from module import names` leads to: modules of ours by their own name."""
    module = node.module or ""
    packages = {"xiancheng", *(f"xiancheng.{floor}" for floor in FLOORS)}
    return {f"{module}.{alias.name}" if module in packages else module for alias in node.names}


def packages(file: Path) -> set[str]:
    return {module.split(".")[0] for module in imports(file)}


def of_sim(file: Path, *, at_run_time: bool = False) -> set[str]:
    """The modules of sim that a file imports."""
    only_types = {
        each.removeprefix("xiancheng.")
        for block in tree(file).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for n in ast.walk(block)
        if isinstance(n, ast.ImportFrom)
        for each in targets(n)
    }
    found = imports(file) - (only_types if at_run_time else set())
    return {module.split(".")[1] for module in found if module.startswith("sim.")}


def names(file: Path) -> set[str]:
    """Every name a file uses, with its dots: `open`, `np.random.default_rng`."""
    return {ast.unparse(n) for n in ast.walk(tree(file)) if isinstance(n, ast.Attribute | ast.Name)}


# Floors


@each_shipped_file
def test_imports_go_down(file):
    floor = FLOORS.index(file.relative_to(HOUSE).parts[0])
    assert packages(file).isdisjoint([*FLOORS[floor + 1 :], "tests", "benchmarks"])


@pytest.mark.parametrize("module", sorted(SIM.keys() - {"__init__"}))
def test_sim_has_floors_and_no_circle(module):
    """At run time; what only types ask for (`TYPE_CHECKING`) does not count."""
    assert of_sim(SIM[module], at_run_time=True) <= {*SIM_ORDER[: SIM_ORDER.index(module)]}


@pytest.mark.parametrize("module", sorted(SIM.keys() - {"__init__"}))
def test_rules_draw_nothing_and_processes_take_a_step(module):
    """Whatever uses random streams or changes the population is a process: it takes a step."""
    for function in tree(SIM[module]).body:
        if isinstance(function, ast.FunctionDef):
            used = {ast.unparse(n) for n in ast.walk(function) if isinstance(n, ast.Attribute)}
            process = any(n.startswith(("step.streams", "step.population")) for n in used)
            takes = [a.arg for a in function.args.args][:1] == ["step"]
            assert takes or not process, f"{module}.{function.name}"


def test_the_kernel_knows_nothing_of_cities():
    assert packages(SIM["kernels"]).isdisjoint(FLOORS)


def test_the_sim_we_test_is_ours():
    """Generic names can be taken by other distributions; ours must win."""
    assert Path(sim.__path__[0]).samefile(HOUSE / "sim")


@pytest.mark.parametrize("file", SHIPPED + BESIDE, ids=lambda f: f.relative_to(HOUSE).as_posix())
def test_a_file_begins_by_saying_what_it_is(file):
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    assert re.match(r'r?"""\S', first)


@each_shipped_file
def test_a_file_defines_each_name_once(file):
    """A second definition of a name at the top of a file takes the first one's place unseen."""
    own = [
        ast.unparse(each)
        for n in tree(file).body
        for each in (n.targets if isinstance(n, ast.Assign) else [getattr(n, "target", None)])
        if isinstance(each, ast.Name)
    ]
    own += [n.name for n in tree(file).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert len(own) == len(set(own))


# What sim may not do

TO_THE_OUTSIDE = {
    "csv", "importlib", "io", "json", "os", "pathlib", "pyarrow", "ruamel", "shutil", "socket",
    "subprocess", "tempfile", "urllib",
}  # fmt: skip
READING = re.compile(r"open|.*\.(open|load|loadtxt|fromfile|genfromtxt|memmap|read_\w+)")


def test_a_class_has_a_name_that_no_other_has():
    places: dict[str, list[str]] = {}
    for file in SHIPPED:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(file.relative_to(HOUSE).as_posix())
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_few_imports_stand_inside_functions():
    """Of heavy libraries only, where a program starts without them."""
    inside = {
        f"{file.relative_to(HOUSE).as_posix()}:{each.lineno}"
        for file in SHIPPED
        for function in ast.walk(tree(file))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for each in ast.walk(function)
        if isinstance(each, ast.Import | ast.ImportFrom)
    }
    assert len(inside) < 40, sorted(inside)


def module_of(file: Path) -> str:
    """The module of a file, as sim.state; of a package by its folder."""
    parts = file.relative_to(HOUSE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def needed_by(file: Path, modules: set[str]) -> set[str]:
    """The modules of ours that are loaded when a file is: imports at its top."""
    found: set[str] = set()
    for node in tree(file).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xiancheng."):
            base = str(node.module).removeprefix("xiancheng.")
            found |= {f"{base}.{alias.name}" for alias in node.names} & modules or {base} & modules
    return found - {module_of(file)}


def test_no_modules_import_each_other():
    """At run time; what only types ask for (`TYPE_CHECKING`) does not count."""
    modules = {module_of(file) for file in SHIPPED}
    needed = {module_of(file): needed_by(file, modules) for file in SHIPPED}
    settled: set[str] = set()
    while ready := {m for m, own in needed.items() if m not in settled and own <= settled}:
        settled |= ready
    assert modules - settled == set(), "these stand in a circle, or import one that does"


@pytest.mark.parametrize("module", sorted(SIM.keys() - {"deferred"}))  # which imports
def test_sim_reads_no_file(module):
    assert packages(SIM[module]).isdisjoint(TO_THE_OUTSIDE)
    assert not list(filter(READING.fullmatch, names(SIM[module])))


@pytest.mark.parametrize("module", sorted(SIM))
def test_randomness_in_sim_is_addressed_and_not_consumed(module):
    assert "np.random" not in names(SIM[module])


# What nobody may do

UNSAFE_IMPORTS = {"cloudpickle", "dill", "marshal", "pickle", "random", "shelve", "yaml"}
GLOBAL_RANDOM = r"(np|numpy)\.random\.(?!default_rng\b|Generator\b|SeedSequence\b)\w+"
UNSAFE_NAMES = re.compile(rf"eval|exec|.*\.(eval|read_pickle|to_pickle)|os\.system|{GLOBAL_RANDOM}")
UNSAFE_ARGUMENTS = {"shell=True", "allow_pickle=True", "typ='unsafe'"}


@each_shipped_file
def test_no_pickles_no_eval_no_global_randomness_no_unsafe_yaml(file):
    arguments = {ast.unparse(n) for n in ast.walk(tree(file)) if isinstance(n, ast.keyword)}
    assert packages(file).isdisjoint(UNSAFE_IMPORTS)
    assert not list(filter(UNSAFE_NAMES.fullmatch, names(file)))
    assert arguments.isdisjoint(UNSAFE_ARGUMENTS)


# Two kinds of number, two homes


def test_every_parameter_has_its_row_and_every_row_its_parameter():
    assert {f.name for f in fields(Parameters)} == {prior.name for prior in catalogue()}


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_says_its_family_and_the_parameter_of_its_doses(lever):
    """Both stand at the end of its declaration in sim/levers.py; the load has neither."""
    doses = {prior.name for prior in catalogue() if prior.kind == "dose"}
    known = (*FAMILIES, ""), (*doses, "")
    found = LEVERS[lever].family, LEVERS[lever].dose
    assert all(word in words for word, words in zip(found, known, strict=True)), (found, known)
    assert all(found) == (lever != "workload"), (found, known)


def test_every_parameter_of_doses_has_levers():
    assert DOSE_LEVERS.keys() == {prior.name for prior in catalogue() if prior.kind == "dose"}


def test_every_parameter_is_read_by_a_rule():
    """A number that nothing reads would only pretend to matter; those of doses make levers."""
    read = {
        n.attr
        for name, file in SIM.items()
        if name != "parameters"
        for n in ast.walk(tree(file))
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)
    }
    assert {f.name for f in fields(Parameters)} - read == DOSE_LEVERS.keys()


def readings_of_levers() -> set[tuple[str, str, int]]:
    """Where levers are read: (lever, module.function, line)."""
    return {
        (node.attr, f"{module}.{function.name}", node.lineno)
        for module, file in SIM.items()
        for function in ast.walk(tree(file))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr in LEVERS
        if ast.unparse(node.value).split(".")[-1] == "levers"
    }


@pytest.mark.parametrize("lever", LEVERS)
def test_one_lever_one_term(lever):
    """A lever enters one rule, on one line: the rule that its declaration names."""
    rule, _, term = LEVERS[lever].term.partition(": ")
    assert term
    assert [where for name, where, _ in readings_of_levers() if name == lever] == [rule]


def test_mutants_are_made_of_files_and_tried_on_tests_that_are_there():
    for _, files, tests in AREAS.values():
        named = [*files, *(f"tests/{test}.py" for test in tests)]
        assert [name for name in named if not (HOUSE / name).is_file()] == []


# What is installed


RUNNING, DEVELOPING = "requirements-run.lock", "requirements.lock"  # make run; all others


@pytest.mark.parametrize("file", [RUNNING, DEVELOPING, "requirements-examples.lock"])
def test_what_we_depend_on_is_pinned_with_hashes_and_no_address(file):
    lock = (HOUSE / file).read_text(encoding="utf-8")
    pinned = set(re.findall(r"^(\S+)==.*\\\n    --hash=sha256:\w{64}", lock, re.MULTILINE))
    declared = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    project = declared["project"]
    extras = [*declared["dependency-groups"]["build"]] + [
        line
        for name, extra in project["optional-dependencies"].items()
        for line in extra
        if file != RUNNING
        if name != "examples" or "examples" in file
    ]
    named = {re.match(r"[\w.-]+", line)[0] for line in (*project["dependencies"], *extras)}
    wanted = {name.replace(".", "-") for name in named - {project["name"]}}
    assert wanted <= pinned
    assert len(pinned) == len(re.findall(r"^\w", lock, re.MULTILINE))
    assert "://" not in lock


def test_who_runs_installs_a_third_of_what_developers_install_in_the_same_versions():
    run, develop = (
        {line.split(" ")[0] for line in (HOUSE / file).read_text("utf-8").splitlines()
         if "==" in line}
        for file in (RUNNING, DEVELOPING)
    )  # fmt: skip
    assert run <= develop
    assert 3 * len(run) < len(develop)
