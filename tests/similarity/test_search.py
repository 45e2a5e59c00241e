"""The whole search: answers in, flags of three tiers out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from proctoring.similarity import (
    TIERS,
    BadAnswers,
    Budget,
    Findings,
    Progress,
    Sitting,
    against_key,
    search,
    stages,
    threads,
    to_master,
)
from proctoring.similarity.null import LEVEL, null_of
from proctoring.similarity.sitting import ordered_by_tier, room_numbers, tier_of
from proctoring.similarity.stages import Swept, in_tile, strange_blocks
from proctoring.similarity.work import Desk, Job, Result, Work, digest
from tests.similarity.sheets import drawn, lifelike

PLANTED = {(0, 1): "room", (5, 50): "site", (7, 400): "everywhere", (300, 301): "room"}


def planted(people: int = 450, items: int = 50) -> Sitting:
    """Rooms of 15 in two columns, sites of 90; room numbers come again at every site."""
    chance = np.random.default_rng(51)
    model, key = lifelike(items, chance)
    answers = drawn(model, chance.normal(size=people), chance)
    for a, b in (pair for pair in PLANTED if pair[1] < people):
        copied = chance.permutation(items)[: items * 4 // 5]
        answers[b, copied] = answers[a, copied]
    if people > 302:
        answers[302, :40] = answers[301, :40]
    number = np.arange(people)
    seat = np.stack([number % 15 // 2, number % 15 % 2], axis=1)
    room, site = number // 15 % 6, number // 90
    return Sitting(answers.astype(np.int8), key, 4, room, site, seat)


@pytest.fixture(scope="module")
def sitting() -> Sitting:
    return planted()


@pytest.fixture(scope="module")
def heard() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def kept() -> dict[str, Result]:
    return {}


@pytest.fixture(scope="module")
def found(sitting: Sitting, heard: list[Progress], kept: dict[str, Result]) -> Findings:
    return search(sitting, progress=heard.append, kept=kept, runner=threads(2))


def same(one: Findings, other: Findings) -> bool:
    """Whether all that is decided is the same to the last bit."""
    pairs = zip(_decided(one), _decided(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def _decided(found: Findings) -> list[Any]:
    flags = found.flags
    arrays = [flags.pairs, flags.tier, flags.forward, flags.backward, flags.expected]
    cutoffs = [(cut.tier, cut.tests, cut.p) for cut in found.cutoffs]
    return [*arrays, cutoffs, found.null.counts, found.left_out, found.comparison.m4]


def test_planted_pairs_are_flagged_in_their_tiers_and_nobody_else(found: Findings) -> None:
    flags = found.flags
    tiers = {
        tuple(pair): TIERS[tier]
        for pair, tier in zip(flags.pairs.tolist(), flags.tier, strict=True)
    }
    third = {pair for pair in tiers if 302 in pair}
    assert {pair: tier for pair, tier in tiers.items() if pair not in third} == PLANTED
    assert (301, 302) in third <= {(301, 302), (300, 302)}
    assert (np.diff(flags.p) >= 0).all()
    assert (flags.p <= [found.cutoffs[tier].p for tier in flags.tier]).all()
    assert (flags.expected < 0.05).all()
    assert sorted(ring.tolist() for ring in found.rings)[-1] == [300, 301, 302]
    assert found.left_out.tolist() == sorted({person for pair in tiers for person in pair})


def test_seats_stand_beside_the_flags(found: Findings) -> None:
    apart = dict(zip(map(tuple, found.flags.pairs.tolist()), found.flags.apart, strict=True))
    assert apart[0, 1].tolist() == [0, 1]
    assert apart[301, 302].tolist() == [1, 1]
    assert apart[5, 50].tolist() == apart[7, 400].tolist() == [-1, -1]
    near = {
        tuple(pair)
        for pair, next_to in zip(found.flags.pairs.tolist(), found.flags.adjacent, strict=True)
        if next_to
    }
    assert {(0, 1), (300, 301), (301, 302)} <= near
    assert (5, 50) not in near


def test_flags_carry_every_statistic_in_their_order(sitting: Sitting, found: Findings) -> None:
    a, b = found.flags.pairs.T
    matches = (sitting.answers[a] == sitting.answers[b]).sum(axis=1)
    assert found.comparison.matches.tolist() == matches.tolist()
    assert (found.comparison.forward.omega > 3).all()
    chances = found.chances(a)
    assert chances.shape == (len(a), 50, 4)
    assert chances.sum(axis=2) == pytest.approx(1.0)
    assert found.model == "nominal"
    assert found.ability.shape == (450,)


def test_cut_offs_share_each_budget_over_its_tests(sitting: Sitting, found: Findings) -> None:
    tests = [cut.tests for cut in found.cutoffs]
    assert tests == [450 * 14, 450 * 75, 450 * 360]
    for cut in found.cutoffs:
        assert 0 < cut.p <= cut.budget / cut.tests
        assert cut.tests * found.null.rate(np.array([cut.p]))[0] == pytest.approx(0.05)
    assert found.null.calibrated
    used = np.setdiff1d(np.arange(450), found.left_out)
    strange = sitting.site[used, None] != sitting.site[used]
    assert found.null.tests == strange.sum()
    assert 0 < found.null.counts.sum() < 2 * LEVEL * found.null.tests


def test_what_is_flagged_is_what_all_pairs_tested_one_by_one_give(
    sitting: Sitting, found: Findings
) -> None:
    """The screens lose nothing: every ordered pair with a z of 2 or more, against the cut-offs."""
    blocks = (found.modelled.z(slice(at, at + 50), slice(0, 450), 0.3) for at in range(0, 450, 50))
    z = np.concatenate(list(blocks))
    np.fill_diagonal(z, 0.0)
    a, b = np.nonzero(z > 2.0)
    p = np.full(len(a), 1.0)
    for at in range(0, len(a), 1000):
        cut = slice(at, at + 1000)
        p[cut] = found.modelled.ratio(a[cut], sitting.answers[b[cut]], 0.3).tail
    pairs = np.stack([a, b], axis=1)
    tier = tier_of(room_numbers(sitting), sitting.site, pairs)
    passed = p <= np.array([cut.p for cut in found.cutoffs])[tier]
    expected = {tuple(sorted(pair)) for pair in pairs[passed].tolist()}
    flagged = {tuple(pair) for pair in found.flags.pairs.tolist()}
    assert expected == flagged
    assert len(expected) >= 5


def test_progress_is_told_from_nothing_to_all(found: Findings, heard: list[Progress]) -> None:
    steps = list(dict.fromkeys(told.step for told in heard))
    model, look = ["calibration", "abilities"], [*TIERS, "ratio"]
    expected = [f"first round: {step}" for step in model + look]
    expected += [f"second round: {step}" for step in model] + ["null"]
    assert steps == expected + [f"second round: {step}" for step in look]
    for step in steps:
        done = [told.done for told in heard if told.step == step]
        assert done == list(range(len(done)))
        assert done[-1] == next(told.of for told in heard if told.step == step)


class Cut(Exception):
    pass


def counting(counted: list[Job], most: int) -> Any:
    """A plain loop that breaks down after so many pieces."""

    def run(work: Work, shared: Any, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        for job in reversed(jobs):
            if len(counted) == most:
                raise Cut
            counted.append(job)
            yield job, work(shared, job)

    return run


def test_a_search_cut_off_goes_on_where_it_was(
    sitting: Sitting, found: Findings, kept: dict[str, Result]
) -> None:
    """In another order and by another runner, with the same outcome to the last bit."""
    mine = {name: part for name, part in kept.items() if name.startswith("first")}
    first, second = [], []
    with pytest.raises(Cut):
        search(sitting, runner=counting(first, 6), kept=mine)
    again = search(sitting, runner=counting(second, 10**6), kept=mine)
    assert same(again, found)
    missing = [name for name in kept if name.startswith(("second", "null"))]
    sent = [name for name in missing if "calibration" not in name and "abilities" not in name]
    assert len(first) == 6
    assert len(first) + len(second) == len(sent)


def test_what_was_kept_of_other_answers_is_not_used() -> None:
    counted: list[Job] = []
    mine, few = {}, planted(90)
    search(few, kept=mine)
    search(few, kept=mine, runner=counting(counted, 0))
    with pytest.raises(Cut):
        search(replace(few, answers=few.answers[::-1]), kept=mine, runner=counting(counted, 0))


def test_the_order_of_the_candidates_does_not_matter(sitting: Sitting, found: Findings) -> None:
    order = np.random.default_rng(1).permutation(450)
    parts = {name: getattr(sitting, name)[order] for name in ("answers", "room", "site", "seat")}
    other = search(replace(sitting, **parts))
    expected = {tuple(sorted(pair)) for pair in found.flags.pairs.tolist()}
    assert {tuple(sorted(order[pair].tolist())) for pair in other.flags.pairs} == expected
    assert other.flags.p == pytest.approx(found.flags.p, rel=0.05)


def test_a_small_sitting_takes_the_classical_model_and_nominal_cut_offs() -> None:
    small = replace(planted(150), site=np.zeros(150, dtype=int), room=np.arange(150) // 15)
    found = search(small, budget=Budget(room=0.1, site=0.01))
    assert found.model == "classical"
    assert found.ability is None
    assert not found.null.calibrated
    assert found.cutoffs[2].tests == 0
    assert found.cutoffs[0].p == pytest.approx(0.1 / (150 * 14))
    assert found.flags.pairs[0].tolist() == [0, 1]
    assert found.flags.pairs[1:].tolist() in ([], [[5, 50]])


def test_known_cases_are_left_out_from_the_start(sitting: Sitting) -> None:
    few = replace(planted(150), site=np.arange(150) // 75)
    found = search(few, alone=[3, 4])
    assert {3, 4} <= set(found.left_out.tolist())


def test_a_form_in_another_order_is_found_after_mapping(sitting: Sitting) -> None:
    chance = np.random.default_rng(2)
    orders = np.argsort(chance.random((50, 4)), axis=1)
    form = np.arange(450) % 2 == 1
    printed = sitting.answers.copy()
    places = np.argsort(orders, axis=1)
    printed[form] = places[np.arange(50), sitting.answers[form]]
    mapped = printed.copy()
    mapped[form] = to_master(printed[form], orders)
    assert (mapped == sitting.answers).all()
    assert (printed[1] == printed[0]).sum() < 25 < (mapped[1] == mapped[0]).sum()


def test_a_tier_without_a_budget_is_left_out(sitting: Sitting, kept: dict[str, Result]) -> None:
    found = search(sitting, budget=Budget(room=0.0, everywhere=0.0), kept=dict(kept))
    assert found.flags.pairs.tolist() == [[5, 50]]
    assert [cut.p > 0 for cut in found.cutoffs] == [False, True, False]


def test_tiles_that_prepare_their_own_screen_find_the_same(
    sitting: Sitting, found: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where everybody omitted something; then no candidate shares a bin, here or there."""
    sheets = sitting.answers.copy()
    sheets[np.arange(450), np.arange(450) % 50] = -1
    modelled = replace(found.modelled, answers=sheets)
    whole = in_tile(Swept.at(modelled, 2.5), (0, 450, 0, 450))
    monkeypatch.setattr(stages, "MOST_LIMITS", 1000)
    swept = Swept.at(modelled, 2.5)
    assert swept.screen is None
    parts = np.concatenate([in_tile(swept, job) for job in stages.tiles(0, 450, 200)])
    assert len(parts) == len(whole) > 50
    assert {tuple(pair) for pair in parts.tolist()} == {tuple(pair) for pair in whole.tolist()}


