"""Pages of the experts: their case files, one of them as a page and as a PDF, what they decide."""

from __future__ import annotations

import json

from flask import Blueprint, redirect, render_template, url_for
from flask import request as asked
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.context import Context
from exam_system.errors import NotFound
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.forensics import experts
from exam_system.forensics.evidence import evidence_of
from exam_system.forensics.flags import read_flags
from exam_system.forensics.lookup import case_by, cases_of, screenings_of
from exam_system.forensics.models import CaseFile, Expert, Screening
from exam_system.forensics.shown import power, rarity, scientific
from exam_system.forensics.views import STATES, TIERS
from exam_system.forensics.writing import case_pdf
from exam_system.registration.models import Application
from exam_system.web import inline, looking, trying

bp = Blueprint("experts", __name__)
CASE = "/experts/cases/<ref>"


@bp.get("/experts/cases")
def desk() -> ResponseReturnValue:
    """The case files of the exams to whose group the expert belongs."""
    ctx = looking()
    query = (
        select(Exam, Expert)
        .join(Expert, Expert.exam_id == Exam.id)
        .where(Expert.account_id == ctx.actor.account_id)
        .order_by(Exam.id.desc())
    )
    lines = []
    for exam, expert in ctx.session.execute(query):
        subjects = {one.code: one.name for one in rules_of(exam).subjects}
        for screening, paper in screenings_of(ctx.session, exam):
            for case in cases_of(ctx.session, screening):
                own = experts.group_of(ctx.session, exam, case).opinions.get(expert.id)
                lines.append((exam, subjects[paper.subject], screening, case, own))
    return render_template("forensics/desk.html", lines=lines, states=STATES)


def _seen(ctx: Context, ref: str) -> tuple[CaseFile, Screening, Exam, str, experts.Group]:
    """A case file for a member of its group or the office; NotFound for anybody else."""
    case, screening, paper, exam = case_by(ctx.session, ref)
    group = experts.group_of(ctx.session, exam, case)
    if ctx.actor.role is Role.MARKER and group.member(ctx.actor.account_id) is None:
        raise NotFound("There is no such case file")
    return case, screening, exam, rules_of(exam).subject(paper.subject).name, group


def _names(ctx: Context, people: set[int], open_: bool) -> dict[int, tuple[str, str]]:
    """Admission number and name; nothing for experts before the group has decided."""
    if open_ and ctx.actor.role is Role.MARKER:
        return {}
    query = (
        select(Application.id, Application.number, Person.name)
        .join(Person, Person.id == Application.person_id)
        .where(Application.id.in_(people))
    )
    return {row[0]: (str(row[1]), row[2]) for row in ctx.session.execute(query)}


@bp.get(CASE)
def case(ref: str) -> ResponseReturnValue:
    """Both sheets, the statistics and what they mean, and the opinions once all are in."""
    ctx = looking()
    found, screening, exam, subject, group = _seen(ctx, ref)
    pairs = evidence_of(ctx, screening, found)
    assert screening.flags is not None
    who = [one.account_id for one in group.experts]
    query = select(Account.id, Account.name).where(Account.id.in_(who))
    accounts = {row.id: row.name for row in ctx.session.execute(query)}
    return render_template(
        "forensics/case.html",
        case=found,
        parameters=json.loads(screening.parameters),
        screening=screening,
        exam=exam,
        subject=subject,
        pairs=pairs,
        cutoffs={tier["tier"]: tier for tier in read_flags(screening.flags)["tiers"]},
        names=_names(ctx, {one for pair in pairs for one in pair.people}, found.state == "open"),
        group=group,
        accounts=accounts,
        member=group.member(ctx.actor.account_id),
        states=STATES,
        tiers=TIERS,
        findings=experts.FINDINGS,
        power=power,
        rarity=rarity,
        scientific=scientific,
    )


@bp.get(f"{CASE}.pdf", endpoint="pdf")
def as_pdf(ref: str) -> ResponseReturnValue:
    """The case file to print; names as on the page."""
    ctx = looking()
    found, screening, exam, subject, group = _seen(ctx, ref)
    pairs = evidence_of(ctx, screening, found)
    names = _names(ctx, {one for pair in pairs for one in pair.people}, found.state == "open")
    data = case_pdf(ctx, exam, subject, screening, found, pairs, names, group)
    return inline(data, "application/pdf")


@bp.post(f"{CASE}/opinion")
def opinion(ref: str) -> ResponseReturnValue:
    """Say what one holds of it."""
    with trying() as ctx:
        experts.give_opinion(
            ctx,
            ref=ref,
            finding=asked.form.get("finding", ""),
            reason=asked.form.get("reason", ""),
        )
    return redirect(url_for("experts.case", ref=ref), 303)


@bp.post(f"{CASE}/decision")
def decide(ref: str) -> ResponseReturnValue:
    """Record what the group has decided."""
    with trying() as ctx:
        experts.decide_case(ctx, ref=ref, reason=asked.form.get("reason", ""))
    return redirect(url_for("experts.case", ref=ref), 303)
