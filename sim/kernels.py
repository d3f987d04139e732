"""Compiled kernels: random draws, choices, queues and household rings. Know nothing of cities.

All compiled code lives in this one file, because numba's cache does not notice a change in another.
Every function is pure but for the output arrays that its docstring names, holds no lock (`nogil`),
and gives the same answer whatever the order, chunk or thread in which it is called.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

# Philox4x32-10, Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", SC'11.
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
_BLOCK = SHARING = 1024  # rows whose random words fit the first-level cache
_UNIT = 2.0**-32
_FACTOR = np.uint64(16)  # factors come in 1/65536

# Four lanes in one register: a byte of each random word, below a guard bit.
_GUARDS, _BYTES = np.uint64(0x8000800080008000), np.uint64(0x00FF00FF00FF00FF)
_LAST = np.uint64(0xFF)
_ALL = np.uint8(0xFF)  # flags
_BYTE, _SIXTEEN, _UP, _FINE = np.uint64(8), np.uint64(16), np.uint64(7), np.uint64(24)
_ROUND, _FULL = np.uint64((1 << 24) - 1), np.uint64(1 << 15)
_BATCH = 4 * _BLOCK  # rows that are looked at closely together


@njit(inline="always")
def _philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW
        c2, c3 = (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@njit(nogil=True)
def words(address: Array, when: Any, stream: Any, seed: Any, out: Array) -> None:
    """Fill `out`, (4, row), with four random words in [0, 2^32) for each address, (row,)."""
    k0, k1 = seed & _LOW, seed >> _SHIFT
    for i in range(len(address)):
        a = address[i]
        w0, w1, w2, w3 = _philox(a & _LOW, a >> _SHIFT, when, stream, k0, k1)
        out[0, i], out[1, i], out[2, i], out[3, i] = w0, w1, w2, w3


@njit(nogil=True)
def uniform(address: Array, when: Any, stream: Any, seed: Any, out: Array) -> None:
    """Fill `out`, (4, row), with four draws in (0, 1) for each address, (row,), as by `words`."""
    k0, k1 = seed & _LOW, seed >> _SHIFT
    for i in range(len(address)):
        a = address[i]
        w0, w1, w2, w3 = _philox(a & _LOW, a >> _SHIFT, when, stream, k0, k1)
        out[0, i], out[1, i] = (np.float64(w0) + 0.5) * _UNIT, (np.float64(w1) + 0.5) * _UNIT
        out[2, i], out[3, i] = (np.float64(w2) + 0.5) * _UNIT, (np.float64(w3) + 0.5) * _UNIT


@njit(nogil=True)
def tally(
    unit: Array, born: Array, traits: Array, weight: Array, first_row: Array, band: Array,
    counts: Array,
) -> None:  # fmt: skip
    """Add the weight of each row to `counts`, (row of the unit + band, 256 traits).

    `first_row`, (unit,), is where the rows of a unit's place begin; `band`, (65536,), is read at
    the bits of the quarter of birth.
    """
    for i in range(len(unit)):
        counts[first_row[unit[i]] + band[born[i]], traits[i]] += weight[i]


@njit(nogil=True)
def thresholds(
    death: Array, settling: Array, resettling: Array, birth: Array, marriage: Array, leaving: Array,
    going_back: Array, hire: Array, separation: Array, bears: Array, weds: Array, resettles: Array,
    first: Array, second: Array,
) -> None:  # fmt: skip
    """Fill the tables of `draw_events` from the threshold of each event by what it depends on.

    `first` is (place, band, situation, education, sex, 6), `second` (place, band, work, education,
    sex, 2). Whom a threshold concerns is said by situation, (situation,): `bears` of women, `weds`,
    `resettles`; 0 is who decides nothing. Places from the end of `settling` on are not of the
    region: death there, given for the first of them, is the same in all, and all else but going
    back is left out. The last place is empty. `separation` begins with the second kind of work.
    """
    inside, deaths = len(settling), len(death) - 1
    first[-1], second[inside:] = 0, 0
    for place in range(len(first) - 1):
        here = place < inside
        for band in range(first.shape[1]):
            for kind in range(first.shape[2]):
                settles = settling[place] if here else np.uint32(0)
                if here and resettles[kind]:
                    settles |= resettling[place]
                bearing = birth[place, band] if here and bears[kind] else np.uint32(0)
                goes = leaving[place, band, kind] if here else np.uint32(0)
                for education in range(first.shape[3]):
                    back = going_back[place, band, education] if kind else np.uint32(0)
                    for sex in range(2):
                        row = first[place, band, kind, education, sex]
                        row[0], row[1] = death[min(place, deaths), band, sex], settles
                        row[2] = bearing if sex else np.uint32(0)
                        row[3] = marriage[band, sex] if here and weds[kind] else np.uint32(0)
                        row[4], row[5] = goes, back
            if not here:
                continue
            for work in range(second.shape[2]):
                ends = separation[place, band, work - 1] if work else np.uint32(0)
                for education in range(second.shape[3]):
                    for sex in range(2):
                        second[place, band, work, education, sex, 0] = hire[
                            place, band, work, education
                        ]
                        second[place, band, work, education, sex, 1] = ends


@njit(inline="always")
def _lanes(w0: Any, w1: Any, w2: Any, w3: Any) -> Any:
    return w0 | w1 << _SIXTEEN | w2 << _SIXTEEN + _SIXTEEN | w3 << _SIXTEEN + _SIXTEEN + _SIXTEEN


@njit(inline="always")
def _ends(low: Any, high: Any) -> Any:
    """Two thresholds of one word, rounded up to bytes: that of the upper end, and their sum."""
    upper = (np.uint64(high) + _ROUND) >> _FINE << _UP
    return upper, min(upper + ((np.uint64(low) + _ROUND) >> _FINE << _UP), _FULL)


@njit(nogil=True)
def screen(
    table: Array, second: Array, inner_from: Array, other_from: Array,
    unit_factor: Any, since_factor: Any,
) -> Array:  # fmt: skip
    """The largest thresholds of each group of strata: (place x band, group, 2) lanes.

    Group `g * others + h` holds the strata from `inner_from[g]` and the work strata from
    `other_from[h]`, each up to the next; the factors are the largest of theirs. The first number
    holds the thresholds at the upper ends, the second the sums of both ends.
    """
    groups, others = len(inner_from) - 1, len(other_from) - 1
    bounds = np.empty((len(table), groups * others, 2), np.uint64)
    last = np.empty((others, 2), np.uint64)
    for outer in range(len(table)):
        block = table[outer]
        for h in range(others):
            t6 = t7 = np.uint32(0)
            for work in range(other_from[h], other_from[h + 1]):
                t6, t7 = max(t6, second[outer, work, 0]), max(t7, second[outer, work, 1])
            last[h, 0], last[h, 1] = _ends(t6, t7)
        for g in range(groups):
            t0 = t1 = t2 = t3 = t4 = t5 = np.uint32(0)
            for kind in range(inner_from[g], inner_from[g + 1]):
                t0, t1 = max(t0, block[kind, 0]), max(t1, block[kind, 1])
                t2, t3 = max(t2, block[kind, 2]), max(t3, block[kind, 3])
                t4, t5 = max(t4, block[kind, 4]), max(t5, block[kind, 5])
            most = np.uint64(t4) * np.uint64(unit_factor) >> _FACTOR
            most = min(most * np.uint64(since_factor) >> _FACTOR, _LOW)
            (upper0, both0), (upper1, both1) = _ends(t0, t1), _ends(t2, t3)
            upper2, both2 = _ends(most, t5)
            for h in range(others):
                group = g * others + h
                bounds[outer, group, 0] = _lanes(upper0, upper1, upper2, last[h, 0])
                bounds[outer, group, 1] = _lanes(both0, both1, both2, last[h, 1])
    return bounds


@njit(nogil=True)
def shared_bytes(start: int, when: Any, stream: Any, seed: Any, lanes: Array) -> None:
    """Fill `lanes`, (1024,), with four random bytes for each row from `start`, a multiple of 1024.

    A block of Philox serves four rows, 256 apart, whose bytes depend on their numbers alone.
    """
    k0, k1, n = seed & _LOW, seed >> _SHIFT, _BLOCK // 4
    for i in range(n):
        c = np.uint64((start >> 2) + i)
        w0, w1, w2, w3 = _philox(c & _LOW, c >> _SHIFT, when, stream, k0, k1)
        a, b = w0 | w1 << _SHIFT, w2 | w3 << _SHIFT
        lanes[i], lanes[n + i] = (a & _BYTES) << _UP, (a >> _BYTE & _BYTES) << _UP
        lanes[2 * n + i], lanes[3 * n + i] = (b & _BYTES) << _UP, (b >> _BYTE & _BYTES) << _UP


@njit(nogil=True)
def own_bytes(address: Array, when: Any, stream: Any, seed: Any, lanes: Array) -> None:
    """Fill `lanes`, (row,), with the lowest byte of each of the four words of an address."""
    k0, k1 = seed & _LOW, seed >> _SHIFT
    for i in range(len(address)):
        a = address[i]
        w0, w1, w2, w3 = _philox(a & _LOW, a >> _SHIFT, when, stream, k0, k1)
        lanes[i] = _lanes(w0 & _LAST, w1 & _LAST, w2 & _LAST, w3 & _LAST) << _UP


@njit(nogil=True)
def _suspects(
    lanes: Array, unit: Array, born: Array, traits: Array, first_row: Array, band: Array,
    group: Array, bounds: Array, flags: Array, first: int, who: Array, drawn: Array, kept: int,
) -> int:  # fmt: skip
    """List the rows that may meet an event: all that do, and a few that do not.

    Adding the threshold of the upper end turns the circle of a byte until both ends lie side by
    side below their sum, and there alone does subtracting the sum borrow the guard bit: eight
    events asked after at once, and no branch to mispredict. The loops are apart because the chain
    of `kept` would hold up the first. Appends to `who` and `drawn` from `kept` on.
    """
    for j in range(len(unit)):
        outer, stratum = first_row[unit[j]] + band[born[j]], group[traits[j]]
        turned = lanes[j] + bounds[outer, stratum, 0] | _GUARDS
        flags[j] = (turned - bounds[outer, stratum, 1]) & _GUARDS != _GUARDS
    for j in range(len(unit)):
        who[kept], drawn[kept] = first + j, lanes[j]  # overwritten by the next unless it counts
        kept += flags[j]
    return kept


@njit(inline="always")
def _word(high: Any, fine: Any) -> Any:
    return (high >> _UP & _LAST) << _FINE | np.uint64(fine) >> _BYTE


@njit(nogil=True)
def _meet(
    who: Array, drawn: Array, address: Array, unit: Array, born: Array, child: Array, since: Array,
    traits: Array, first_row: Array, band: Array, stage: Array, inner: Array, other: Array,
    table: Array, second: Array, unit_factor: Array, since_factor: Array,
    when: Any, stream: Any, seed: Any, numbered: bool, first: int,
    rows: Array, events: Array, leaving: Array,
) -> int:  # fmt: skip
    """Hold the words of the rows `who` against their thresholds; see `draw_events`.

    A column at a time, so that many loads are under way at once.
    """
    n = len(who)
    key, fine = np.empty(n, np.uint64), np.empty((4, n), np.uint32)
    home, outer = np.empty(n, np.uint16), np.empty(n, np.uint32)
    kind, work = np.empty(n, np.uint8), np.empty(n, np.uint8)
    bound = np.empty(n, np.uint64)
    for q in range(n):
        key[q] = np.uint64(first + who[q]) if numbered else address[who[q]]
    for q in range(n):
        home[q] = unit[who[q]]
    for q in range(n):
        outer[q] = first_row[home[q]] + band[born[who[q]]]
    for q in range(n):
        work[q] = traits[who[q]]
    for q in range(n):
        kind[q] = stage[child[who[q]]]
    for q in range(n):
        bound[q] = since_factor[since[who[q]]]
    words(key, when, stream, seed, fine)
    for q in range(n):
        kind[q], work[q] = inner[work[q], kind[q]], other[work[q]]
    for q in range(n):
        most = np.uint64(table[outer[q], kind[q], 4]) * np.uint64(unit_factor[home[q]]) >> _FACTOR
        bound[q] = most * bound[q] >> _FACTOR
    found = 0
    for q in range(n):
        u0, u1 = _word(drawn[q], fine[0, q]), _word(drawn[q] >> _SIXTEEN, fine[1, q])
        u2 = _word(drawn[q] >> _SIXTEEN + _SIXTEEN, fine[2, q])
        u3 = _word(drawn[q] >> _SIXTEEN + _SIXTEEN + _SIXTEEN, fine[3, q])
        o, k, w = outer[q], kind[q], work[q]
        e0, e1 = u0 < table[o, k, 0], _LOW - u0 < table[o, k, 1]
        e2, e3 = u1 < table[o, k, 2], _LOW - u1 < table[o, k, 3]
        e4, e5 = u2 < bound[q], _LOW - u2 < table[o, k, 5]
        e6, e7 = u3 < second[o, w, 0], _LOW - u3 < second[o, w, 1]
        met = e0 | e1 << 1 | e2 << 2 | e3 << 3 | e4 << 4 | e5 << 5 | e6 << 6 | e7 << 7
        rows[found], events[found], leaving[found] = first + who[q], met, u2
        found += met != 0
    return found


@njit(nogil=True)
def draw_events(
    address: Array, unit: Array, born: Array, child: Array, since: Array, traits: Array,
    first_row: Array, band: Array, stage: Array, inner: Array, other: Array,
    table: Array, second: Array, group: Array, bounds: Array,
    unit_factor: Array, since_factor: Array,
    when: Any, stream: Any, shared: Any, seed: Any, numbered: bool,
    rows: Array, events: Array, leaving: Array, first: int,
) -> int:  # fmt: skip
    """Hold each row's four random words against the thresholds of its stratum.

    `table`, (place x band, stratum, 6), and `second`, (place x band, work stratum, 2), hold
    thresholds in [0, 2^32). Word w meets the event of entry 2w if it falls below it, and that of
    entry 2w + 1 if it falls as close to the other end: two events share a word and never touch as
    long as their chances sum to at most one. Entry 4 is multiplied by a factor, in 1/65536, of the
    unit and by one of the last move. `group`, (256 traits,), and `bounds`, from `screen`, spare
    most rows the comparison and change no answer.

    The highest byte of a word settles the matter for most rows, so that it alone is drawn for
    all. A row that is `numbered`, from `first`, a multiple of 1024, on, has it from `shared_bytes`
    in the stream `shared`, and is its own address in `stream`; of others it is the lowest byte of
    the address's word. The lower 24 bits of the word are the upper 24 of the address's.

    Writes to `rows`, `events` and `leaving`, as long as `unit`, the rows (counted from `first`)
    that met any event, a bit for each event, and the word of entry 4; returns how many rows these
    are.
    """
    lanes, flags = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint8)
    who, drawn = np.empty(_BATCH + 1, np.int64), np.empty(_BATCH + 1, np.uint64)
    found, kept = 0, 0
    for start in range(0, len(unit), _BLOCK):
        stop = min(start + _BLOCK, len(unit))
        if numbered:
            shared_bytes(first + start, when, shared, seed, lanes)
        else:
            own_bytes(address[start:stop], when, stream, seed, lanes)
        kept = _suspects(
            lanes, unit[start:stop], born[start:stop], traits[start:stop], first_row, band, group,
            bounds, flags, start, who, drawn, kept,
        )  # fmt: skip
        if kept + _BLOCK <= _BATCH and stop < len(unit):
            continue
        found += _meet(
            who[:kept], drawn[:kept], address, unit, born, child, since, traits, first_row, band,
            stage, inner, other, table, second, unit_factor, since_factor, when, stream, seed,
            numbered, first, rows[found:], events[found:], leaving[found:],
        )  # fmt: skip
        kept = 0
    return found


@njit(nogil=True)
def split(rows: Array, events: Array, lists: Array, lengths: Array) -> None:
    """List the rows of each event: event e fills `lists[e]`, (8, row), to `lengths[e]`, (8,).

    Event 0 ends everything: whoever meets it meets no other.
    """
    for i in range(len(rows)):
        met = events[i] & 1 if events[i] & 1 else events[i]
        for e in range(8):
            if met >> e & 1:
                lists[e, lengths[e]] = rows[i]
                lengths[e] += 1


@njit(nogil=True)
def fit(size: Array, wanted: int, chosen: Array) -> None:
    """Choose things, (thing,), in their order, whose sizes add up to nearly what is `wanted`.

    One that would go beyond is passed over. Then one is exchanged for a chosen one, or added, where
    that comes nearer: the first of those that come nearest. Sets `chosen`.
    """
    left = wanted
    for i in range(len(size)):
        if size[i] <= left:
            chosen[i] = True
            left -= size[i]
    nearest, enters, goes = left, -1, -1
    for i in range(len(size)):
        if chosen[i]:
            continue
        for j in range(len(size)):
            if chosen[j] and abs(left - (size[i] - size[j])) < nearest:
                nearest, enters, goes = abs(left - (size[i] - size[j])), i, j
        if abs(left - size[i]) < nearest:
            nearest, enters, goes = abs(left - size[i]), i, -1
    if enters >= 0:
        chosen[enters] = True
    if goes >= 0:
        chosen[goes] = False


@njit(nogil=True)
def nested_logit(
    utility: Array, nest: Array, scale: Array, chances: Array, inclusive: Array
) -> None:  # fmt: skip
    """Fill `chances`, (row, alternative), and `inclusive`, (row,), of `utility`; see `sim.choice`.

    `nest`, (alternative,), is sorted; `scale` is by nest. -inf is not available.
    """
    alternatives, nests = utility.shape[1], len(scale)
    sums, weight = np.empty(nests), np.empty(nests)
    for i in range(len(utility)):
        top = -np.inf
        for j in range(alternatives):
            top = max(top, utility[i, j])
        sums[:] = 0
        for j in range(alternatives):
            within = 0.0
            if utility[i, j] > -np.inf:
                within = np.exp((utility[i, j] - top) / scale[nest[j]])
            chances[i, j] = within
            sums[nest[j]] += within
        total = 0.0
        for n in range(nests):
            weight[n] = sums[n] ** scale[n] if sums[n] > 0 else 0.0
            total += weight[n]
        for n in range(nests):
            weight[n] /= (sums[n] if sums[n] > 0 else 1.0) * total
        for j in range(alternatives):
            chances[i, j] *= weight[nest[j]]
        inclusive[i] = top + np.log(total)


@njit(nogil=True)
def gumbel_max(
    address: Array, when: Any, stream: Any, seed: Any, chances: Array, row: Array, out: Array
) -> None:  # fmt: skip
    """Choose among named alternatives: fill `out`, (chooser,), by the Gumbel-max trick.

    Every alternative j has its own random word and arrives after an exponential time at the rate
    of its chance, `chances[row, j]`, (row, alternative). The first to arrive wins, which happens
    with probability `chances[row, j] / sum`, and a chooser changes their mind only if an
    alternative itself gets better or worse (the Gumbel-max rule, in logarithms). An
    alternative of chance 0 never arrives; where none arrives the winner is -1.
    """
    k0, k1 = seed & _LOW, seed >> _SHIFT
    alternatives = chances.shape[1]
    for i in range(len(address)):
        a = address[i]
        best, winner = np.inf, -1
        for block in range((alternatives + 3) // 4):
            four = _philox(a & _LOW, a >> _SHIFT, when, stream + np.uint64(block << 16), k0, k1)
            for j in range(4 * block, min(4 * block + 4, alternatives)):
                chance = chances[row[i], j]
                if chance > 0:
                    arrival = -np.log((np.float64(four[j & 3]) + 0.5) * _UNIT) / chance
                    if arrival < best:
                        best, winner = arrival, j
        out[i] = winner


@njit(nogil=True)
def serve(order: Array, queue: Array, size: Array, capacity: Array, served: Array) -> None:
    """Let parties in by `order`, (party,), while their queue has capacity for all of them.

    `queue`, (party,), says where each queues, or -1 for no queue; `size`, (party,), how much it
    takes; `capacity`, (queue,), is used up in place; `served`, (party,), is filled.
    """
    for i in order:
        where = queue[i]
        served[i] = where < 0 or size[i] <= capacity[where]
        if served[i] and where >= 0:
            capacity[where] -= size[i]


# Rings. `next_member`, (row,), names the next member of each row's group: a permutation whose
# cycles are the groups, so that everyone is in exactly one.


@njit(nogil=True)
def nearest(next_member: Array, born: Array, unit: Array, gone: int, adult: int, row: int) -> Any:
    """The living member of `row`'s ring, other than `row`, nearest in age; -1 if there is none.

    Anyone born after `adult` comes only after all who were born before.
    """
    found, gap = np.int64(-1), np.int64(1 << 30)
    member = next_member[row]
    while member != row:
        distance = abs(np.int64(born[member]) - np.int64(born[row]))
        distance += np.int64(born[member] > adult) << 20
        if unit[member] != gone and distance < gap:
            found, gap = member, distance
        member = next_member[member]
    return found


@njit(nogil=True)
def unlink(next_member: Array, row: int) -> None:
    """Take `row` out of its ring; it becomes a ring of its own."""
    last = row
    while next_member[last] != row:
        last = next_member[last]
    next_member[last], next_member[row] = next_member[row], row


@njit(nogil=True)
def leave_rings(
    next_member: Array, born: Array, unit: Array, gone: int, adult: int, rows: Array, heirs: Array
) -> None:  # fmt: skip
    """Take `rows`, (leaver,), out of their rings.

    Fills `heirs`, (leaver,), with the living member nearest in age that each leaves behind, or -1.
    """
    for i in range(len(rows)):
        heirs[i] = nearest(next_member, born, unit, gone, adult, rows[i])
        unlink(next_member, rows[i])


@njit(nogil=True)
def succeed(
    next_member: Array, child: Array, traits: Array, mask: int, head: int, alone: int,
    heirs: Array, was_head: Array, children: Array,
) -> None:  # fmt: skip
    """Let `heirs`, (leaver,), or -1, carry on: with the role `head`, or `alone`.

    Whoever is left alone keeps a household of one; whoever succeeds a leaver that `was_head` heads
    the household, and has the youngest of the `children` of those succeeded as well. Roles are the
    bits of `mask` in `traits`.
    """
    for i in range(len(heirs)):
        if heirs[i] >= 0 and was_head[i]:
            child[heirs[i]] = max(child[heirs[i]], children[i])
            traits[heirs[i]] = traits[heirs[i]] & ~mask | head
    for i in range(len(heirs)):
        if heirs[i] >= 0 and next_member[heirs[i]] == heirs[i]:
            traits[heirs[i]] = traits[heirs[i]] & ~mask | alone


@njit(nogil=True)
def join_rings(next_member: Array, rows: Array, hosts: Array) -> None:
    """Put each of `rows`, (joiner,), now alone, into the ring of its host."""
    for i in range(len(rows)):
        next_member[rows[i]], next_member[hosts[i]] = next_member[hosts[i]], rows[i]


@njit(nogil=True)
def heads(
    next_member: Array, traits: Array, mask: int, value: int, rows: Array, out: Array
) -> None:
    """The first member of each row's ring, from the row on, whose masked traits equal `value`.

    Fills `out`, (row,); the row itself where there is no such member.
    """
    for i in range(len(rows)):
        member = rows[i]
        while traits[member] & mask != value and next_member[member] != rows[i]:
            member = next_member[member]
        out[i] = member if traits[member] & mask == value else rows[i]


WHOLE, LONE, WITH_CHILD = 0, 1, 2  # who goes: all who live there, one, a child and an adult


@njit(nogil=True)
def move(
    next_member: Array, born: Array, unit: Array, before: Array, since: Array, now: Any, adult: Any,
    rows: Array, modes: Array, goals: Array, who: Array, origin: Array,
) -> int:  # fmt: skip
    """Let each of `rows`, (party,), move to the unit `goals` in one of three modes.

    Members of the ring go along if they live where the row lives: all of them, none, or those born
    after `adult` with the grown member nearest in age, while the row stays (where there is no such
    member, it goes itself). Nobody moves twice in `now`; whoever moved in the period before keeps
    the `before` of that move. Writes `unit`, `before` and `since`;
    `who` and `origin` list who moved and from which unit, and the number of them is returned.
    """
    moved = 0
    for i in range(len(rows)):
        row, home, goal, mode = rows[i], unit[rows[i]], goals[i], modes[i]
        if since[row] == now:
            continue
        carer = row
        if mode == 2:
            gap = np.int64(1 << 30)
            member = next_member[row]
            while member != row:
                distance = abs(np.int64(born[member]) - np.int64(born[row]))
                if unit[member] == home and born[member] <= adult and distance < gap:
                    carer, gap = member, distance
                member = next_member[member]
        member = row
        while True:
            goes = member == row if mode == 1 else mode == 0 or born[member] > adult
            goes = goes or (mode == 2 and member == carer)
            if goes and unit[member] == home and since[member] != now:
                if now - since[member] > 1:  # else it was never counted here
                    before[member] = home
                unit[member], since[member] = goal, now
                who[moved], origin[moved] = member, home
                moved += 1
            member = next_member[member]
            if member == row:
                break
    return moved


@njit(nogil=True)
def record_moves(
    who: Array, origin: Array, unit: Array, before: Array, born: Array, traits: Array, flags: Array,
    weight: Array, place: Array, county: Array, village: Array, adult: int, farm: int, owner: int,
    moves: Array, size: Array, waiting: Array, start: Array, end: Array,
) -> None:  # fmt: skip
    """Enter those who moved from `origin`, (mover,), in the ledgers; and what they leave behind.

    Adds to `moves`, (place, place, sex), and `size`, (unit, sex); keeps up `waiting`, (this quarter
    or the last, unit), the persons not yet counted where they are. `county` and `village`,
    (place,), say which places belong together and which are villages. Who leaves the county has no
    flat there (the flag `owner`) and no work; nor has a farmer who leaves the place. Those grown
    (born up to `adult`) farm in a village. `start` and `end`, (mover,), are filled with the places.
    """
    for i in range(len(who)):
        row, home = who[i], origin[i]
        goal, w, sex = unit[row], np.int64(weight[row]), traits[row] & 1
        s, e = place[home], place[goal]
        start[i], end[i] = s, e
        if before[row] != home:  # moved in the last quarter as well, and was not yet counted here
            waiting[1, before[row]] -= w
            waiting[1, home] += w
        waiting[0, before[row]] += w
        waiting[0, goal] -= w
        moves[s, e, sex] += w
        size[home, sex] -= w
        size[goal, sex] += w
        away = county[s] != county[e]
        if away:
            flags[row] &= ~owner
        if s != e and (away or traits[row] >> 5 == farm):
            work = farm if village[e] and born[row] <= adult else 0
            traits[row] = traits[row] & 31 | work << 5


@njit(nogil=True)
def count_movers(
    start: Array, end: Array, born: Array, child: Array, traits: Array, weight: Array,
    band: Array, group: Array, stage: Array, stratum: Array, width: int, inside: int, cells: Array,
) -> None:  # fmt: skip
    """Add movers, (mover,), to `cells`, (county, from, to, age group, sex, education, situation).

    Town and villages of a county are places 2c and 2c + 1 of the first `inside`; an end is 0 for
    villages, 1 for the town, 2 for another county of the region, from 3 on what lies beyond. A
    situation is a stratum divided by its `width`.
    """
    for i in range(len(start)):
        s, e, t = np.int64(start[i]), np.int64(end[i]), traits[i]
        leaves, comes = s < inside, e < inside
        begun = 1 - (s & 1) if leaves else 3 + s - inside
        ended = 1 - (e & 1) if comes else 3 + e - inside
        who = (
            group[band[born[i]]],
            t & 1,
            t >> 1 & 3,
            np.int64(stratum[t, stage[child[i]]]) // width,
        )
        if leaves and comes and s >> 1 == e >> 1:
            if s != e:
                cells[s >> 1, begun, ended, who[0], who[1], who[2], who[3]] += weight[i]
            continue
        if leaves:
            to = 2 if comes else ended
            cells[s >> 1, begun, to, who[0], who[1], who[2], who[3]] += weight[i]
        if comes:
            begin = 2 if leaves else begun
            cells[e >> 1, begin, ended, who[0], who[1], who[2], who[3]] += weight[i]


@njit(nogil=True)
def add(cells: Array, where: Array, persons: Array) -> None:
    """Add `persons`, (entry,), to the `cells` that `where` indexes, (entry,).

    Raises
    ------
    IndexError
        if there is no such cell.
    """
    for i in range(len(where)):
        if where[i] < 0 or where[i] >= len(cells):
            raise IndexError("a ledger has no such cell")
        cells[where[i]] += persons[i]


@njit(nogil=True)
def add_products(
    where: Array, one: Array, by_one: Array, other: Array, by_other: Array, weight: Array,
    cells: Array,
) -> None:  # fmt: skip
    """Add to the `cells` that `where` indexes, (row,), the product of two factors and the weight.

    The factors are `by_one` at the index `one` and `by_other` at the index `other`, each (row,).
    """
    for i in range(len(where)):
        cells[where[i]] += by_one[one[i]] * by_other[other[i]] * weight[i]


@njit(nogil=True)
def merge(
    chosen: Array, order: Array, first: Array, last: Array, u: Array, residents: Array,
    centre: Array, frozen: bool, into: Array, urban: Array,
) -> None:  # fmt: skip
    """Let each of the `chosen` units, one after the other, join another of its township.

    `order[first:last]`, each (chosen,), are the units of its township. Among the others `u`,
    (unit,), draws one; that, or the next in order that may, takes in the unit and all that were
    merged into it: none that belongs to a `centre`, (unit,), and while codes are `frozen` only one
    of the same. The rest of the draw says which code both have from now on: that of the share of
    their `residents`, (unit,), who were urban. Writes `into` and `urban`, each (unit,).
    """
    for i in range(len(chosen)):
        beside, own = order[first[i] : last[i]], into[chosen[i]]
        n, here = len(beside), 0
        while beside[here] != chosen[i]:
            here += 1
        drawn = u[chosen[i]] * (n - 1)
        place, host = int(drawn), -1
        for further in range(n):
            other = beside[(here + 1 + place + further) % n]
            if centre[other] or into[other] == own or (frozen and urban[other] != urban[own]):
                continue
            host = into[other]
            break
        if host < 0:
            continue
        persons, townspeople = 0, 0
        for unit in beside:
            if into[unit] == own or into[unit] == host:
                persons += residents[unit]
                townspeople += residents[unit] * urban[unit]
        if urban[own] != urban[host]:
            code = (drawn - place) * persons < townspeople
            for unit in beside:
                if into[unit] == own or into[unit] == host:
                    urban[unit] = code
        for unit in beside:
            if into[unit] == own:
                into[unit] = host


@njit(nogil=True)
def places(rows: Array, unit: Array, place: Array, out: Array) -> None:
    """Fill `out`, (row,), with the place of the unit of each of `rows`; `place` is (unit,)."""
    for i in range(len(rows)):
        out[i] = place[unit[rows[i]]]


@njit(nogil=True)
def strata(
    rows: Array, unit: Array, flags: Array, born: Array, traits: Array, child: Array, place: Array,
    owner: int, band: Array, stage: Array, stratum: Array, width: int, out: Array,
) -> None:  # fmt: skip
    """Fill `out`, (4, row), with the place, the flag `owner`, age band and situation of each row.

    A column at a time, so that many loads are under way at once; a situation is a stratum divided
    by its `width`.
    """
    places(rows, unit, place, out[0])
    for i in range(len(rows)):
        out[1, i] = flags[rows[i]] & owner
    for i in range(len(rows)):
        out[2, i] = band[born[rows[i]]]
    for i in range(len(rows)):
        out[3, i] = stratum[traits[rows[i]], stage[child[rows[i]]]] // width


@njit(nogil=True)
def set_bits(rows: Array, mask: int, bits: Array, column: Array) -> None:
    """Set the bits of `mask` in a `column` of bytes to the `bits`, (row,), in each of `rows`."""
    for i in range(len(rows)):
        column[rows[i]] = column[rows[i]] & ~mask | bits[i]


@njit(nogil=True)
def keep_flags(unit: Array, kept: Array, flags: Array) -> None:
    """Keep of the `flags` of each row those that its unit lets it keep: `kept`, (unit,), bytes.

    The comparison keeps the compiler from gathering single bytes, which takes 30 times as long.
    """
    for i in range(len(unit)):
        keep = kept[unit[i]]
        if keep != _ALL:
            flags[i] &= keep


@njit(nogil=True)
def first_of_ring(next_member: Array, rows: Array, out: Array) -> None:
    """Fill `out`, (row,), with the smallest row of each row's ring: a name for the ring."""
    for i in range(len(rows)):
        smallest, member = rows[i], next_member[rows[i]]
        while member != rows[i]:
            smallest, member = min(smallest, member), next_member[member]
        out[i] = smallest