def test_a_leaked_key_flags_who_used_it() -> None:
    chance = np.random.default_rng(5)
    model, key = lifelike(50, chance)
    leaked = np.where(chance.random(50) < 0.7, key, (key + 1) % 4)
    answers = drawn(model, chance.normal(size=400), chance)
    answers[7, 10:] = leaked[10:]
    places = np.zeros(400, dtype=int)
    found = against_key(Sitting(answers, key, 4, places, places), leaked)
    assert found.flagged.tolist() == [7]
    assert found.p[7] < found.cutoff == 0.05 / 400
    with pytest.raises(BadAnswers, match="every item"):
        against_key(Sitting(answers, key, 4, places, places), leaked[:5])


def test_the_null_of_exact_p_values_moves_the_cut_off_little_and_never_up() -> None:
    p = np.random.default_rng(1).random(3_000_000)
    null = null_of(p[p < LEVEL], len(p))
    assert null.calibrated
    assert 0.6e-6 < null.cutoff(1e-6) <= 1e-6
    few = null_of(p[:100], 100)
    assert (few.calibrated, few.cutoff(1e-6)) == (False, 1e-6)


def test_the_null_of_p_values_too_small_moves_it_to_where_the_rate_is_right() -> None:
    """P(p <= x) = x^0.8: four times the nominal rate at 1e-3, sixteen times at 1e-6."""
    chance = np.random.default_rng(2)
    p = chance.random(3_000_000) ** 1.25
    null = null_of(p[p < LEVEL], len(p))
    assert (chance.random(3_000_000) ** 1.25 <= null.cutoff(1e-4)).mean() == pytest.approx(
        1e-4, rel=0.15
    )
    assert null.rate(np.array([1e-6]))[0] == pytest.approx(1e-6**0.8, rel=0.15)
    assert null.cutoff(1e-6) == pytest.approx(1e-6**1.25, rel=0.2)


