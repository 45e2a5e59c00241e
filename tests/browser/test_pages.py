"""Every page that can be reached by an address: both languages, on a phone, for whom it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from exam_system.access import Role
from exam_system.access_pages import PAGES
from exam_system.accounts import factors
from exam_system.accounts.consents import in_force
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.accounts.takeover_files import PICTURES
from exam_system.accounts.takeovers import ask_takeover
from exam_system.app import create_app
from exam_system.approvals.lookup import Wanted
from exam_system.approvals.service import ask_approval
from exam_system.context import PUBLIC
from exam_system.custody.models import Bag, HandOver
from exam_system.database import reading
from exam_system.demo.cast import STAFF
from exam_system.demo.observing import let_watch
from exam_system.demo.people import photo
from exam_system.demo.reviewers import bar
from exam_system.demo.road import PASSWORD
from exam_system.demo.tip import send_report
from exam_system.errors import Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.fees.models import Payment
from exam_system.fees.reconciling import reconcile_day
from exam_system.fees.waivers import ask_waiver
from exam_system.fees.wechat_bill import BEIJING
from exam_system.forensics.models import CaseFile, Screening
from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.registration.models import Barred
from exam_system.results.models import Result
from exam_system.violations.models import Incident, ViolationCase
from tests.accounts.doors import card
from tests.browser.desk import lettered
from tests.browser.fair import DRAFT, Fair, id_of, one_ref
from tests.browser.hands import by_keyboard, enlarged, watch
from tests.browser.trail import trail_faults
from tests.browser.visitor import Visitor
from tests.conftest import ROOT

# Endpoint: who looks, and at which addresses.
SEEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "search.everything": ("", ("/search", "/search?q=公务员", "/search?q=没有这句")),
    "search.candidates": ("officer", ("/office/candidates",)),
    "accounts.login": ("", ("/login",)),
    "accounts.register": ("", ("/register",)),
    "accounts.texts": ("officer", ("/privacy",)),
    "accounts.takeover": ("", ("/takeover",)),
    "accounts.takeover_answer": ("", ("/takeover/answer",)),
    "accounts.takeover_queue": ("officer", ("/office/takeovers",)),
    "accounts.takeover_case": ("inspector", ("/office/takeovers/{takeover}",)),
    "accounts.home": ("", ("/home",)),
    "homes.today": ("reviewer", ("/today",)),
    "running.mine": ("officer", ("/work",)),
    "accounts.users": ("admin", ("/users",)),
    "accounts.factors": ("officer2", ("/second-factor",)),
    "messages.mine": ("applicant", ("/messages",)),
    "photos.pairs": ("reviewer", ("/review/photos/{open}",)),
    "messages.office": ("officer", ("/office/messages",)),
    "approvals.index": ("inspector", ("/approvals",)),
    "exams.index": ("", ("/",)),
    "look.design": ("", ("/design",)),
    "exams.show": ("", ("/exams/{held}", "/exams/{today}", "/exams/{open}")),
    "exams.posts": ("", ("/exams/{held}/posts", "/exams/{open}/posts?q=%E9%A3%9E")),
    "exams.daily": ("", ("/exams/{open}/figures",)),
    "api.reference": ("", ("/api/v1/",)),
    "notices.index": ("", ("/notices",)),
    "notices.disclosures": ("", ("/exams/{held}/disclosures", "/exams/{open}/disclosures")),
    "archive.show": ("inspector", ("/exams/{held}/archive",)),
    "indicators.index": ("", ("/indicators",)),
    "indicators.exam": ("", ("/indicators/{held}",)),
    "indicators.office": ("inspector", ("/office/indicators",)),
    "observing.live": ("", ("/exams/{held}/live", "/exams/{today}/live", "/exams/{open}/live")),
    "observing.office": ("officer", ("/office/exams/{today}/observers",)),
    "observing.home": ("observer", ("/observing",)),
    "observing.view": (
        "observer",
        ("/observing/{today}/day", "/observing/{today}/acts", "/observing/{today}/files"),
    ),
    "integrity.index": ("", ("/duties",)),
    "integrity.sheet": ("", ("/duties/officer", "/duties/custodian")),
    "integrity.figures": ("", ("/accountability",)),
    "integrity.pledge": ("reviewer", ("/pledge",)),
    "integrity.pledge_list": ("officer", ("/office/pledges",)),
    "integrity.red_lines": ("inspector", ("/oversight/red-lines",)),
    "integrity.register": ("inspector", ("/oversight/accountability",)),
    "notices.services": ("", ("/services",)),
    "notices.service": ("", ("/services/registration", "/services/consultation")),
    "notices.desk": ("officer", ("/office/bulletins",)),
    "notices.new": ("officer", ("/office/bulletins/new?exam={held}",)),
    "notices.matter": ("officer", ("/office/services/review",)),
    "exams.office": ("officer", ("/office/exams",)),
    "exams.create": ("officer", ("/office/exams/new",)),
    "exams.setup": ("officer", ("/office/exams/{draft}", "/office/exams/{held}")),
    "exams.rules": ("officer", ("/office/exams/{draft}/rules", "/office/exams/{held}/rules")),
    "exams.places": ("officer", ("/office/exams/{draft}/places", "/office/exams/{held}/places")),
    "exams.sessions": (
        "officer",
        ("/office/exams/{draft}/sessions", "/office/exams/{held}/sessions"),
    ),
    "exams.fees": ("officer", ("/office/exams/{draft}/fees", "/office/exams/{held}/fees")),
    "exams.prepare": ("officer", ("/office/exams/{draft}/prepare", "/office/exams/{held}/prepare")),
    "exams.publish": ("officer", ("/office/exams/{held}/publish",)),
    "exams.change": ("officer", ("/office/exams/{open}/change",)),
    "exams.opening": ("officer", ("/office/exams/{open}/opening",)),
    "exams.close": ("officer", ("/office/exams/{open}/close", "/office/exams/{held}/close")),
    "registration.mine": ("candidate", ("/applications",)),
    "registration.apply": (
        "candidate",
        (
            "/exams/{open}/apply",
            *(f"/exams/{{open}}/apply?step={step}" for step in ("district", "education", "need")),
        ),
    ),
    "registration.choose": ("applicant", ("/applications/{approved}/choose",)),
    "registration.application": ("applicant", ("/applications/{approved}",)),
    "registration.queue": (
        "reviewer",
        ("/review", "/review?exam={open}", "/review?show=decided&sort=name"),
    ),
    "registration.unmask": ("officer", ("/candidates/{ref}/unmask",)),
    "registration.barred": ("officer", ("/barred",)),
    "registration.lift": ("officer", ("/barred/{bar}/lift",)),
    "registration.review": ("reviewer", ("/review/{waiting}", "/review/{ref}")),
    "registration.import_candidates": ("officer", ("/exams/{open}/applicants/import",)),
    "registration.applicants": (
        "officer",
        ("/exams/{held}/applicants", "/exams/{open}/applicants"),
    ),
    "fees.pay": ("applicant", ("/applications/{approved}/payment",)),
    "waivers.ask": ("applicant", ("/applications/{approved}/waiver",)),
    "waivers.queue": ("officer", ("/exams/{open}/waivers", "/exams/{held}/waivers")),
    "waivers.show": ("officer", ("/waivers/{waiver}",)),
    "fees.refunds": ("officer", ("/exams/{held}/refunds",)),
    "fees.bank_files": ("officer", ("/fees/bank-files",)),
    "fees.counter": ("officer", ("/exams/{held}/counter",)),
    "fees.statements": ("officer", ("/fees/statements",)),
    "fees.statement": ("officer", ("/fees/statements/{day}/bank/1",)),
    "fees.ledger": ("officer", ("/exams/{held}/ledger", "/exams/{held}/ledger?show=owed")),
    "draws.index": ("", ("/exams/{held}/draws", "/exams/{open}/draws")),
    "draws.show": (
        "",
        ("/draws/{held}-seats/1", "/draws/{held}-interviewers/1", "/draws/{held}-order/1"),
    ),
    "live.hall": ("", ("/draws/{held}-seats/1/hall", "/draws/{today}-interviewers/1/hall")),
    "live.printed": ("", ("/draws/{held}-seats/1/print", "/draws/{held}-codes/1/print")),
    "live.rehearsal": (
        "officer",
        ("/exams/{held}/draws/seats/rehearsal", "/exams/{open}/draws/seats/rehearsal"),
    ),
    "sealed.page": ("inspector", ("/draws/{held}-papers/1/sealed",)),
    "draws.office": ("officer", ("/exams/{held}/draws/office",)),
    "draws.ceremony": ("inspector", ("/draws/{held}-seats/1/ceremony",)),
    "examday.seats": ("officer", ("/office/exams/{held}/seats", "/office/exams/{open}/seats")),
    "tickets.office": (
        "officer",
        ("/office/exams/{held}/tickets", "/office/exams/{open}/tickets"),
    ),
    "tickets.check": ("", ("/check/ticket",)),
    "seating.site": ("officer", ("/office/exams/{held}/sites/1/1",)),
    "seating.late": ("officer", ("/office/exams/{held}/late",)),
    "seating.change": ("officer", ("/office/exams/{held}/late/{ref}",)),
    "seating.versions": ("officer", ("/office/exams/{held}/versions",)),
    "seating.difference": ("officer", ("/office/exams/{held}/versions/1/2",)),
    "custody.board": ("officer", ("/custody/{held}", "/custody/{open}")),
    "custody.bags": ("officer", ("/custody/{held}/bags", "/custody/{open}/bags")),
    "custody.bag": ("officer", ("/custody/{held}/bag/{bag}",)),
    "custody.room": ("officer", ("/custody/{held}/room/{bag_room}",)),
    "custody.hand": ("officer", ("/custody/{held}/hand",)),
    "custody.handover": ("officer", ("/custody/{held}/hand/{handover}",)),
    "custody.bring_in": ("officer", ("/custody/{held}/register", "/custody/{open}/register")),
    "custody.devices": ("officer", ("/custody/{held}/devices",)),
    "custody.import_devices": ("officer", ("/custody/{held}/devices/import",)),
    "custody.specialists": ("officer", ("/custody/{held}/specialists",)),
    "scripts.papers": ("officer", ("/office/exams/{held}/papers",)),
    "scripts.markers": ("officer", ("/office/exams/{held}/markers",)),
    "scripts.codes": ("officer", ("/office/exams/{held}/codes",)),
    "scripts.recount": ("officer", ("/office/exams/{held}/recount",)),
    "attendance.staff": (
        "officer",
        ("/office/exams/{held}/day/staff", "/office/exams/{open}/day/staff"),
    ),
    "incidents.index": ("officer", ("/day/{held}/incidents",)),
    "incidents.record": ("officer", ("/day/{held}/incidents/new",)),
    "incidents.show": ("officer", ("/incidents/{incident}",)),
    "cases.index": ("officer", ("/office/{held}/violations",)),
    "cases.show": ("officer", ("/cases/{violation}",)),
    "cases.figures": ("", ("/exams/{held}/violations",)),
    "appointing.index": (
        "officer",
        ("/office/exams/{held}/appointing", "/office/exams/{open}/appointing"),
    ),
    "appointing.public": ("", ("/exams/{held}/public-notice",)),
    "appointing.rechecked": ("officer", ("/office/exams/{held}/rechecks",)),
    "appointing.holidays": ("officer", ("/office/holidays",)),
    "choosing.index": ("officer", ("/office/exams/{held}/choice",)),
    "choices.public": ("", ("/exams/{held}/choice",)),
    "choices.mine": ("candidate", ("/my/applications/{ref}/choice",)),
    "appointing.mine": ("candidate", ("/my/applications/{ref}/appointing",)),
    "attendance.desk": ("officer", ("/day",)),
    "attendance.board": ("officer", ("/day/{held}/xc", "/day/{held}/xc?district=1&site=1")),
    "attendance.room": ("officer", ("/day/{held}/xc/1/1/1",)),
    "examday.room": ("officer", ("/office/exams/{held}/rooms/1/1/1",)),
    "examday.invigilators": (
        "officer",
        ("/office/exams/{held}/invigilators", "/office/exams/{open}/invigilators"),
    ),
    "duties.rosters": ("officer", ("/office/exams/{held}/rosters", "/office/exams/{open}/rosters")),
    "duties.roster": ("officer", ("/office/exams/{held}/rosters/1/1/xc",)),
    "forensics.index": ("officer", ("/office/exams/{held}/similarity",)),
    "forensics.screening": ("officer", ("/office/exams/{held}/similarity/runs/{run}",)),
    "forensics.figures": ("", ("/exams/{held}/similarity",)),
    "experts.desk": ("expert1", ("/experts/cases",)),
    "experts.case": ("expert1", ("/experts/cases/{casefile}",)),
    "blind.office": ("officer", ("/office/exams/{held}/marking",)),
    "blind.sheets": ("marker", ("/marking/{held}/sheets",)),
    "blind.numbers": ("inspector", ("/exams/{held}/marking/numbers",)),
    "marking.index": ("marker", ("/marking",)),
    "marking.scores": ("marker", ("/marking/{held}", "/marking/{today}")),
    "interviews.pool": ("officer", ("/office/interviewers",)),
    "interviews.setup": (
        "officer",
        ("/office/exams/{today}/interviews", "/office/exams/{today}/interviews?panel={panel}"),
    ),
    "interviews.times": (
        "officer",
        (
            "/office/exams/{today}/interviews/times",
            "/office/exams/{today}/interviews/times?panel={panel}",
        ),
    ),
    "interviews.sign": ("officer", ("/office/interviews/{ref}/sign",)),
    "interviews.correct": ("officer", ("/office/interviews/{ref}/correct",)),
    "interviews.fairness": ("officer", ("/office/exams/{today}/interviews/fairness",)),
    "interviews.severity": ("officer", ("/office/exams/{today}/interviews/fairness/{panel}",)),
    "interviews.differences": (
        "",
        ("/exams/{today}/interviews/differences", "/exams/{held}/interviews/differences"),
    ),
    "pools.exchange": ("officer", ("/office/interviewers/exchange",)),
    "panels.substitutes": ("officer", ("/office/exams/{today}/interviews/substitutes",)),
    "panels.sealed": ("inspector", ("/office/exams/{today}/interviews/sealed",)),
    "lots.index": ("officer", ("/office/exams/{today}/lots",)),
    "lots.group": ("officer", ("/office/exams/{today}/lots/G01",)),
    "lots.every": ("", ("/exams/{today}/lots",)),
    "lots.show": ("", ("/exams/{today}/lots/G01",)),
    "interviews.avoidances": ("officer", ("/office/exams/{today}/interviews/avoidances",)),
    "interviews.desk": ("interviewer", ("/interview",)),
    "interviews.avoid": ("interviewer", ("/interview/avoidance",)),
    "interviews.hall": ("", ("/exams/{today}/hall/{panel}", "/exams/{held}/hall/{panel}")),
    "results.office": (
        "officer",
        ("/exams/{held}/results/office", "/exams/{today}/results/office"),
    ),
    "results.lists": ("", ("/exams/{held}/results", "/exams/{open}/results")),
    "results.release": (
        "",
        ("/exams/{held}/results/1", "/exams/{held}/results/2", "/exams/{held}/results/3"),
    ),
    "results.mine": ("candidate", ("/my/applications/{ref}/results",)),
    "oversight.desk": ("inspector", ("/oversight",)),
    "oversight.acts": (
        "inspector",
        ("/oversight/acts?follow=1", "/oversight/acts?exam={held}&kind=draws"),
    ),
    "oversight.alerts": ("inspector", ("/oversight/alerts",)),
    "oversight.timeline": (
        "inspector",
        ("/oversight/exams/{held}/timeline", "/oversight/exams/{draft}/timeline"),
    ),
    "oversight.evidence": (
        "inspector",
        ("/oversight/evidence", "/oversight/evidence?subject=draw:{held}-seats"),
    ),
    "oversight.board": ("inspector", ("/oversight/board",)),
    "oversight.promises": ("", ("/promises",)),
    "oversight.act": ("inspector", ("/oversight/acts/0", "/oversight/acts/20")),
    "letters.questions": ("", ("/letters", "/letters?q=照片", "/letters?q=没有这句")),
    "letters.question": ("", ("/letters/questions/{question}",)),
    "letters.topics": ("", ("/letters/topics",)),
    "letters.write": ("", ("/letters/write",)),
    "letters.status": ("", ("/letters/status",)),
    "letters.queue": ("officer", ("/office/letters",)),
    "letters.case": ("officer", ("/office/letters/{letter}", "/office/letters/{late}")),
    "report.write": ("", ("/report",)),
    "report.answers": ("", ("/report/answers",)),
    "report.received": ("", ("/report/received",)),
    "tips.desk": ("inspector", ("/oversight/reports",)),
    "oversight.log": ("", ("/log",)),
    "oversight.published": (
        "",
        ("/published/", "/published/log", "/published/results-{held}-v3"),
    ),
    "oversight.check": ("", ("/check",)),
    "help.index": ("", ("/help",)),
    "help.tour": ("", ("/help/candidate", "/help/inspector")),
}
# What is no page but a file: who fetches it, its address, how it begins.
FILES: dict[str, tuple[str, str, bytes]] = {
    "static": ("", "/static/site.css", b"/*"),
    "look.colours": ("", "/look.css", b":root"),
    "look.emblem": ("", "/emblem", b"<svg"),
    "blind.box": ("inspector", "/exams/{held}/marking/numbers.sealed", b"exam-system/sealed/v1"),
    "tickets.progress": ("officer", "/office/exams/{held}/tickets/progress.json", b"{"),
    "bootstrap.static": ("", "/bootstrap/static/css/bootstrap.min.css", b"@charset"),
    "api.openapi": ("", "/api/v1/openapi.json", b"{"),
    "api.exams": ("", "/api/v1/exams", b"{"),
    "api.exam": ("", "/api/v1/exams/{open}", b"{"),
    "api.posts": ("", "/api/v1/exams/{open}/posts", b"{"),
    "api.statistics": ("", "/api/v1/exams/{open}/statistics", b"{"),
    "api.days": ("", "/api/v1/exams/{open}/figures", b"{"),
    "api.notices": ("", "/api/v1/exams/{open}/notices", b"{"),
    "api.releases_of": ("", "/api/v1/exams/{held}/releases", b"{"),
    "api.log": ("", "/api/v1/log", b"{"),
    "api.log_checkpoint": ("", "/api/v1/log/checkpoint", b""),
    "api.entries": ("", "/api/v1/log/entries/0", b""),
    "api.tile": ("", "/api/v1/log/tile/0/0", b""),
    "api.my_applications": ("candidate", "/api/v1/me/applications", b"{"),
    "api.my_application": ("candidate", "/api/v1/me/applications/{ref}", b"{"),
    "accounts.factor_picture": ("officer2", "/second-factor/picture.svg", b"<?xml"),
    "registration.photo_file": ("candidate", "/applications/{ref}/photo.jpg", b"\xff\xd8"),
    "registration.review_photo": ("reviewer", "/review/{ref}/photo.jpg", b"\xff\xd8"),
    "fees.status": ("candidate", "/applications/{ref}/payment/status.json", b"{"),
    "fees.receipt": ("candidate", "/applications/{ref}/payment/receipt.pdf", b"%PDF"),
    "fees.statement_note": ("officer", "/fees/statements/{day}/bank/1/statement.note", b""),
    "integrity.sheet_file": ("", "/duties/invigilator.pdf", b"%PDF"),
    "live.stamp": ("", "/draws/{held}-seats/1/stamp", b"published"),
    "observing.stamp": ("", "/exams/{held}/live/stamp", b""),
    "observing.own_stamp": ("observer", "/observing/{today}/day/stamp", b""),
    "attendance.state_of": ("officer", "/day/{held}/xc/1/1/1/state.json", b"{"),
    "attendance.photos": ("officer", "/day/{held}/xc/1/1/1/photos.json", b"{"),
    "attendance.worker": ("officer", "/day/worker.js", b'"use strict"'),
    "panels.sheets": ("officer", "/office/exams/{today}/interviews/panels.pdf", b"%PDF"),
    "panels.groups": ("officer", "/office/exams/{today}/interviews/groups.pdf", b"%PDF"),
    "draws.manifest": ("", "/draws/{held}-seats/1/manifest.json", b"{"),
    "duties.letters": ("officer", "/office/exams/{held}/invigilators/letters.pdf", b"%PDF"),
    "examday.ticket": ("candidate", "/applications/{ref}/ticket.pdf", b"%PDF"),
    "interviews.slip_office": ("officer", "/office/interviews/{ref}.pdf", b"%PDF"),
    "interviews.worker": ("interviewer", "/interview/worker.js", b'"use strict"'),
    "archive.progress": ("inspector", "/exams/{held}/archive.json", b"{"),
    "interviews.hall_state": ("", "/exams/{today}/hall/{panel}.json", b"{"),
    "interviews.slip": ("candidate", "/my/interviews/{ref}.pdf", b"%PDF"),
    "results.slip": ("candidate", "/my/applications/{ref}/results/1/slip.tlog-proof", b""),
    "results.slip_pdf": ("candidate", "/my/applications/{ref}/results/1/slip.pdf", b"%PDF"),
    "experts.pdf": ("expert1", "/experts/cases/{casefile}.pdf", b"%PDF"),
    "oversight.newer": ("inspector", "/oversight/acts/newer.json", b"{"),
    "tips.letter": ("inspector", "/oversight/reports/{tip}.report", b"exam-system/report/v1"),
    "oversight.to_cosign": ("inspector", "/oversight/to-cosign.zip", b"PK"),
    "oversight.records": ("inspector", "/oversight/records/results-{held}-v3", b"PK"),
}
# Looked at where there is something to see: one link to a ceremony, a stream, a dry run's table.
ELSEWHERE = {
    "integrity.finding": "duties/test_duty_pages.py",
    **dict.fromkeys(
        ("cases.own", "cases.mine", "cases.notice", "cases.decision", "cases.bundle"),
        "violations/test_case_pages.py",
    ),
    "incidents.receipt": "violations/test_case_pages.py",
    "observing.events": "observing/test_live_pages.py",
    "observing.hall": "browser/test_hall.py",
    **dict.fromkeys(
        ("notices.notice", "notices.show", "notices.write"), "notices/test_disclosures.py"
    ),
    **dict.fromkeys(
        ("appointing.person", "appointing.notice"), "appointing/test_appointing_pages.py"
    ),
    "objecting.write": "appointing/test_following.py",
    **dict.fromkeys(
        ("choosing.desk", "choosing.proxy_paper", "choices.hall", "choices.state", "choices.file"),
        "choosing/test_choosing_pages.py",
    ),
    "grading.desk": "marking/test_typed_and_blind_pages.py",
    "grading.sheet": "marking/test_typed_and_blind_pages.py",
    "archive.take": "archive/test_archive.py",
    "letters.document": "cases/test_letter_pages.py",
    "custody.find": "custody/test_custody_pages.py",
    "custody.photo": "custody/test_custody_pages.py",
    "api.post": "api/test_api.py",
    "api.day": "api/test_api.py",
    "contributors.show": "draws/test_draw_contributor_pages.py",
    "fees.bank_file": "fees/test_pay_pages.py",
    "fees.counter_receipt": "fees/test_pay_pages.py",
    "fees.counted": "fees/test_pay_pages.py",
    "photos.picture": "photos/test_likeness.py",
    "live.events": "draws/test_draw_live.py",
    "accounts.second": "accounts/test_candidate_factor.py",
    "accounts.agree": "accounts/test_registering.py",
    "live.rehearsed": "draws/test_draw_rehearsal.py",
    "running.progress": "draws/test_long_work.py",
}
FORMS = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  const fields = [...document.querySelectorAll("main form[method=post]")].flatMap((form) =>
    [...form.elements].filter((one) => one.name && !["hidden", "submit"].includes(one.type)));
  const named = (one) => one.labels?.length || one.ariaLabel || one.hasAttribute("aria-labelledby");
  const told = document.body.dataset.words && document.querySelector("[data-told]");
  return [
    ...ids.filter((one, at) => ids.indexOf(one) < at).map((one) => `the id ${one} stands twice`),
    ...fields.filter((one) => !named(one) && one.tagName !== "BUTTON" && !one.hidden)
      .map((one) => `the field ${one.name} has no label`),
    ...(fields.length && !told ? ["the form has no place for its errors"] : []),
  ];
}"""
SCHEMES = {"zh": "dark", "en": "light"}
BUREAU = {"zh": "安顺市人事考试院", "en": "Anshun Personnel Examination Authority"}


