"""What the published API takes and gives. Times are RFC 3339 in UTC, days are 2026-03-20."""

from __future__ import annotations

from typing import Any

from apiflask import Schema, fields, validators

from exam_system.api.blueprint import Paging
from exam_system.exams.rules import EDUCATION
from exam_system.exams.search import EXPERIENCE, LONGEST, SEXES, SORTS

LISTS = ("all", "most", "idle", "below")
CHOICE = ("q", "area", "unit", "education", "major", "sex", "experience", "sort")


def _text(about: str, *, longest: int = LONGEST) -> fields.String:
    # A database does not take a NUL.
    checks = [validators.Length(0, longest), validators.Regexp(r"^[^\x00]*$")]
    return fields.String(load_default="", validate=checks, metadata={"description": about})


def _one_of(about: str, *choices: str, usual: str = "") -> fields.String:
    allowed = choices if usual else ("", *choices)
    return fields.String(
        load_default=usual, validate=validators.OneOf(allowed), metadata={"description": about}
    )


class PostQuery(Paging):
    """What is looked for among the posts; all conditions must hold."""

    q = _text("Words in unit, title, code, majors, other conditions or remarks")
    area = _text("Area, exactly as posts name it")
    unit = _text("Words of the unit's name")
    education = _one_of("The candidate's education: posts that take it", *EDUCATION)
    major = _text("The candidate's major or its catalogue code: posts that take it")
    sex = _one_of("Posts open to women or to men", *SEXES)
    experience = _one_of("Whether work experience is asked for", *EXPERIENCE)
    sort = _one_of("What posts are sorted by; with a minus the highest first", *SORTS, usual="code")


class DayQuery(Paging):
    """Which of a day's lists is wanted."""

    list = _one_of(
        "All posts, the 100 most applied for, those without candidates, those below the ratio",
        *LISTS,
        usual="all",
    )


class TileQuery(Schema):
    """How wide a tile is wanted."""

    width = fields.Integer(
        load_default=256,
        validate=validators.Range(1, 256),
        metadata={"description": "Width of the tile; the last one of a log may be narrower"},
    )


class Problem(Schema):
    """Why a request was refused."""

    type = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    detail_zh = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


def page_of(schema: type[Schema]) -> type[Schema]:
    """The schema of one page of a list."""
    numbers = {name: fields.Integer(required=True) for name in ("page", "size", "pages", "total")}
    items: dict[str, Any] = {"items": fields.List(fields.Nested(schema), required=True)}
    made: type[Schema] = Schema.from_dict(items | numbers, name=f"{schema.__name__}Page")  # type: ignore[assignment]
    return made


def _string(*, null: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=null)


def _number(*, null: bool = False) -> fields.Integer:
    return fields.Integer(required=True, allow_none=null)


class Exam(Schema):
    """One announced exam."""

    code = _string()
    name = _string()
    name_en = _string()
    area_code = _string()
    type = _string()
    state = _string()
    announced_at = _string()
    registration_opens = _string()
    registration_closes = _string()
    payment_closes = _string()
    age_day = _string()
    rules_digest = _string()


class Post(Schema):
    """One post with its conditions and how many compete for it now."""

    code = _string()
    unit = _string()
    title = _string()
    vacancies = _number()
    area = _string()
    category = _string()
    age = _string()
    education = _string()
    degree = _string()
    majors = _string()
    major_codes = fields.List(fields.String(), required=True)
    sex = _string(null=True)
    experience = _string()
    other = _string()
    medical = _string()
    note = _string()
    opening_ratio = _number()
    applied = _number()
    approved = _number()
    paid = _number()


class OneExam(Exam):
    """An exam that was asked for by its code."""


class OnePost(Post):
    """A post that was asked for by its code."""


class Statistics(Schema):
    """How the exam stands now."""

    posts = _number()
    vacancies = _number()
    applied = _number()
    approved = _number()
    paid = _number()


class Day(Schema):
    """The totals of a day's figures and the signed file that holds all of them."""

    day = _string()
    published_at = _string()
    posts = _number()
    vacancies = _number()
    applied = _number()
    approved = _number()
    paid = _number()
    idle = _number()
    below = _number()
    file = _string()


class DayPost(Schema):
    """A post in the figures of a day."""

    code = _string()
    vacancies = _number()
    ratio = _number()
    applied = _number()
    approved = _number()
    paid = _number()
    below = fields.Boolean(required=True)


class File(Schema):
    """A published file."""

    name = _string()
    sha256 = _string()
    sm3 = _string()
    path = _string()


class Change(Schema):
    """One difference that a notice makes."""

    kind = _string()
    of = _string()
    what = _string()
    old = _string()
    new = _string()
    note = _string()


class Publication(Schema):
    """A numbered, signed publication; `note` is the file that names and signs the others."""

    version = _number()
    stage = _string()
    published_at = _string()
    reason = _string()
    digest = _string()
    note = _string()
    files = fields.List(fields.Nested(File), required=True)


class Notice(Publication):
    """A version of the announcement: the announcement itself, or a change notice."""

    kind = _string()
    changes = fields.List(fields.Nested(Change), required=True)


class Log(Schema):
    """The newest signed head of the log of acts."""

    origin = _string()
    size = _number()
    root = _string()
    checkpoint = _string()
    tiles = _string()
    keys = _string()


class Application(Schema):
    """One's own application."""

    ref = _string()
    exam = _string()
    exam_name = _string()
    post = _string()
    unit = _string()
    title = _string()
    state = _string()
    reason = _string()
    created_at = _string()
    submitted_at = _string(null=True)
    decided_at = _string(null=True)
    paid_fen = _number()


class OneApplication(Application):
    """An application that was asked for by its ref."""


ExamPage = page_of(Exam)
PostPage = page_of(Post)
DayPage = page_of(Day)
DayPostPage = page_of(DayPost)
NoticePage = page_of(Notice)
PublicationPage = page_of(Publication)
ApplicationPage = page_of(Application)
