"""What is delivered of each indicator next to its target."""

import numpy as np
import pytest

from tests.plans import (
    BINZHOU,
    DEADLINE,
    PLAN,
    plan_with,
)
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.policy import delivery_of

# Delivery


def at_deadline(scenario, effort=None):
    rows = delivery_of(resolve(scenario), BINZHOU, effort)
    return {row.indicator: row for row in rows if row.quarter == DEADLINE}


def test_what_is_delivered_stands_next_to_its_target():
    rows = at_deadline("plan")
    assert set(rows) == set(PLAN.indicators) - set(PLAN.about.targets)
    posts = rows["I05-1"]
    assert (posts.quantity, posts.target, posts.wording) == (70_000, 70_000, "7万个左右")
    assert posts.at_deadline
    assert posts.met
    assert rows["I05-2"].counts == "person-times"


def test_half_delivered_is_half():
    rows = at_deadline("half-delivered")
    assert rows["I05-1"].quantity == 35_000
    assert rows["I04-1"].quantity == 12  # and no half of the thirteenth
    assert not rows["I05-1"].met


def test_a_late_plan_misses_its_deadline_by_its_delay():
    assert at_deadline("delayed")["I06-6"].quantity == pytest.approx(750)


def test_nothing_is_invented_where_a_base_value_is_missing():
    coverage = at_deadline("plan")["I10-1"]
    assert coverage.quantity is None
    assert coverage.share == 1


def test_an_undated_indicator_is_never_due():
    rows = delivery_of(resolve("to-2030"), BINZHOU)
    assert not any(row.at_deadline for row in rows if row.indicator == "I12-3")
    assert len([row for row in rows if row.indicator == "I05-1" and row.at_deadline]) == 1


def test_what_every_county_must_have_is_as_good_as_the_worst_county():
    effort = np.ones((8, 7))
    effort[:, 2] = 0.5
    rows = at_deadline("plan", effort)
    assert rows["I04-2"].share == pytest.approx(0.5)
    assert rows["I04-2"].quantity == 0, "half of one is none"
    assert 0.9 < rows["I04-1"].share < 1


def test_what_is_counted_is_whole_and_a_closed_set_has_no_more_members():
    rows = at_deadline(plan_with(all={"intensity": 1.6}), np.full((8, 7), 0.9))
    assert rows["I14-2"].quantity == 144, "pocket parks; 100 x 1.6 x 0.9"
    assert rows["I11-1"].quantity == 5, "there are five county hospitals"
    assert rows["I11-1"].share == 1
    for row in delivery_of(resolve("half-delivered"), BINZHOU, np.full((8, 7), 0.97)):
        if row.unit in ("个", "处", "所", "支", "台", "人次") and row.quantity is not None:
            assert row.quantity == int(row.quantity), row.indicator


def test_a_ban_a_standard_or_a_mechanism_has_no_share():
    rows = at_deadline("plan", np.full((8, 7), 0.97))
    last = {row.indicator: row for row in delivery_of(resolve("plan"), BINZHOU)}
    for name in ("I25-1", "I23-1", "IS2-1", "I13-2", "I12-6", "I06-2"):
        assert last[name].share is None, name
    assert rows["I10-1"].share == pytest.approx(0.97, abs=0.03)


def test_a_rate_is_delivered_in_full_at_most():
    more = at_deadline(plan_with(all={"intensity": 1.5}))
    assert (more["I10-1"].share, more["I04-1"].share) == (1, 1.5)


def test_about_is_met_a_little_short_of_it_and_at_least_is_not():
    rows = at_deadline("plan", np.full((8, 7), 0.96))
    assert rows["I05-1"].met
    assert not rows["I04-1"].met


def test_red_lines_are_kept_and_not_delivered():
    assert at_deadline("plan")["I25-1"].met is None
