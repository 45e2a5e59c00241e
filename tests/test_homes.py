"""The homes of those with a post: where each role lands, and what a reviewer finds there."""

from __future__ import annotations

import pytest

from exam_system.access import MEMBERS, Role
from exam_system.homes.views import BUILDERS
from exam_system.registration import service
from tests.registration.setting import CODE, add_candidate, add_exam, set_state, submitted
from tests.test_web_forms import log_in
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


def test_every_role_lands_at_its_home_which_the_header_leads_to(world: World) -> None:
    own = {Role.CANDIDATE, Role.OFFICER, Role.INSPECTOR}
    assert set(BUILDERS) == MEMBERS - own
    app = world.app()
    for role in BUILDERS:
        client = world.client(app, role)
        page = client.get("/home", follow_redirects=True)
        assert (page.status_code, page.request.path) == (200, "/today"), role
        assert '<a class="brand" href="/home">' in page.text
        assert f'href="/help/{role}"' in page.text
        assert 'href="/duties/' in page.text, role
    for role in (Role.OFFICER, Role.INSPECTOR):
        assert world.client(app, role).get("/today").status_code == 403


def test_a_reviewer_sees_the_last_day_what_is_late_and_who_is_waited_for(world: World) -> None:
    add_exam(world)
    first, second = (submitted(world, add_candidate(world, n, "王一")) for n in (11, 21))
    client = log_in(world.app(), "reviewer")
    page = client.get("/today").text
    assert f"/review?exam={CODE}&amp;whose=mine" in page
    assert "本人2件，共2件待审" in page
    assert str(first.review_due) in page
    assert "state-bad" not in page
    with world.acting(Role.REVIEWER) as ctx:
        service.decide_application(ctx, ref=first.ref, approve=True)
        row = ctx.session.merge(second)
        row.proposed_by = ctx.actor.account_id
    set_state(world, second, "second")
    page = client.get("/today").text
    assert "待审" not in page
    assert "本人的初审结论：1件" in page  # waits for somebody else
    assert "<b>1</b>初审结论" in page
    third = submitted(world, add_candidate(world, 31, "王三"))
    world.clock.advance(hours=24 * 30)
    page = log_in(world.app(), "reviewer").get("/today").text
    assert "state-bad" in page
    assert str(third.review_due) in page