@dataclass(frozen=True, slots=True)
class Data:
    """What stands in the addresses, and who logs in with what."""

    names: dict[str, str]
    logins: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def data(fair: Fair) -> Data:
    """What the addresses of the fair need."""
    return gather(fair)


def gather(fair: Fair) -> Data:
    """A proposed candidate of the held exam, one of today's interviewers, the staff."""
    heard = one_ref(fair, Result.outcome == "proposed", fair.held)
    names = {
        "draft": DRAFT,
        "held": fair.held.code,
        "today": fair.today.code,
        "open": fair.open.code,
        "ref": heard,
        "waiting": fair.open.applicants[-1][1],
        "approved": fair.open.applicants[0][1],
        "panel": fair.interviewers[0].panel,
        "tip": send_report(fair.stage.cast, "Somebody talked.").digest,
    }
    names["takeover"] = take_over(fair)
    names["letter"], names["question"], names["late"] = lettered(fair.stage.cast)
    staff = {name: (name, DEMONSTRATION_PASSWORD) for _, name, _, _ in STAFF}
    ask_something(fair)
    names["bar"] = bar_somebody(fair)
    names["waiver"] = ask_not_to_pay(fair)
    names["day"] = reconcile(fair)
    names |= bag_names(fair)
    names["run"], names["casefile"] = screened(fair)
    names["incident"], names["violation"] = punished(fair)
    first, watcher = fair.interviewers[0], let_watch(fair.stage.cast, fair.today.code)[0]
    people = {
        "expert1": ("expert1", DEMONSTRATION_PASSWORD),
        "interviewer": (first.username, first.password),
        "observer": (watcher.username, watcher.password),
        "candidate": (id_of(fair.held, heard), PASSWORD),
        "applicant": (id_of(fair.open, names["approved"]), PASSWORD),
    }
    return Data(names, staff | people)