def test_a_few_pairs_who_shared_a_leak_do_not_hide_behind_the_null() -> None:
    p = np.random.default_rng(3).random(1_000_000)
    p[:40] = 1e-20
    assert null_of(p[p < LEVEL], len(p)).cutoff(1e-8) > 1e-10


def test_blocks_of_strangers_are_of_everybody_and_differ() -> None:
    blocks = strange_blocks(5000, 500_000)
    assert len(set(blocks)) == len(blocks)
    assert 500_000 <= sum((j[1] - j[0]) * (j[3] - j[2]) for j in blocks) <= 1_500_000
    assert {job[0] for job in blocks} == {job[2] for job in blocks} == set(range(0, 5000, 256))


def test_tests_of_tiers_add_up_to_all_ordered_pairs() -> None:
    site = np.random.default_rng(3).integers(0, 4, 60)
    places = np.random.default_rng(4).integers(0, 3, 60)
    sheets = np.zeros((60, 1), dtype=int)
    room = room_numbers(Sitting(sheets, np.array([0]), 2, places, site))
    pairs = np.argwhere(~np.eye(60, dtype=bool))
    counts = np.bincount(tier_of(room, site, pairs), minlength=3)
    assert ordered_by_tier(room, site) == tuple(counts)
    a, b = pairs[tier_of(room, site, pairs) == 0].T
    assert ((site[a] == site[b]) & (places[a] == places[b])).all()


