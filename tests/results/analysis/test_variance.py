"""The parts of a variance: right where it is known, and adding up to the whole."""

import numpy as np
import pytest

from xiancheng.calibration.priors import catalogue
from xiancheng.results.analysis import variance
from xiancheng.results.analysis.variance import (
    COMPONENTS,
    GROUPS,
    INTERACTIONS,
    LEVEL,
    VarianceSplit,
    mixed,
)
from xiancheng.results.tables import analysis as tables
from xiancheng.scenarios.ensemble import layered
from xiancheng.scenarios.run_spec import RunSpec

WEIGHTS = dict(zip(GROUPS, [3.0, 2.0, 1.0, 0.5, 0.0, 1.0], strict=True))
TARGETS = 2


def drawn(points, seed, product=0.0):
    """Rates of a model that is known: groups add up, and two of them act on each other."""
    rng = np.random.default_rng(seed)
    one, other = (
        {group: rng.normal(size=(points, TARGETS)) for group in GROUPS} for __ in range(2)
    )

    def rate(of):
        added = sum(WEIGHTS[group] * of[group] for group in GROUPS)
        return added + product * of["responses"] * of["doses"]

    mixes = [one | {group: other[group]} for group in GROUPS]
    level = rng.normal(scale=5.0, size=(4000, TARGETS))
    recoding = rng.normal(size=(2 * points, TARGETS))
    change = recoding + rng.normal(size=(2 * points, TARGETS))
    return (
        np.array([rate(one), rate(other), *map(rate, mixes)]),
        level,
        np.stack([recoding, change], axis=-1),
    )


def test_parts_are_those_of_a_model_that_is_known():
    found = variance._shares(*drawn(40_000, 1, product=1.5))
    for group, weight in WEIGHTS.items():
        assert found[group] == pytest.approx([weight**2] * TARGETS, abs=0.45)
    assert found[INTERACTIONS] == pytest.approx([1.5**2] * TARGETS, abs=0.7)
    assert found["conditions"] == pytest.approx([0.0] * TARGETS, abs=1e-9)
    for name in LEVEL:
        assert found[name] == pytest.approx([12.5] * TARGETS, rel=0.1)


@pytest.mark.parametrize("anchored", [True, False])
def test_parts_add_up_to_the_whole(anchored):
    rates, level, recoded = drawn(16, 2)
    found = variance._shares(rates, level if anchored else None, recoded)
    names = [name for name in COMPONENTS if name in found]
    assert (LEVEL[0] in names) == anchored
    assert sum(found[name] for name in names) == pytest.approx(found["verdict"])
    effect = sum(found[name] for name in names if name not in LEVEL)
    assert effect == pytest.approx(found["effect"])


def test_the_errors_are_those_that_repetition_shows():
    many = [variance._shares(*drawn(32, seed)) for seed in range(60)]
    apart = np.std([each["doses"] / each["effect"] for each in many], axis=0).mean()
    result = np.mean([variance._errors(*drawn(32, seed), seed)["doses"][1] for seed in range(4)])
    assert 0.6 < result / apart < 1.7


def test_a_mixed_draw_differs_in_one_group_only():
    one, other = layered(RunSpec.of("plan", scale=0.01), 2, 1)
    kinds = {prior.name: prior.kind for prior in catalogue()}
    assert {kind for of in GROUPS.values() for kind in of} == set(kinds.values())
    for group, of in GROUPS.items():
        found = mixed(one, other, group)
        for name, value in found.parameters.items():
            assert value == (other if kinds[name] in of else one).parameters[name]
        assert found.seed == (other if group == "random_numbers" else one).seed
        assert found.draw == (other if group == "flows" else one).draw


@pytest.fixture(scope="module")
def split():
    spec = RunSpec.of("plan", scale=0.01)
    targets = variance._due(spec)[:TARGETS]
    rates, level, recoded = drawn(32, 3)
    shares, errors = (
        variance._shares(rates, level, recoded),
        variance._errors(rates, level, recoded, 3),
    )
    frame = variance._frame(spec, targets, shares, errors)
    return VarianceSplit(frame, "plan", anchored=True, points=32, runs=480, seconds=90, scale=0.1)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_tables_show_every_component_and_its_error(split, lang):
    whole, effect = tables.variance_of_verdict(split, lang), tables.variance_of_effect(split, lang)
    assert [column.key for column in whole.columns][3:] == list(COMPONENTS)
    assert {*LEVEL}.isdisjoint(column.key for column in effect.columns)
    assert all("±" in str(cell) for row in whole.rows for cell in row[3:])
    shares = tables.variance_chart(split, lang).table.rows
    assert [sum(row[1:]) for row in shares] == pytest.approx([100] * TARGETS)
    assert any("32" in note for note in tables.variance_notes(split, lang))