def bag_names(fair: Fair) -> dict[str, str]:
    """A bag of the held exam that came back, its room, its last hand-over."""
    with fair.stage.cast.acting(Role.OFFICER) as ctx:
        bag = ctx.session.scalars(select(Bag).where(Bag.state == "returned").limit(1)).one()
        query = select(HandOver.ref).order_by(HandOver.id.desc()).limit(1)
        handover = ctx.session.scalars(query).one()
        found = {"bag": bag.barcode, "bag_room": str(bag.room_id), "handover": handover}
        ctx.session.rollback()
    return found


def screened(fair: Fair) -> tuple[str, str]:
    """The screening of the held exam and its first case file."""
    query = select(Screening.ref, CaseFile.ref).join(CaseFile).order_by(CaseFile.id)
    with reading(fair.stage.cast.office.engine) as db:
        row = db.execute(query).first()
        assert row is not None
        return row[0], row[1]


def punished(fair: Fair) -> tuple[str, str]:
    """The open incident and the served case of the held exam."""
    with reading(fair.stage.cast.office.engine) as db:
        incident = db.scalars(select(Incident.ref).where(Incident.state == "open")).first()
        case = db.scalars(select(ViolationCase.ref)).first()
    assert incident is not None
    assert case is not None
    return incident, case


