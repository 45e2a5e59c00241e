"""Public pages: notices, what each exam disclosed when, the service catalogue."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.public import public_exam
from exam_system.notices import lookup
from exam_system.notices.blueprint import bp
from exam_system.notices.dates import STAGES
from exam_system.notices.diagram import draw, in_words, wrapped
from exam_system.notices.disclosures import closing_of, disclosures, everything, public_lists
from exam_system.notices.keeping import kept
from exam_system.notices.machines import MACHINES
from exam_system.notices.matters import FIELDS, catalogue, catalogue_stamp, matter_of
from exam_system.notices.rules import CATEGORIES, notice_rules
from exam_system.observing.dates import dates_of
from exam_system.observing.timeline import entries
from exam_system.web import looking


@bp.get("/notices")
def index() -> ResponseReturnValue:
    """Every notice in its newest version, and what is withheld, until when and why."""
    ctx = looking()
    db, day = ctx.session, ctx.clock.now().astimezone(ctx.config.zone).date()
    category = request.args.get("category", "")

    def page() -> str:
        rows = lookup.posted(db)
        return render_template(
            "notices/index.html",
            rows=[one for one in rows if category in ("", one.notice.category)],
            withheld=lookup.withheld(db),
            categories=CATEGORIES,
            category=category,
            day=day,
        )

    return kept((lookup.stamp(db), day), page)


@bp.get("/notices/<ref>")
def notice(ref: str) -> ResponseReturnValue:
    """One notice: its newest version, who passed it, its files, and its earlier versions."""
    ctx = looking()
    db, day = ctx.session, ctx.clock.now().astimezone(ctx.config.zone).date()

    def page() -> str:
        versions = lookup.versions_of(db, ref, public=True)
        number = request.args.get("version", 0, type=int)
        shown = next((one for one in versions if one.version.version == number), versions[0])
        return render_template(
            "notices/notice.html",
            shown=shown,
            versions=versions,
            files=lookup.files_of(db, shown.version),
            steps=lookup.current_steps(db, shown.version),
            levels={level.key: level.name for level in notice_rules().levels},
            owner=db.get_one(Account, shown.notice.owner_id),
            categories=CATEGORIES,
            day=day,
        )

    return kept((lookup.stamp(db), day), page)


def _exam_stamp(db: Session, exam: Exam) -> tuple[object, ...]:
    """What the page of an exam's disclosures depends on beside the time."""
    closed = closing_of(db, exam) is not None
    return exam.state, exam.rules_digest, closed, lookup.stamp(db)


@bp.get("/exams/<code>/disclosures", endpoint="disclosures")
def disclosed(code: str) -> ResponseReturnValue:
    """The five disclosures of an exam, its numbered lists, and every date of it."""
    ctx = looking()
    db, now = ctx.session, ctx.clock.now()
    exam = public_exam(code)
    all_ = everything(db, exam)

    def page() -> str:
        rules = rules_of(exam)
        return render_template(
            "notices/disclosures.html",
            exam=exam,
            five=disclosures(rules, all_, now),
            lists=public_lists(rules, all_, now),
            dates=entries(dates_of(db, exam, rules, all_, ctx.config.zone), now),
            closing=closing_of(db, exam),
            stages=STAGES,
        )

    newest = max((row.id for row in all_.releases), default=0)
    minute = now.replace(second=0, microsecond=0)
    return kept((*_exam_stamp(db, exam), newest, minute), page)


@bp.get("/services")
def services() -> ResponseReturnValue:
    """The service catalogue."""
    db = looking().session

    def page() -> str:
        groups: dict[str, list[object]] = {}
        for one in catalogue(db):
            groups.setdefault(one.fields["class"], []).append(one)
        return render_template("notices/services.html", groups=groups)

    return kept(catalogue_stamp(db), page)


@bp.get("/services/<code>")
def service(code: str) -> ResponseReturnValue:
    """One matter with its flow diagram, drawn from the state machine that carries it out."""
    db = looking().session

    def page() -> str:
        matter = matter_of(db, code)
        machine = MACHINES.get(matter.fields["machine"])
        return render_template(
            "notices/service.html",
            matter=matter,
            labels=FIELDS,
            machine=machine,
            drawn=draw(machine.moves) if machine else None,
            told=in_words(machine.moves) if machine else [],
            wrapped=wrapped,
        )

    return kept(catalogue_stamp(db), page)
