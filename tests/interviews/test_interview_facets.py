"""The many-facet model of a panel: severity and fit of its interviewers, on pages and in tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exam_system.access import Role
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.interviews import facet_report
from tests.interviews import setting
from tests.interviews.setting import CODE
from tests.interviews.test_interview_day import FIVE, hear_sheets
from tests.world import World

PROFILES = [(16, 17, 15, 18, 14), (12, 13, 12, 14, 11), (18, 19, 17, 19, 17), (14, 14, 13, 16, 12)]
PROFILES += [(19, 19, 18, 19, 19), (10, 12, 11, 12, 10)]
STRICT = (0, 0, 2, 0, -2, 1, 0)  # taken off every mark by the interviewer at this place


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_many_facet_model_tells_who_is_severe_and_who_is_erratic(world: World) -> None:
    setting.begin(world, (6,), interview_elements=FIVE)
    for place, profile in enumerate(PROFILES, 1):
        sheets = [[min(20, max(0, one - off)) for one in profile] for off in STRICT]
        sheets[6] = [20 - one for one in sheets[6]]  # the seventh marks against everybody
        hear_sheets(world, place, sheets)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        found = facet_report.report(ctx.session, exam, rules_of(exam), "01")
    by = {one.name: one for one in found.interviewers}
    assert (found.panels, found.candidates, len(by)) == (("01",), 6, 7)
    six = [by[f"01-{n}"].value for n in range(1, 7)]
    assert max(six) == six[2]
    assert min(six) == six[4]
    assert abs(sum(one.value for one in found.interviewers)) < 1e-6
    assert [one.name for one in found.interviewers if one.erratic] == ["01-7"]
    assert [one.name for one in found.elements] == sorted(one["name"] for one in FIVE)
    app = world.app()
    client = world.client(app, Role.OFFICER)
    base = f"/office/exams/{CODE}/interviews/fairness"
    for language, word in (("zh", "严厉"), ("en", "Severity")):
        client.set_cookie("language", language)
        pages = [client.get(url).text for url in (base, f"{base}/01")]
        assert all(word in page and "interval-odd" in page for page in pages)
    for name, rows in (("severity", 7), ("interviewer-quality", 7), ("ranking-differences", 0)):
        answer = client.post(f"/lists/{name}/csv", data={"code": CODE, "panel": "01"})
        assert answer.status_code == 200, name
        assert len(answer.get_data().decode("utf-8-sig").splitlines()) == rows + 1, name


def test_who_sat_at_a_place_when_a_score_was_entered() -> None:
    """A seat that passed on twice: the scores before are those of the ones who left."""
    first, second = (datetime(2026, 5, 1, hour, tzinfo=UTC) for hour in (9, 11))
    left = [(first, 1), (second, 2)]
    hours = {8: 1, 9: 2, 10: 2, 11: None}
    for hour, who in hours.items():
        assert facet_report._sat(left, datetime(2026, 5, 1, hour, tzinfo=UTC)) == who
    rows = [
        facet_report.Rating(1, 10, "01", 1, "", 8),
        facet_report.Rating(2, 10, "02", 3, "", 8),
        facet_report.Rating(2, 11, "02", 2, "", 8),
        facet_report.Rating(3, 11, "03", 1, "", 8),
        facet_report.Rating(4, 12, "04", 1, "", 8),
    ]
    assert facet_report._overlapping(rows, "01") == {"01", "02", "03"}
    assert facet_report._overlapping(rows, "04") == {"04"}
