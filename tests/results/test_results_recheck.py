"""What the office publishes holds under the offline verifier, slips included."""

from __future__ import annotations

from exam_system.access import Role
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.verify.run import verify
from tests.results.play import INTERVIEWS, MARKS, carry_out, exam_with_marks
from tests.results.setting import CODE, hold_interviews, set_marks
from tests.world import World


def test_lists_corrections_and_slips_hold_offline(world: World) -> None:
    exam = exam_with_marks(world)
    carry_out(world, "written")
    set_marks(world, {**MARKS, 5: ("80", "80")})
    carry_out(world, "written", "5号考生登分错误")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    last = carry_out(world, "final")
    keys = last.parent / "keys.txt"
    for version in range(1, 5):
        outcome = verify((last.parent / f"results-{CODE}-v{version}",), keys)
        assert not outcome.refused, outcome.lines
    with world.acting(Role.OFFICER) as ctx:
        release = releases.by_version(ctx.session, exam.id, "results", 4)
        who = ctx.session.query(Application).filter_by(ref="ref00002").one().id
        slip = last.parent.parent / "slip.tlog-proof"
        slip.write_bytes(releases.slip(ctx.session, release, who))
    outcome = verify((slip,), keys)
    assert (outcome.files, outcome.refused) == (1, []), outcome.lines
    changed = last / "list.csv"
    changed.write_bytes(changed.read_bytes().replace(b"81.00", b"82.00"))
    assert verify((last,), keys).refused
