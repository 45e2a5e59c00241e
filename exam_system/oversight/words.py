"""Acts and alerts as sentences in the language of the page."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from exam_system.language import choose_language, when
from exam_system.oversight.acts import Told, said
from exam_system.oversight.alerts import Alert
from exam_system.wording import fill

ABOUT = {
    "account": _l("account"),
    "acts": _l("the record of acts"),
    "alert": _l("alert"),
    "application": _l("application"),
    "approval": _l("approval"),
    "barred": _l("entry of barred people"),
    "board": _l("the integrity board"),
    "draw": _l("draw"),
    "evidence": _l("evidence bundle"),
    "exam": _l("exam"),
    "interview": _l("interview"),
    "interviewer": _l("interviewer"),
    "key": _l("key"),
    "invitation": _l("invitation"),
    "letter": _l("letter"),
    "deliveries": _l("messages"),
    "message": _l("message"),
    "messages": _l("messages"),
    "note": _l("signed text"),
    "notice": _l("notice"),
    "disclosure": _l("disclosure"),
    "matter": _l("matter of the catalogue"),
    "order": _l("fee order"),
    "panel": _l("panel"),
    "payment": _l("payment"),
    "photos": _l("photos"),
    "pool": _l("pool"),
    "release": _l("release"),
    "tip": _l("report"),
}
"""What the part of a subject before its colon means."""
_LONGEST = 40


def _(text: str, **values: object) -> str:
    return str(gettext(text, **values))


def about(subject: str) -> str:
    """A subject of the log in words: "application 3f…", "draw 2026-kp-seats, attempt 1"."""
    kind, _colon, rest = subject.partition(":")
    word = str(ABOUT.get(kind, kind))
    name, _colon, number = rest.rpartition(":")
    if kind == "draw" and name:
        return _("draw %(name)s, attempt %(n)s", name=name, n=number)
    if kind == "release" and name:
        return _("release %(name)s, version %(n)s", name=name.replace(":", " "), n=number[1:])
    shown = rest if len(rest) <= _LONGEST else rest[:16] + "…"
    return f"{word} {shown}".strip()


def who(row: Told) -> str:
    """Who acted: name and role of staff, role and reference of candidates, the system's parts."""
    if not row.who and row.role == row.actor:
        return _(row.role)
    return _("%(name)s (%(role)s)", name=row.who or row.actor, role=_(row.role))


def deed(row: Told) -> str:
    """Who did what about what."""
    return _(
        "%(who)s: %(said)s (%(about)s).", who=who(row), said=_(row.said), about=about(row.subject)
    )


def sentence(row: Told) -> str:
    """Who did what about what when, as one sentence that stands alone."""
    return _("On %(at)s, %(deed)s", at=when(row.at), deed=deed(row))


TITLES = {
    "second_attempt": _l("A draw was begun again"),
    "after_deadline": _l("A change after a deadline"),
    "late_row": _l("Something taken in after a deadline"),
    "score_change": _l("Marks changed after marking"),
    "correction": _l("A corrected release"),
    "many_exports": _l("Many exports by one person in a day"),
    "many_unmasked": _l("Many full ID numbers or phones looked at by one person in a day"),
    "at_night": _l("Acts at night"),
    "one_hand": _l("Both parts of a ceremony by one person"),
    "own_case": _l("Somebody decided on their own case"),
    "own_approval": _l("An approval by the author or the same office"),
    "clock_back": _l("The clock was put back"),
    "clock_ahead": _l("The clock was ahead of a witness"),
    "time_ahead": _l("The clock ran ahead"),
    "time_low": _l("The clock was lower than before"),
    "time_accepted": _l("A new time was accepted"),
    "in_favour": _l("Several marks raised by one person"),
}
"""Every rule by its name, as the page heads it."""
REASONS = {
    "second_attempt": _l("Whoever draws again until the result pleases needs attempts."),
    "after_deadline": _l("After a deadline nothing is taken in and nothing announced changes."),
    "late_row": _l("After a deadline nothing is taken in, whatever the log says."),
    "score_change": _l("A mark changes after marking only for a reason on paper."),
    "correction": _l("A published list is corrected only for a reason that everybody is told."),
    "many_exports": _l("An office needs a list now and then, not more than five in a day."),
    "many_unmasked": _l("A case needs a full number now and then, not more than ten in a day."),
    "at_night": _l("From 22:00 to 6:00 the office is closed and nobody looks on."),
    "one_hand": _l("A ceremony needs two people; one with two accounts is one."),
    "own_case": _l("Nobody decides on their own case."),
    "own_approval": _l("Nobody approves their own act, nor that of their own office."),
    "clock_back": _l("Times in the log go forward; more than two minutes back is no accident."),
    "clock_ahead": _l("An act dated after a witness had signed it cannot be dated right."),
    "time_ahead": _l(
        "A clock that jumps would close a window early: nothing is taken in until it is right."
    ),
    "time_low": _l("A clock that is put back would open a closed window: nothing is taken in."),
    "time_accepted": _l("After an outage an administrator says which time it is; compare it."),
    "in_favour": _l("Three or more candidates helped by one person's corrections are looked at."),
}
"""Why each rule is there, with its number."""
_SENTENCES = {
    "second_attempt": _l("Draw %(draw)s: attempt %(n)s was frozen."),
    "after_deadline": _l("%(said)s (%(about)s), after its deadline."),
    "late_row": _l("%(row)s bears a time after the deadline."),
    "score_change": _l("%(n)s marks were changed by a later table."),
    "correction": _l("%(about)s was prepared as a correction: %(why)s"),
    "many_exports": _l("%(actor)s took %(n)s lists away on %(day)s."),
    "many_unmasked": _l("%(actor)s looked at %(n)s full ID numbers or phones on %(day)s."),
    "at_night": _l("%(actor)s did %(n)s acts in the night after %(day)s."),
    "one_hand": _l("%(actor)s took both parts in %(about)s."),
    "own_case": _l("%(row)s was decided by the account it belongs to."),
    "own_approval": _l("%(row)s was decided by its author, or by the same office."),
    "clock_back": _l("A later act bears a time %(by)s earlier than the one before it."),
    "clock_ahead": _l("An act is dated %(by)s after %(name)s had signed the head above it."),
    "time_ahead": _l("The clock was %(by)s ahead of the time that had passed."),
    "time_low": _l("The clock was %(by)s lower than it had to be."),
    "time_accepted": _l("%(actor)s accepted the clock as it stands: %(why)s"),
    "in_favour": _l("%(actor)s raised the marks of %(n)s candidates."),
}


