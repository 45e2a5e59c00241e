"""The papers of a violation, put together from rows: notice, decision, receipt for things."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from exam_system.context import Context
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.people import mask_id
from exam_system.printing.decision import DECISION, ITEMS, NOTICE, Paper, Section, paper_pdf
from exam_system.printing.fonts import register
from exam_system.printing.layout import day as shown_day
from exam_system.printing.signing import sign_pdf
from exam_system.printing.texts import Label
from exam_system.records.paper import anchor
from exam_system.registration.documents import Document, open_document, store_document
from exam_system.registration.models import Application
from exam_system.trust.canonical import sha256_hex
from exam_system.violations import words
from exam_system.violations.cases import exam_of, person_of, regime_of_case
from exam_system.violations.effects import effect_lines
from exam_system.violations.evidence import FOLDER
from exam_system.violations.models import (
    CaseNotice,
    Decision,
    DecisionReview,
    Incident,
    TakenItem,
    ViolationCase,
)
from exam_system.violations.regimes import Tier, procedure

NUMERALS = "一二三四五"


def notice_pdf(ctx: Context, case: ViolationCase, notice: CaseNotice) -> bytes:
    """The notice of what is intended, with the right to be heard; sealed as a PDF (PAdES)."""
    tier = regime_of_case(case).tier(notice.tier)
    rights = words.RIGHT_TO_ANSWER.format(due=shown_day(notice.due))
    today = _local(ctx, notice.told_at).date()
    sections = (
        Section(words.FACTS.format(intended=words.INTENDED), (_facts(ctx, case, notice.facts),)),
        Section(words.BASIS.format(number="二"), _basis(case, tier, notice.item, notice.reasons)),
        Section(
            words.SANCTION.format(number="三", intended=words.WILL),
            _sanction(ctx, case, tier, words.WILL.removesuffix("的"), today),
        ),
        Section(words.RIGHTS, (rights, words.NOT_HEAVIER)),
    )
    return _signed(ctx, case, NOTICE, sections, words.SERVED, notice.told_at)


def decision_pdf(
    ctx: Context,
    case: ViolationCase,
    notice: CaseNotice,
    decision: Decision,
    review: DecisionReview | None,
    at: datetime,
) -> bytes:
    """The decision, or what a review made of it; sealed as a PDF (PAdES)."""
    today = _local(ctx, at).date()
    sections = [
        Section(words.FACTS.format(intended=words.FOUND), (_facts(ctx, case, decision.facts),)),
        Section(words.HEARD, _hearing(ctx, notice, decision, review)),
    ]
    if decision.tier is not None:
        tier = regime_of_case(case).tier(decision.tier)
        basis = _basis(case, tier, decision.item or 0, decision.reasons)
        sanction = _sanction(ctx, case, tier, words.DOES.removesuffix("的"), today)
        sections += [
            Section(words.BASIS.format(number="三"), basis),
            Section(
                words.SANCTION.format(number="四", intended=words.DOES),
                (*sanction, words.DECIDER.format(decider=tier.decider)),
            ),
        ]
    sections.append(Section(_numbered(words.REMEDY, len(sections)), (_remedies(), words.VERIFY)))
    return _signed(ctx, case, DECISION, sections, words.SERVED, at, decision.version)


def _numbered(title: str, before: int) -> str:
    return NUMERALS[before] + title[1:]


def _facts(ctx: Context, case: ViolationCase, facts: str) -> str:
    exam = exam_of(ctx.session, case)
    subject = words.SUBJECT.format(subject=subject_name(exam, case)) if case.subject else ""
    return words.HAPPENED.format(
        day=shown_day(case.happened_on), exam=exam.name, subject=subject, facts=facts
    )


def subject_name(exam: Exam, case: ViolationCase) -> str:
    """The name of the subject that the case concerns; a dash where it concerns none."""
    return rules_of(exam).subject(case.subject).name if case.subject else words.NONE


def _basis(case: ViolationCase, tier: Tier, item: int, reasons: str) -> tuple[str, ...]:
    name = regime_of_case(case).name
    return reasons, words.RULES.format(name=name, article=tier.article, item=tier.item(item))


def _sanction(
    ctx: Context, case: ViolationCase, tier: Tier, verb: str, day: date
) -> tuple[str, ...]:
    subject = subject_name(exam_of(ctx.session, case), case)
    imposed = words.IMPOSED.format(verb=verb, sanction=tier.sanction)
    return imposed, *effect_lines(case, tier, subject, day)


def _hearing(
    ctx: Context, notice: CaseNotice, decision: Decision, review: DecisionReview | None
) -> tuple[str, ...]:
    if review is not None and review.outcome is not None:
        form = words.CANCELLED if review.outcome == "cancelled" else words.AFTER_REVIEW
        told = words.OUTCOMES[review.outcome]
        first = form.format(body=review.body, document=review.document, outcome=told)
        return (first, decision.reasons) if decision.tier is None else (first,)
    dates = {"told": shown_day(_local(ctx, notice.told_at)), "due": shown_day(notice.due)}
    found = words.CHECKED.format(finding=notice.finding)
    if notice.answered_at is None:
        return words.NOT_HEARD.format(**dates), found
    answered = shown_day(_local(ctx, notice.answered_at))
    return words.ANSWERED.format(answered=answered, **dates), notice.answer or "", found


def _remedies() -> str:
    terms = procedure()
    return words.REMEDIES.format(
        days=terms.review_days,
        review=terms.review_basis,
        months=terms.lawsuit_months,
        lawsuit=terms.lawsuit_basis,
    )


def _signed(
    ctx: Context,
    case: ViolationCase,
    label: Label,
    sections: Sequence[Section],
    signatures: tuple[str, ...],
    at: datetime,
    version: int = 0,
) -> bytes:
    exam = exam_of(ctx.session, case)
    number = f"{case.number}（第{version}版）" if version else case.number
    paper = Paper(
        label=label,
        bureau=ctx.config.bureau,
        exam=exam.name,
        number=number,
        to=addressed(ctx, case),
        sections=tuple(sections),
        signatures=signatures,
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=_local(ctx, at),
    )
    return sign_pdf(
        paper_pdf(paper, register(ctx.config.fonts_folder)),
        key=ctx.keys.pdf_key,
        passphrase=ctx.keys.passphrase,
        certificate=ctx.keys.pdf_certificate,
        reason=label.zh,
        at=_local(ctx, at),
    )


def addressed(ctx: Context, case: ViolationCase) -> str:
    """Whom a paper addresses, the ID number masked."""
    person = person_of(ctx.session, case)
    if person is None:
        return words.STAFF.format(name=case.staff_name, number=case.staff_no)
    application = ctx.session.get_one(Application, case.application_id)
    return words.CANDIDATE.format(
        name=person.name,
        number=application.number or words.NONE,
        id=mask_id(ctx.keys.vault.open(person.id_sealed)),
    )


def receipt_pdf(ctx: Context, incident: Incident, items: Sequence[TakenItem], to: str) -> bytes:
    """The receipt for what was taken from a candidate; `to` is whom it is given."""
    exam = ctx.session.get_one(Exam, incident.exam_id)
    lines = tuple(_item(ctx, one) for one in items)
    paper = Paper(
        label=ITEMS,
        bureau=ctx.config.bureau,
        exam=exam.name,
        number=incident.ref[:8].upper(),
        to=to,
        sections=(
            Section(words.RECEIPT_FACTS, (incident.facts,)),
            Section(words.RECEIPT_ITEMS, lines),
            Section(words.RECEIPT_RIGHTS, (words.RECEIPT_TEXT,)),
        ),
        signatures=words.SIGNATURES,
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=_local(ctx, items[0].taken_at),
    )
    return paper_pdf(paper, register(ctx.config.fonts_folder))


def _item(ctx: Context, one: TakenItem) -> str:
    back = ""
    if one.returned_at is not None:
        back = words.RETURNED.format(at=_minute(ctx, one.returned_at), to=one.returned_to)
    taken = _minute(ctx, one.taken_at)
    return words.RECEIPT_LINE.format(
        number=one.number, what=one.what, kept=one.kept, at=taken, returned=back
    )


def _local(ctx: Context, at: datetime) -> datetime:
    return at.astimezone(ctx.config.zone)


def _minute(ctx: Context, at: datetime) -> str:
    return f"{_local(ctx, at):%Y-%m-%d %H:%M}"


def keep(ctx: Context, ref: str, data: bytes) -> str:
    """Keep a paper sealed under its reference; returns its digest (hex)."""
    digest = sha256_hex(data)
    store_document(ctx.config, ctx.keys.vault, ref, Document("pdf", data, digest), FOLDER)
    return digest


def kept(ctx: Context, ref: str) -> bytes:
    """The bytes of a paper that was kept."""
    return open_document(ctx.config, ctx.keys.vault, ref, FOLDER)
