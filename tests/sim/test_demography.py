"""Births, deaths, couples, the young who come of age: who carries on, and who lives with whom."""

from dataclasses import replace
from datetime import date
from math import exp
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import (
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    UNITS,
    assert_share,
    hazards,
    homes_of,
    persons,
    quarter_of,
    register_of,
    together,
)  # fmt: skip
from xiancheng.calibration.region import load
from xiancheng.sim import demography, kernels, state, strata
from xiancheng.sim.events import draw_events
from xiancheng.sim.state import (
    AGES,
    ALONE,
    COLLECTIVE,
    COLLEGE,
    DEPENDENT,
    FARM,
    FEMALE,
    HEAD,
    JUNIOR,
    MALE,
    NEVER,
    NO_WORK,
    OWNS_FLAT,
    SENIOR,
    SINGLE,
)  # fmt: skip

Q = NOW + 1  # the quarter in which things happen here
GONE = UNITS + 2


def roles(register) -> list[int]:
    return strata.role_of(register.people.traits).tolist()


def a_family(**more):
    """He 40, she 38, a daughter of 20, a son of 8, and his mother of 66."""
    return persons(
        5, age=[40, 38, 20, 8, 66], sex=[0, 1, 1, 0, 1], next_member=together(5, [0, 1, 2, 3, 4]),
        role=[HEAD, DEPENDENT, SINGLE, DEPENDENT, DEPENDENT],
        child=[Q - 32, NEVER, NEVER, NEVER, NEVER], **more,
    )  # fmt: skip


# Death


def test_the_widow_carries_on_as_head_for_the_same_child():
    register = register_of(a_family())
    register.remove_dead(np.array([0]), NOW)
    assert roles(register)[1:] == [HEAD, SINGLE, DEPENDENT, DEPENDENT]
    assert register.people.child[1] == Q - 32
    assert register.people.unit[0] == GONE
    assert homes_of(register.people.next_member).tolist() == [0, 1, 1, 1, 1]


def test_a_household_that_loses_two_at_once_still_has_a_head():
    """The son is nearest in age to both: head after the one, he is not deposed by the other."""
    three = persons(
        4, age=[70, 68, 40, 12], next_member=together(4, [0, 1, 2, 3]),
        role=[HEAD, DEPENDENT, SINGLE, DEPENDENT],
    )  # fmt: skip
    register = register_of(three)
    register.remove_dead(np.array([0, 1]), NOW)
    assert roles(register)[2:] == [HEAD, DEPENDENT]


def test_no_child_heads_a_household_in_which_a_grown_up_lives():
    """The boy of ten is nearer in age to his mother than his grandmother is."""
    home = persons(
        3, age=[36, 10, 66], next_member=together(3, [0, 1, 2]), role=[HEAD, DEPENDENT, DEPENDENT]
    )
    register = register_of(home)
    register.remove_dead(np.array([0]), NOW)
    assert roles(register)[1:] == [DEPENDENT, HEAD]


def test_whoever_is_left_last_lives_alone():
    register = register_of(persons(2, age=[60, 58], role=[HEAD, DEPENDENT], next_member=[1, 0]))
    register.remove_dead(np.array([0]), NOW)
    assert roles(register)[1] == ALONE


def test_a_whole_household_can_die_in_one_quarter():
    register = register_of(a_family())
    register.remove_dead(np.arange(5), NOW)
    assert (register.people.unit == GONE).all()
    assert register.size[:GONE].sum() == register.registered[:GONE].sum() == 0
    assert register.flows.deaths.sum() == 5


def test_deaths_follow_their_hazard():
    n = 60_000
    quarter = quarter_of(persons(n, age=70))
    drawn_events = draw_events(quarter, hazards(death=np.full((4, len(AGES), 2), 0.06)), 1, 65536)
    assert_share(len(drawn_events.deaths), n, 1 - np.exp(-0.06 / 4), detect=0.005)


def test_old_men_in_villages_die_most():
    """And each year of age raises the hazard by the Gompertz slope."""
    pattern = demography.mortality_pattern(PARAMETERS)
    town, village = pattern
    assert (village > town).all()
    assert (pattern[..., MALE] > pattern[..., FEMALE]).all()
    ratio = town[AGES == 75, MALE] / town[AGES == 65, MALE]
    np.testing.assert_allclose(ratio, np.exp(10 * PARAMETERS.gompertz_slope))
    women = town[:, FEMALE] / town[:, MALE]
    assert (np.diff(women) > 0).all()  # they catch up with men towards a hundred
    middle = np.exp(np.interp(65, AGES + 2.5, np.log(women)))
    assert middle == pytest.approx(PARAMETERS.female_mortality_ratio)


