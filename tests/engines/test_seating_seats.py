"""seats/v1: golden vectors, a second implementation, the checker, alone and whole, row order."""

import hashlib
import json
import random
from pathlib import Path

import numpy as np
import pytest
import slow_seating
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_engines import canonical

from seating.chance import BadChance, Chance
from seating.checking import check, check_v1
from seating.columns import Plan, Rooms, Rules
from seating.findings import CannotWork
from seating.manifest import read_districts
from seating.reading import BadGroups
from seating.seats import _draw, _group, draw, redraw_room, seats_v1, shortage_v1

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden_seats.json").read_bytes())
LAYOUTS = {"5x6": 30, "7-8-8-7": 30, "3x4": 12, "2-4-3": 9, "serpentine:2x5": 10, "6-1-5": 12}


class Coarse(Chance):
    """Tickets that collide, and every few words one that cannot be used without favour."""

    def tickets(self, labels):
        return [coarse_ticket(ticket) for ticket in super().tickets(labels)]

    def stream(self, part, label, size):
        return spoil(super().stream(part, label, size + 8), size)


class SlowCoarse(slow_seating.Chance):
    def ticket(self, label):
        return coarse_ticket(super().ticket(label))

    def octets(self, part, label, size):
        return spoil(super().octets(part, label, size + 8), size)


def coarse_ticket(ticket):
    """Four different beginnings; the end decides, and sometimes only the label."""
    return bytes([ticket[0] & 3]) * 8 + bytes([ticket[1] & 31]) * 8


def spoil(octets, size):
    words = [octets[at : at + 8] for at in range(0, size, 8)]
    return b"".join(b"\xff" * 8 if word[0] < 40 else word for word in words)[:size]


def district(draw: random.Random):
    """Any small district: layouts, free seats, access, needs, posts, schools, caps and forms."""
    slots = []
    for at in range(draw.randint(1, 4)):
        layout = draw.choice(sorted(LAYOUTS))
        capacity = draw.randint(1, LAYOUTS[layout])
        slots.append({"id": f"{at:02}", "layout": layout, "capacity": capacity})
        slots[-1]["reserve"] = draw.randint(0, min(2, capacity - 1))
        slots[-1]["access"] = draw.choice((0, 0, 1, 2))
    slots.sort(key=lambda slot: (-slot["access"], slot["id"]))
    places = sum(slot["capacity"] - slot["reserve"] for slot in slots)
    labels = sorted(f"01-{n:x}考" for n in range(draw.randint(0, min(places, 45))))
    values = {"post": [None, *"abcdefghijklm"], "school": [None] * draw.randint(1, 9) + [*"ABCD"]}
    kinds = draw.choice(([], ["post"], ["post", "school"]))
    rules: dict[str, object] = {"forms": draw.randint(1, 5)}
    if kinds:
        rules |= {"spread": "post", "caps": {kind: draw.randint(1, 5) for kind in kinds}}
    return {
        "id": "01",
        "labels": labels,
        "apart": {kind: [draw.choice(values[kind]) for _ in labels] for kind in kinds},
        "need": {label: draw.randint(1, 2) for label in labels if draw.random() < 0.05},
        "slots": slots,
        "rules": rules,
    }


def possible_district(draw: random.Random):
    """A district for which the check finds nothing short."""
    while shortage_v1([group := district(draw)]):
        pass
    return group


def coarse_seats(groups, seed):
    """seats_v1 with the coarse chance."""
    return [_group(plan, _draw(plan, Coarse(seed, "seat"))) for plan in read_districts(groups)]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_golden_vectors_hold(case) -> None:
    result = seats_v1(case["groups"], case["seed"], case["purpose"])
    assert canonical(result) == canonical(case["result"])
    assert hashlib.sha256(canonical(result)).hexdigest() == case["sha256"]
    slow = slow_seating.Chance(case["seed"], case["purpose"])
    assert canonical(result) == canonical(slow_seating.slow_seats(case["groups"], slow))