def alert_sentence(alert: Alert, names: dict[str, str]) -> str:
    """What an alert found; `names` gives staff by reference."""
    values = dict(alert.values)
    if "actor" in values:
        values["actor"] = names.get(values["actor"], values["actor"])
    if "said" in values:
        values["said"] = _(said(values["said"]))
    if "about" in values:
        values["about"] = about(values["about"])
    sentence = str(_SENTENCES[alert.rule])
    return fill(sentence if choose_language() == "en" else "", sentence, values)


OVERDUE = {
    "review": _l("A review is past its term"),
    "letter": _l("A letter was not answered in time"),
    "order": _l("A fee order waits for its payment for more than two hours"),
    "draw": _l("A draw was frozen and not finished for more than a day"),
    "draw_published": _l("A finished draw was not published for more than a day"),
    "release": _l("A release was prepared and not published for more than a day"),
    "head": _l("The log's head was not cosigned for more than a day"),
    "approval": _l("An approval is waited for since more than a day"),
    "notice_stale": _l("A published notice was not read again in time"),
    "notice_withheld": _l("The term of a withheld notice is over"),
    "disclosure": _l("A disclosure is late"),
}
"""What is overdue, by its kind."""

PROMISED = {
    "P1": _l("No change to a list, a draw, a score or a fee goes unnoticed"),
    "P2": _l("The result of a draw is fixed before anybody can know it"),
    "P3": _l("Nothing is published without two people of two offices"),
    "P4": _l("What was confirmed is kept, whatever crashes"),
    "P5": _l("Every payment counts once; what is owed back is shown"),
    "P6": _l("Deadlines hold for everybody, for officers too"),
    "P7": _l("No candidate sees another, no marker knows whose work it is"),
    "P8": _l("In doubt the system stops and says so"),
    "P9": _l("A report cannot be traced by the bureau"),
    "P10": _l("What is not promised is written down"),
}
"""The promises in short."""
STATES = {"green": _l("holds"), "red": _l("does not hold"), "grey": _l("not known")}
MEASURED = (
    _l("%(acts)s acts derived anew, %(rows)s rows compared, %(files)s published files verified"),
    _l("%(draws)s published draws recomputed"),
    _l("%(acts)s acts that need two people looked at"),
    _l("Settings of the database: %(settings)s"),
    _l("Received %(received)s, kept %(kept)s, owed back %(owed)s (in fen)"),
    _l("Received %(received)s, kept %(kept)s, owed back %(owed)s, sent back %(refunded)s (fen)"),
    _l("Deadlines of %(exams)s exams compared"),
    _l("%(pages)s closed pages asked for by a stranger, published files searched for ID numbers"),
    _l("Sealed; the head shows %(acts)s acts"),
    _l("%(reports)s reports compared with the log"),
    _l("The page of promises and limits is served"),
    _l("The check could not run: %(why)s"),
    _l("The published files cannot be read"),
)
"""What the checks say of themselves; kept here to be translated."""
