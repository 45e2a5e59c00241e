"""The public's own way to object to a notice: a case with its service number, at once."""

from __future__ import annotations

from exam_system.appointing.lookup import by_ref, text_of
from exam_system.appointing.models import Objection, PublicNotice
from exam_system.appointing.noticing import concerned
from exam_system.cases.service import Taken, register_case
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Gathered, Invalid
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.people import clean_name, clean_phone, narrow

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
    exam = ctx.session.get_one(Exam, by_ref(ctx.session, PublicNotice, ref).exam_id)
    named, wrong = bool(name.strip() and phone.strip()), Gathered()
    with wrong.about("number"):
        _, person = concerned(ctx, ref, number)
    with wrong.about("text"):
        said = text_of(text)
    with wrong.about("name" if phone.strip() else "phone"):
        _require_name(exam, named)
    if named:
        with wrong.about("name"):
            clean_name(name)
        with wrong.about("phone"):
            clean_phone(phone)
    wrong.tell()
    taken = register_case(
        ctx,
        kind="objection",
        topic="medical",
        title=_TITLE.format(narrow(number)),
        text=text,
        name=name if named else NOBODY,
        phone=phone if named else "",
        exam=exam.code,
    )
    row = Objection(ref=reference(ctx.chance), person_id=person.id, holds="open")
    row.who_sealed = ctx.keys.vault.seal(f"{name.strip()} {phone.strip()}" if named else NOBODY)
    row.text, row.letter_id, row.taken_at = said, taken.letter.id, ctx.clock.now()
    ctx.session.add(row)
    ctx.session.flush()
    case = {"case": taken.letter.number, "named": named}
    told = {"notice": ref, "number": narrow(number), **case}
    ctx.record(exam=exam.code, subject=f"objection:{row.ref}", **told)
    return taken


def _require_name(exam: Exam, named: bool) -> None:
    if not named and rules_of(exam).objectors == "named":
        raise Invalid(
            "Give your name and telephone number: the rules of this exam want objections under a "
            "name (%(basis)s)",
            basis=rules_of(exam).basis["objectors"],
        ).about("name")