@settings(max_examples=80, deadline=None)
@given(st.randoms(use_true_random=True), st.binary(max_size=4), st.booleans())
def test_a_slow_second_implementation_agrees_byte_for_byte(draw, seed, coarse) -> None:
    group = possible_district(draw)
    seed = hashlib.sha256(seed).hexdigest()
    slow = (SlowCoarse if coarse else slow_seating.Chance)(seed, "seat")
    result = coarse_seats([group], seed) if coarse else seats_v1([group], seed)
    assert canonical(result) == canonical(slow_seating.slow_seats([group], slow))
    found = check_v1([group], result)
    assert bool(found) == bool(result[0]["left"]), [str(one) for one in found]


def test_equal_beginnings_of_tickets_are_ordered_by_the_rest_and_then_by_label() -> None:
    labels = sorted(f"{at:04}" for at in range(900))
    chance, slow = Coarse("77" * 32, "seat"), SlowCoarse("77" * 32, "seat")
    order = chance.order(np.array([label.encode() for label in labels], np.bytes_))
    assert order.tolist() == sorted(range(900), key=lambda at: (slow.ticket(labels[at]), at))


def big_plan(sizes=(700, 61, 1), seed=1):
    """Districts with rooms of both usual layouts, posts, schools and needs; many conflicts."""
    rng = np.random.default_rng(seed)
    people = int(sum(sizes))
    rooms = [-(-size // 28) + 1 for size in sizes]
    first = np.concatenate([[0], np.cumsum(rooms)])
    access = np.concatenate([np.arange(count) < 1 for count in rooms]).astype(np.int32)
    columns = Rooms(
        ids=np.concatenate([np.char.mod("%03d", np.arange(count)).astype("S3") for count in rooms]),
        first=first,
        layout=(np.arange(first[-1]) % 2).astype(np.int32),
        layouts=["5x6", "7-8-8-7"],
        capacity=np.full(first[-1], 30, np.int32),
        reserve=np.full(first[-1], 1, np.int32),
        access=access,
    )
    return Plan(
        districts=[f"{at:02}" for at in range(len(sizes))],
        first=np.concatenate([[0], np.cumsum(sizes)]),
        labels=np.char.mod("%08d", np.arange(people)).astype("S8"),
        need=(rng.random(people) < 0.01).astype(np.int32),
        apart={
            "post": rng.integers(0, 20, people).astype(np.int32),
            "school": rng.integers(-1, 25, people).astype(np.int32),
        },
        rooms=columns,
        rules=Rules("post", {"post": 5, "school": 4}, 4),
    )


CHANCE = Chance("5e" * 32, "seat")


def test_the_checker_finds_nothing_in_a_drawn_plan_and_every_planted_fault() -> None:
    plan = big_plan()
    drawn = draw(plan, CHANCE)
    assert drawn.left == ()
    assert check(plan, drawn.room, drawn.seat, drawn.form) == []
    for fault, message in PLANTED.items():
        room, seat, form = (part.copy() for part in (drawn.room, drawn.seat, drawn.form))
        fault(plan, room, seat, form)
        found = [str(one) for one in check(plan, room, seat, form)]
        assert any(message in one for one in found), (message, found)


def swap(plan, room, seat, form, one, other) -> None:
    for part in (room, seat, form):
        part[[one, other]] = part[[other, one]]


def sit_together(plan, room, seat, form) -> None:
    """Somebody takes the seat beside a member of the same post."""
    post = plan.apart["post"]
    here = np.flatnonzero(room == 3)
    one, beside = here[seat[here] == 1][0], here[seat[here] == 2][0]
    mate = next(at for at in np.flatnonzero(post == post[one]) if room[at] not in (3, 0))
    swap(plan, room, seat, form, beside, mate)


def crowd(plan, room, seat, form) -> None:
    """Six of one school get into room 2."""
    members = np.flatnonzero(plan.apart["school"][:700] == 3)
    here = [at for at in np.flatnonzero(room == 2) if plan.apart["school"][at] != 3]
    for one, other in zip([m for m in members if room[m] != 2][:6], here, strict=False):
        swap(plan, room, seat, form, one, other)


def lose_access(plan, room, seat, form) -> None:
    needy = np.flatnonzero(plan.need[:700])[0]
    swap(plan, room, seat, form, needy, np.flatnonzero(room == 5)[0])


def leave_district(plan, room, seat, form) -> None:
    swap(plan, room, seat, form, 0, 720)


def share_seat(plan, room, seat, form) -> None:
    here = np.flatnonzero(room == 4)
    seat[here[0]] = seat[here[1]]


def take_reserve(plan, room, seat, form) -> None:
    movers = np.flatnonzero(room == 1)[:2]
    there = np.count_nonzero(room == 2)
    room[movers], seat[movers] = 2, there + 1 + np.arange(2)


def same_form(plan, room, seat, form) -> None:
    here = np.flatnonzero(room == 4)
    form[here[seat[here] == 2]] = form[here[seat[here] == 1]]


def no_form(plan, room, seat, form) -> None:
    form[9] = 5


def uneven(plan, room, seat, form) -> None:
    """Two of the second district's last room move over to the rooms before it."""
    last = room[700:761].max()
    movers = 700 + np.flatnonzero((room[700:761] == last) & (plan.need[700:761] == 0))
    movers = movers[np.argsort(-seat[movers])][:2]
    for mover, to in zip(movers, (last - 1, last - 2), strict=True):
        seat[mover], room[mover] = np.count_nonzero(room == to) + 1, to


PLANTED = {
    sit_together: "side by side, have candidates of post",
    crowd: "candidates of school 3, 4 are allowed",
    lose_access: "needs a room of access 1",
    leave_district: "sits in a room of another district",
    share_seat: "each once",
    take_reserve: "29 places",
    same_form: "have the same paper form",
    no_form: "is not one of 1 to 4",
    uneven: "filled evenly",
}


def test_a_district_alone_and_a_room_alone_are_their_parts_of_the_whole() -> None:
    plan = big_plan()
    whole = draw(plan, CHANCE)
    for district in range(3):
        people = plan.people_of(district)
        alone = draw(plan.only(district), CHANCE)
        assert np.array_equal(alone.room + plan.rooms_of(district).start, whole.room[people])
        assert np.array_equal(alone.seat, whole.seat[people])
        assert np.array_equal(alone.form, whole.form[people])
    for room in np.unique(whole.room):
        who = np.flatnonzero(whole.room == room)
        seated, forms = redraw_room(plan, int(room), who, CHANCE)
        assert np.array_equal(whole.seat[seated], np.arange(1, len(who) + 1))
        assert np.array_equal(whole.form[seated], forms)
        assert check(plan, whole.room, whole.seat, whole.form, rooms=[int(room)]) == []


def test_the_manifest_and_the_columns_give_the_same_seats() -> None:
    plan = big_plan((95,))
    names = {kind: [f"{at:03}" for at in range(30)] for kind in plan.apart}
    labels = [label.decode() for label in plan.labels.tolist()]
    slots = [
        {"id": f"{at:03}", "layout": plan.rooms.layouts[at % 2], "capacity": 30, "reserve": 1}
        | ({"access": 1} if at == 0 else {})
        for at in range(len(plan.rooms.ids))
    ]
    group = {
        "id": "00",
        "labels": labels,
        "apart": {
            kind: [names[kind][at] if at >= 0 else None for at in column.tolist()]
            for kind, column in plan.apart.items()
        },
        "need": {label: 1 for label, need in zip(labels, plan.need.tolist(), strict=True) if need},
        "slots": slots,
        "rules": {"spread": "post", "caps": {"post": 5, "school": 4}, "forms": 4},
    }
    drawn = draw(plan, CHANCE)
    (result,) = seats_v1([group], "5e" * 32)
    found = {
        label: (at, seat, form)
        for at, slot in enumerate(result["slots"])
        for seat, (label, form) in enumerate(zip(slot["labels"], slot["forms"], strict=True), 1)
    }
    columns = zip(drawn.room.tolist(), drawn.seat.tolist(), drawn.form.tolist(), strict=True)
    assert [found[label] for label in labels] == list(columns)


def test_a_result_that_was_tampered_with_is_found_from_the_input_alone() -> None:
    case = GOLDEN[0]
    assert check_v1(case["groups"], case["result"]) == []
    result = json.loads(json.dumps(case["result"]))
    first, second = (slot["labels"] for slot in result[0]["slots"][:2])
    second.append(first.pop())
    assert check_v1(case["groups"], result)
    first.append(first[0])
    assert "each once" in str(check_v1(case["groups"], result)[0])
    result[0]["slots"].reverse()
    assert "rooms in the plan's order" in str(check_v1(case["groups"], result)[0])
    assert check_v1(case["groups"], [])


def small(**changes):
    group = {
        "id": "01",
        "labels": ["a", "b", "c"],
        "apart": {"post": ["x", "x", None]},
        "need": {"b": 1},
        "slots": [
            {"id": "1", "layout": "3x4", "capacity": 12, "access": 1},
            {"id": "0", "layout": "3x4", "capacity": 12},
        ],
        "rules": {"spread": "post", "caps": {"post": 2}, "forms": 2},
    }
    return group | changes


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"marks": {}}, "A group must have the keys"),
        ({"labels": ["b", "a", "c"]}, "not sorted by their UTF-8 bytes"),
        ({"labels": ["a", "b", "c\n"]}, "control character"),
        ({"labels": ["a", "b", "e\u0301"]}, "normal form C"),
        ({"apart": {"post": ["x"]}}, "1 items for 3 labels"),
        ({"apart": []}, "not an object"),
        ({"need": {"z": 1}}, r"needs of \['z'\]"),
        ({"need": {"a": 0}}, "from 1 to 9, not 0"),
        ({"slots": list(reversed(small()["slots"]))}, "highest access first"),
        ({"slots": [{"id": "1", "layout": "round", "capacity": 3}]}, "is not known"),
        ({"slots": [{"id": "1", "layout": "3x4", "capacity": 13}]}, "has 12 seats"),
        ({"slots": [{"id": "1", "layout": "3x4", "capacity": 2, "reserve": 3}]}, "from 0 to 2"),
        ({"slots": [{"id": "1", "layout": "3x4", "capacity": 2.0}]}, "not 2.0"),
        ({"rules": {"spread": "school"}}, r"\['school'\], which are no groups"),
        ({"rules": {"caps": {"post": 0}}}, "at least|from 1 to"),
        ({"rules": {"forms": 10}}, "from 1 to 9, not 10"),
        ({"rules": {"tables": 2}}, "may have"),
    ],
)
def test_a_wrong_shape_is_refused_with_a_sentence(broken, sentence) -> None:
    with pytest.raises(BadGroups, match=sentence):
        seats_v1([small(**broken)], "no seed is read")