def take_over(fair: Fair) -> str:
    """Somebody asks for the account of a number that has none."""
    with fair.stage.cast.acting(PUBLIC) as ctx:
        return ask_takeover(
            ctx,
            claim="lost",
            name="王真身",
            id_number="11010519491231002X",
            phone="13800138000",
            pictures=dict.fromkeys(PICTURES, card()),
            agreed=[text.digest for text in in_force(ctx.session)],
        )[0]


def reconcile(fair: Fair) -> str:
    """Compare the first day of payments with a bank file that knows none; returns the day."""
    with fair.stage.cast.acting(Role.OFFICER) as ctx:
        paid = ctx.session.scalars(select(Payment.paid_at).order_by(Payment.id).limit(1)).one()
        day = paid.astimezone(BEIJING).date()
        reconcile_day(ctx, day=day, source="bank", theirs=[])
    return day.isoformat()


def ask_not_to_pay(fair: Fair) -> str:
    """A candidate who has not paid asks for a waiver; the reference."""
    cast, (who, ref) = fair.stage.cast, fair.open.applicants[-1]
    with cast.acting(who) as ctx:
        ground = rules_of(exam_by_code(ctx.session, fair.open.code)).waiver_grounds[0]
        files = [("低保证.jpg", photo(0))]
        return ask_waiver(ctx, ref=ref, ground=ground, documents=files).ref


