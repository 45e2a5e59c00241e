"""Verbs of the pool: interviewers come in as a table, avoidance is declared one by one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.chance import label
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Gathered, Invalid, NotFound, Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import begun
from exam_system.interviews.models import (
    Avoidance,
    Incompatibility,
    Interview,
    Interviewer,
    InterviewGroup,
    Panel,
    PanelSeat,
)
from exam_system.interviews.substitutes import withdraw
from exam_system.people import clean_area, clean_name, narrow
from exam_system.registration.models import Application
from exam_system.sheets import Column, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import clean_label, sha256_hex
from exam_system.violations.lookup import refuse_stopped

RELATIONS = {
    "kinship": "Kinship",
    "employer": "Same employer",
    "school": "Teacher or fellow student",
    "interest": "Other interest",
}
"""The kinds of avoidance and what pages call them (to be translated)."""
DECLARED_IN = ("seated", "written", "shortlisted", "interviewing")
_SEXES = {"男": "male", "女": "female", "male": "male", "female": "female"}
_ANSWERS = {"是": True, "否": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many interviewers an import added, and of how many it changed something."""

    added: int
    changed: int


@verb
def import_interviewers(ctx: Context, *, name: str, data: bytes) -> Imported:
    """Add interviewers from a table (.csv or .xlsx); who is there already (by certificate) is
    updated, nobody is removed. Raises SheetError naming every bad cell."""
    rows = read_table(name, data, COLUMNS).rows
    refuse_stopped(ctx, [row["certificate"] for row in rows])
    present = {row.certificate: row for row in ctx.session.scalars(select(Interviewer))}
    added = changed = 0
    for row in rows:
        values = {column.key: row[column.key] for column in COLUMNS}
        known = present.get(row["certificate"])
        if known is None:
            ctx.session.add(Interviewer(label=label(ctx.chance, "i"), **values))
            added += 1
        else:
            changed += _update(known, values)
    ctx.session.flush()
    ctx.record(
        exam="", subject="pool:interviewers", file=sha256_hex(data), added=added, changed=changed
    )
    return Imported(added, changed)


def preview_interviewers(ctx: Context, name: str, data: bytes) -> Preview:
    """What a table would change in the pool. Raises SheetError."""
    rows = read_table(name, data, COLUMNS).rows
    after = {row["certificate"]: _cells(row) for row in rows}
    return compare(NAMES, pool_rows(ctx.session), after, removes=False)


def pool_rows(session: Session) -> dict[str, tuple[str, ...]]:
    """The pool by certificate, in the columns NAMES in which it is brought in."""
    found = session.scalars(select(Interviewer).order_by(Interviewer.certificate))
    return {one.certificate: _cells(vars(one)) for one in found}


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    words = {"male": "男", "female": "女", True: "是", False: "否"}
    read = {"sex": words[one["sex"]], "chief": words[one["chief"]]}
    return tuple({**one, **read}[column.key] for column in COLUMNS)


def _update(known: Interviewer, values: Mapping[str, Any]) -> bool:
    different = {key: value for key, value in values.items() if getattr(known, key) != value}
    for key, value in different.items():
        setattr(known, key, value)
    return bool(different)


@verb
def declare_avoidance(
    ctx: Context, *, code: str, number: str, relation: str, certificate: str = ""
) -> None:
    """Declare that an interviewer must not hear a candidate (by admission number).

    Interviewers declare for themselves; the office names the certificate. The draws keep to it;
    once the groups are drawn, an avoidance in the own panel makes the seat vacant: a reserve takes
    it (substitutes.py).
    """
    exam = open_exam(ctx.session, code, *DECLARED_IN)
    if relation not in RELATIONS:
        raise Invalid("Choose the kind of relation").about("relation")
    wrong = Gathered()
    with wrong.about():
        interviewer = _whose(ctx, certificate.strip())
    with wrong.about():
        application = _candidate(ctx, exam, narrow(number))
    wrong.tell()
    _refuse_twice(ctx, interviewer, application)
    hears = declare(ctx, exam, interviewer, application, relation)
    ctx.record(
        exam=code,
        subject=f"interviewer:{interviewer.label}",
        withdrawn=hears,
        candidate=application.label,
        relation=relation,
    )


def declare(
    ctx: Context, exam: Exam, interviewer: Interviewer, application: Application, relation: str
) -> bool:
    """Write a new avoidance down; returns whether it makes the interviewer's seat vacant."""
    hears = _hears(ctx, exam, interviewer, application)
    ctx.session.add(
        Avoidance(interviewer_id=interviewer.id, application_id=application.id, relation=relation)
    )
    ctx.session.flush()
    if hears:
        withdraw(ctx, exam, interviewer, relation)
    return hears


