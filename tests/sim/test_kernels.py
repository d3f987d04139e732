"""The compiled kernel does what its slow twins do, told one row at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from xiancheng.sim import kernels, strata
from xiancheng.sim.randomness import addresses

quick = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
LAST = 2**32 - 1


def uniforms(address, when, stream, seed):
    out = np.empty((4, len(address)), np.uint32)
    kernels.words(address, np.uint64(when), np.uint64(stream), np.uint64(seed), out)
    return out


# Addresses


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        ((0,), 0xE220A8397B1DCDAF),
        ((1234567,), 6457827717110365317),
        ((0x9E3779B97F4A7C15,), 0x6E789E6AA1B965F4),  # the second that a generator from 0 gives
    ],
)
def test_an_address_of_one_number_is_what_splitmix_gives(parts, address):
    """First outputs of SplitMix64 from this state, as published with it."""
    assert addresses(*parts).tolist() == [address]


def test_the_parts_of_an_address_are_mixed_one_after_the_other():
    first = addresses(7)
    assert addresses(7, 9).tolist() == addresses(first + np.uint64(9)).tolist()
    assert addresses(7, 9).tolist() != addresses(9, 7).tolist()


# Philox


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([LAST] * 4, [LAST] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_randomness_is_philox_as_published(counter, key, words):
    """Known answers of Random123, kat_vectors, philox4x32 with ten rounds."""
    address = np.array([counter[0] | counter[1] << 32], np.uint64)
    got = uniforms(address, counter[2], counter[3], key[0] | key[1] << 32)
    assert " ".join(f"{word:08x}" for word in got[:, 0]) == words


# Everyone's random words against the tables


def draw_events_slowly(people, clock, table, second, factors, address_of_randomness, first):
    """Rows and events, one row at a time, in Python's own whole numbers."""
    unit, born, child, since, traits = (column.tolist() for column in people)
    first_row, band, stage = clock
    unit_factor, since_factor = factors
    rows, events = [], []
    for i, words in enumerate(address_of_randomness.T.tolist()):
        outer = int(first_row[unit[i]]) + int(band[born[i]])
        kind = strata.STRATUM_OF[traits[i], stage[child[i]]]
        work = strata.WORK_STRATUM_OF[traits[i]]
        low_high = [*table[outer, kind].tolist(), *second[outer, work].tolist()]
        low_high[4] = low_high[4] * int(unit_factor[unit[i]]) >> 16
        low_high[4] = low_high[4] * int(since_factor[since[i]]) >> 16
        met = 0
        for w, u in enumerate(words):
            met |= (u < low_high[2 * w]) << 2 * w
            met |= (LAST - u < low_high[2 * w + 1]) << 2 * w + 1
        if met:
            rows.append(first + i)
            events.append(met)
    return rows, events


def tables(rng, shape, share_of_zeros):
    """Thresholds of every size: 0, 2^32 - 1, tiny and large, and next to the edges of a lane."""
    size = 2.0 ** rng.uniform(0, 32, shape)
    edge = rng.integers(0, 2**15, shape) * 2**17 + rng.integers(-1, 2, shape)
    value = np.where(rng.random(shape) < 0.2, edge, size)
    value = np.where(rng.random(shape) < 0.05, LAST, value)
    value = np.where(rng.random(shape) < share_of_zeros, 0, value)
    return np.clip(value, 0, LAST).astype(np.uint32)


@quick
def strangers(group):
    """Nobody is kin."""
    return np.arange(len(group))


SHARED = 15  # any stream but the other