def ask_something(fair: Fair) -> None:
    """Something waits for the inspector's approval, somebody sets an authenticator up."""
    cast, said = fair.stage.cast, Sentence("Attempt %(number)s", number=2)
    about = fair.held.code, f"draw:{fair.held.code}-seats:2"
    with cast.acting(Role.OFFICER) as ctx:
        ask_approval(ctx, wanted=Wanted("draws.freeze_draw", *about, "a" * 64, (said,)))
    with cast.acting(Role.ADMIN) as ctx:
        factors.remove_second_factor(ctx, username="officer2")
    with cast.acting(Role.ADMIN) as ctx:
        account = ctx.session.query(Account).filter_by(username="officer2").one()
        mine = ctx.as_actor(actor_for(account))
        assert factors.prove_password(mine, DEMONSTRATION_PASSWORD)
        factors.add_second_factor(mine, kind="totp", label="手机")


def bar_somebody(fair: Fair) -> str:
    """An entry of the register of barred people."""
    bar(fair.stage.cast, fair.open.everybody(1)[0], fair.open.plan.opens.date())
    with fair.stage.cast.acting(Role.OFFICER) as ctx:
        return ctx.session.scalars(select(Barred.ref).order_by(Barred.id)).first() or ""


def get_endpoints(fair: Fair) -> set[str]:
    """The endpoints of the access table that answer to an address."""
    app = create_app(fair.stage.folder, clock=fair.stage.cast.clock)
    app.extensions["office"].engine.dispose()
    return {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}


