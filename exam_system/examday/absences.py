"""Verbs for an invigilator who does not come: first the absence is logged, then a reserve is named.

The substitute is the next reserve in ticket order who keeps the rules of the draw; nobody chooses.
Those of the room's own site come first, then the other sites in their listed order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Fault, NotFound, Sentence
from exam_system.examday.duties import Stand, stands
from exam_system.examday.models import Absence
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.people import reason_line
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.verify.rotating import outcome_of, part_of
from proctoring.rotation_reserves import (
    Substitute,
    check_substitutes,
    next_reserve,
    replaced,
    withdrawn,
)

LONGEST = 200
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replacement:
    """Who comes for whom."""

    absent: Stand
    coming: Stand

    @property
    def document(self) -> dict[str, str]:
        """What the approval is of, and what the log keeps a digest of."""
        one = self.absent
        return {
            "session": one.session.subject,
            "absent": one.invigilator.label,
            "substitute": self.coming.invigilator.label,
            "room": _room(one),
            "place": str(one.place),
        }


def subject(label: str, session: str) -> str:
    """The name in the log of what somebody was drawn for in one session."""
    return f"invigilator:{label}:{session}"


@verb
def record_invigilator_absence(
    ctx: Context, *, code: str, session: str, label: str, reason: str
) -> Absence:
    """Log that an invigilator or a reserve (by label) does not come to a session.

    Raises Conflict before the draw is published, after the exam, or for a second time; NotFound
    for somebody without a duty in the session.
    """
    exam = open_exam(ctx.session, code, "seated")
    _published(ctx.session, exam)
    one = _stand(stands(ctx.session, exam), session, label)
    if one.absence is not None:
        raise Conflict("This absence is recorded already")
    why = reason_line(reason, LONGEST)
    row = Absence(duty_id=one.duty.id, reason=why, recorded_at=ctx.clock.now())
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(
        exam=code, subject=subject(label, session), session=session, room=_room(one), why=why
    )
    return row


@verb
def replace_invigilator(ctx: Context, *, code: str, session: str, label: str) -> Replacement:
    """Put the next reserve who keeps the rules in the place of somebody whose absence is logged.

    Needs the approval of exactly this; raises Conflict with the reason when nobody can come.
    """
    exam = open_exam(ctx.session, code, "seated")
    found = _replacement(ctx.session, exam, session, label)
    document = found.document
    use(ctx, subject=subject(label, session), digest=sha256_hex(jcs(document)))
    absence = found.absent.absence
    if absence is None:
        raise Fault("a substitute was found for somebody who is there")
    absence.substitute_id, absence.replaced_at = found.coming.duty.id, ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=code, subject=subject(label, session), **document)
    return found


def wanted_replacement(ctx: Context, *, code: str, session: str, label: str) -> Wanted:
    """What replacing somebody would do now; raises what is in its way."""
    exam = exam_by_code(ctx.session, code)
    found = _replacement(ctx.session, exam, session, label)
    one, coming = found.absent, found.coming
    return Wanted(
        "examday.replace_invigilator",
        code,
        subject(label, session),
        sha256_hex(jcs(found.document)),
        (
            Sentence("Lead invigilator") if one.place == 1 else Sentence("Second invigilator"),
            Sentence(
                "%(site)s, room %(room)s, session %(session)s",
                site=one.site.name,
                room=one.room.name if one.room else "",
                session=rules_of(exam).subject(session).name,
            ),
            Sentence("%(name)s (%(number)s) does not come", **_called(one)),
            Sentence("%(name)s (%(number)s) of the reserve comes", **_called(coming)),
        ),
    )


def who_would_come(session: Session, exam: Exam, one: Stand) -> str:
    """The label of the reserve who would take this place; raises Conflict when nobody can."""
    found, name = stands(session, exam), one.session.subject
    return _next(_published(session, exam), found, name, one.invigilator.label)


def _called(one: Stand) -> dict[str, str]:
    return {"name": one.invigilator.name, "number": one.invigilator.staff_no}


def _room(one: Stand) -> str:
    """The slot without its session; `reserve` in place of the room of somebody who stands by."""
    room = "reserve" if one.room is None else f"{one.room.code:02}"
    return f"{one.district.code:02}-{one.site.code:02}-{room}"


def _stand(found: Sequence[Stand], session: str, label: str) -> Stand:
    for one in found:
        if one.session.subject == session and one.invigilator.label == label:
            return one
    raise NotFound("Nobody of this name has a duty in this session")


def _published(session: Session, exam: Exam) -> tuple[Json, Json]:
    """List and result of the draw; raises Conflict while it is not published."""
    newest = newest_attempt(session, exam, "invigilators")
    if newest is None or newest[1].state != "published":
        raise Conflict("The draw of the invigilators is not published yet: draw first")
    return json.loads(newest[1].manifest), json.loads(newest[1].result)


def _replacement(session: Session, exam: Exam, name: str, label: str) -> Replacement:
    documents = _published(session, exam)
    found = stands(session, exam)
    absent = _stand(found, name, label)
    if absent.absence is None:
        raise Conflict("Record the absence first: only then is the substitute named")
    if absent.absence.substitute_id is not None:
        raise Conflict("A substitute is in this place already")
    if absent.room is None:
        raise Conflict("A reserve who does not come needs no substitute")
    coming = _next(documents, found, name, label)
    return Replacement(absent, _stand(found, name, coming))


def _next(documents: tuple[Json, Json], found: Sequence[Stand], name: str, label: str) -> str:
    group, drawn = _group_of(documents, label)
    part = part_of(group)
    rules, district = part["rules"], part["districts"][0]
    outcome = _outcome_now(district, outcome_of(group, drawn), found)
    coming = next_reserve(rules, district, outcome, session=name, absent=label)
    if coming is None:
        raise Conflict(
            "No reserve of this session is left who keeps the rules in this room (school, "
            "relations, rotation): nobody was put in. Decide on the spot with the inspector and "
            "write it down"
        )
    broken = check_substitutes(rules, district, outcome, [Substitute(name, label, coming)])
    if broken:
        raise Fault(f"the next reserve breaks a rule: {broken[0]}")
    return coming


def _group_of(documents: tuple[Json, Json], label: str) -> tuple[Json, Json]:
    manifest, result = documents
    for group, drawn in zip(manifest["groups"], result["groups"], strict=True):
        if label in group["labels"]:
            return group, drawn
    raise Fault(f"{label} is in no group of the draw")


def _outcome_now(district: Json, outcome: Json, found: Sequence[Stand]) -> Json:
    """The outcome with what happened since the draw: substitutes in, absent reserves out."""
    known = set(district["people"]["label"])
    of_duty = {one.duty.id: one for one in found if one.invigilator.label in known}
    changes = [(one.absence, one) for one in of_duty.values() if one.absence is not None]
    for absence, one in sorted(changes, key=lambda pair: pair[0].id):
        label, name = one.invigilator.label, one.session.subject
        if absence.substitute_id is None:
            outcome = withdrawn(outcome, session=name, absent=label)
        else:
            coming = of_duty[absence.substitute_id].invigilator.label
            outcome = replaced(district, outcome, Substitute(name, label, coming))
    return outcome