@njit(nogil=True)
def pair(group: Array, side: Array, kin: Array, partner: Array) -> None:
    """Match two sides within groups as opening and closing brackets, in the order given.

    `group`, (candidate,), is sorted; `side`, (candidate,), is 0 or 1; no two of the same `kin`,
    (candidate,), are matched; `partner`, (candidate,), is
    filled with the index of the other or -1. A newcomer changes few matches but its own, which a
    matching by rank would all shift.
    """
    waiting = np.empty(len(group), np.int64)
    top = 0
    for i in range(len(group)):
        partner[i] = -1
        if i > 0 and group[i] != group[i - 1]:
            top = 0
        last = waiting[top - 1] if top > 0 else i
        if side[last] != side[i] and kin[last] != kin[i]:
            top -= 1
            partner[i], partner[waiting[top]] = waiting[top], i
        else:
            waiting[top] = i
            top += 1


@njit(nogil=True)
def flag_rings(next_member: Array, unit: Array, flags: Array, flag: int, rows: Array) -> None:
    """Set `flag` in the `flags` of each of `rows` and of all of its ring who live where it does."""
    for row in rows:
        flags[row] |= flag
        member = next_member[row]
        while member != row:
            if unit[member] == unit[row]:
                flags[member] |= flag
            member = next_member[member]


