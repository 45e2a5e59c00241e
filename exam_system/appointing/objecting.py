"""The public's own way to object to a notice: a case with its service number, at once."""

from __future__ import annotations

from exam_system.appointing.lookup import text_of
from exam_system.appointing.models import Objection
from exam_system.appointing.noticing import concerned
from exam_system.cases.service import Taken, register_case
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Invalid
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam

NOBODY = "匿名"
_TITLE = "公示异议：准考证号{}"


@verb
def object_publicly(
    ctx: Context, *, ref: str, number: str, name: str, phone: str, text: str
) -> Taken:
    """Object to somebody in a running notice; until it is answered they are not appointed.

    Without a name only where the exam's rule lets anybody object. Returns the case, whose number
    and code tell how far it is.
    """
    notice, person = concerned(ctx, ref, number)
    exam = ctx.session.get_one(Exam, notice.exam_id)
    named = bool(name.strip() and phone.strip())
    if not named and rules_of(exam).objectors == "named":
        raise Invalid(
            "Give your name and telephone number: the rules of this exam want objections under a "
            "name (%(basis)s)",
            basis=rules_of(exam).basis["objectors"],
        )
    taken = register_case(
        ctx,
        kind="objection",
        topic="medical",
        title=_TITLE.format(number.strip()),
        text=text,
        name=name if named else NOBODY,
        phone=phone if named else "",
        exam=exam.code,
    )
    row = Objection(ref=reference(ctx.chance), person_id=person.id, holds="open")
    row.who_sealed = ctx.keys.vault.seal(f"{name.strip()} {phone.strip()}" if named else NOBODY)
    row.text, row.letter_id, row.taken_at = text_of(text), taken.letter.id, ctx.clock.now()
    ctx.session.add(row)
    ctx.session.flush()
    case = {"case": taken.letter.number, "named": named}
    told = {"notice": ref, "number": number.strip(), **case}
    ctx.record(exam=exam.code, subject=f"objection:{row.ref}", **told)
    return taken
