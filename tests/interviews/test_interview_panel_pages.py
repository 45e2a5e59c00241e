"""The officer's pages of substitutes and of the shared pool, and the papers."""

from __future__ import annotations

import re
from io import BytesIO

from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.approvals.models import Approval
from exam_system.interviews.models import Interviewer
from exam_system.interviews.pool_file import write_pool
from tests.interviews import setting
from tests.interviews.setting import CODE
from tests.interviews.test_interview_exchange import KEY, OTHER, row
from tests.interviews.test_interview_substitutes import certificate, line
from tests.world import World, give_approval

OFFICE = f"/office/exams/{CODE}/interviews"
EXCHANGE = "/office/interviewers/exchange"


def english(client: FlaskClient) -> FlaskClient:
    client.set_cookie("language", "en")
    return client


def test_an_absence_and_its_substitute_through_the_pages(world: World) -> None:
    setting.ready(world)
    office = english(world.client(world.app(), Role.OFFICER))
    gone, (reserve,) = certificate(world, 4), [who for who, role in line(world) if role == "member"]
    page = f"{OFFICE}/substitutes"
    assert "No place is vacant" in office.get(page).get_data(as_text=True)
    wrong = office.post(page, data={"certificate": "KG9999", "reason": "病"})
    assert wrong.status_code == 404
    assert "KG9999" in wrong.get_data(as_text=True)  # what was typed stays
    assert office.post(page, data={"certificate": gone, "reason": "突发疾病"}).status_code == 302
    shown = office.get(page).get_data(as_text=True)
    assert "Place 4 of panel 01" in shown
    assert name_of(world, reserve) in shown
    assert "Ask for approval" in shown
    seat = f"{OFFICE}/panels/01/replace/4"
    refused = office.post(seat, follow_redirects=True).get_data(as_text=True)
    assert "needs the approval of somebody else" in refused
    office.post(seat, data={"ask": "1"})
    with world.acting(Role.OFFICER) as ctx:
        (approval,) = ctx.session.scalars(select(Approval).where(Approval.state == "asked"))
        give_approval(ctx, approval.ref)
    done = office.post(seat, follow_redirects=True).get_data(as_text=True)
    assert "takes the place" in done
    assert certificate(world, 4) == reserve
    issued = office.post(f"{OFFICE}/accounts", data={"panel": "01", "place": "4"})
    assert len(re.findall(r"<code>k[a-z2-7]{8}</code>", issued.get_data(as_text=True))) == 1
    hall = office.get(f"/exams/{CODE}/hall/01").get_data(as_text=True)
    assert "Interviewer 4 · substitute" in hall
    assert name_of(world, reserve) not in hall


def name_of(world: World, number: str) -> str:
    with world.acting(Role.OFFICER) as ctx:
        query = select(Interviewer.name).where(Interviewer.certificate == number)
        return ctx.session.scalars(query).one()


def test_the_papers_are_pdf_and_only_the_offices(world: World) -> None:
    setting.ready(world, (33,), panels_per_reserve=0)  # more candidates than one page holds
    app = world.app()
    office = world.client(app, Role.OFFICER)
    for name in ("panels", "groups"):
        assert office.get(f"{OFFICE}/{name}.pdf").data.startswith(b"%PDF")
        assert world.client(app, Role.AUDITOR).get(f"{OFFICE}/{name}.pdf").status_code == 403


def pool_file(world: World, *places: int) -> bytes:
    rows = [row(place) for place in places]
    return write_pool(KEY, origin=OTHER, bureau="贵阳", made=world.clock.now(), rows=rows)


def test_a_pool_is_shown_before_it_is_taken_in(world: World) -> None:
    office = english(world.client(world.app(), Role.OFFICER))
    data = pool_file(world, 1, 2)
    key = {"title": "贵阳市", "vkey": KEY.verifier.vkey}
    assert office.post(f"{EXCHANGE}/bureau", data={**key, "vkey": "x"}).status_code == 422
    assert office.post(f"{EXCHANGE}/bureau", data=key).status_code == 302
    shown = send(office, data)
    assert "GY0002" in shown
    assert "Take this pool in" in shown
    assert count(world) == 0  # nothing is written by looking
    text = re.search(r"<textarea name=\"text\" hidden>(.*?)</textarea>", shown, re.DOTALL)
    assert text is not None
    # a browser sends line ends as CR LF, and drops the first one of a text area
    typed = unescaped(text[1]).replace("\n", "\r\n")
    answer = office.post(f"{EXCHANGE}/take", data={"sure": "yes", "name": "p.note", "text": typed})
    assert answer.status_code == 302
    assert count(world) == 2
    assert "older one cannot come after it" in send(office, data)
    damaged = data.replace("贵阳单位2".encode(), "贵阳单位3".encode())
    assert "p.note is damaged at row 2" in send(office, damaged)


def send(office: FlaskClient, data: bytes) -> str:
    upload = {"file": (BytesIO(data), "p.note")}
    return office.post(f"{EXCHANGE}/take", data=upload).get_data(as_text=True)


def unescaped(text: str) -> str:
    for entity, sign in (("&#34;", '"'), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(entity, sign)
    return text.replace("&amp;", "&")


def count(world: World) -> int:
    with world.acting(Role.OFFICER) as ctx:
        return len(ctx.session.scalars(select(Interviewer.id)).all())


def test_the_export_downloads_and_a_relation_is_declared(world: World) -> None:
    setting.fill_pool(world, 1, 1)
    office = english(world.client(world.app(), Role.OFFICER))
    answer = office.post(f"{EXCHANGE}/export")
    assert b"/pool/v1\n" in answer.data
    assert ".note" in answer.headers["Content-Disposition"]
    pair = {"first": "KG0000", "second": "KG0100", "relation": "kinship"}
    assert office.post(f"{EXCHANGE}/relation", data=pair).status_code == 302
    assert name_of(world, "KG0100") in office.get(EXCHANGE).get_data(as_text=True)
    again = office.post(f"{EXCHANGE}/relation", data=pair).get_data(as_text=True)
    assert "declared already" in again
