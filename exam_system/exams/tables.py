"""The exam's own lists as tables: what is there, in the columns in which it is brought in."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.exams.lookup import exam_by_code, places_of
from exam_system.exams.models import District, Exam, Post, Room, Site
from exam_system.exams.place_table import COLUMNS as PLACE_COLUMNS
from exam_system.exams.place_table import Place, read_places
from exam_system.exams.post_table import COLUMNS as POST_COLUMNS
from exam_system.exams.post_table import PostRow, read_posts
from exam_system.sheets.preview import Preview, compare

PLACE_NAMES = tuple(column.names[0] for column in PLACE_COLUMNS)
# The answer to 体能测评 is not kept: no rule asks for it yet.
_POST_COLUMNS = tuple(column for column in POST_COLUMNS if column.key != "fitness")
POST_NAMES = tuple(column.names[0] for column in _POST_COLUMNS)
_USES = {"written": "笔试", "interview": "面试"}


def place_rows(session: Session, exam: Exam) -> dict[str, tuple[str, ...]]:
    """Every room by its codes (01-03-12), in the columns PLACE_NAMES."""
    found = [_place(*row) for row in places_of(session, exam)]
    return {_code(place): _place_cells(place) for place in found}


def _place(district: District, site: Site, room: Room) -> Place:
    where = (district.code, district.name, site.code, site.name, site.address, site.school)
    return Place(
        *where, room.code, room.name, room.layout, room.capacity, room.use, room.access or None
    )


def _code(place: Place) -> str:
    return f"{place.district_code:02}-{place.site_code:02}-{place.room_code:02}"


def _place_cells(place: Place) -> tuple[str, ...]:
    where = (place.district_code, place.district, place.site_code, place.site, place.address)
    room = (place.school, place.room_code, place.room, place.layout, place.capacity)
    use = (_USES[place.use], "是" if place.access else "")
    return tuple(map(str, (*where, *room, *use)))


def preview_places(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a table of places would change. Raises SheetError."""
    exam = exam_by_code(ctx.session, code)
    after = {_code(place): _place_cells(place) for place in read_places(name, data)}
    return compare(PLACE_NAMES, place_rows(ctx.session, exam), after)


def post_rows(session: Session, exam: Exam) -> dict[str, tuple[str, ...]]:
    """Every post by its code, in the order of the table and the columns POST_NAMES."""
    posts = session.scalars(select(Post).where(Post.exam_id == exam.id).order_by(Post.id))
    return {post.code: _post_cells(post) for post in posts}


def _post_cells(post: Post | PostRow) -> tuple[str, ...]:
    values = (getattr(post, column.key) for column in _POST_COLUMNS)
    return tuple("" if value is None else str(value) for value in values)


def preview_posts(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a table of posts would change. Raises SheetError."""
    exam = exam_by_code(ctx.session, code)
    after = {row.code: _post_cells(row) for row in read_posts(name, data)}
    return compare(POST_NAMES, post_rows(ctx.session, exam), after)
