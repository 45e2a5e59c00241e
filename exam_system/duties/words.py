"""Red lines, findings and measures in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from exam_system.access import VERBS
from exam_system.duties.judging import MEASURES
from exam_system.oversight.words import about as told_subject


def _(text: str, **values: object) -> str:
    return str(gettext(text, **values))


LINE_WORDS = {
    "alone": _l("Alone at an act for two people"),
    "relation": _l("Own relation not declared"),
    "scores": _l("Scores touched outside a session"),
    "sealed": _l("Sealed data looked at out of hours"),
    "export": _l("Export without approval"),
}
"""The five red lines."""
CONSEQUENCES = {
    "alone": _l("The act is looked at again by others; both accounts answer for it."),
    "relation": _l("The act is repeated by somebody without a relation."),
    "scores": _l("The scores are compared with the paper before anything is published."),
    "sealed": _l("The seal counts as broken until the inspector has looked at the reason."),
    "export": _l("The file is handed in or destroyed; who has seen it is found out."),
}
"""What follows at once; every confirmed finding is entered in the register besides."""
STATES = {
    "open": _l("to be judged"),
    "confirmed": _l("confirmed finding"),
    "unfounded": _l("unfounded"),
}
TONES = {"open": "wait", "confirmed": "bad", "unfounded": "neutral"}
SOURCE_WORDS = {
    "line": _l("Red line"),
    "letter": _l("Overdue letter"),
    "violation": _l("Violation by staff"),
}
MEASURE_WORDS = {code: _l(said.msgid) for code, said in MEASURES.items()}


def finding_sentence(line: str, told: Mapping[str, str]) -> str:
    """What was found, in one sentence."""
    number, subject = told.get("n", "1"), told_subject(told.get("about", ""))
    if line == "alone" and told.get("how") == "name":
        return _("Both acts on %(about)s were done by accounts of one name.", about=subject)
    if line == "alone":
        return _("Both acts on %(about)s were done by one account.", about=subject)
    if line == "relation" and told.get("how") == "late":
        return _(
            "Acts on %(about)s before the relation was declared: %(n)s.",
            n=number,
            about=subject,
        )
    if line == "relation":
        return _(
            "Acts on %(about)s about somebody of the same unit, with no relation declared: %(n)s.",
            n=number,
            about=subject,
        )
    return _daily(line, told, number)


def _daily(line: str, told: Mapping[str, str], number: str) -> str:
    day, act = told.get("day", ""), kind_sentence(told.get("what") or told.get("said", ""))
    if line == "scores":
        return _(
            "Scores touched outside a session on %(day)s: %(n)s; the last one: %(act)s.",
            n=number,
            day=day,
            act=act,
        )
    if line == "sealed":
        return _(
            "Sealed data looked at out of hours on %(day)s: %(n)s; the last one: %(act)s.",
            n=number,
            day=day,
            act=act,
        )
    return _(
        "Lists taken out without approval or leave on %(day)s: %(n)s; the last one: %(act)s.",
        n=number,
        day=day,
        act=act,
    )


def kind_sentence(kind: str) -> str:
    """A watched kind of act as the record tells it, with the list that is meant."""
    verb, _colon, name = kind.partition(":")
    said = _(VERBS[verb].said) if verb in VERBS else verb
    return f"{said} ({name})" if name else said
