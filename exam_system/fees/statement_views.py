"""Pages of the daily reconciliation: run it, see what does not match, write what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from exam_system.accounts.models import Account
from exam_system.errors import Conflict, Invalid, NotFound, Refused, Sentence
from exam_system.fees import reconciling
from exam_system.fees.blueprint import bp
from exam_system.fees.comparing import Compared, Line, read_bank
from exam_system.fees.desk import days_bill
from exam_system.fees.drivers import ways
from exam_system.fees.models import Statement
from exam_system.fees.reconciling import KIND_NAMES, OUTCOME_NAMES, SOURCES
from exam_system.fees.signed import verifiable
from exam_system.language import yuan
from exam_system.paging import page_count
from exam_system.people import read_day
from exam_system.pictures import MOST, Bar, bars
from exam_system.records.models import Note
from exam_system.records.notes import note_bytes
from exam_system.registration.office import page_asked, sheet_file
from exam_system.sheets import SheetError
from exam_system.trust.canonical import sha256_hex
from exam_system.web import acting, download, flash_refusal, looking, office

PAGE = 50
WAITING = 200
ONE = "/fees/statements/<day>/<source>/<int(max=9999):version>"


@bp.route("/fees/statements", methods=["GET", "POST"])
def statements() -> ResponseReturnValue:
    """All statements, the queue of what does not match, and the form for another day."""
    problems: list[str] = []
    if request.method == "POST":
        try:
            return redirect(_address("fees.statement", _reconcile()), 303)
        except SheetError as error:
            problems = error.lines(gettext)
        except Sentence as error:
            flash_refusal(error)
    db, page = looking().session, page_asked()
    rows = reconciling.statements(db, page, PAGE)
    return render_template(
        "fees/statements.html",
        rows=rows,
        picture=_matched(rows),
        waiting=reconciling.waiting(db, WAITING),
        problems=problems,
        given=request.form.get("day", ""),
        bills=_bills(),
        page=page,
        pages=page_count(reconciling.count_statements(db), PAGE),
        **_names(),
    ), 422 if problems else 200


def _matched(rows: Sequence[Statement]) -> Markup:
    """Lines of the newest days; red where something did not match."""
    days = [
        Bar(
            str(one.day),
            lines := one.matched + (wrong := one.only_ours + one.only_theirs + one.differs),
            f"{lines} − {wrong}" if wrong else str(lines),
            bool(wrong),
        )
        for one in rows[:MOST]
    ]
    return bars(days, gettext("Lines compared by day; red where some did not match"))


def _bills() -> dict[str, str]:
    """The bills that can be fetched, by source: of the gateways that are set up."""
    there = ways(office().config)
    found = {name for name, driver in reconciling.BILLS.items() if driver in there}
    return {name: gettext(SOURCES[name]) for name in reconciling.BILLS if name in found}


def _names() -> dict[str, Any]:
    tables = {"sources": SOURCES, "outcomes": OUTCOME_NAMES, "kinds": KIND_NAMES}
    return {
        name: {key: gettext(word) for key, word in table.items()} for name, table in tables.items()
    }


def _reconcile() -> Statement:
    day, file = _day(request.form.get("day", "")), request.files.get("file")
    reconciling.check_day(looking(), day)
    source, theirs = _theirs(day, file)
    with acting() as ctx:
        return reconciling.reconcile_day(ctx, day=day, source=source, theirs=theirs)


def _theirs(day: date, file: FileStorage | None) -> tuple[str, list[Line]]:
    """The lines of an uploaded file, or else of the chosen gateway's bill."""
    if file is not None and file.filename:
        return "bank", read_bank(file.filename, file.read())
    bill = request.form.get("bill", "gateway")
    driver = reconciling.BILLS.get(bill, "wechat")
    lines = days_bill(office().config, day, driver)
    return bill, reconciling.bill_lines(lines)


def _day(text: str) -> date:
    try:
        return read_day(text)
    except ValueError:
        raise Invalid("Choose a day").about("day") from None


def _address(endpoint: str, statement: Statement) -> str:
    return url_for(endpoint, day=statement.day, source=statement.source, version=statement.version)


def _found(day: str, source: str, version: int) -> Statement:
    try:
        asked = _day(day)
    except Invalid:
        raise NotFound("There is no such statement") from None
    return reconciling.statement_of(looking().session, asked, source, version)


@bp.get(ONE)
def statement(day: str, source: str, version: int) -> ResponseReturnValue:
    """One statement with everything that does not match."""
    db, found = looking().session, _found(day, source, version)
    rows = reconciling.discrepancies(db, found)
    last = reconciling.newest(db, found.day, found.source)
    return render_template(
        "fees/statement.html",
        found=found,
        rows=rows[:WAITING],
        more=max(0, len(rows) - WAITING),
        people={
            who: db.get_one(Account, who).name for who in {row.found_by for row in rows} if who
        },
        newest=last.version if last else found.version,
        digest_hex=sha256_hex(found.lines.encode()),
        note=db.get_one(Note, found.note_id),
        **_names(),
    )


@bp.get(f"{ONE}/statement.note")
def statement_note(day: str, source: str, version: int) -> ResponseReturnValue:
    """The signed text."""
    found = _found(day, source, version)
    data = note_bytes(looking().session, found.note_id)
    return download(data, f"statement-{day}-{source}-v{version}.note", "text/plain; charset=utf-8")


@bp.post("/fees/discrepancies/<ref>")
def explain(ref: str) -> ResponseReturnValue:
    """Write what was found."""
    try:
        with acting() as ctx:
            found = reconciling.explain_discrepancy(
                ctx, ref=ref, finding=request.form.get("finding", "")
            )
    except (NotFound, Conflict):
        raise
    except Refused as error:
        flash_refusal(error)
        return redirect(url_for("fees.statements"), 303)
    return redirect(_address("fees.statement", found), 303)


@bp.post(f"{ONE}/export")
def export_statement(day: str, source: str, version: int) -> ResponseReturnValue:
    """All lines: as .xlsx for people, as .csv exactly the bytes that the statement signs."""
    asked = _found(day, source, version).day
    with acting() as ctx:
        done = reconciling.export_statement(ctx, day=asked, source=source, version=version)
    name = f"statement-{day}-{source}-v{version}"
    if request.form.get("format") == "csv":
        data = done.statement.lines.encode()
        return download(data, f"{name}.csv", "text/csv; charset=utf-8")
    if request.form.get("format") == "zip":
        note = note_bytes(looking().session, done.statement.note_id)
        packed = verifiable(name, "statement", note, done.statement.lines.encode())
        return download(packed, f"{name}.zip", "application/zip")
    title = f"{gettext(SOURCES[source])} {day}"
    cells = [_cells(line) for line in done.lines]
    return sheet_file(name, title, _columns(), cells, verb="fees.export_statement")


def _columns() -> list[str]:
    return [
        gettext("Result of the comparison"),
        gettext("Kind"),
        gettext("Number"),
        gettext("Order number"),
        gettext("Ours (yuan)"),
        gettext("Theirs (yuan)"),
    ]


def _cells(line: Compared) -> tuple[Any, ...]:
    return (
        gettext(OUTCOME_NAMES[line.outcome]),
        gettext(KIND_NAMES[line.kind]),
        line.number,
        line.trade_no,
        *("" if fen is None else yuan(fen)[1:] for fen in (line.ours, line.theirs)),
    )
