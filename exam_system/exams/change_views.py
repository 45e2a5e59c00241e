"""Pages of change notices: the office writes, two people publish, everybody reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.approvals.views import ask, asked
from exam_system.clock import parse_rfc3339
from exam_system.errors import Gathered, Invalid, Sentence
from exam_system.exams import changes, opening, rules_form
from exam_system.exams.announcement import posts_of
from exam_system.exams.blueprint import bp, now, sessions_of
from exam_system.exams.changes import CHANGEABLE, Notice
from exam_system.exams.differences import CONDITIONS, SITE, WINDOWS, Change, Item
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import District, Exam, Site
from exam_system.exams.rules import LABELS
from exam_system.language import when
from exam_system.people import narrow, read_moment
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.records.notes import signers_of
from exam_system.registration.choosing import window
from exam_system.web import acting, flash_refusal, looking, office, say, trying

ROWS = 5
COLUMN_NAMES = {
    "vacancies": "Vacancies",
    "age": "Age",
    "education": "Education",
    "degree": "Degree",
    "majors": "Majors",
    "experience": "Work experience",
    "other": "Other conditions",
    "medical": "Medical standard",
    "note": "Remarks",
    "name": "Name of the site",
    "address": "Address of the site",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A difference as a page tells it."""

    matter: str
    old: str
    new: str
    note: str


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as a page tells it; `number` counts notices, the first is version 2."""

    release: Release
    number: int
    notice: Notice
    items: list[Shown]
    folder: str


def told(exam: Exam, release: Release, notice: Notice) -> Told:
    """In the reader's language; texts of posts and sites stay as announced."""
    items = [_shown(exam, item) for item in notice.items]
    folder = releases.folder_name(looking().session, release)
    return Told(release, release.version - 1, notice, items, folder)


def _shown(exam: Exam, item: Item) -> Shown:
    old, new = (_value(item, text) for text in (item.old, item.new))
    notes = {"": "", "follows": _("moves with the above"), "rise": _("more vacancies")}
    note = notes.get(item.note)
    return Shown(
        say(_matter(exam, item)),
        old,
        new,
        _("%(number)s have paid", number=item.note) if note is None else note,
    )


def _matter(exam: Exam, item: Item) -> Sentence:
    if item.kind == "time":
        return Sentence(LABELS[item.what])
    if item.kind == "session":
        return Sentence("Session: %(name)s", name=rules_of(exam).subject(item.of).name)
    if item.kind == "cancelled":
        return Sentence("Post %(code)s", code=item.of)
    column = Sentence(COLUMN_NAMES[item.what])
    if item.kind == "post":
        return Sentence("Post %(code)s: %(column)s", code=item.of, column=column)
    return Sentence("Site %(code)s: %(column)s", code=item.of, column=column)


def _value(item: Item, text: str) -> str:
    if item.kind in ("time", "session"):
        return " – ".join(when(parse_rfc3339(part)) for part in text.split("/"))
    if item.kind == "cancelled":
        return _("cancelled") if text == "0" else text
    return text or _("none")


def published(exam: Exam) -> list[Told]:
    """Every published notice of an exam, the newest first."""
    return [told(exam, *pair) for pair in changes.published_notices(looking(), exam)]


@bp.route("/office/exams/<code>/change", methods=["GET", "POST"])
def change(code: str) -> ResponseReturnValue:
    """Write a change notice, have it signed and approved, publish it."""
    if request.method == "GET":
        return _page(exam_by_code(looking().session, code))
    try:
        with acting() as ctx:
            exam = exam_by_code(ctx.session, code)
            if "ask" in request.form:
                ask(ctx, changes.wanted_change(ctx, code=code))
            elif "reason" in request.form:
                typed, reason = _typed(exam), request.form["reason"]
                changes.prepare_change(ctx, code=code, change=typed, reason=reason)
                flash(_("The change notice is prepared: the inspectors sign it now"), "success")
            else:
                changes.publish_change(ctx, code=code)
                flash(_("The change notice is published and holds from now on"), "success")
    except Sentence as error:
        flash_refusal(error)
        return _page(exam_by_code(looking().session, code)), error.status
    return redirect(url_for("exams.change", code=code))