@verb
def declare_incompatibility(
    ctx: Context, *, first: str, second: str, relation: str
) -> Incompatibility:
    """Declare that two interviewers (by certificate) must never sit in one panel.

    Draws that are frozen already keep to what was declared before.
    """
    if relation not in RELATIONS:
        raise Invalid("Choose the kind of relation").about("relation")
    one, other = sorted(_certified(ctx, text).id for text in (first, second))
    if one == other:
        raise Invalid("Name two different interviewers").about("second")
    known = select(Incompatibility.id).where(
        Incompatibility.first_id == one, Incompatibility.second_id == other
    )
    if ctx.session.scalar(known) is not None:
        raise Conflict("This relation is declared already")
    row = Incompatibility(first_id=one, second_id=other, relation=relation)
    ctx.session.add(row)
    ctx.session.flush()
    pair = [first.strip(), second.strip()]
    ctx.record(exam="", subject="pool:interviewers", pair=pair, relation=relation)
    return row


def _certified(ctx: Context, certificate: str) -> Interviewer:
    query = select(Interviewer).where(Interviewer.certificate == certificate.strip())
    found = ctx.session.scalar(query)
    if found is None:
        sentence = "The pool has no interviewer with this certificate"
        raise NotFound(sentence).about("certificate")
    return found


def _whose(ctx: Context, certificate: str) -> Interviewer:
    if ctx.actor.role is not Role.INTERVIEWER:
        query = select(Interviewer).where(Interviewer.certificate == certificate)
    else:
        query = select(Interviewer).where(Interviewer.account_id == ctx.actor.account_id)
    found = ctx.session.scalar(query)
    if found is None:
        sentence = "The pool has no interviewer with this certificate"
        raise NotFound(sentence).about("certificate")
    if certificate not in ("", found.certificate):
        raise Forbidden("An interviewer declares avoidance for nobody else")
    return found


def _candidate(ctx: Context, exam: Exam, number: str) -> Application:
    query = select(Application).where(Application.exam_id == exam.id, Application.number == number)
    found = ctx.session.scalar(query)
    if found is None:
        raise NotFound(
            "No candidate of this exam has the admission number %(number)s", number=number
        ).about("number")
    return found


def _refuse_twice(ctx: Context, interviewer: Interviewer, application: Application) -> None:
    query = select(Avoidance.id).where(
        Avoidance.interviewer_id == interviewer.id, Avoidance.application_id == application.id
    )
    if ctx.session.scalar(query) is not None:
        raise Conflict("This avoidance is declared already")


def _hears(ctx: Context, exam: Exam, interviewer: Interviewer, application: Application) -> bool:
    """Whether the interviewer's panel hears this candidate by the draw of the groups."""
    # The list of a draw under way is frozen: what is declared now it could not keep to.
    seated = (
        select(Panel.id)
        .join(PanelSeat, PanelSeat.panel_id == Panel.id)
        .where(Panel.exam_id == exam.id, PanelSeat.interviewer_id == interviewer.id)
    )
    panel = ctx.session.scalar(seated)
    if panel is None:
        return False
    if begun(ctx.session, exam, "groups", applied=False):
        raise Conflict("The draw of the groups is under way: declare this when it is finished")
    hears = (
        select(Interview.application_id)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .where(InterviewGroup.panel_id == panel, Interview.application_id == application.id)
    )
    return ctx.session.scalar(hears) is not None


def _certificate(text: str) -> str:
    return clean_label(_line(40)(unicodedata.normalize("NFKC", text)))


def _line(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest or "\n" in text:
            raise Sentence("Enter at most %(longest)s characters in one line.", longest=longest)
        return text

    return read


def _one_of(words: Mapping[str, Any], refusal: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text.casefold() not in words:
            raise Sentence(refusal)
        return words[text.casefold()]

    return read


SEX_REFUSAL = "Enter 男 or 女 (male or female)."
CHIEF_REFUSAL = "Enter 是 or 否 (yes or no)."
COLUMNS = (
    Column(
        "certificate",
        ("证书编号", "考官证书编号", "考官证号", "证书号", "certificate"),
        parse=_certificate,
        unique=True,
    ),
    Column("name", ("姓名", "考官姓名", "name"), parse=clean_name),
    Column("sex", ("性别", "sex"), parse=_one_of(_SEXES, SEX_REFUSAL)),
    Column(
        "area_code",
        ("行政区划代码", "区划代码", "地区代码", "所在地代码", "area code"),
        parse=clean_area,
    ),
    Column("employer", ("工作单位", "所在单位", "单位", "employer"), parse=_line(120)),
    Column(
        "chief",
        ("主考官", "是否主考官", "主考官资格", "可任主考官", "chief"),
        parse=_one_of(_ANSWERS, CHIEF_REFUSAL),
    ),
)
NAMES = tuple(column.names[0] for column in COLUMNS)
