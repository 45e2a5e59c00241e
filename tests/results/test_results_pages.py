"""Pages of results: the office's, the public's, and a candidate's own."""

from __future__ import annotations

import base64

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import consents
from exam_system.accounts.models import Account
from exam_system.oversight.service import cosign_notes
from exam_system.records.models import Release
from exam_system.trust import proof
from exam_system.trust.canonical import parse_jcs
from tests.results.play import INTERVIEWS, MARKS, carry_out, exam_with_marks
from tests.results.setting import (
    CODE,
    add_announcement,
    add_candidates,
    add_exam,
    cosign,
    hold_interviews,
    number_of,
    set_marks,
)
from tests.world import PASSWORD, World

OFFICE = f"/exams/{CODE}/results/office"
LISTS = f"/exams/{CODE}/results"


def agree(world: World, username: str) -> None:
    """The candidate has agreed to the texts in force, as whoever registers has."""
    ctx = world.context(world.people[Role.OFFICER])
    with ctx.session as db:
        account = db.scalars(select(Account).where(Account.username == username)).one()
        consents.add_consent(ctx, account, consents.require(ctx, None))
        db.commit()


def log_in(world: World, place: int) -> FlaskClient:
    agree(world, f"c{place:05d}")
    client = world.app().test_client()
    client.set_cookie("language", "en")
    sent = client.post("/login", data={"login": f"c{place:05d}", "password": PASSWORD})
    assert sent.status_code == 302
    return client


def mine(place: int, rest: str = "") -> str:
    return f"/my/applications/ref{place:05d}/results{rest}"


def everything(world: World) -> None:
    exam = exam_with_marks(world)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    carry_out(world, "final")


def test_the_office_prepares_sees_who_is_missing_and_publishes(world: World) -> None:
    exam_with_marks(world)
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "en")
    assert "the second computation agrees" in client.get(OFFICE).text
    client.post(f"{LISTS}/prepare", data={"stage": "written"})
    page = client.get(OFFICE).text
    assert "Still to cosign: tests.example/inspector" in page
    assert "Publish version 1" not in page
    refused = client.post(f"{LISTS}/1/publish", follow_redirects=True)
    assert "the signature of tests.example/inspector is missing" in refused.text
    with world.acting(Role.INSPECTOR) as ctx:
        release = ctx.session.query(Release).filter_by(chain="results").one()
        cosign_notes(ctx, files=cosign(world, release.note_id, release.root_note_id))
    assert "Publish version 1" not in client.get(OFFICE).text
    world.approved("results.publish_release", code=CODE, version=1)
    assert "Publish version 1" in client.get(OFFICE).text
    done = client.post(f"{LISTS}/1/publish", follow_redirects=True)
    assert "Version 1 is published" in done.text
    assert (world.config.published / f"results-{CODE}-v1" / "list.csv").exists()


def test_the_office_reads_what_stands_in_the_way(world: World) -> None:
    exam_with_marks(world)
    set_marks(world, {n: MARKS[n] for n in range(7)})
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "en")
    assert f"Marks are missing for 1 candidate, first of all {number_of(7)}" in (
        client.get(OFFICE).text
    )
    sent = client.post(f"{LISTS}/prepare", data={"stage": "written"}, follow_redirects=True)
    assert "Marks are missing for 1 candidate" in sent.text


def test_a_draft_is_shown_to_nobody_else(world: World) -> None:
    exam_with_marks(world)
    app = world.app()
    officer = world.client(app, Role.OFFICER)
    officer.post(f"{LISTS}/prepare", data={"stage": "written"})
    public = app.test_client()
    assert public.get(f"{LISTS}/1").status_code == 404
    assert f"{LISTS}/1" not in public.get(LISTS).text
    candidate = log_in(world, 0)
    assert "75.00" not in candidate.get(mine(0)).text
    assert candidate.get(mine(0, "/1/slip.tlog-proof")).status_code == 404
    assert candidate.get(mine(0, "/1/slip.pdf")).status_code == 404


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("page", [OFFICE, f"{LISTS}/prepare", f"{LISTS}/1/publish"])
@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.MARKER, Role.ADMIN])
def test_the_office_pages_are_the_officers(world: World, page: str, role: Role) -> None:
    exam_with_marks(world)
    client = world.client(world.app(), role)
    answer = client.get(page) if page == OFFICE else client.post(page, data={"stage": "written"})
    assert answer.status_code == 403


def test_the_public_reads_lists_and_files_but_never_the_records(world: World) -> None:
    everything(world)
    public = world.app().test_client()
    public.set_cookie("language", "en")
    lists = public.get(LISTS).text
    assert [f"{LISTS}/{version}" in lists for version in (1, 2, 3, 4)] == [True, True, True, False]
    page = public.get(f"{LISTS}/3").text
    assert all(number_of(place) in page for place in INTERVIEWS)
    assert number_of(3) not in page
    assert page.count("proposed for appointment") == 2
    assert page.count("not proposed") == 3
    assert "list.csv" in page
    assert "records.jsonl" not in page
    assert f"exam verify results-{CODE}-v3.zip --keys keys.txt" in page
    assert public.get(f"{LISTS}/4").status_code == 404
    assert public.get(f"{LISTS}/99999999999999999999").status_code == 404
    assert public.get("/exams/nothing/results").status_code == 404


