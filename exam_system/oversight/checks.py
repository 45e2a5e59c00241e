"""The ten checks of the integrity board, one for each promise (docs/THREATS.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import Select, func, inspect, select, text
from sqlalchemy.orm import aliased
from werkzeug.routing import Rule

from exam_system import access
from exam_system.access import Role
from exam_system.access_pages import PAGES, check_tables
from exam_system.accounts.models import Account
from exam_system.approvals.models import Approval
from exam_system.context import SYSTEM, VERBS
from exam_system.dbrole import DURABLE
from exam_system.draws.lookup import cosigning, find
from exam_system.draws.models import Attempt, Contribution, Draw
from exam_system.errors import Fault, Sentence, Unavailable
from exam_system.exams.announcement import announcement_files, posts_of
from exam_system.exams.models import Exam
from exam_system.oversight.board import PROMISES, Check, Look, Measured, green_or_red
from exam_system.oversight.books import faults_of_books, money
from exam_system.oversight.watch import find_late
from exam_system.people import IdNumber
from exam_system.records import audit, fsck, releases
from exam_system.records.folders import check_folder
from exam_system.records.heads import missing_acts, newest_head, read_head
from exam_system.records.keys import every_key
from exam_system.records.models import Act, ActDetail, Release
from exam_system.records.notes import missing_cosigners
from exam_system.tips import check as reports
from exam_system.tips.lookup import entered
from exam_system.tips.models import ArrivedTip, Tip, TipAnswer
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import TrustError
from exam_system.violations.lookup import decided_subjects

_DURABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {"journal_mode": ("wal",), "synchronous": ("2", "3")},
    "postgresql": DURABLE,
}
"""What a setting must be; on SQLite synchronous 2 is FULL, 3 EXTRA."""
_TWO_PEOPLE = [name for name, verb in access.VERBS.items() if verb.approvers]
_REPORT_COLUMNS = {
    ArrivedTip: {"digest", "day", "lookup", "size", "data"},
    Tip: {"number", "digest", "day", "lookup", "size", "data"},
    TipAnswer: {"id", "digest", "lookup", "data"},
}
_ID = re.compile(rb"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9X](?![0-9A-Za-z])")
_SHOWN = frozenset({".csv", ".json", ".note", ".txt", ".tlog-proof"})


def nothing_changed(look: Look) -> Measured:
    """P1: the log derived anew, every row against its last act, every published file verified."""
    if look.published is None:
        return Measured("P1", "red", "The published files cannot be read", {}, (look.broken,))
    log, found = look.folder / "log", fsck.Findings()
    faults = list(fsck.faults(look.session, log, look.office.keys.log.verifier, found))
    faults += audit.faults(look.session)
    faults += look.refused()
    faults += _folders(look)
    said = "%(acts)s acts derived anew, %(rows)s rows compared, %(files)s published files verified"
    return green_or_red(
        "P1", said, faults, acts=len(found.entries), rows=audit.count_rows(look.session),
        files=look.published.files,
    )  # fmt: skip


def _folders(look: Look) -> Iterator[str]:
    """What was published and is not there any more, or not as it was."""
    query = select(Release).where(Release.state == "published").order_by(Release.id)
    for release in look.session.scalars(query):
        name = releases.folder_name(look.session, release)
        try:
            files = releases.folder_files(look.session, release)
            check_folder(look.folder / name, files)
        except Fault as error:
            yield str(error)
    for code, number in look.session.execute(_attempts("published")):
        if not (look.folder / f"draw-{code}-{number}").is_dir():
            yield f"draw-{code}-{number} was published and is not there"


def _attempts(state: str) -> Select[str, int]:
    return (
        select(Draw.code, Attempt.number)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Attempt.state == state)
        .order_by(Attempt.id)
    )


def draws_are_fixed(look: Look) -> Measured:
    """P2: every published draw rests on two committed secrets and dice, and verifies."""
    drawn = look.session.execute(_attempts("published")).all()
    faults = look.refused("draw-")
    for code, number in drawn:
        held = find(look.session, code, number)
        sources = set(held.manifest["sources"])
        rows = look.session.scalars(
            select(Contribution.role).where(
                Contribution.attempt_id == held.attempt.id, Contribution.secret.is_not(None)
            )
        )
        if not {"officer", "inspector", "dice"} <= sources or len(set(rows)) < 2:
            faults.append(f"draw {code} attempt {number} has fewer than two committed secrets")
    return green_or_red("P2", "%(draws)s published draws recomputed", faults, draws=len(drawn))


def two_people(look: Look) -> Measured:
    """P3: what was published was approved by another office and cosigned by enough inspectors."""
    faults = [*_uncosigned(look), *_unapproved(look)]
    query = select(func.count()).select_from(Act).where(Act.kind.in_(_TWO_PEOPLE))
    said = "%(acts)s acts that need two people looked at"
    return green_or_red("P3", said, faults, acts=look.session.scalar(query) or 0)


def _uncosigned(look: Look) -> Iterator[str]:
    db = look.session
    for release in db.scalars(select(Release).where(Release.state == "published")):
        needed = releases.needed_cosigners(db, release)
        if missing := missing_cosigners(db, release.note_id, needed=needed):
            name = releases.folder_name(db, release)
            yield f"{name} was published without enough of {', '.join(missing)}"
    for code, number in db.execute(_attempts("published")):
        held = find(db, code, number)
        note_id = held.attempt.note_id
        if note_id is None or missing_cosigners(db, note_id, **cosigning(held.manifest)):
            yield f"draw {code} attempt {number} was published without enough cosignatures"


def _unapproved(look: Look) -> Iterator[str]:
    """Acts that need a second person, each with its approval and the offices of both.

    An act names its approval; where its details were erased, that of its verb and subject counts.
    """
    asker, other = aliased(Account), aliased(Account)
    named = decided_subjects(look.session)  # these acts are on the text that was signed
    used = {}
    for ref, verb, subject, mine, theirs in look.session.execute(
        select(Approval.ref, Approval.verb, Approval.subject, asker.office, other.office)
        .join(asker, asker.id == Approval.used_by)
        .join(other, other.id == Approval.decided_by)
        .where(Approval.state == "used")
    ):
        used[verb, named.get(ref, subject)] = used[verb, ref] = (mine, theirs)
    query = (
        select(Act.kind, Act.subject, ActDetail.details)
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.kind.in_(_TWO_PEOPLE))
    )
    seen = set()
    for kind, subject, details in look.session.execute(query.order_by(Act.id)):
        by = json.loads(details).get("approval") if details else None
        if by in seen:
            yield f"{kind} on {subject} names the approval of an earlier act"
        seen |= {by} if by else set()
        pair = used.get((kind, by)) if by else used.get((kind, subject))
        if pair is None:
            yield f"{kind} on {subject} was carried out without an approval"
        elif not all(pair) or pair[0] == pair[1]:
            yield f"{kind} on {subject} was approved by the same office"


def answers_last(look: Look) -> Measured:
    """P4: the database writes to the disk before it says so."""
    dialect = look.session.get_bind().dialect.name
    ask = "PRAGMA {}" if dialect == "sqlite" else "SHOW {}"
    found = {
        name: str(look.session.execute(text(ask.format(name))).scalar_one()).lower()
        for name in _DURABLE[dialect]
    }
    faults = [
        f"{dialect}: {name} is {value}"
        for name, value in found.items()
        if value not in _DURABLE[dialect][name]
    ]
    shown = ", ".join(f"{name}={value}" for name, value in found.items())
    return green_or_red("P4", "Settings of the database: %(settings)s", faults, settings=shown)


def books_balance(look: Look) -> Measured:
    """P5: received is kept, owed back and sent back, by the rows and by the acts."""
    found = money(look.session)
    parts = {
        "received": found.received,
        "kept": found.kept,
        "owed": found.owed,
        "refunded": found.refunded,
    }
    faults = list(faults_of_books(look.session))
    if not found.balances:
        faults.append(f"the sums do not agree: {found}")
    said = "Received %(received)s, kept %(kept)s, owed back %(owed)s, sent back %(refunded)s (fen)"
    return green_or_red("P5", said, faults, **parts)


def nobody_came_late(look: Look) -> Measured:
    """P6: nothing was taken in after the announced deadlines, by the log's times and the rows'."""
    faults = [
        f"{alert.exam}: {' '.join(value for _name, value in alert.values)} at {alert.at}"
        for alert in find_late(look.session)
    ]
    exams = look.session.scalars(select(Exam).where(Exam.state != "draft")).all()
    for exam in exams:
        announced = releases.newest(look.session, exam.id, "announcement", state="published")
        if announced and announced.rules_digest != sha256_hex(exam.rules.encode()):
            faults.append(f"{exam.code}: its rule set is not the announced one")
        if announced and _posts(look, exam) != _announced_posts(look, announced):
            faults.append(f"{exam.code}: its posts are not the announced ones")
    return green_or_red("P6", "Deadlines of %(exams)s exams compared", faults, exams=len(exams))


def _posts(look: Look, exam: Exam) -> bytes:
    return announcement_files(posts_of(look.session, exam))["posts.json"]


def _announced_posts(look: Look, release: Release) -> bytes:
    return releases.file_data(look.session, release, "posts.json")


def nobody_sees_another(look: Look) -> Measured:
    """P7: the access tables are complete, no page lets strangers in, nothing published names
    a person's ID number. What one candidate sees of another is a matter of tests."""
    if look.app is None:
        raise Fault("the application is not open here")
    check_tables(VERBS, look.app.view_functions)
    faults = [*_open_pages(look.app), *_id_numbers(look)]
    closed = sum(Role.PUBLIC not in roles for roles in PAGES.values())
    said = "%(pages)s closed pages asked for by a stranger, published files searched for ID numbers"
    return green_or_red("P7", said, faults, pages=closed)