@njit(nogil=True)
def co_residents(next_member: Array, unit: Array, rows: Array, size: Array) -> None:
    """Fill `size`, (row,), with how many of each row's ring live where it lives, with itself."""
    for i in range(len(rows)):
        row, count = rows[i], 1
        member = next_member[row]
        while member != row:
            count += unit[member] == unit[row]
            member = next_member[member]
        size[i] = count


@njit(nogil=True)
def registered(hukou: Array, unit: Array, weight: Array, gone: int, total: Array) -> None:
    """Add the weights of the living to `total`, (unit,), where they are registered."""
    for i in range(len(hukou)):
        if unit[i] != gone:
            total[hukou[i]] += weight[i]


@njit(nogil=True)
def registered_away(
    hukou: Array, unit: Array, place: Array, weight: Array, gone: int, away: Array
) -> None:  # fmt: skip
    """Add the weights of the living who live in another place to `away`, (unit,).

    Those in another unit are listed first, a block at a time: that needs no guess at each.
    """
    apart = np.empty(_BATCH + 1, np.int64)
    for start in range(0, len(hukou), _BATCH):
        found = 0
        for i in range(start, min(start + _BATCH, len(hukou))):
            apart[found] = i
            found += hukou[i] != unit[i]
        for i in apart[:found]:
            if unit[i] != gone and place[unit[i]] != place[hukou[i]]:
                away[hukou[i]] += weight[i]


