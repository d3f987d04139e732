"""Tools of other people drive the model: each example runs as a user runs it, on a small budget."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from xiancheng.scenarios import distributions, draws, parameters, simulate

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
COUNTIES = (371602, 371603, 371621, 371622, 371623, 371625, 371681)
BUDGETS = {
    "batch_with_mesa": "--seeds 2",
    "discover_scenarios": "--runs 24",
    "infer_with_pyabc": "--particles 4 --rounds 1",
    "rank_parameters": "--trajectories 2",
    "read_a_sweep": "--draws 3",
    "sample_posterior": "--runs 40",
    "search_with_optuna": "--trials 5",
    "watch_with_mesa": "--quarters 2",
}


def output_of(example: str, *, needs: str = "numpy", package: str = "") -> str:
    """What an example prints."""
    if find_spec(needs) is None:
        pytest.skip(f"{needs} is missing: pip install '{package or needs}'")
    run = subprocess.run(
        [sys.executable, EXAMPLES / f"{example}.py", *BUDGETS[example].split()],
        capture_output=True, text=True, encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert "cannot act" not in run.stderr
    return run.stdout


def rows(text: str) -> dict[str, list[float]]:
    """Lines that begin with a word, and the numbers in them."""
    lines = (line.split(maxsplit=1) for line in text.splitlines() if " " in line.strip())
    number = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?")
    return {word: [float(n) for n in number.findall(rest)] for word, rest in lines}


def supports() -> dict[str, tuple[float, float]]:
    return {p.name: (p.support_low, p.support_high) for p in parameters().itertuples()}


def test_every_example_is_run_here_and_is_told_of():
    names = {file.stem for file in EXAMPLES.glob("*.py")}
    listed = set(re.findall(r"\((\w+)\.py\)", (EXAMPLES / "README.md").read_text("utf-8")))
    assert names == BUDGETS.keys() == listed


@pytest.mark.parametrize("example", sorted(BUDGETS))
def test_an_example_fits_on_a_page(example):
    text = (EXAMPLES / f"{example}.py").read_text("utf-8")
    assert text.startswith('"""')
    assert "·" in text.partition("\n")[0]  # in two languages
    assert 30 <= len(text.splitlines()) <= 80


@pytest.mark.slow
def test_scenario_discovery_draws_a_box_within_what_was_asked():
    text = output_of("discover_scenarios", needs="ema_workbench", package="ema-workbench")
    found = {name: limits for name, limits in rows(text).items() if name in supports()}
    assert found, text
    assert "benchmark_drift" not in found
    for name, (low, high, *_) in found.items():
        assert supports()[name][0] <= low + 1e-3
        assert low < high <= supports()[name][1] + 1e-3


@pytest.mark.slow
def test_sensitivity_ranks_every_free_parameter_that_can_act():
    text = output_of("rank_parameters", needs="SALib", package="xiancheng[calibration]")
    ranked = {name: effect for name, effect in rows(text).items() if name in supports()}
    free = set(parameters().query("estimable == 'free'").name)
    assert ranked.keys() == free - {"benchmark_drift"}
    assert all(ranked[name][1] != 0 for name in ("own_town_flow", "arrival_flow"))
    assert next(iter(ranked.values()))[0] != 0


@pytest.mark.slow
def test_inference_from_two_censuses_stays_within_the_prior():
    text = output_of("infer_with_pyabc", needs="pyabc")
    kept = {name: numbers for name, numbers in rows(text).items() if name in supports()}
    assert len(kept) == 4, text
    for name, (low, high, first, middle, last) in kept.items():
        assert [low, high] == pytest.approx(distributions([name])[name].ppf([0.05, 0.95]), abs=1e-3)
        assert supports()[name][0] <= first <= middle <= last <= supports()[name][1]


def test_the_search_does_not_lose_what_it_starts_from():
    """Nothing at all is the least effort, and nobody beats it at that; the plan is shown last."""
    text = output_of("search_with_optuna", needs="optuna")
    table = [[float(n) for n in line.split()] for line in text.splitlines()[1:-1]]
    assert table[0][0] == 0
    assert table[-1][0] == 8
    assert [row[0] for row in table[:-1]] == sorted(row[0] for row in table[:-1])
    assert table[0][1:3] == [0, 0], "nothing adds nothing"
    world = draws(1, seed=1)[0]
    rates = [simulate(name, scale=0.01, **world).model_targets().model_rate.mean()
             for name in ("plan", "baseline")]  # fmt: skip
    assert table[-1][1] == pytest.approx(rates[0] - rates[1], abs=0.006)


@pytest.mark.slow
def test_a_sampler_closes_in_on_the_truth_it_is_not_told():
    found = rows(output_of("sample_posterior"))
    for name in ("alpha_single", "recode_hazard", "benchmark_drift"):
        truth, low, middle, high = found[name][:4]
        assert supports()[name][0] <= low < middle < high <= supports()[name][1]
        assert low <= truth <= high
    assert found["recode_hazard"][4] < 70  # percent of the prior's width


@pytest.mark.slow
def test_mesas_batch_runner_tells_what_simulate_tells():
    mesa = pytest.importorskip("mesa")
    if not hasattr(mesa, "batch_run"):
        pytest.skip("Mesa 4 has no batch runner: pip install 'mesa<4'")
    text = output_of("batch_with_mesa")
    for scenario, seed in (("plan", 1), ("baseline", 2)):
        end = simulate(scenario, seed=seed, scale=0.01).summary()
        rates = [end[f"resident_urbanization_rate_{county}"] for county in COUNTIES]
        assert "  ".join(f"{rate:.2f}" for rate in rates) in re.sub(" +", "  ", text)


def test_the_page_of_mesa_draws_the_counties():
    text = output_of("watch_with_mesa", needs="solara", package="mesa[viz]")
    model = simulate("plan", scale=0.01, until="2021-03-31")
    assert int(re.search(r"([\d,]+) bytes", text)[1].replace(",", "")) > 5000
    end = model.summary()["resident_urbanization_rate_371621"]
    assert rows(text)["Huimin"] == [round(end, 2)]


@pytest.mark.slow
def test_a_sweep_is_read_as_one_table():
    text = output_of("read_a_sweep")
    assert "median of 3 draws" in text
    years = {int(year): values for year, values in rows(text).items() if year.isdigit()}
    assert list(years) == [2020, 2021, 2022, 2023, 2024, 2025]
    for low, _, middle, _, high, _ in years.values():
        assert low <= middle <= high
    assert years[2023][:2] == [years[2023][0]] * 2, "the plan begins in 2024"


def test_no_example_takes_quantiles_for_a_prior_or_one_run_for_a_verdict():
    """`low` and `high` are no prior, draw 0 has no noise, and `margin_pp` belongs to verdicts."""
    for file in EXAMPLES.glob("*.py"):
        text = file.read_text("utf-8")
        assert "verdicts()" not in text, file.name
        assert "margin_pp" not in text, file.name
        if file.stem != "watch_with_mesa":  # whose sliders are no prior
            assert not re.search(r"\bp\.(low|high)\b|rows\.(low|high)", text), file.name
