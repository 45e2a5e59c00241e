"""Waivers: asked for with documents, granted by two people, and nothing else makes a fee vanish."""

from __future__ import annotations

import hashlib
import io
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.approvals.models import Approval
from exam_system.context import PUBLIC, Actor
from exam_system.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from exam_system.exams.service import close_registration
from exam_system.fees import waivers
from exam_system.fees.models import Order
from exam_system.fees.service import create_order
from exam_system.fees.waiver_commands import delete_due
from exam_system.fees.waiver_lists import documents_of, request_of
from exam_system.fees.waiver_models import Waiver
from exam_system.office import Office
from exam_system.oversight.books import faults_of_books
from exam_system.records import audit
from exam_system.registration.documents import (
    discard_documents,
    document_path,
    open_document,
    take_in_document,
)
from exam_system.registration.models import Application
from tests.fees.books import acts, ordered, paid, taken_in
from tests.registration.setting import (
    CODE,
    FEE,
    add_candidate,
    add_exam,
    approved,
    fresh,
    submitted,
)
from tests.registration.test_pages import log_in
from tests.world import World, approve_in, give_approval

GROUND = "城镇最低生活保障家庭"


def jpeg(size: tuple[int, int] = (600, 800), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (250, 250, 240)).save(out, "JPEG", **more)
    return out.getvalue()


def pdf(inside: bytes = b"", body: bytes = b"") -> bytes:
    """A PDF of one page; `inside` goes into its catalogue, `body` is a deflated stream."""
    packed = zlib.compress(body, 9)
    return (
        b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R" + inside + b">>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n"
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>\nendobj\n"
        b"4 0 obj\n<</Length %d/Filter/FlateDecode>>\nstream\n"
        % len(packed)
        + packed
        + b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
    )


def archive(data: bytes = b"0" * 50_000_000) -> bytes:
    """A zip bomb: 50 MB in 50 KB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr("xl/workbook.xml", data)
    return out.getvalue()


def picture_bomb() -> bytes:
    """A PNG that says it has 20,000 × 20,000 pixels, and in fact packs a gigabyte of them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(10_000_000)) for _ in range(12)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    )


def object_stream(names: bytes) -> bytes:
    packed = zlib.compress(names)
    head = b"5 0 obj\n<</Type/ObjStm/N 1/First 4/Length %d/Filter/FlateDecode>>" % len(packed)
    return pdf().replace(
        b"trailer", head + b"\nstream\n" + packed + b"\nendstream\nendobj\ntrailer"
    )