def test_every_page_is_in_this_list(fair: Fair) -> None:
    assert {*SEEN, *FILES, *ELSEWHERE} == get_endpoints(fair) & set(PAGES)
    for endpoint, path in ELSEWHERE.items():
        assert (ROOT / "tests" / path).exists(), endpoint


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_are_sound(chromium: Browser, fair: Fair, data: Data, language: str) -> None:
    """In both languages; in Chinese dark and by keyboard, in English light and enlarged.

    Further states of a page are looked at in Chinese: they double the time and hide nothing else.
    """
    faults: list[str] = []
    for who in dict.fromkeys(who for who, _ in SEEN.values()):
        titles: dict[str, str] = {}
        with visitor(chromium, fair, data, who, language) as person:
            for endpoint, (whose, paths) in SEEN.items():
                seen = paths if language == "zh" else paths[:1]
                for at, path in enumerate(seen if whose == who else ()):
                    here = path.format(**data.names)
                    faults += faults_of(person, endpoint, here, titles, by_hand=at == 0)
    assert not faults, "\n".join(faults)


def faults_of(
    person: Visitor, endpoint: str, path: str, titles: dict[str, str], *, by_hand: bool
) -> list[str]:
    """What is wrong with a page; `by_hand` once for each endpoint, for it takes the longest."""
    person.page.goto(path)
    found = person.faults() + person.page.evaluate(FORMS)
    if by_hand:
        found += by_keyboard(person) if person.language == "zh" else enlarged(person)
    found += trail_faults(person, endpoint) if person.language == "zh" else []
    title, place = person.page.title(), urlsplit(person.page.url).path
    if titles.setdefault(title, place) != place or not title.endswith(BUREAU[person.language]):
        found.append(f"the title {title} is also that of {titles[title]}, or names no bureau")
    return [f"{endpoint} {path} ({person.language}): {fault}" for fault in found]


def test_files_are_given(chromium: Browser, fair: Fair, data: Data) -> None:
    for who in dict.fromkeys(who for who, _, _ in FILES.values()):
        with visitor(chromium, fair, data, who, "zh") as person:
            for whose, path, begins in FILES.values():
                if whose == who:
                    answer = person.context.request.get(path.format(**data.names))
                    assert answer.status == 200, path
                    assert answer.body().startswith(begins), path


@contextmanager
def visitor(
    chromium: Browser, fair: Fair, data: Data, who: str, language: str
) -> Iterator[Visitor]:
    person = Visitor(chromium, fair.stage, "phone", language, SCHEMES[language])
    watch(person)
    if who:
        person.log_in(*data.logins[who])
    yield person
    person.context.close()