@bp.post("/office/exams/<code>/change/drop")
def drop_change(code: str) -> ResponseReturnValue:
    """Take a prepared notice back."""
    try:
        with acting() as ctx:
            changes.drop_change(ctx, code=code, reason=request.form.get("why", ""))
        flash(_("The prepared notice is dropped; nothing has changed"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("exams.change", code=code))


@bp.route("/office/exams/<code>/opening", endpoint="opening", methods=["GET", "POST"])
def opening_ratio(code: str) -> ResponseReturnValue:
    """Posts below the opening ratio, their notice, and the end of choosing again."""
    exam = exam_by_code(looking().session, code)
    target = url_for("exams.opening", code=code)
    if request.method == "POST":
        with trying() as ctx:
            if "end" in request.form:
                opening.end_choice(ctx, code=code)
                flash(_("Choosing again is over; what is owed back is in the ledger"), "success")
            else:
                until = _time(request.form, "until")
                opening.apply_opening_ratio(ctx, code=code, choose_until=until)
                target = url_for("exams.change", code=code)
        return redirect(target)
    db = looking().session
    return render_template(
        "exams/opening.html",
        exam=exam,
        rules=rules_of(exam),
        rows=opening.below(db, exam) if exam.state == "closed" else [],
        waiting=changes.waiting(looking(), exam) is not None,
        until=window(db, exam),
        choosing=[one.state for one in opening.choosing(db, exam)],
        now=now(),
    )


def _page(exam: Exam) -> str:
    db = looking().session
    found = changes.waiting(looking(), exam)
    shown: dict[str, Any] = {"waiting": None}
    if found:
        release = found[0]
        shown = {
            "waiting": told(exam, *found),
            "digest_hex": releases.release_digest(db, release),
            "signed": sorted(signers_of(db, release.note_id)),
            "lacking": releases.missing_signatures(db, release),
            "asked": asked(changes.wanted_change(looking(), code=exam.code)),
        }
    return render_template(
        "exams/change.html",
        exam=exam,
        changeable=exam.state in CHANGEABLE,
        windows=[(key, LABELS[key]) for key in WINDOWS] if exam.state == "announced" else [],
        subjects=rules_of(exam).subjects,
        sites=_sites(exam),
        posts=posts_of(db, exam) if exam.state in ("announced", "closed") else [],
        columns=[(key, COLUMN_NAMES[key]) for key in ("vacancies", *CONDITIONS)],
        site_columns=[(key, COLUMN_NAMES[key]) for key in SITE],
        rows=range(ROWS),
        values=request.form if request.method == "POST" else _announced(exam),
        published=published(exam),
        **shown,
    )


def _sites(exam: Exam) -> list[tuple[str, str]]:
    query = select(District, Site).join(Site, Site.district_id == District.id)
    query = query.where(District.exam_id == exam.id).order_by(District.code, Site.code)
    rows = looking().session.execute(query)
    return [
        (f"{district.code}-{site.code}", f"{district.name} {site.name}") for district, site in rows
    ]


def _announced(exam: Exam) -> dict[str, str]:
    """What the fields begin with: the times as they are."""
    zone, rules = office().config.zone, rules_of(exam)
    times = {key: getattr(rules, key) for key in WINDOWS}
    for row in sessions_of(exam):
        times |= {f"{row.subject}.starts": row.starts_at, f"{row.subject}.ends": row.ends_at}
    return {key: at.astimezone(zone).strftime(rules_form.LOCAL) for key, at in times.items()}


def _typed(exam: Exam) -> Change:
    form, known = request.form, _announced(exam)
    changed = {key for key, text in known.items() if form.get(key, text) != text}
    subjects = sorted({key.partition(".")[0] for key in changed if "." in key})
    ends = [f"{code}.{end}" for code in subjects for end in ("starts", "ends")]
    at, wrong = {}, Gathered()
    for key in [*(key for key in WINDOWS if key in changed), *ends]:
        with wrong.about(key):
            at[key] = _time(form, key)
    wrong.tell()
    return Change(
        times={key: at[key] for key in WINDOWS if key in changed},
        sessions={code: (at[f"{code}.starts"], at[f"{code}.ends"]) for code in subjects},
        posts=_typed_posts(form),
        sites=_typed_sites(form),
        rise_basis=form.get("rise_basis", ""),
        treatment=form.get("treatment", ""),
    )


def _time(form: Mapping[str, str], key: str) -> datetime:
    try:
        at = read_moment(form.get(key, ""))
    except ValueError:
        raise Invalid("Enter a date and a time").about(key) from None
    return at.replace(tzinfo=office().config.zone)


def _typed_posts(form: Mapping[str, str]) -> dict[str, dict[str, str | int]]:
    found: dict[str, dict[str, str | int]] = {}
    for row in range(ROWS):
        code, what, text = (form.get(f"post.{row}.{key}", "") for key in ("code", "what", "value"))
        if code:
            number = what == "vacancies" and re.fullmatch("[0-9]{1,4}", narrow(text))
            found.setdefault(code, {})[what] = int(narrow(text)) if number else text
    return found


def _typed_sites(form: Mapping[str, str]) -> dict[tuple[int, int], dict[str, str]]:
    place, what = form.get("site.place", ""), form.get("site.what", "")
    match = re.fullmatch("([0-9]{1,4})-([0-9]{1,4})", place)
    return {(int(match[1]), int(match[2])): {what: form.get("site.value", "")}} if match else {}