REFUSED: dict[str, Callable[[], bytes]] = {
    "a zip bomb": archive,
    "a zip bomb behind a picture": lambda: jpeg() + archive(),
    "a zip behind a PDF": lambda: pdf() + archive(b"x"),
    "a picture bomb": picture_bomb,
    "a picture cut short": lambda: jpeg()[:400],
    "a program": lambda: b"MZ" + bytes(5000),
    "a page": lambda: b"<html><script>alert(1)</script></html>",
    "a picture that is a page": lambda: b"GIF89a/*<script>*/",
    "a PDF that unpacks without end": lambda: pdf(body=bytes(140_000_000)),
    "objects that unpack without end": lambda: object_stream(bytes(5_000_000)),
    "a PDF that acts": lambda: pdf(b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
    "a PDF that acts in other letters": lambda: pdf(b"/OpenAction<</S/J#61vaScript/J#53(x)>>"),
    "a PDF that acts from a stream": lambda: object_stream(b"1 0 <</S/Launch/F(cmd.exe)>>"),
    "a PDF with files in it": lambda: pdf(b"/Names<</EmbeddedFiles 9 0 R>>"),
    "a PDF with a password": lambda: pdf(b"/Encrypt 9 0 R"),
    "a PDF with a page behind it": lambda: pdf() + b"<script>alert(1)</script>",
    "a PDF of many beginnings": lambda: b"%PDF-1.4\n" + b"stream\n" * 600_000 + b"startxref\n%%EOF",
    "a file too large": lambda: jpeg() + bytes(5 * 1024 * 1024),
    "nothing": lambda: b"",
}


@pytest.fixture(scope="module")
def database() -> str:
    return "sqlite"  # what is asked of databases stands in test_waiver_tables.py


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_document_is_refused_within_a_second(what: str) -> None:
    data = REFUSED[what]()
    began = time.process_time()
    with pytest.raises(Invalid):
        take_in_document("证明.pdf", data)
    assert time.process_time() - began < 1


def test_of_a_picture_only_its_pixels_are_kept() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Secret maker", 6
    out = io.BytesIO()
    Image.new("RGBA", (400, 300), (0, 0, 255, 0)).save(out, "PNG", exif=exif)
    for data in (jpeg((400, 300), exif=exif, comment=b"<script>"), out.getvalue() + b"<script>"):
        document = take_in_document("证明.png", data)
        assert document.kind == "jpg"
        assert b"Secret" not in document.data
        assert b"script" not in document.data
        with Image.open(io.BytesIO(document.data)) as image:
            assert (image.size, dict(image.getexif())) == ((300, 400), {})
            assert min(image.getpixel((5, 5))) > 200  # type: ignore[arg-type]
    large = take_in_document("a.jpg", jpeg((6000, 4000)))
    with Image.open(io.BytesIO(large.data)) as image:
        assert max(image.size) <= 3508


def test_an_honest_pdf_stays_as_it_is() -> None:
    data = pdf(body=b"BT (hello) Tj ET" + b"/JS " * 9)  # what stands in a page acts on nothing
    assert take_in_document("证明.pdf", data).data == data
    assert take_in_document("证明.pdf", object_stream(b"1 0 <</Type/Font>>")).kind == "pdf"


def ask(
    world: World, who: Actor, application: Application, ground: str = GROUND, count: int = 1
) -> Waiver:
    files = [("低保证.jpg", jpeg()), ("证明.pdf", pdf())][:count]
    with world.acting(who) as ctx:
        return waivers.ask_waiver(ctx, ref=application.ref, ground=ground, documents=files)


def asking(world: World, serial: int = 11, count: int = 1) -> tuple[Actor, Application, Waiver]:
    who = add_candidate(world, serial)
    application = approved(world, who)
    return who, application, ask(world, who, application, count=count)


def look(world: World, waiver: Waiver) -> None:
    with world.context(PUBLIC).session as db:
        refs = [one.ref for one in documents_of(db, waiver)]
    for ref in refs:
        with world.acting(Role.OFFICER) as ctx:
            waivers.look_at_document(ctx, ref=ref)


def grant(world: World) -> list[Order]:
    world.approved("fees.grant_waivers", code=CODE)
    with world.acting(Role.OFFICER) as ctx:
        return waivers.grant_waivers(ctx, code=CODE)


def state(world: World, waiver: Waiver) -> str:
    with world.context(PUBLIC).session as db:
        return request_of(db, waiver.ref).waiver.state


def faults(world: World) -> list[str]:
    with world.context(PUBLIC).session as db:
        return list(faults_of_books(db))


def test_whoever_asks_does_not_pay_meanwhile_and_may_take_it_back(world: World) -> None:
    add_exam(world)
    who, application, waiver = asking(world)
    with pytest.raises(Conflict, match="waits"), world.acting(who) as ctx:
        create_order(ctx, ref=application.ref)
    with pytest.raises(Conflict, match="already"):
        ask(world, who, application)
    with world.acting(who) as ctx:
        [gone] = waivers.withdraw_waiver(ctx, ref=application.ref)
    with pytest.raises(NotFound), world.acting(Role.OFFICER) as ctx:
        waivers.look_at_document(ctx, ref=gone)
    order = ordered(world, who, application)
    with pytest.raises(Conflict, match="order"):
        ask(world, who, application)
    taken_in(world, paid(world, order))
    assert (state(world, waiver), fresh(world, application).state) == ("withdrawn", "paid")
    assert faults(world) == []


def test_a_refusal_says_why_and_one_may_ask_again(world: World) -> None:
    add_exam(world)
    who, application, waiver = asking(world)
    with pytest.raises(Invalid, match="reason"), world.acting(Role.OFFICER) as ctx:
        waivers.refuse_waiver(ctx, ref=waiver.ref, reason=" ")
    with world.acting(Role.OFFICER) as ctx:
        waivers.refuse_waiver(ctx, ref=waiver.ref, reason="证明没有盖章")
    with pytest.raises(Conflict, match="decided"), world.acting(Role.OFFICER) as ctx:
        waivers.refuse_waiver(ctx, ref=waiver.ref, reason="again")
    again = ask(world, who, application)
    look(world, again)
    assert len(grant(world)) == 1
    assert [state(world, one) for one in (waiver, again)] == ["refused", "granted"]


def test_where_and_when_one_may_ask(world: World) -> None:
    add_exam(world)
    add_exam(world, code="free", fee=0)
    who = add_candidate(world)
    application = submitted(world, who)
    with pytest.raises(Invalid, match="grounds"):
        ask(world, who, application, ground="朋友")
    with pytest.raises(Invalid, match="documents"):
        ask(world, who, application, count=0)
    with pytest.raises(NotFound):
        ask(world, add_candidate(world, 12), application)
    with pytest.raises(Conflict, match="nothing to waive"):
        ask(world, who, approved(world, who, code="free"))
    look(world, waiver := ask(world, who, application))
    with pytest.raises(Conflict):  # not approved yet: the review of the person comes first
        world.approved("fees.grant_waivers", code=CODE)
    assert state(world, waiver) == "asked"
    other = approved(world, who := add_candidate(world, 13))
    world.clock.advance(days=13)
    with pytest.raises(Conflict, match="ended"):
        ask(world, who, other)


def test_registration_is_not_closed_over_a_request_that_waits(world: World) -> None:
    add_exam(world)
    _, _, waiver = asking(world)
    world.clock.advance(days=13)
    with pytest.raises(Conflict, match="1 request"), world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)
    look(world, waiver)
    grant(world)  # asked for in time, so it may still be granted
    with world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)


