"""The table of a paper's items comes in: options, keys, other forms. A verb and its preview."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Invalid
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.forensics.lookup import paper_of, require_idle
from exam_system.forensics.models import AnswerPaper
from exam_system.forensics.paper import LETTERS, MASTER, Form, Paper
from exam_system.marking.service import WRITTEN_STATES
from exam_system.sheets import CellError, Column, Sentence, Sheet, SheetError, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex

MOST_ITEMS = 255
NAMES = ("题号", "选项数", "答案")
FORMS = range(MASTER + 1, len(LETTERS) + 1)


def _form_names(form: int) -> tuple[str, str]:
    letter = LETTERS[form - 1]
    return f"{letter}卷题号", f"{letter}卷选项"


@verb
def set_paper(ctx: Context, *, code: str, subject: str, name: str, data: bytes) -> Paper:
    """Take in the items of a subject's objective part; what was there is replaced.

    One row for each item of form A: its number, options and key; for each other form the number
    under which that form prints it and, in the order printed, the options of form A (CADB: what
    is printed as A is A's C). Raises SheetError; Conflict while a screening runs.
    """
    exam = open_exam(ctx.session, code, *WRITTEN_STATES)
    require_subject(exam, subject)
    paper = read_paper(name, data)
    row = paper_of(ctx.session, exam, subject)
    if row is None:
        row = AnswerPaper(exam_id=exam.id, subject=subject)
        ctx.session.add(row)
    else:
        require_idle(ctx.session, row)
    row.document, row.taken_at = paper.document, ctx.clock.now()
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        session=subject,
        file=sha256_hex(data),
        items=len(paper.counts),
        forms=1 + len(paper.forms),
        paper=sha256_hex(paper.document.encode()),
    )
    return paper


def preview_paper(ctx: Context, code: str, subject: str, name: str, data: bytes) -> Preview:
    """What a table of items would change; raises as `set_paper` does."""
    exam = open_exam(ctx.session, code, *WRITTEN_STATES)
    require_subject(exam, subject)
    paper = read_paper(name, data)
    before = paper_of(ctx.session, exam, subject)
    old = Paper.parse(before.document) if before else None
    forms = sorted({*paper.forms, *(old.forms if old else ())})
    head = [*NAMES, *(cell for form in forms for cell in _form_names(form))]
    return compare(head, _cells(old, forms) if old else {}, _cells(paper, forms))


def require_subject(exam: Exam, subject: str) -> None:
    """Raise Invalid unless the rules of the exam know the subject."""
    if subject not in {one.code for one in rules_of(exam).subjects}:
        raise Invalid("The exam has no subject %(subject)s", subject=subject)


def item_rows(session: Session, exam: Exam, subject: str) -> dict[str, tuple[str, ...]]:
    """The items that are in, by number."""
    row = paper_of(session, exam, subject)
    paper = Paper.parse(row.document) if row else None
    return _cells(paper, sorted(paper.forms)) if paper else {}


def _cells(paper: Paper, forms: list[int]) -> dict[str, tuple[str, ...]]:
    rows = {}
    for item, (count, key) in enumerate(zip(paper.counts, paper.keys, strict=True)):
        cells = [str(item + 1), str(count), LETTERS[key]]
        for form in forms:
            cells += _printed(paper, form, item)
        rows[str(item + 1)] = tuple(cells)
    return rows


def _printed(paper: Paper, form: int, item: int) -> list[str]:
    """Number and options of an item in another form; empty where the paper has no such form."""
    own = paper.forms.get(form)
    if own is None:
        return ["", ""]
    at = own.items.index(item)
    return [str(at + 1), "".join(LETTERS[one] for one in own.options[at])]


def read_paper(name: str, data: bytes) -> Paper:
    """The paper of a table, or SheetError with every problem and its place."""
    sheet = read_table(name, data, _columns())
    errors = list(_problems(sheet))
    if errors:
        raise SheetError(errors)
    rows = sorted(sheet.rows, key=lambda row: int(row["item"]))
    forms = {form: _form(rows, form) for form in FORMS if rows[0][f"at:{form}"] is not None}
    counts = tuple(row["options"] for row in rows)
    return Paper(counts, tuple(LETTERS.index(row["key"]) for row in rows), forms)


def _columns() -> list[Column]:
    item = Column("item", (NAMES[0], "item"), parse=_number(1, MOST_ITEMS), unique=True)
    options = Column("options", (NAMES[1], "options"), parse=_number(2, len(LETTERS)))
    columns = [item, options, Column("key", (NAMES[2], "key"), parse=_letters)]
    for form in FORMS:
        letter, (at, order) = LETTERS[form - 1], _form_names(form)
        places = _number(1, MOST_ITEMS)
        columns += [
            Column(f"at:{form}", (at, f"item in form {letter}"), False, places, unique=True),
            Column(f"order:{form}", (order, f"options in form {letter}"), False, _letters),
        ]
    return columns


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        text = unicodedata.normalize("NFKC", text).strip().removesuffix(".0")
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise Sentence(
                "This is a whole number from %(least)s to %(most)s", least=least, most=most
            )
        return int(text)

    return parse


def _letters(text: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if set(text) - set(LETTERS):
        raise Sentence("Options are the letters A to %(last)s", last=LETTERS[-1])
    return text


def _problems(sheet: Sheet) -> Iterator[CellError]:
    """What no single cell shows: gaps in numbers, keys that are not offered, halves of forms."""
    used = [form for form in FORMS if any(row[f"at:{form}"] for row in sheet.rows)]
    for row in sheet.rows:
        for column, sentence in _row_problems(row, used, len(sheet.rows)):
            yield CellError(row["_sheet"], row["_row"], column, sentence)


def _row_problems(
    row: Mapping[str, Any], used: list[int], items: int
) -> Iterator[tuple[str, Sentence]]:
    counted = Sentence("The items are numbered from 1 to %(items)s without gaps", items=items)
    offered = LETTERS[: row["options"]]
    if row["item"] > items:
        yield NAMES[0], counted
    if len(row["key"]) != 1 or row["key"] not in offered:
        yield NAMES[2], Sentence("The key is one of the options %(offered)s", offered=offered)
    for form in used:
        at, order = _form_names(form)
        if (row[f"at:{form}"] or items + 1) > items:
            yield at, counted
        if "".join(sorted(row[f"order:{form}"] or "")) != offered:
            yield (
                order,
                Sentence("Each of the options %(offered)s stands here once", offered=offered),
            )


def _form(rows: list[dict[str, Any]], form: int) -> Form:
    printed = sorted(range(len(rows)), key=lambda item: int(rows[item][f"at:{form}"]))
    orders = (rows[item][f"order:{form}"] for item in printed)
    return Form(tuple(printed), tuple(tuple(LETTERS.index(o) for o in order) for order in orders))
