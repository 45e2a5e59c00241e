"""The ceremony from freeze to bundle, and a stranger's recomputation with hashlib alone."""

from __future__ import annotations

import csv
import hashlib
import json
from typing import Any

import pytest

from exam_system.access import Role
from exam_system.draws import bundle as bundles
from exam_system.draws import service
from exam_system.draws.lookup import find
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import RECIPES, Recipe, register
from exam_system.errors import Conflict, Fault, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.records.keys import keys_of
from exam_system.trust import proof
from exam_system.trust.draw_note import parse
from exam_system.trust.notes import open_note
from exam_system.verify.run import verify
from tests.draws import ceremony
from tests.draws.ceremony import (
    DICE,
    DRAW,
    EXAM,
    SECRETS,
    acts_of,
    again,
    attempt,
    cosign,
    published,
    run,
)
from tests.world import World, confirm_in


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_stranger_recomputes_the_whole_draw_from_the_bundle(office: World) -> None:
    folder = published(office)
    assert attempt(office).state == "published"
    manifest = (folder / "manifest.json").read_bytes()
    transcript = (folder / "transcript.txt").read_bytes()
    assert transcript == ceremony.transcript(_sha(manifest))
    order = ceremony.expected()[1](_sha(manifest))
    assert ceremony.drawn((folder / "result.json").read_bytes()) == order
    seed = _sha(transcript)
    rows = list(csv.reader((folder / "tickets.csv").read_text().splitlines()))
    assert rows[0] == ["purpose", "label", "ticket"]
    assert [row[1] for row in rows[1:]] == order["g1"] + order["g2"]
    for purpose, label, ticket in rows[1:]:
        assert ticket == _sha(f"{seed}:{purpose}:{label}".encode())


def test_the_verifier_of_the_house_accepts_it_and_names_a_changed_file(office: World) -> None:
    folder = published(office)
    assert verify([folder]).refused == []
    tickets = (folder / "tickets.csv").read_bytes()
    (folder / "tickets.csv").write_bytes(tickets.replace(b"k-g1-00", b"k-g1-0O", 1))
    assert [refused for refused in verify([folder]).refused if "tickets.csv" in str(refused)]


def test_result_csv_tells_people_group_slot_and_place(office: World) -> None:
    folder = published(office)
    lines = (folder / "result.csv").read_text().split("\n")
    order = ceremony.drawn((folder / "result.json").read_bytes())
    assert lines[0] == "group,slot,place,label"
    assert lines[1] == f"g1,g1-a,1,{order['g1'][0]}"
    assert lines[5] == f"g1,g1-b,1,{order['g1'][4]}"
    assert lines[12] == f"g1,,1,{order['g1'][11]}"


def test_the_note_binds_every_file_and_bears_both_signatures(office: World) -> None:
    folder = published(office)
    with office.context(office.people[Role.OFFICER]).session as db:
        known = keys_of(db, "officer", "inspector")
    opened = open_note((folder / "draw.note").read_bytes(), known)
    assert {key.name for key in opened.signers} == {key.name for key in known}
    note = parse(opened.text)
    digests = {
        name: _sha((folder / name).read_bytes()) for name in ("manifest.json", "result.json")
    }
    assert (note.manifest, note.result) == tuple(digests.values())
    assert note.seed == _sha((folder / "transcript.txt").read_bytes())
    assert note.certificate == _sha((folder / "certificate.pdf").read_bytes())
    assert (note.attempt, note.attempts, note.algorithm) == (1, 1, "order/v1")


def test_every_act_is_proved_against_a_head_the_inspector_signed(office: World) -> None:
    folder = published(office)
    with office.context(office.people[Role.OFFICER]).session as db:
        known = keys_of(db, "log", "inspector")
    acts = acts_of(folder)
    last = -1
    for number, act in enumerate(acts):
        assert act["proof"] == f"log/{number}.tlog-proof"
        found = proof.parse((folder / act["proof"]).read_bytes())
        leaf = json.dumps(act["entry"], sort_keys=True, separators=(",", ":")).encode()
        details = json.dumps(act["details"], sort_keys=True, separators=(",", ":")).encode()
        assert act["entry"]["payload"] == _sha(bytes.fromhex(act["salt"]) + details)
        _, opened = found.verify(leaf, known)
        assert {key.name for key in opened.signers} == {key.name for key in known}
        assert found.index > last
        last = found.index
    kinds = [act["entry"]["kind"].removeprefix("draws.") for act in acts]
    assert kinds == [
        *("freeze_draw", "commit_secret", "commit_secret", "record_dice", "confirm_dice"),
        *("reveal_secret", "reveal_secret", "finish_draw"),
    ]