@njit(nogil=True)
def by_unit(unit: Array, traits: Array, weight: Array, counts: Array) -> None:
    """Add the weight of each row to `counts`, (unit, 2 sex)."""
    for i in range(len(unit)):
        counts[unit[i], traits[i] & 1] += weight[i]


@njit(nogil=True)
def registered_elsewhere(
    unit: Array, hukou: Array, since: Array, last: int, county: Array, township: Array,
    beyond: int, weight: Array, counts: Array,
) -> None:  # fmt: skip
    """Add to `counts`, (county, 3), the weight of those registered in another township.

    It lies in the county they live in, in another county or the first unit outside, or in the unit
    `beyond`. `county` and `township`, (unit,), end where the units outside begin; those who moved
    after the quarter `last` are left out.
    """
    inside = len(county)
    for i in range(len(unit)):
        here, there = unit[i], hukou[i]
        if here == there or here >= inside or since[i] > last:
            continue
        if there >= inside:
            counts[county[here], 2 if there == beyond else 1] += weight[i]
        elif county[here] != county[there]:
            counts[county[here], 1] += weight[i]
        elif township[here] != township[there]:
            counts[county[here], 0] += weight[i]


@njit(nogil=True)
def in_families(
    unit: Array, traits: Array, flags: Array, collective: int, county: Array, weight: Array,
    counts: Array,
) -> None:  # fmt: skip
    """Add the weight of all who do not live collectively to `counts`, (county, 4 roles)."""
    for i in range(len(unit)):
        if unit[i] < len(county) and not flags[i] & collective:
            counts[county[unit[i]], traits[i] >> 3 & 3] += weight[i]


@njit(nogil=True)
def within(values: Array, low: int, high: int, rows: Array) -> int:
    """Fill `rows` with the rows whose value lies in [low, high]; returns how many there are."""
    found = 0
    for i in range(len(values)):
        if low <= values[i] <= high:
            rows[found] = i
            found += 1
    return found


@njit(nogil=True)
def unfold(counts: Array, by_work: Array, by_role: Array) -> None:
    """Sum `counts`, (place, band, 256 traits), by what the bits of the traits say.

    Fills `by_work`, (place, band, work, education), and `by_role`, (place, band, role, sex).
    """
    for place in range(counts.shape[0]):
        for band in range(counts.shape[1]):
            for traits in range(counts.shape[2]):
                count = counts[place, band, traits]
                if count:
                    by_work[place, band, traits >> 5, traits >> 1 & 3] += count
                    by_role[place, band, traits >> 3 & 3, traits & 1] += count