def test_documents_lie_sealed_and_are_deleted_when_their_time_is_over(world: World) -> None:
    add_exam(world)
    _, _, waiver = asking(world)
    with world.context(PUBLIC).session as db:
        [document] = documents_of(db, waiver)
    path = document_path(world.config, document.ref)
    assert not path.is_relative_to(world.config.published)
    sealed = path.read_bytes()
    assert b"JFIF" not in sealed
    plain = open_document(world.config, world.keys.vault, document.ref)
    assert hashlib.sha256(plain).hexdigest() == document.sha256
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(Fault), world.acting(Role.OFFICER) as ctx:
        waivers.look_at_document(ctx, ref=document.ref)
    path.write_bytes(sealed)
    look(world, waiver)
    grant(world)
    officer = world.client(world.app(), Role.OFFICER)
    assert officer.post(f"/exams/{CODE}/waivers/delete").status_code == 422
    world.clock.advance(days=181)
    stray = path.with_name("stray.sealed")
    stray.write_bytes(b"x")
    officer = world.client(world.app(), Role.OFFICER)
    assert officer.post(f"/exams/{CODE}/waivers/delete").status_code == 303
    assert not path.exists()
    assert stray.exists()  # it may be of a request that is being made just now
    assert discard_documents(world.config, set(), stray.stat().st_mtime) == 1
    with pytest.raises(NotFound), world.acting(Role.OFFICER) as ctx:
        waivers.look_at_document(ctx, ref=document.ref)


def test_the_timer_deletes_what_is_due_and_nothing_else(world: World) -> None:
    add_exam(world)
    _, _, waiver = asking(world)
    with world.acting(Role.OFFICER) as ctx:
        waivers.refuse_waiver(ctx, ref=waiver.ref, reason="证明没有盖章")
    office = Office(world.config, world.keys, world.engine, world.clock, world.chance)
    world.clock.advance(days=179)
    assert delete_due(office) == (0, 0)
    world.clock.advance(days=1)
    assert delete_due(office) == (1, 0)
    assert list((world.config.instance / "documents").glob("*/*")) == []
    assert [act["deleted"] for act in acts(world, "fees.delete_documents")] == [1]