def _open_pages(app: Flask) -> Iterator[str]:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if Role.PUBLIC in PAGES[rule.endpoint] or "GET" not in (rule.methods or ()):
            continue
        answer = client.get(_address(rule))
        login = answer.status_code == 302 and "/login" in answer.location
        if not login and answer.status_code not in (401, 403):
            yield f"{rule.endpoint} answers {answer.status_code} to a stranger"


def _address(rule: Rule) -> str:
    """The rule's address with something that does not exist in every place."""
    path = re.sub(r"<int[^>]*>", "1", rule.rule)
    path = re.sub(r"<string\(length=(\d+)\)[^>]*>", lambda found: "0" * int(found[1]), path)
    path = re.sub(r"<any\(\W*(\w+)[^>]*>", r"\1", path)
    return re.sub(r"<[^>]*>", "none", path)


def _id_numbers(look: Look) -> Iterator[str]:
    today = look.office.clock.now().date()
    for path in sorted(look.folder.rglob("*")):
        private = path.name in releases.PRIVATE
        if path.suffix not in _SHOWN or private or not path.is_file():
            continue
        for number in set(_ID.findall(path.read_bytes())):
            try:
                IdNumber.parse(number.decode(), today=today)
            except Sentence:
                continue
            yield f"{path.relative_to(look.folder)} has an ID number in it"