def test_the_acts_tell_manifest_commitments_dice_secrets_and_result(office: World) -> None:
    folder = published(office)
    more = {"approval", "rows_digest"}
    details = [
        {key: value for key, value in act["details"].items() if key not in more}
        for act in acts_of(folder)
    ]
    common = {"draw": DRAW, "attempt": 1}
    digest = _sha((folder / "manifest.json").read_bytes())
    assert details == [
        {**common, "manifest": digest},
        {**common, "role": "officer", "commit": ceremony.commitment("officer")},
        {**common, "role": "inspector", "commit": ceremony.commitment("inspector")},
        {**common, "dice": DICE},
        {**common, "dice": DICE},
        {**common, "role": "officer", "secret": SECRETS["officer"]},
        {**common, "role": "inspector", "secret": SECRETS["inspector"]},
        {
            **common,
            "seed": _sha((folder / "transcript.txt").read_bytes()),
            "result": _sha((folder / "result.json").read_bytes()),
        },
    ]


def test_publication_needs_the_inspector_under_the_note_and_under_the_log(office: World) -> None:
    run(office)
    refused = "signature of tests.example/inspector is missing"
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match=refused):
        ceremony.publish(ctx, 1)
    cosign(office, head=False)
    refused = "not signed a head of the log"
    with pytest.raises(Conflict, match=refused), office.acting(Role.OFFICER) as ctx:
        ceremony.publish(ctx, 1)
    assert attempt(office).state == "finished"
    assert not ceremony.bundle(office).exists()


def test_a_head_from_before_the_end_does_not_do(office: World) -> None:
    run(office, last=7)
    with office.acting(Role.OFFICER) as ctx:
        ceremony.finish(ctx, 1)
    cosign(office)  # the newest head is still the one from before the result
    assert ceremony.covered(office)
    with (
        pytest.raises(Conflict, match="has not been signed since"),
        office.acting(Role.OFFICER) as ctx,
    ):
        ceremony.publish(ctx, 1)


def test_the_list_is_the_frozen_one_whatever_happens_to_the_population(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(office, last=1)
    frozen = attempt(office).manifest
    monkeypatch.setitem(ceremony.PEOPLE, "g1", 30)
    changed = ceremony.build(None, None)[0]  # type: ignore[arg-type]
    assert len(changed[0]["labels"]) == 30  # the recipe would now give another list
    run(office, 1)
    monkeypatch.setitem(ceremony.PEOPLE, "g1", 12)
    done = attempt(office)
    assert done.manifest == frozen
    assert ceremony.drawn(done.result) == ceremony.expected()[1](_sha(frozen.encode()))


def test_commitments_are_of_this_draw_attempt_and_role(office: World) -> None:
    run(office, last=2)
    copied = ceremony.commitment("officer")
    with office.acting(Role.INSPECTOR) as ctx, pytest.raises(Conflict, match="used before"):
        service.commit_secret(ctx, draw=DRAW, number=1, commitment=copied)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="officer is in already"):
        service.commit_secret(ctx, draw=DRAW, number=1, commitment="1" * 64)
    for wrong in ("", "a" * 63, "a" * 65, "g" * 64):
        with office.acting(Role.INSPECTOR) as ctx, pytest.raises(Invalid, match="64 characters"):
            service.commit_secret(ctx, draw=DRAW, number=1, commitment=wrong)
    assert attempt(office).state == "frozen"


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_no_secret_may_be_shown_before_commitments_and_dice(office: World, steps: int) -> None:
    run(office, last=steps)
    for role in (Role.OFFICER, Role.INSPECTOR):
        with office.acting(role) as ctx, pytest.raises(Conflict, match="Not now"):
            ceremony.reveal(ctx, 1)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    "wrong", ["", "1" * 19, "1" * 21, "1" * 19 + "x", "１" * 20, "-1" + "1" * 18, "1" * 19 + "\n"]
)
def test_dice_are_exactly_twenty_digits(office: World, wrong: str) -> None:
    run(office, last=3)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="exactly 20 digits"):
        service.record_dice(ctx, draw=DRAW, number=1, digits=wrong)
    assert attempt(office).dice == ""


def test_dice_count_when_both_typed_the_same(office: World) -> None:
    run(office, last=3)
    with office.acting(Role.OFFICER) as ctx:
        service.record_dice(ctx, draw=DRAW, number=1, digits="31415 92653 58979 32385")
    with office.acting(Role.INSPECTOR) as ctx, pytest.raises(Conflict, match="differ"):
        ceremony.confirm(ctx, 1)
    assert attempt(office).state == "rolled"
    run(office, 3, 5)  # the officer had mistyped the last one
    assert (attempt(office).state, attempt(office).dice) == ("confirmed", DICE)


@pytest.mark.parametrize(
    ("role", "named"), [(Role.OFFICER, "exam officer"), (Role.INSPECTOR, "inspector")]
)
def test_a_wrong_secret_is_refused_and_its_owner_named(
    office: World, role: Role, named: str
) -> None:
    run(office, last=5)
    with office.acting(role) as ctx, pytest.raises(Conflict, match=f"the {named} committed to"):
        service.reveal_secret(ctx, draw=DRAW, number=1, secret="0" * 64)
    run(office, 5, 7)
    assert attempt(office).state == "revealed"


