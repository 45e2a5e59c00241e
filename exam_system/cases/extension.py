"""The extension that some kinds allow once: a reason, and the approval of another office."""

from __future__ import annotations

from exam_system.approvals.lookup import Wanted, use
from exam_system.cases.kinds import kind_of
from exam_system.cases.lookup import exam_code, find_letter, require_desk
from exam_system.cases.models import Letter
from exam_system.cases.states import WAITING
from exam_system.cases.terms import set_due
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.people import reason_line
from exam_system.trust.canonical import jcs, sha256_hex

VERB = "cases.extend_case"


def _require_extendable(letter: Letter) -> None:
    if kind_of(letter.kind).clocks.extension == 0:
        raise Conflict("The law allows no extension for this kind of letter")
    if letter.extended or letter.state not in WAITING or letter.state == "registered":
        raise Conflict("An extension is granted once, while a letter that was taken up waits")


@verb
def propose_extension(ctx: Context, *, ref: str, reason: str) -> Letter:
    """Write down why more time is needed; it counts once another office approves it."""
    letter = find_letter(ctx.session, ref, lock=True)
    require_desk(ctx, letter)
    _require_extendable(letter)
    letter.extension_why = reason_line(reason, 200)
    ctx.session.flush()
    ctx.record(
        exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", why=letter.extension_why
    )
    return letter


def wanted_extension(ctx: Context, *, ref: str) -> Wanted:
    """What somebody of another office approves; raises NotFound without a written reason."""
    letter = find_letter(ctx.session, ref)
    if letter.extension_why is None:
        raise NotFound("No reason for an extension is written down yet")
    days = kind_of(letter.kind).clocks.extension
    told = (
        Sentence("Letter %(number)s, due on %(day)s", number=letter.number, day=str(letter.due)),
        Sentence("%(days)s days more, once", days=days),
        Sentence("Reason: %(reason)s", reason=letter.extension_why),
    )
    digest = sha256_hex(jcs([ref, str(letter.day), days, letter.extension_why]))
    return Wanted(VERB, exam_code(ctx.session, letter), f"letter:{ref}", digest, told)


@verb
def extend_case(ctx: Context, *, ref: str) -> Letter:
    """Put the deadline off as approved; whoever wrote sees the new one and the reason."""
    letter = find_letter(ctx.session, ref, lock=True)
    require_desk(ctx, letter)
    _require_extendable(letter)
    wanted = wanted_extension(ctx, ref=ref)
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    letter.extended = True
    set_due(ctx.session, letter)
    ctx.session.flush()
    ctx.record(exam=wanted.exam, subject=wanted.subject, due=str(letter.due))
    return letter