def test_infants_run_a_risk_of_their_own():
    p = PARAMETERS
    hazard = demography.mortality(np.zeros(2), demography.mortality_pattern(p), p)
    assert (hazard[:, :, 0] == p.infant_mortality + p.accident_mortality).all()
    assert (hazard[:, :, 1:] == p.accident_mortality).all()


def life_expectancy(hazard):
    """Years at birth under the hazards of each age band [1/year], slowly: month by month."""
    alive, years = 1.0, 0.0
    for month in range(12 * 150):
        band = np.searchsorted(AGES, month / 12, side="right") - 1
        years += alive / 12
        alive *= np.exp(-hazard[band] / 12)
    return years


def test_life_expectancy_in_2020_is_near_that_of_the_census_and_women_live_longer():
    """79.2 years in Shandong, men some five and a half less than women [recalled]."""
    people = load("binzhou").sex_age(date(2020, 11, 1)).sum(axis=0).T  # (band, sex)
    residents = load("binzhou").sex_age(date(2020, 11, 1)).sum(axis=(1, 2))
    rate = np.average(load("binzhou").vital(date(2020, 11, 1))[1] / 1000, weights=residents)
    counts = SimpleNamespace(by_age_and_sex=np.stack([people // 2, people // 2]).astype(np.int64))
    level = demography.death_level(counts, np.array([rate]), PARAMETERS)
    pattern = demography.mortality_pattern(PARAMETERS)
    men, women = demography.mortality(level, pattern, PARAMETERS).mean(axis=(0, 1)).T
    assert 78.5 < (life_expectancy(men) + life_expectancy(women)) / 2 < 80
    assert 5 < life_expectancy(women) - life_expectancy(men) < 6.5


def test_what_was_not_found_of_deaths_is_added_to_the_rate_on_file():
    counts = SimpleNamespace(by_age_and_sex=np.full((4, len(AGES), 2), 1000))
    p = replace(PARAMETERS, deaths_found=0.8)
    level = demography.death_level(counts, np.array([0.02, 0.03]), p)
    hazard = demography.mortality(level, demography.mortality_pattern(p), p)
    np.testing.assert_allclose(hazard.mean(axis=(1, 2, 3)), [0.025, 0.0375])


@pytest.mark.parametrize(
    ("year", "quarter", "known", "multiple"),
    [
        (2022, 3, date(2024, 12, 31), 1.0),
        (2022, 4, date(2024, 12, 31), 1.3),
        (2023, 1, date(2024, 12, 31), 1.3),
        (2023, 2, date(2024, 12, 31), 1.0),
        (2022, 4, date(2020, 11, 1), 1.0),
        (2023, 1, date(2023, 3, 30), 1.0),
    ],
)
def test_more_die_in_the_winter_of_2022_where_it_is_known(year, quarter, known, multiple):
    p = replace(PARAMETERS, winter_2022_deaths=1.3)
    assert demography.winter_deaths(state.quarter_of(year, quarter), known, p) == multiple


def test_each_county_gets_the_crude_rate_it_registered():
    exposed = np.random.default_rng(1).integers(1, 900, (3, 2, len(AGES), 2))
    rate, residents = np.array([0.006, 0.008, 0.0]), exposed.sum(axis=(1, 2, 3))
    pattern = demography.mortality_pattern(PARAMETERS)
    level = demography.level(rate, pattern, exposed, residents)
    for county in range(3):
        deaths = (exposed[county] * level[county] * pattern).sum()
        assert deaths == pytest.approx(rate[county] * residents[county])


def test_nobody_is_expected_to_die_where_nobody_lives():
    pattern = demography.mortality_pattern(PARAMETERS)
    nobody = np.zeros((1, 2, len(AGES), 2), np.int64)
    assert demography.level(np.array([0.007]), pattern, nobody, np.zeros(1, np.int64)) == 0


# Birth


def test_a_newborn_has_its_mothers_home_and_hukou():
    """A migrant's child lives in town, belongs to the village, and counts where its mother does."""
    family = a_family(
        unit=IN_TOWN,
        hukou=IN_VILLAGE + 1,
        previous_unit=IN_VILLAGE + 2,
        moved_at=Q - 1,
        flags=OWNS_FLAT,
    )
    register = register_of(family)
    register.add_children(np.array([1]), np.array([MALE]), Q)
    people = register.people
    child = SimpleNamespace(**{name: column[5] for name, column in vars(people).items()})
    assert (child.unit, child.hukou, child.previous_unit) == (
        IN_TOWN,
        IN_VILLAGE + 1,
        IN_VILLAGE + 2,
    )
    assert (child.born, child.moved_at, child.flags, child.weight) == (Q, Q - 1, OWNS_FLAT, 1)
    assert strata.pack(MALE, 0, DEPENDENT, NO_WORK) == child.traits
    assert len(set(homes_of(people.next_member))) == 1
    assert people.child.tolist() == [Q, *[NEVER] * 5]  # the head has a small child now
    assert child.address not in people.address[:5]
    assert register.registered[IN_VILLAGE + 1] == 6
    assert register.size[IN_TOWN].tolist() == [3, 3]


@pytest.mark.parametrize("mean", [28.0, 29.0, 30.5])
def test_the_mean_age_at_birth_is_a_mean_age(mean):
    """Of the schedule of all women, cut at 20 and 50, not of those with a partner alone."""
    schedule = demography.birth_schedule(replace(PARAMETERS, mean_age_at_birth=mean))
    assert schedule.sum() == pytest.approx(1)
    assert (schedule * (AGES + 2.5)).sum() == pytest.approx(mean, abs=1e-9)


def test_births_need_a_partner_and_an_age():
    """All women of an age bear by the schedule while as many have a partner as at the start."""
    women = np.full(len(AGES), 1000)
    partnered = np.where(AGES < 25, 100, 800) * (AGES != 45)
    pattern = demography.fertility_pattern(women, partnered, PARAMETERS)
    assert (pattern[(AGES < 20) | (AGES >= 45)] == 0).all()
    born = pattern * partnered
    schedule = demography.birth_schedule(PARAMETERS) * (AGES != 45)
    np.testing.assert_allclose(born / born.sum(), schedule / schedule.sum())


@pytest.mark.parametrize(
    ("year", "multiple"),
    [(2012, 1.1), (2013, 1.0), (2014, 1.27), (2016, 1.6), (2018, 1.15), (2020, 1.0), (2036, 1.1)],
)
def test_years_of_the_dragon_and_of_the_second_child_have_more_births(year, multiple):
    p = replace(PARAMETERS, dragon_births=1.1, two_child_births=1.6)
    assert demography.unusual_year(year, p) == pytest.approx(multiple)


def test_a_few_more_boys_are_born_than_girls():
    n = 400_000
    u = np.random.default_rng(3).random(n)
    boys = (demography.newborn_sex(u, PARAMETERS) == MALE).sum()
    assert_share(boys, n, PARAMETERS.boys_per_birth, detect=0.01)


def test_twins_are_not_born_but_sisters_can_bear_in_one_quarter():
    """Two mothers in one home: each child gets an address and a place in the ring of its own."""
    register = register_of(a_family())
    register.add_children(np.array([1, 2]), np.array([MALE, FEMALE]), Q)
    assert len(set(register.people.address)) == 7
    assert len(set(homes_of(register.people.next_member))) == 1
    assert register.flows.births.sum(axis=0).tolist() == [1, 1]


def test_a_census_before_2020_did_not_find_every_birth():
    p = replace(PARAMETERS, births_found=0.8)
    assert [demography.births_missed(year, p) for year in (2010, 2020)] == [1.25, 1.0]


# Coming of age


@pytest.mark.parametrize(
    ("quarters", "grown"), [(71, False), (72, True), (75, True), (76, False), (40, False)]
)
def test_the_young_come_of_age_at_eighteen(quarters, grown):
    """Once a year, those whose eighteenth birthday was in the last four quarters."""
    pair = persons(
        2,
        born=[Q - 160, Q - quarters],
        role=[HEAD, DEPENDENT],
        education=[SENIOR, 0],
        next_member=[1, 0],
    )
    quarter = quarter_of(pair)
    demography.come_of_age(quarter)
    assert roles(quarter.population) == [HEAD, SINGLE if grown else DEPENDENT]
    assert (strata.education_of(quarter.population.people.traits[1]) >= JUNIOR) == grown
    assert homes_of(quarter.population.people.next_member).tolist() == [0, 0]


def test_whoever_already_leads_a_household_at_eighteen_goes_on_leading_it():
    quarter = quarter_of(persons(1, born=Q - 73, role=ALONE))
    demography.come_of_age(quarter)
    assert roles(quarter.population) == [ALONE]


def test_schooling_follows_the_shares():
    n = 100_000
    reached = demography.education_reached(np.random.default_rng(4).random(n), PARAMETERS)
    p = PARAMETERS
    shares = {COLLEGE: p.college_share, SENIOR: p.senior_share}
    shares[JUNIOR] = 1 - p.college_share - p.senior_share
    for level, share in shares.items():
        assert_share((reached == level).sum(), n, share, detect=0.02)


# Marriage


def test_nobody_marries_before_twenty_and_men_marry_later():
    men, women = demography.marriage_hazard(NOW, PARAMETERS).T
    assert (men[AGES < 20] == 0).all()
    assert (women[AGES < 20] == 0).all()
    assert women[AGES == 20] > men[AGES == 20]
    assert men[AGES == 35] > women[AGES == 35]
    assert max(men.max(), women.max()) <= PARAMETERS.marriage_hazard


def test_the_hazard_of_marriage_falls_off_like_a_bell_around_its_age():
    men = demography.marriage_hazard(NOW, PARAMETERS)[:, MALE]
    peak = PARAMETERS.marriage_age + PARAMETERS.spouse_age_gap / 2
    for first, second in ((25, 35), (35, 45), (20, 60)):
        near, far = ((age + 2.5 - peak) / PARAMETERS.marriage_age_sd for age in (first, second))
        at_first, at_second = (men[np.flatnonzero(age == AGES)[0]] for age in (first, second))
        assert at_second / at_first == pytest.approx(exp((near * near - far * far) / 2))


def test_couples_marry_later_from_year_to_year():
    """Ten years on, at an age of so many more, they marry as often as now at this one."""
    p = replace(PARAMETERS, marriage_delay=0.5)
    now, then = demography.marriage_hazard(NOW, p), demography.marriage_hazard(NOW + 40, p)
    grown = AGES[:-1] >= 20
    np.testing.assert_allclose(then[1:][grown], now[:-1][grown])
    assert (then[AGES == 20] < 0.5 * now[AGES == 20]).all()


@pytest.mark.parametrize(
    ("his", "hers", "theirs"),
    [
        (IN_VILLAGE, IN_VILLAGE + 1, IN_VILLAGE),
        (IN_TOWN, IN_VILLAGE, IN_TOWN),
        (IN_VILLAGE, IN_TOWN, IN_TOWN),
        (IN_TOWN, IN_TOWN + 1, IN_TOWN),
    ],
)
def test_a_couple_lives_with_him_unless_only_she_lives_in_town(his, hers, theirs):
    homes = [[0, 1], [2, 3]]
    parents = persons(
        4, age=[25, 55, 24, 50], sex=[0, 1, 1, 0], role=[SINGLE, HEAD, SINGLE, HEAD],
        next_member=together(4, *homes), unit=[his, his, hers, hers],
    )  # fmt: skip
    quarter = quarter_of(parents, p=replace(PARAMETERS, patrilocal_share=0.0))
    demography.marry(quarter, np.array([0, 2]))
    register = quarter.population
    assert roles(register) == [HEAD, ALONE, DEPENDENT, ALONE]
    assert homes_of(register.people.next_member).tolist() == [0, 1, 0, 3]
    assert register.people.unit.tolist() == [theirs, his, theirs, hers]
    assert register.people.hukou.tolist() == [his, his, hers, hers]


def test_people_marry_within_their_county_one_to_one():
    """Nobody without a match loses their home, and nobody marries twice."""
    n = 400
    rng = np.random.default_rng(5)
    sex, unit = rng.integers(0, 2, n), rng.integers(0, UNITS, n)
    quarter = quarter_of(persons(n, sex=sex, unit=unit, flags=COLLECTIVE))
    demography.marry(quarter, np.arange(n))
    people = quarter.population.people
    home, county = homes_of(people.next_member), quarter.place(np.arange(n)) // 2
    size = np.bincount(home, minlength=n)
    assert set(size[home]) == {1, 2}
    men = np.flatnonzero(strata.role_of(people.traits) == HEAD)
    women = people.next_member[men]
    married = np.isin(np.arange(n), [*men, *women])
    assert (people.flags == np.where(married, 0, COLLECTIVE)).all()  # they leave the dormitory
    assert (sex[men] == MALE).all()
    assert (sex[women] == FEMALE).all()
    assert (county[men] == county[women]).all()
    assert (people.unit[men] == people.unit[women]).all()
    for c in range(2):
        here = unit // 8 == c
        couples = (county[men] == c).sum()
        assert couples == min((sex[here] == MALE).sum(), (sex[here] == FEMALE).sum())


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_couple_may_live_in_the_household_of_his_parents_which_he_heads_then(share):
    """With his small brother, and with those of his parents who are there."""
    both = persons(
        6, age=[25, 55, 53, 10, 24, 50], sex=[0, 0, 1, 0, 1, 0],
        role=[SINGLE, HEAD, DEPENDENT, DEPENDENT, SINGLE, HEAD],
        child=[NEVER, Q - 40, *[NEVER] * 4],
        next_member=together(6, [0, 1, 2, 3], [4, 5]), unit=IN_VILLAGE,
    )  # fmt: skip
    quarter = quarter_of(both, p=replace(PARAMETERS, patrilocal_share=share))
    demography.marry(quarter, np.array([0, 4]))
    people, homes = quarter.population.people, homes_of(quarter.population.people.next_member)
    assert roles(quarter.population)[4:] == [DEPENDENT, ALONE]
    if share:
        assert homes.tolist() == [0, 0, 0, 0, 0, 5]
        assert roles(quarter.population)[:4] == [HEAD, DEPENDENT, DEPENDENT, DEPENDENT]
        assert people.child[0] == Q - 40
    else:
        assert homes.tolist() == [0, 1, 1, 1, 0, 5]
        assert roles(quarter.population)[:4] == [HEAD, HEAD, DEPENDENT, DEPENDENT]


def test_of_two_brothers_who_wed_at_once_one_lives_with_the_parents():
    family = persons(
        5, age=[50, 28, 26, 25, 24], sex=[0, 0, 0, 1, 1], role=[HEAD, *[SINGLE] * 4],
        next_member=together(5, [0, 1, 2], [3], [4]), unit=IN_VILLAGE,
    )  # fmt: skip
    register = register_of(family)
    homes = np.full(2, IN_VILLAGE)
    register.marry(np.array([1, 2]), np.array([3, 4]), homes, np.ones(2, bool), Q)
    assert homes_of(register.people.next_member).tolist() == [0, 0, 2, 0, 2]
    assert roles(register) == [DEPENDENT, HEAD, HEAD, DEPENDENT, DEPENDENT]


def test_brother_and_sister_do_not_marry():
    siblings = persons(
        3,
        age=[25, 24, 50],
        sex=[0, 1, 1],
        role=[SINGLE, SINGLE, HEAD],
        next_member=together(3, [0, 1, 2]),
    )
    quarter = quarter_of(siblings)
    demography.marry(quarter, np.array([0, 1]))
    assert roles(quarter.population) == [SINGLE, SINGLE, HEAD]


# Everything that happens to households, computed one person at a time


class Story:
    """Who lives with whom, computed slowly: a list of persons, each with a home and a role."""

    def __init__(self, people) -> None:
        home = homes_of(people.next_member)
        self.people = [
            SimpleNamespace(
                id=i, born=int(people.born[i]), role=int(strata.role_of(people.traits[i])),
                home=int(home[i]), unit=int(people.unit[i]), moved_at=int(people.moved_at[i]),
                previous_unit=int(people.previous_unit[i]), child=int(people.child[i]),
            )
            for i in range(len(people))
        ]  # fmt: skip

    def at_home(self, person) -> list:
        return [x for x in self.people if x.home == person.home and x is not person]

    def leave(self, person) -> None:
        """The survivor or parent nearest in age takes over what the leaver was head of."""
        left = [x for x in self.at_home(person) if x.unit != GONE]
        grown = [x for x in left if x.born <= Q - 72]
        person.home = 1000 + person.id
        if person.role == HEAD and left:
            heir = min(grown or left, key=lambda x: abs(x.born - person.born))
            heir.role, heir.child = HEAD, max(heir.child, person.child)
        if len(left) == 1:
            left[0].role = ALONE

    def record_deaths(self, ids) -> None:
        for i in ids:
            self.people[i].unit = GONE
        for i in ids:
            self.leave(self.people[i])

    def parent(self, he, unit):
        """Who heads the home he lives in and might be his parent, if both live where he will."""
        he = self.people[he]
        heads = [x for x in self.at_home(he) if x.role == HEAD and he.born - x.born >= 60]
        return heads[0] if heads and heads[0].unit == he.unit == unit else None

    def marry(self, he, she, parent) -> None:
        he, she = self.people[he], self.people[she]
        self.leave(she)
        if parent:
            parent.role, he.child = DEPENDENT, max(he.child, parent.child)
        else:
            self.leave(he)
            he.home = 2000 + he.id
        he.role, she.role, she.home = HEAD, DEPENDENT, he.home
        if she.unit != he.unit:
            self.go(she, he.unit)

    def move(self, parties) -> None:
        for i, mode, _ in parties:
            person = self.people[i]
            if mode == kernels.LONE and person.role == SINGLE and person.moved_at != Q:
                self.leave(person)
                person.role = ALONE
        for i, mode, unit in parties:
            person = self.people[i]
            if person.moved_at == Q:
                continue
            here = [x for x in self.at_home(person) if x.unit == person.unit]
            grown = [x for x in here if x.born <= Q - 72]
            if mode == kernels.WHOLE:
                going = [person, *here]
            elif mode == kernels.LONE:
                going = [person]
            else:
                carer = min(grown, key=lambda x: abs(x.born - person.born), default=person)
                going = [carer, *(x for x in [person, *here] if x.born > Q - 72)]
            for x in going:
                if x.moved_at != Q:
                    self.go(x, unit)

    def go(self, person, unit) -> None:
        if Q - person.moved_at >= 2:
            person.previous_unit = person.unit
        person.unit, person.moved_at = unit, Q

    def households(self) -> list:
        first = {}
        for x in self.people:
            first.setdefault(x.home, x.id)
        return [
            (first[x.home], x.role, x.unit, x.moved_at, x.previous_unit, x.child)
            for x in self.people
        ]


def as_recorded(register) -> list:
    p = register.people
    columns = (
        homes_of(p.next_member),
        strata.role_of(p.traits),
        p.unit,
        p.moved_at,
        p.previous_unit,
        p.child,
    )
    return [tuple(int(x) for x in row) for row in zip(*columns, strict=True)]


PERSONS = 10
BORN = Q - 4 * np.array([70, 67, 45, 43, 24, 21, 15, 9, 4, 31])


@st.composite
def a_home(draw):
    """Ten people of whom some live together, one head to a home, some of them moved lately."""
    cut = sorted(draw(st.lists(st.integers(1, 9), max_size=3, unique=True)))
    order = draw(st.permutations(range(PERSONS)))
    homes = [list(h) for h in np.split(np.array(order), cut)]
    role, grown = np.full(PERSONS, DEPENDENT), BORN <= Q - 72
    unit, child = np.zeros(PERSONS, int), np.full(PERSONS, int(NEVER))
    for home in homes:
        adults = [i for i in home if grown[i]] or home
        for i in home:
            role[i] = SINGLE if grown[i] and draw(st.booleans()) else DEPENDENT
        role[adults[0]] = ALONE if len(home) == 1 else HEAD
        unit[home] = draw(st.integers(0, UNITS - 1))
        child[adults[0]] = draw(st.sampled_from([int(NEVER), Q - 20, Q - 50]))
    for i in range(PERSONS):  # some live away from the others
        unit[i] = draw(st.sampled_from([unit[i]] * 4 + [1]))
    since = draw(st.lists(st.sampled_from([-9, Q - 2, Q - 1]), min_size=10, max_size=10))
    return persons(
        PERSONS, born=BORN, role=role, unit=unit, previous_unit=15, moved_at=since, child=child,
        next_member=together(PERSONS, *homes), sex=np.arange(PERSONS) % 2,
    )  # fmt: skip


@given(a_home(), st.lists(st.integers(0, PERSONS - 1), unique=True))
def test_death_fast_and_slow_agree(people, dead):
    register, story = register_of(people), Story(people)
    register.remove_dead(np.array(dead, np.int64), NOW)
    story.record_deaths(dead)
    living = [i for i in range(PERSONS) if i not in dead]
    fast, slow = as_recorded(register), story.households()
    assert [fast[i] for i in living] == [slow[i] for i in living]


parties = st.tuples(st.integers(0, PERSONS - 1), st.integers(0, 2), st.integers(0, UNITS + 1))


@given(a_home(), st.lists(parties, max_size=6))
def test_moving_fast_and_slow_agree(people, chosen):
    """Nobody moves twice in a quarter; a child goes with an adult; the young leave home alone."""
    register, story = register_of(people), Story(people)
    chosen = [x for x in chosen if people.unit[x[0]] != x[2]]
    rows, modes, units = np.array(chosen, np.int64).reshape(-1, 3).T
    before = register.size.copy()
    register.move(rows, modes, units, Q)
    story.move(chosen)
    assert as_recorded(register) == story.households()
    recount = np.zeros_like(before)
    np.add.at(recount, (register.people.unit, strata.sex_of(register.people.traits)), 1)
    assert (register.size == recount).all()


@given(
    a_home(), st.permutations([0, 2, 4, 9]), st.permutations([1, 3, 5]),
    st.lists(st.booleans(), min_size=4, max_size=4),
)  # fmt: skip
def test_weddings_fast_and_slow_agree(people, men, women, joining):
    register, story = register_of(people), Story(people)
    free = [i for i, role in enumerate(roles(register)) if role in (SINGLE, ALONE)]
    men, women = ([x for x in side if x in free] for side in (men, women))
    couples, home = list(zip(men, women, strict=False)), homes_of(people.next_member)
    couples = [(he, she) for he, she in couples if home[he] != home[she]]
    he, she = np.array(couples, np.int64).reshape(-1, 2).T
    joins = np.array(joining[: len(couples)], bool)
    register.marry(he, she, people.unit[he].astype(np.int64), joins, Q)
    hosts = [
        story.parent(man, int(people.unit[man])) if join else None
        for man, join in zip(he, joins, strict=True)
    ]
    for i, (man, woman) in enumerate(couples):
        taken = any(hosts[i] is x for x in hosts[:i])  # one couple a home
        story.marry(man, woman, None if taken else hosts[i])
    assert as_recorded(register) == story.households()


def test_whoever_has_moved_this_quarter_takes_nobody_any_further():
    """A father who joins his son in town does not carry him off to the next county as well."""
    two = persons(
        2, age=[50, 25], role=[HEAD, SINGLE], next_member=[1, 0], unit=[IN_VILLAGE, IN_TOWN]
    )
    register = register_of(two)
    modes = np.array([kernels.LONE, kernels.WHOLE])
    register.move(np.array([0, 0]), modes, np.array([IN_TOWN, IN_TOWN + 8]), Q)
    assert register.people.unit.tolist() == [IN_TOWN, IN_TOWN]


def test_a_flat_in_town_is_kept_within_the_county_and_given_up_beyond_it():
    both = OWNS_FLAT | COLLECTIVE
    register = register_of(persons(3, flags=both))
    goals = np.array([IN_TOWN, IN_TOWN + 8, UNITS])
    register.move(np.arange(3), np.full(3, kernels.LONE), goals, Q)
    assert register.people.flags.tolist() == [both, COLLECTIVE, COLLECTIVE]


def test_moving_to_the_land_makes_farmers_and_leaving_it_ends_that():
    """A job is kept by whoever moves within the county, and lost by whoever leaves it."""
    moves = [
        (FARM, IN_VILLAGE, IN_TOWN, NO_WORK),
        (2, IN_VILLAGE, IN_TOWN, 2),
        (2, IN_TOWN, IN_TOWN + 8, NO_WORK),
        (2, IN_TOWN, IN_VILLAGE + 8, FARM),
        (NO_WORK, UNITS, IN_VILLAGE, FARM),
        (3, IN_TOWN, UNITS, NO_WORK),
    ]  # fmt: skip
    work, start, goal, then = (np.array(column) for column in zip(*moves, strict=True))
    register = register_of(persons(len(moves), work=work, unit=start))
    register.move(np.arange(len(moves)), np.zeros(len(moves), np.int64), goal, Q)
    assert strata.work_of(register.people.traits).tolist() == then.tolist()