def words_of(address, numbered, first, when, seed):
    """The four words of each row, put together in Python's own whole numbers, (4, row)."""
    n = len(address)
    rows = np.arange(first, first + n, dtype=np.uint64)
    own = uniforms(rows if numbered else address, when, 0, seed)
    coarse = own & np.uint32(0xFF)
    if numbered:  # within 1,024 rows, block i serves rows i, 256 + i, 512 + i and 768 + i
        block, turn = rows // 1024 * 256 + rows % 256, rows % 1024 // 256
        four = uniforms(block, when, SHARED, seed).astype("<u4").T.copy().view(np.uint8)
        four = four.reshape(n, 2, 4, 2)  # two words of the block for two rows: pair, channel, row
        coarse = four[np.arange(n), turn // 2, :, turn % 2].T
    return coarse.astype(np.uint32) << 24 | own >> 8


@given(
    seeds, st.sampled_from([1, 3, 1023, 1024, 1025, 2500, 6000]),
    st.sampled_from([0.0, 0.8, 0.99, 1.0]), st.booleans(),
)  # fmt: skip
def test_the_throw_is_what_each_row_would_meet_alone(seed, n, share_of_zeros, numbered):
    rng = np.random.default_rng(seed)
    places, units, first = 2, 7, int(rng.integers(0, 1000)) * (1024 if numbered else 1)
    unit = rng.integers(0, units, n).astype(np.uint16)
    born, child, since = rng.integers(0, 65536, (3, n)).astype(np.uint16)
    traits = rng.integers(0, 256, n).astype(np.uint8)
    address = rng.integers(0, 2**64, n, np.uint64)
    clock = (
        (rng.integers(0, places, units) * strata.BANDS).astype(np.uint32),
        rng.integers(0, strata.BANDS, 65536).astype(np.uint8),
        rng.integers(0, strata.STAGES, 65536).astype(np.uint8),
    )
    table = tables(rng, (places * strata.BANDS, strata.STRATA, 6), share_of_zeros)
    second = tables(rng, (places * strata.BANDS, strata.WORK_STRATA, 2), share_of_zeros)
    when, stream, shared, key = (np.uint64(x) for x in (483, 0, SHARED, seed))
    words = words_of(address, numbered, first, when, key)
    for i in range(min(n, 40)):  # some words just meet the threshold, some just miss it
        outer, (w, end, off) = clock[0][unit[i]] + clock[1][born[i]], rng.integers(0, (4, 2, 2))
        reach = min((int(words[w, i]), LAST - int(words[w, i]))[end] + int(off), LAST)
        if w == 3:
            second[outer, strata.WORK_STRATUM_OF[traits[i]], end] = reach
        else:
            table[outer, strata.STRATUM_OF[traits[i], clock[2][child[i]]], 2 * w + end] = reach
    factors = [rng.integers(1, 2**20, length).astype(np.uint32) for length in (units, 65536)]
    most = [factor.max() for factor in factors]
    bounds = kernels.screen(table, second, strata.ROLE_FROM, strata.WORK_FROM, *most)
    rows, events, leaving = np.empty(n, np.int64), np.empty(n, np.uint8), np.empty(n, np.uint32)
    found = kernels.draw_events(
        address, unit, born, child, since, traits, *clock, strata.STRATUM_OF,
        strata.WORK_STRATUM_OF, table, second, strata.GROUP_OF, bounds, *factors, when, stream,
        shared, key, numbered, rows, events, leaving, first,
    )  # fmt: skip
    people = unit, born, child, since, traits
    alone = draw_events_slowly(people, clock, table, second, factors, words, first)
    assert rows[:found].tolist() == alone[0]
    assert events[:found].tolist() == alone[1]
    assert leaving[:found].tolist() == words[2, np.array(alone[0], np.int64) - first].tolist()


def drawn_of(table, second, seed, n, numbered):
    """How many of `n` alike meet each event, and who, (8,) and (row,)."""
    zeros, one = np.zeros(n, np.uint16), np.full(65536, 65536, np.uint32)
    rows, events, leaving = np.empty(n, np.int64), np.empty(n, np.uint8), np.empty(n, np.uint32)
    stratum, clock = np.zeros((256, 1), np.uint8), np.zeros(65536, np.uint8)
    whole = np.array([0, 1], np.uint64)
    bounds = kernels.screen(table, second, whole, whole, 65536, 65536)
    found = kernels.draw_events(
        addresses(np.arange(n)), zeros, zeros, zeros, zeros, zeros.astype(np.uint8),
        np.zeros(1, np.uint32), clock, clock, stratum, stratum[:, 0], table, second, stratum[:, 0],
        bounds, one[:1], one, np.uint64(490), np.uint64(0), np.uint64(SHARED), np.uint64(seed),
        numbered, rows, events, leaving, 0,
    )  # fmt: skip
    met = (events[:found, None] >> np.arange(8) & 1).astype(bool)
    return met.sum(axis=0), [rows[:found][met[:, e]] for e in range(8)]


CHANCES = np.array([0.002, 1 / 256, 0.013, 0.5, 3e-5, 0.031, 0.11, 0.25])  # of the eight events


def chances(p):
    bound = np.round(p * 2.0**32).astype(np.uint32)
    return bound[None, None, :6].copy(), bound[None, None, 6:].copy()


@pytest.mark.parametrize("numbered", [True, False])
def test_events_come_as_often_as_their_chances_say_and_as_unevenly(numbered):
    """Over seeds, means and variances are binomial. 8 means and variances at 1e-7 or less each."""
    n, seeds = 20_000, 400
    got = np.array([drawn_of(*chances(CHANCES), s, n, numbered)[0] for s in range(seeds)])
    mean, variance = n * CHANCES, n * CHANCES * (1 - CHANCES)
    assert (np.abs(got.mean(axis=0) - mean) < 5.5 * np.sqrt(variance / seeds)).all()
    spread = np.sqrt((2 + 1 / variance) / seeds)  # of a sample variance relative to the true one
    assert (np.abs(got.var(axis=0, ddof=1) / variance - 1) < 6 * spread).all()


@pytest.mark.parametrize("numbered", [True, False])
def test_a_larger_chance_adds_events_and_moves_no_other(numbered):
    """Common random numbers: who met an event still does, and nobody's other events change."""
    more = CHANCES.copy()
    more[2] *= 1.1
    n = 200_000
    before, after = (drawn_of(*chances(p), 7, n, numbered)[1] for p in (CHANCES, more))
    for event, (one, other) in enumerate(zip(before, after, strict=True)):
        if event == 2:
            assert set(one) < set(other)
            added = len(other) - len(one)
            assert abs(added - 0.0013 * n) < 5.5 * np.sqrt(0.0013 * n)
        else:
            assert one.tolist() == other.tolist()


def test_rows_that_share_a_block_have_randomness_of_their_own():
    """Nor do the four channels of a row: every pair of bytes is uncorrelated."""
    n, lanes = 64, np.empty(1024, np.uint64)
    four = np.empty((n, 4, 1024))
    for k in range(n):
        shared = (np.uint64(x) for x in (490, SHARED, 1))
        kernels.shared_bytes(1024 * k, *shared, lanes)
        four[k] = [lanes >> np.uint64(16 * c + 7) & np.uint64(255) for c in range(4)]
    streams = four.reshape(n, 4, 4, 256).transpose(1, 2, 0, 3).reshape(16, -1)
    off = np.corrcoef(streams)[~np.eye(16, dtype=bool)]
    assert np.abs(off).max() < 5.5 / np.sqrt(n * 256)


def test_every_kind_belongs_to_its_group():
    role, work = np.divmod(strata.GROUP_OF, strata.WORKS)
    for stage in range(strata.STAGES):
        kind = strata.STRATUM_OF[:, stage]
        assert (strata.ROLE_FROM[role] <= kind).all()
        assert (kind < strata.ROLE_FROM[role + 1]).all()
    assert (strata.WORK_FROM[work] <= strata.WORK_STRATUM_OF).all()
    assert (strata.WORK_FROM[work + 1] > strata.WORK_STRATUM_OF).all()


@quick
@given(seeds)
def test_everyone_is_counted_by_their_weight(seed):
    rng = np.random.default_rng(seed)
    unit, born = rng.integers(0, 5, 200).astype(np.uint16), rng.integers(0, 65536, 200)
    traits, weight = rng.integers(0, 256, 200).astype(np.uint8), rng.integers(1, 99, 200)
    first_row, band = np.array([0, 3, 0, 6, 3], np.uint32), rng.integers(0, 3, 65536, np.uint8)
    counts, alone = np.zeros((9, 256), np.int64), np.zeros((9, 256), np.int64)
    born, weight = born.astype(np.uint16), weight.astype(np.int32)
    kernels.tally(unit, born, traits, weight, first_row, band, counts)
    for u, b, t, w in zip(unit, born, traits, weight, strict=True):
        alone[first_row[u] + band[b], t] += w
    assert (counts == alone).all()


# Choices and queues


def raced(chances, n, seed=1):
    out = np.empty(n, np.int64)
    address, row = np.arange(n, dtype=np.uint64), np.zeros(n, np.int64)
    table = np.array([chances], float)
    kernels.gumbel_max(address, np.uint64(1), np.uint64(1), np.uint64(seed), table, row, out)
    return out


def test_alternatives_win_as_often_as_their_chances_say():
    """Ten intervals, each left with probability 1e-7: the test errs once in a million runs."""
    chances = np.array([0.02, 0.3, 0.0, 0.08, 0.2, 0.25, 0.1, 0.03, 0.0, 0.02])
    n = 200_000
    wins = np.bincount(raced(chances, n), minlength=len(chances))
    low, high = binom.interval(1 - 1e-7, n, chances / chances.sum())
    assert ((low <= wins) & (wins <= high)).all()
    assert (wins[chances == 0] == 0).all()


@quick
@given(st.lists(st.sampled_from([0.0, 1e-300, 1e-9, 0.5, 1.0]), min_size=1, max_size=9), seeds)
def test_what_has_no_chance_is_never_chosen(chances, seed):
    winners = raced(chances, 50, seed)
    if any(chances):
        assert all(chances[winner] > 0 for winner in winners)
    else:
        assert (winners == -1).all()


@quick
@given(seeds)
def test_parties_are_let_in_by_order_while_there_is_room_for_all_of_them(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    order, counter = rng.permutation(n), rng.integers(-1, 4, n)
    size, room = rng.integers(1, 6, n), rng.integers(0, 20, 4)
    left, served = room.copy(), np.empty(n, bool)
    kernels.serve(order, counter, size, left, served)
    alone = room.tolist()
    for i in order:
        at = counter[i]
        assert served[i] == (at < 0 or size[i] <= alone[at])
        if at >= 0 and served[i]:
            alone[at] -= size[i]
    assert left.tolist() == alone
    assert (left >= 0).all()


# Rings


GONE = 5


@quick
@given(seeds, st.lists(st.sampled_from(["leave", "join", "move", "die"]), max_size=40))
def test_everyone_stays_in_exactly_one_ring_whatever_happens(seed, story):
    rng = np.random.default_rng(seed)
    n = 24
    next_member = np.arange(n, dtype=np.int32)
    born = rng.integers(300, 480, n).astype(np.int16)
    unit, before = rng.integers(0, GONE, (2, n)).astype(np.uint16)
    since = np.full(n, -32768, np.int16)
    kernels.join_rings(next_member, np.arange(12, n), np.arange(12, n) - 12)
    for now, event in enumerate(story):
        some = np.sort(rng.choice(n, 3, replace=False))
        heirs, (who, origin) = np.empty(3, np.int64), np.empty((2, 3 * n), np.int64)
        if event in ("leave", "join", "die"):
            kernels.leave_rings(next_member, born, unit, GONE, 0, some, heirs)
            assert (next_member[some] == some).all()
        if event == "die":
            unit[some] = GONE
        if event == "join":
            hosts = rng.choice(np.setdiff1d(np.arange(n), some), 3)
            kernels.join_rings(next_member, some, hosts)
        if event == "move":
            was, modes = unit.copy(), rng.integers(0, 3, 3)
            moved = kernels.move(
                next_member, born, unit, before, since, np.int16(now), 400,
                some, modes, rng.integers(0, GONE, 3), who, origin,
            )  # fmt: skip
            assert len(set(who[:moved].tolist())) == moved  # nobody moves twice
            assert (origin[:moved] == was[who[:moved]]).all()
            stayed = np.setdiff1d(np.arange(n), who[:moved])
            assert (unit[stayed] == was[stayed]).all()
        assert sorted(next_member.tolist()) == list(range(n))


# Pairs


@quick
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), max_size=40))
def test_a_pair_is_mutual_of_two_sides_and_of_one_group(candidates):
    candidates.sort(key=lambda candidate: candidate[0])
    group = np.array([g for g, _ in candidates], np.int64)
    side = np.array([s for _, s in candidates], np.int64)
    partner = np.empty(len(group), np.int64)
    kernels.pair(group, side, strangers(group), partner)
    met = np.flatnonzero(partner >= 0)
    assert (partner[partner[met]] == met).all()
    assert (side[partner[met]] != side[met]).all()
    assert (group[partner[met]] == group[met]).all()
    for g in set(group.tolist()):  # and as many as there can be
        men, women = ((group == g) & (side == 0)).sum(), ((group == g) & (side == 1)).sum()
        assert (partner[group == g] >= 0).sum() == 2 * min(men, women)


@quick
@given(st.lists(st.integers(0, 1), max_size=30), st.integers(0, 1), st.integers(0, 30))
def test_a_newcomer_leaves_other_groups_as_they_were(sides, newcomer, at):
    group = np.repeat([0, 1, 2], [len(sides)] * 3).astype(np.int64)
    side = np.tile(np.array(sides, np.int64), 3)
    at = len(sides) + min(at, len(sides))
    more_group, more_side = np.insert(group, at, 1), np.insert(side, at, newcomer)
    old, new = np.empty(len(group), np.int64), np.empty(len(group) + 1, np.int64)
    kernels.pair(group, side, strangers(group), old)
    kernels.pair(more_group, more_side, strangers(more_group), new)
    new = np.delete(new, at)
    new = np.where(new > at, new - 1, np.where(new == at, -1, new))
    assert (new[group != 1] == old[group != 1]).all()