def test_a_sitting_that_does_not_fit_together_is_refused() -> None:
    sheets, key, places = np.zeros((3, 2), dtype=int), np.zeros(2, dtype=int), np.zeros(3)
    with pytest.raises(BadAnswers, match="a room and a site"):
        Sitting(sheets, key, 2, places[:2], places)
    with pytest.raises(BadAnswers, match="row and a column"):
        Sitting(sheets, key, 2, places, places, seat=places)
    with pytest.raises(BadAnswers, match="budget"):
        Budget(room=1.1)


def test_the_digest_tells_inputs_apart() -> None:
    one = np.arange(6)
    others = [one.reshape(2, 3), one.astype(np.int32), one[::-1], (one, 1), (one, 2), one * 1.0]
    names = {digest(value) for value in [one, *others]}
    assert len(names) == 7
    assert digest(np.arange(12)[::2]) == digest(np.arange(0, 12, 2))


def test_a_failing_piece_is_not_kept() -> None:
    kept: dict[str, Result] = {}

    def fails(shared: int, job: Job) -> Result:
        if job == (2,):
            raise Cut
        return np.array([shared + job[0]])

    desk = Desk(threads(1), None, kept)
    with pytest.raises(Cut):
        desk.do("step", fails, 5, [(1,), (2,), (3,)])
    assert not any(name.endswith(":2") for name in kept)