def test_a_missing_secret_comes_from_the_sealed_copy(office: World) -> None:
    run(office, last=6)
    with office.acting(Role.OFFICER) as ctx:
        service.reveal_secret(
            ctx, draw=DRAW, number=1, secret=SECRETS["inspector"], role="inspector"
        )
    assert attempt(office).state == "revealed"
    with office.acting(Role.OFFICER) as ctx:
        ceremony.finish(ctx, 1)
    digest = attempt(office).manifest_digest
    assert ceremony.drawn(attempt(office).result) == ceremony.expected()[1](digest)


def test_after_the_dice_only_the_others_false_sealed_copy_voids(office: World) -> None:
    run(office, last=4)
    ask = {"draw": DRAW, "number": 1, "reason": "结果不满意"}
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="Not now"):
        service.void_draw(ctx, **ask)
    run(office, 4, 5)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="only be finished"):
        service.void_draw(ctx, **ask)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="copy holds"):
        service.void_draw(
            ctx,
            **ask,
            sealed=f" {SECRETS['inspector'].upper()[:32]} {SECRETS['inspector'].upper()[32:]}",
        )
    run(office, 6, 7)  # the inspector has revealed
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="revealed already"):
        service.void_draw(ctx, **ask, sealed="0" * 64)
    with office.acting(Role.INSPECTOR) as ctx:
        confirm_in(ctx, "draws.void_draw", draw=DRAW)
        service.void_draw(ctx, draw=DRAW, number=1, reason="密封件与承诺不符", sealed="")
    assert attempt(office).state == "void"


def test_a_draw_that_began_cannot_be_begun_again(office: World) -> None:
    for steps in range(1, 9):
        run(office, steps - 1, steps)
        with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not begun again"):
            ceremony.freeze(ctx, 1)


def test_a_bundle_is_written_again_after_a_loss_and_never_over_another(office: World) -> None:
    folder = published(office)
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    (folder / "log").rmdir()
    folder.rmdir()
    with office.context(office.people[Role.OFFICER]).session as db:
        held = find(db, DRAW, 1)
        assert bundles.write_bundle(db, office.config, held) == folder
        assert bundles.write_bundle(db, office.config, held) == folder
        again = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert again == files
        (folder / "draw.note").write_bytes(b"another\n\n")
        with pytest.raises(Fault, match="holds another draw"):
            bundles.write_bundle(db, office.config, held)


def test_dealing_is_refused_before_anything_is_frozen(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [
        {
            "id": "1",
            "labels": ["p-1", "p-2", "p-3"],
            "marks": {"p-1": ["school:A"], "p-2": ["school:A"]},
            "slots": [{"id": "01-01", "capacity": 2, "marks": ["school:A"]}],
        }
    ]
    recipe = Recipe("order", "deal/v1", "invigilator", lambda *_: (groups, {}), ceremony.apply, ())
    monkeypatch.setitem(RECIPES, "order", recipe)
    with (
        pytest.raises(Invalid, match="at most 1 can serve there: short by 1"),
        office.acting(Role.OFFICER) as ctx,
    ):
        ceremony.freeze(ctx, 1)
    with pytest.raises(NotFound):
        run(office, 1, 2)
    groups[0]["slots"] = [{"id": "01-01", "capacity": 1, "marks": ["school:A"]}]
    run(office)
    assert json.loads(attempt(office).result)["groups"][0]["slots"][0]["labels"] == ["p-3"]


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        ([], "nobody to draw"),
        ([{"id": "g", "labels": ["b", "a"], "slots": []}], "not sorted"),
        ([{"id": "g", "labels": ["a\u0301"], "slots": []}], "normal form C"),
        ([{"id": "g\U0001f3b2", "labels": ["a"], "slots": []}], "cannot be printed"),
    ],
)
def test_what_could_not_be_finished_is_not_begun(
    office: World, monkeypatch: pytest.MonkeyPatch, groups: list[dict[str, Any]], why: str
) -> None:
    recipe = Recipe("order", "order/v1", "order", lambda *_: (groups, {}), ceremony.apply, ())
    monkeypatch.setitem(RECIPES, "order", recipe)
    with pytest.raises(Invalid, match=why), office.acting(Role.OFFICER) as ctx:
        ceremony.freeze(ctx, 1)
    with office.context(office.people[Role.OFFICER]).session as db:
        assert db.query(Attempt).count() == 0


def test_publishing_the_seats_moves_the_exam_on(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(service.OPENS, "order", "seated")
    published(office)
    with office.context(office.people[Role.OFFICER]).session as db:
        assert db.query(Exam).filter_by(code=EXAM).one().state == "seated"


def test_a_kind_has_one_recipe(office: World) -> None:
    with pytest.raises(Fault, match="has a recipe already"):
        register(ceremony.RECIPE)


def test_the_result_is_the_same_from_another_process(office: World) -> None:
    run(office, last=7)
    other = again(office)
    run(other, 7, 8)
    digest = attempt(office).manifest_digest
    assert ceremony.drawn(attempt(office).result) == ceremony.expected()[1](digest)
    other.engine.dispose()
