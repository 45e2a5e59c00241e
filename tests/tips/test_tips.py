"""Anonymous reports: sealed to the inspectors, counted in the log, answered by receipt."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from sqlalchemy import update

from exam_system.access import Role
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.inspector import InspectorFolder
from exam_system.inspector.reports import (
    answer_report,
    make_sealing_key,
    open_report,
    write_content,
)
from exam_system.records.models import Act
from exam_system.tips import check, lookup
from exam_system.tips.models import ArrivedTip, SealingKey
from exam_system.tips.receipts import drawer_of, make_receipt
from exam_system.tips.service import (
    MOST_A_DAY,
    enter_reports,
    register_sealing_key,
)
from exam_system.tips.service import (
    answer_report as hand_in,
)
from exam_system.tips.throttle import MOST
from exam_system.trust import notes, report, sealed
from exam_system.trust.errors import BadKey, TrustError
from exam_system.verify.run import verify
from tests.tips.setting import SECRET, TEXT, found, inspector_folder, next_day, send
from tests.world import World


@pytest.fixture
def desk(world: World, tmp_path: Path) -> InspectorFolder:
    return inspector_folder(world, tmp_path / "desk", "city.example/inspector-1")


def stored(world: World, digest: str) -> bytes:
    with world.context(world.people[Role.INSPECTOR]).session as db:
        row = lookup.by_digest(db, digest)
        assert row is not None
        return row.data


def faults(world: World) -> list[str]:
    with world.context(world.people[Role.INSPECTOR]).session as db:
        return list(check.faults(db))


def test_every_inspector_opens_it_and_nobody_else(
    world: World, desk: InspectorFolder, tmp_path: Path
) -> None:
    other = inspector_folder(world, tmp_path / "other", "city.example/inspector-2")
    late = InspectorFolder.create(tmp_path / "late", "city.example/inspector-3", SECRET)
    make_sealing_key(late, SECRET, 1)
    files = [(BytesIO(b"scan"), "../../a scan.jpg"), (BytesIO(b""), "empty")]
    _, digest = send(world.client(world.app()), files=files)
    data = stored(world, digest)
    for folder in (desk, other):
        content = open_report(folder.folder, SECRET, data)
        assert content.text == TEXT
        assert content.files == (("../../a scan.jpg", b"scan"), ("empty", b""))
    paths = write_content(content, tmp_path / "out")
    assert [path.name for path in paths] == ["report.txt", "1-a-scan.jpg", "2-empty"]
    assert {path.parent for path in paths} == {tmp_path / "out"}
    with pytest.raises(BadKey, match="sealed to other keys"):
        open_report(late.folder, SECRET, data)
    secret = world.keys.vault.secret
    with pytest.raises(TrustError):  # what the server holds opens nothing
        sealed.open_box(report.parse_report(data).box, secret)


def test_an_answer_is_read_with_the_receipt_and_a_message_added(
    world: World, desk: InspectorFolder
) -> None:
    client = world.client(world.app())
    receipt, digest = send(client)
    next_day(world)
    data = answer_report(desk.folder, SECRET, stored(world, digest), "Which room?", b"r" * 64)
    with world.acting(Role.INSPECTOR) as ctx:
        hand_in(ctx, data=data)
    assert b"Which room?" not in data
    page = client.post("/report/answers", data={"receipt": receipt}).text
    assert "Which room?" in page
    assert digest in page
    hidden = found(r'name="receipt" value="([0-9]{16})"', page)
    again, second = send(client, text="Room 7.", receipt=hidden)
    assert again == receipt
    assert open_report(desk.folder, SECRET, stored(world, second)).text == "Room 7."
    page = client.post("/report/answers", data={"receipt": receipt.replace(" ", "-")}).text
    assert digest in page
    assert second in page
    inspector = world.client(world.app(), Role.INSPECTOR)
    listed = inspector.get("/oversight/reports").text
    assert digest[:16] in listed
    assert second[:16] in listed
    fetched = inspector.get(f"/oversight/reports/{second}.report")
    assert fetched.data == stored(world, second)


def test_a_wrong_receipt_opens_nothing_and_guessing_is_slowed(
    world: World, desk: InspectorFolder
) -> None:
    client = world.client(world.app())
    receipt, digest = send(client)
    wrong = make_receipt(world.chance)
    for typed, status in ((wrong, 404), ("1234", 422), (receipt, 200)):
        answer = client.post("/report/answers", data={"receipt": typed})
        assert answer.status_code == status, answer.text
        assert (digest in answer.text) == (status == 200)
    assert client.post("/report", data={"text": "x", "receipt": wrong}).status_code == 404
    throttle = client.application.extensions["report_throttle"]
    for _ in range(MOST):
        throttle.wrong(world.clock.now())
    assert client.post("/report/answers", data={"receipt": receipt}).status_code == 409
    world.clock.advance(minutes=1)
    assert client.post("/report/answers", data={"receipt": receipt}).status_code == 200


def test_the_receipt_is_not_in_the_database(world: World, desk: InspectorFolder) -> None:
    receipt, digest = send(world.client(world.app()))
    digits = receipt.replace(" ", "")
    with world.context(world.people[Role.INSPECTOR]).session as db:
        row = db.get(ArrivedTip, digest)
        assert row is not None
        assert row.lookup == drawer_of(world.keys.vault, digits).lookup
        assert digits not in repr(vars(row))
    other = type(world.keys.vault)(b"another instance's secret......")
    assert drawer_of(other, digits).lookup != row.lookup


def test_the_log_counts_reports_by_day_and_never_tells_when(
    world: World, desk: InspectorFolder
) -> None:
    client = world.client(world.app())
    digests = []
    for _ in range(5):
        world.clock.advance(minutes=7)
        digests.append(send(client)[1])
    assert "<b>0</b>" in client.get("/report/received?language=en").text
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Conflict, match="earlier day"):
        enter_reports(ctx)
    next_day(world)
    with world.context(world.people[Role.INSPECTOR]).session as db:
        known = lookup.entered(db)
        acts = db.query(Act).filter(Act.kind == lookup.ENTERED).all()
    assert [item.digest for item in known] == sorted(digests)
    assert [item.number for item in known] == [1, 2, 3, 4, 5]
    assert {act.at for act in acts} == {world.clock.now()}
    page = client.get("/report/received").text
    assert "<b>5</b>" in page
    assert all(digest in page for digest in digests)
    assert faults(world) == []


def tamper(world: World, *statements: str) -> None:
    with world.engine.begin() as connection:
        for statement in statements:
            connection.execute(sql(statement))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM tip WHERE number = 2", "report 2 is missing"),
        ("DELETE FROM tip WHERE number = 3", "report 3 is missing"),
        ("UPDATE tip SET data = (SELECT data FROM tip WHERE number = 1) WHERE number = 2",
         "report 2 was changed"),
        ("UPDATE tip SET number = 9 WHERE number = 3", "report 9 is in the database and not"),
    ],
)  # fmt: skip
def test_a_deleted_or_changed_report_is_noticed(
    world: World, desk: InspectorFolder, statement: str, words: str
) -> None:
    client = world.client(world.app())
    for number in range(3):
        send(client, text=f"report {number}")
    next_day(world)
    assert faults(world) == []
    tamper(world, statement)
    assert any(words in fault for fault in faults(world))


def test_what_is_deleted_on_the_very_day_is_proved_by_the_confirmation(
    world: World, desk: InspectorFolder, tmp_path: Path
) -> None:
    page = world.client(world.app()).post("/report", data={"text": TEXT}).text
    note = found(r'(?s)id="confirmation"[^>]*>(.*?)</pre>', page)
    world.seal()
    (tmp_path / "keys.txt").write_bytes((world.config.published / "keys.txt").read_bytes())
    (tmp_path / "confirmation.note").write_text(note, encoding="utf-8")
    assert not verify([tmp_path / "confirmation.note"]).refused
    (tmp_path / "confirmation.note").write_text(note.replace("day 2026", "day 2025"), "utf-8")
    assert verify([tmp_path / "confirmation.note"]).refused
    tamper(world, "DELETE FROM tip_arrived")
    opened = notes.open_note(note.encode(), [world.keys.publisher.verifier])
    said = report.parse_confirmation(opened.text)
    assert (said.origin, said.day) == (world.config.origin, "2026-03-02")
    world.clock.advance(days=1)
    with world.context(world.people[Role.INSPECTOR]).session as db:
        assert said.digest not in [item.digest for item in lookup.entered(db)]


def test_a_changed_report_of_today_is_noticed(world: World, desk: InspectorFolder) -> None:
    _, digest = send(world.client(world.app()))
    with world.engine.begin() as connection:
        connection.execute(update(ArrivedTip).values(data=b"nothing"))
    assert faults(world) == [f"the report of today {digest} was changed"]


def test_a_sealing_key_is_believed_for_the_inspectors_signature_only(
    world: World, desk: InspectorFolder, tmp_path: Path
) -> None:
    stranger = InspectorFolder.create(tmp_path / "x", desk.verifier.name, SECRET)
    forged = make_sealing_key(stranger, SECRET, 1)
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Invalid, match="no signed sealing key"):
        register_sealing_key(ctx, note=forged)
    other = inspector_folder(world, tmp_path / "other", "city.example/inspector-2")
    text = report.sealing_key_text(sealed.Recipient(desk.verifier.name, b"k" * 32))
    slipped = notes.sign(text, other._signer, at=1)  # another inspector's signature
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Invalid, match="is not signed by"):
        register_sealing_key(ctx, note=slipped)
    with world.engine.begin() as connection:  # a key put into the table is not used
        row = SealingKey.name == desk.verifier.name
        connection.execute(update(SealingKey).where(row).values(note=forged.decode()))
    with world.context(world.people[Role.INSPECTOR]).session as db:
        assert [to.name for to in lookup.recipients(db)] == [other.verifier.name]


def test_what_is_refused(world: World, desk: InspectorFolder) -> None:
    client = world.client(world.app())
    assert client.post("/report", data={"text": "  "}).status_code == 422
    assert client.post("/report", data={"text": "x" * 20_001}).status_code == 422
    long = client.post("/report?language=en", data={"text": "word " * 4_001}).text
    assert "word word" in long  # nobody types it twice
    assert 'id="text-error"' in long
    outsider = sealed.Recipient("nobody", sealed.public_half(b"n" * 32))
    for box in (b"plain words", sealed.seal(b"x", [outsider], bytes(64))):
        answer = client.post("/report", data={"sealed": (BytesIO(box), "sealed")})
        assert answer.status_code == 422, answer.text
    with world.acting(Role.INSPECTOR) as ctx:
        with pytest.raises(Invalid, match="no sealed answer"):
            hand_in(ctx, data=b"hello")
        box = sealed.seal(b"x", [outsider], bytes(64))
        with pytest.raises(NotFound):
            hand_in(ctx, data=report.answer_file("0" * 64, box))


def test_the_day_is_bounded_for_all_together(
    world: World, desk: InspectorFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_A_DAY >= 100
    monkeypatch.setattr("exam_system.tips.service.MOST_A_DAY", 2)
    client = world.client(world.app())
    for _ in range(2):
        send(client)
    assert client.post("/report", data={"text": "x"}).status_code == 409
    world.clock.advance(days=1)
    send(client)


def test_without_a_sealing_key_nothing_is_taken(world: World) -> None:
    client = world.client(world.app())
    assert "textarea" not in client.get("/report").text
    assert client.post("/report", data={"text": "x"}).status_code == 409


@pytest.mark.parametrize("path", ["/report", "/report/answers", "/report/received"])
def test_pages_leave_no_trace_with_the_visitor(
    world: World, desk: InspectorFolder, path: str
) -> None:
    client = world.client(world.app())
    client.application.config["WTF_CSRF_ENABLED"] = True
    for answer in (
        client.get(path),
        client.post(path, data={"text": "x", "receipt": "1"}),
        client.post("/report", data={"text": "\0", "files": (BytesIO(b"x"), "x")}),
    ):
        if answer.status_code == 405:  # nothing is posted to the list
            continue
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "nonce" not in policy
        assert not re.search(r"<script(?! src)", answer.text)


def test_only_inspectors_see_that_there_is_a_report(world: World, desk: InspectorFolder) -> None:
    app = world.app()
    _, digest = send(world.client(app))
    for role in world.people:
        client = world.client(app, role)
        for path in ("/oversight/reports", f"/oversight/reports/{digest}.report"):
            status = client.get(path).status_code
            assert (status == 200) == (role is Role.INSPECTOR), (role, path, status)