def test_nobody_stands_in_two_districts() -> None:
    with pytest.raises(BadGroups, match='label "a" stands twice in the draw'):
        seats_v1([small(), small(id="02")], "no seed is read")


def test_what_cannot_work_is_refused_before_the_seed_is_read() -> None:
    with pytest.raises(CannotWork, match="short by 1"):
        seats_v1([small(slots=[small()["slots"][0] | {"capacity": 2}])], "no seed is read")


@pytest.mark.parametrize(
    ("seed", "purpose"), [("AB" * 32, "seat"), ("ab", "seat"), ("ab" * 32, "A")]
)
def test_a_seed_and_a_purpose_are_written_in_one_way(seed, purpose) -> None:
    with pytest.raises(BadChance):
        seats_v1([small()], seed, purpose)


def test_tickets_and_words_are_those_that_sha256sum_and_openssl_give() -> None:
    from exam_system.trust import tickets

    seed = "ab" * 32
    chance = Chance(seed, "seat")
    assert chance.tickets(["考1".encode()]) == [tickets.ticket(seed, "seat", "考1")]
    words = tickets.words(seed, "seat/room", "01/考", 70)
    assert chance.rows("room", ["01/考".encode()], 70).tolist() == [words]
    long = tickets.words(seed, "seat/caps", "01", 200, 64)
    numbers = chance.numbers("caps", b"01")
    assert [next(numbers) for _ in range(200)] == long