def test_a_list_is_shown_by_post_and_by_number(world: World) -> None:
    everything(world)
    public = world.app().test_client()
    page = public.get(f"{LISTS}/1?post=102").text
    assert number_of(1) in page
    assert number_of(0) not in page
    page = public.get(f"{LISTS}/1?number={number_of(4)}").text
    assert number_of(4) in page
    assert number_of(0) not in page


def test_a_long_list_comes_in_pages(world: World) -> None:
    exam = add_exam(world)
    add_announcement(world, exam)
    add_candidates(world, exam, 201)
    set_marks(world, {n: (f"{n % 100}.00", "50.00") for n in range(201)})
    carry_out(world, "written")
    public = world.app().test_client()
    assert public.get(f"{LISTS}/1").text.count("<tr>") == 201
    for page in ("2", "3", "999"):
        assert public.get(f"{LISTS}/1?page={page}").text.count("<tr>") == 2
    assert public.get(f"{LISTS}/1?page=x").status_code == 200


def test_a_corrected_list_stays_and_says_so(world: World) -> None:
    exam_with_marks(world)
    carry_out(world, "written")
    set_marks(world, {**MARKS, 5: ("80", "80")})
    carry_out(world, "written", "5号考生登分错误")
    public = world.app().test_client()
    public.set_cookie("language", "en")
    page = public.get(LISTS).text
    assert "Corrected by version 2" in page
    assert "5号考生登分错误" in page
    assert "50.00" in public.get(f"{LISTS}/1").text
    own = log_in(world, 5).get(mine(5)).text
    assert "Corrected by a later version" in own


def test_a_candidate_sees_how_the_rank_came_about(world: World) -> None:
    everything(world)
    page = log_in(world, 2).get(mine(2)).text
    assert "Rank in the post <b>1 of 2</b>" in page
    assert "Total score <b>81.00</b>" in page
    assert "Written score <b>70.00</b>" in page
    assert "Interview score <b>92.00</b>" in page
    assert "Interviewer 1 <b>90</b>" in page
    assert page.count("tree-struck") == 2
    assert number_of(0) not in page
    absent = log_in(world, 3).get(mine(3)).text
    assert "Written score <b>absent</b>" in absent
    assert "Total score" not in absent
    below = log_in(world, 6).get(mine(6)).text
    assert "Total score <b>55.00</b>" in below
    assert below.count("Rank in the post") == 2  # in the first two lists only


def test_the_spread_of_the_scores_shows_the_own_place_to_its_owner_alone(world: World) -> None:
    everything(world)
    own = log_in(world, 2).get(mine(2)).text  # 70.00 in the written list, 81.00 in all
    assert "70 to under 72" in own
    assert own.count("fill-red") == 2
    public = world.app().test_client()
    public.set_cookie("language", "en")
    shown = public.get(f"{LISTS}/1").text
    assert "Scores of the whole list" in shown
    assert "fill-red" not in shown


def test_nobody_sees_anybody_elses_scores(world: World) -> None:
    everything(world)
    client = log_in(world, 0)
    for rest in ("", "/3/slip.tlog-proof", "/3/slip.pdf"):
        assert client.get(mine(0, rest)).status_code == 200
        assert client.get(mine(2, rest)).status_code == 404
        assert world.app().test_client().get(mine(0, rest)).status_code == 302
    assert log_in(world, 3).get(mine(3, "/3/slip.tlog-proof")).status_code == 404


def test_the_slip_is_the_own_record_and_verifies(world: World) -> None:
    everything(world)
    client = log_in(world, 2)
    answer = client.get(mine(2, "/3/slip.tlog-proof"))
    assert "slip.tlog-proof" in answer.headers["Content-Disposition"]
    slip = proof.parse(answer.data)
    assert slip.extra is not None
    slip.verify(slip.extra, [world.keys.publisher.verifier, world.inspector.verifier])
    record = parse_jcs(slip.extra)
    assert (record["admission"], record["total"], record["rank"]) == (number_of(2), "81.00", 1)
    for place in range(8):
        other = number_of(place).encode()
        assert (other in slip.extra) == (place == 2)
        assert base64.b64encode(other) not in answer.data
    pdf = client.get(mine(2, "/3/slip.pdf"))
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")
    assert client.get(mine(2, "/3/slip.pdf")).data == pdf.data


def test_the_pages_are_chinese_for_chinese_readers(world: World) -> None:
    everything(world)
    public = world.app().test_client()
    assert "拟录用" in public.get(f"{LISTS}/3").text
    assert "总成绩及拟录用人员" in public.get(LISTS).text