def stops_in_doubt(look: Look) -> Measured:
    """P8: the instance stands open, the log can be sealed, and what it shows is the newest head."""
    office, faults = look.office, []
    try:
        office.seal()
    except Unavailable as error:
        faults.append(str(error))
    shown = _shown(look, faults)
    with office.context(SYSTEM, write=False).session as db:  # what sealing has just written
        head, lacking = newest_head(db), missing_acts(db, shown)
    if shown is None or head is None or shown.size < head.size:
        faults.append("the head that is shown is not the newest one")
    if lacking:
        faults.append(f"the database lacks {lacking} acts that the shown head has")
    size = shown.size if shown else 0
    return green_or_red("P8", "Sealed; the head shows %(acts)s acts", faults, acts=size)


def _shown(look: Look, faults: list[str]) -> Checkpoint | None:
    folder = look.office.config.published / "log"
    try:
        return read_head(folder, *every_key(look.session, "log"))
    except TrustError as error:
        faults.append(f"the head that is shown: {error}")
        return None


def reports_leave_no_trace(look: Look) -> Measured:
    """P9: the tables of reports hold ciphertext and days only, and are as the log counts them."""
    faults = list(reports.faults(look.session))
    tables = inspect(look.session.get_bind())
    for model, known in _REPORT_COLUMNS.items():
        columns = {column["name"] for column in tables.get_columns(model.__tablename__)}
        faults += [f"{model.__tablename__} has a column {name}" for name in columns - known]
    said = "%(reports)s reports compared with the log"
    return green_or_red("P9", said, faults, reports=len(entered(look.session)))


def limits_are_said(look: Look) -> Measured:
    """P10: the page that says what is promised and what is not is served to everybody."""
    if look.app is None:
        raise Fault("the application is not open here")
    answer = look.app.test_client().get("/promises", headers={"Accept-Language": "en"})
    lacking = [name for name in PROMISES if f">{name}<" not in answer.text]
    faults = [f"the page of promises does not name {name}" for name in lacking]
    if answer.status_code != 200 or 'id="not-promised"' not in answer.text:
        faults.append(f"the page of promises answers {answer.status_code}, incomplete")
    return green_or_red("P10", "The page of promises and limits is served", faults)


CHECKS: dict[str, Check] = dict(
    zip(
        PROMISES,
        (
            nothing_changed, draws_are_fixed, two_people, answers_last, books_balance,
            nobody_came_late, nobody_sees_another, stops_in_doubt, reports_leave_no_trace,
            limits_are_said,
        ),
        strict=True,
    )
)  # fmt: skip