def test_the_pages_from_the_request_to_the_waiver(world: World) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    client, page = log_in(world), f"/applications/{application.ref}/waiver"
    assert page in client.get(f"/applications/{application.ref}/payment").text
    files = {"ground": GROUND, "documents": [(io.BytesIO(archive()), "低保证.jpg")]}
    answer = client.post(page, data=files)
    assert answer.status_code == 422
    assert "低保证.jpg" in answer.text
    assert f'value="{GROUND}" required checked' in answer.text
    files["documents"] = [(io.BytesIO(jpeg()), "1.jpg"), (io.BytesIO(pdf()), "2.pdf")]
    assert client.post(page, data=files).status_code == 303
    assert "等待审核" in client.get(page).text
    app = world.app()
    officer = world.client(app, Role.OFFICER)
    queue = f"/exams/{CODE}/waivers"
    with world.context(PUBLIC).session as db:
        waiver = db.scalars(select(Waiver)).one()
        documents = [one.ref for one in documents_of(db, waiver)]
    assert f"/waivers/{waiver.ref}" in officer.get(queue).text
    kinds = []
    for ref in documents:
        opened = officer.post(f"/waivers/documents/{ref}")
        kinds.append((opened.content_type, opened.data[:4]))
        assert opened.headers["X-Content-Type-Options"] == "nosniff"
        assert client.post(f"/waivers/documents/{ref}").status_code == 403
    assert kinds == [("image/jpeg", b"\xff\xd8\xff\xe0"), ("application/pdf", b"%PDF")]
    assert officer.post(queue, data={"ask": "1"}).status_code == 303
    with world.acting(Role.OFFICER) as ctx:
        give_approval(ctx, ctx.session.scalars(select(Approval.ref)).one())
    assert world.client(app, Role.INSPECTOR).get(f"/waivers/{waiver.ref}").status_code == 200
    assert world.client(app, Role.INSPECTOR).post(queue).status_code == 403
    officer.post(queue)
    assert state(world, waiver) == "granted"
    assert "报名确认完成" in client.get(page).text
    shown = app.test_client().get(f"/exams/{CODE}?lang=en").text
    assert "¥100.00" in shown


def test_a_fee_that_nobody_waived_is_named_whoever_wrote_it(world: World) -> None:
    """THREATS M07: the database is edited for a friend."""
    add_exam(world)
    who = add_candidate(world)
    order = ordered(world, who, application := approved(world, who))
    _, friend, waiver = asking(world, 12)
    assert faults(world) == []
    with world.engine.begin() as db:
        db.execute(update(Order).where(Order.id == order.id).values(fen=0, state="paid"))
        db.execute(update(Application).where(Application.id == application.id).values(state="paid"))
        granted = {"state": "granted", "fen": FEE, "decided_at": world.clock.now()}
        db.execute(update(Waiver).where(Waiver.id == waiver.id).values(**granted))
    said = "\n".join(faults(world))
    assert f"order {order.trade_no} asks for nothing, and no waiver was granted" in said
    assert f"waiver {waiver.ref} of application {friend.ref} was not granted by two people" in said
    with world.context(PUBLIC).session as db:
        named = "\n".join(audit.faults(db, {"fee_order", "waiver", "application"}))
    assert "fee_order" in named
    assert "waiver" in named


def test_nobody_approves_their_own_list_or_refuses_from_another_role(world: World) -> None:
    add_exam(world)
    _, _, waiver = asking(world)
    look(world, waiver)
    with pytest.raises(Forbidden), world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "fees.grant_waivers", username="officer", code=CODE)
    with pytest.raises(Forbidden), world.acting(Role.INSPECTOR) as ctx:
        waivers.refuse_waiver(ctx, ref=waiver.ref, reason="不符")


def test_the_day_after(world: World) -> None:
    """A list is approved as it stands: a request that is refused meanwhile needs another one."""
    add_exam(world)
    waiting = [asking(world, serial)[2] for serial in (11, 12)]
    for waiver in waiting:
        look(world, waiver)
    world.approved("fees.grant_waivers", code=CODE)
    with world.acting(Role.OFFICER) as ctx:
        waivers.refuse_waiver(ctx, ref=waiting[0].ref, reason="证明没有盖章")
    world.clock.set(world.clock.now() + timedelta(days=1))
    with pytest.raises(Conflict, match="approved"), world.acting(Role.OFFICER) as ctx:
        waivers.grant_waivers(ctx, code=CODE)
    assert len(grant(world)) == 1
