"""What one exam of the demonstration draws about papers and scripts."""

from __future__ import annotations

from datetime import timedelta

from exam_system.access import Role
from exam_system.demo.ceremony import hold_draw, publish_draw, run_draw
from exam_system.demo.road import Road
from exam_system.draws.confidential import look_at_result
from exam_system.marking.destinations import Markers, enter_marking_groups
from exam_system.marking.papers import enter_paper_sets
from exam_system.marking.scripts import export_codes

SETS = "ABC"


def before_the_exam(road: Road) -> None:
    """Three sealed sets of each subject; which one is used is drawn and stays confidential."""
    subjects = [code for code, _, _ in road.sessions]
    sets = {
        code: [(name, f"{road.plan.written_on:%Y}{n}{at}07") for at, name in enumerate(SETS)]
        for n, code in enumerate(subjects, 1)
    }
    with road.cast.acting(Role.OFFICER) as ctx:
        enter_paper_sets(ctx, code=road.code, sets=sets)
    number = hold_draw(road.cast, road.code, "papers")
    road.at(road.plan.written_on - timedelta(hours=3))
    with road.cast.acting(Role.OFFICER) as ctx:
        draw, why = f"{road.code}-papers", "核对当日启用的卷袋封签"
        look_at_result(ctx, draw=draw, number=number, reason=why)


def before_marking(road: Road) -> None:
    """The papers are told, scripts get their codes and their way to the markers."""
    publish_draw(road.cast, f"{road.code}-papers", 1)
    hold_draw(road.cast, road.code, "codes")
    groups = [Markers("安顺学院阅卷点", None, 40), Markers("贵阳阅卷点", None, 40)]
    with road.cast.acting(Role.OFFICER) as ctx:
        export_codes(ctx, code=road.code, reason="在答卷上加贴密号")
        enter_marking_groups(ctx, code=road.code, groups=groups)
    run_draw(road.cast, road.code, "markers")


def after_marking(road: Road) -> None:
    """The codes are told, and a sample is drawn to be recounted."""
    publish_draw(road.cast, f"{road.code}-codes", 1)
    run_draw(road.cast, road.code, "recount")
