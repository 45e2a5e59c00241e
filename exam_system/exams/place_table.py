"""Reads the table of districts, sites and rooms, .csv or .xlsx, Chinese or English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from exam_system.sheets import CellError, Column, Sentence, SheetError, read_table
from seating.layouts import BadLayout, positions

_ACCESSIBLE = {"是": 1, "有": 1, "yes": 1, "否": None, "无": None, "no": None}
_USES = {"笔试": "written", "written": "written", "面试": "interview", "interview": "interview"}


@dataclass(frozen=True, slots=True)
class Place:
    """One room with the site and the district it belongs to; codes are numbers.

    `access` is 1 where somebody in a wheelchair can sit the exam, else None.
    """

    district_code: int
    district: str
    site_code: int
    site: str
    address: str
    school: str
    room_code: int
    room: str
    layout: str
    capacity: int
    use: str
    access: int | None = None


def read_places(name: str, data: bytes) -> tuple[Place, ...]:
    """All rooms of the file, by district, site and room code. Raises SheetError (all or none)."""
    rows = read_table(name, data, COLUMNS).rows
    errors = list(_contradictions(rows))
    if errors:
        raise SheetError(errors)
    keys = [column.key for column in COLUMNS]
    places = (Place(**{key: row[key] for key in keys if key in row}) for row in rows)
    return tuple(sorted(places, key=lambda p: (p.district_code, p.site_code, p.room_code)))


def _contradictions(rows: list[dict[str, Any]]) -> Iterator[CellError]:
    """What a row says against an earlier one, and rooms that hold fewer seats than they should."""
    seen: dict[tuple[object, ...], object] = {}
    for row in rows:
        district, site = row["district_code"], row["site_code"]
        about_site = (row["site"], row["address"], row["school"])
        if seen.setdefault(("district", district), row["district"]) != row["district"]:
            yield _error(row, "district", "This district code has another name in a row above.")
        if seen.setdefault(("site", district, site), about_site) != about_site:
            yield _error(row, "site", "This site code has other details in a row above.")
        room = ("room", district, site, row["room_code"])
        if seen.setdefault(room, row["_row"]) != row["_row"]:
            yield _error(row, "room_code", "This room is already in a row above.")
        if not _fits(row["layout"], row["capacity"]):
            yield _error(row, "capacity", "The layout has fewer seats than this capacity.")


def _error(row: dict[str, Any], key: str, sentence: str) -> CellError:
    column = next(column for column in COLUMNS if column.key == key)
    return CellError(row["_sheet"], row["_row"], column.names[0], Sentence(sentence))


def _fits(layout: str, capacity: int) -> bool:
    try:
        positions(layout, capacity)
    except BadLayout:
        return False
    return True


def _number(high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= high:
            raise Sentence("Enter a whole number from 1 to %(high)s.", high=high)
        return int(text)

    return read


def _short(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest or "\n" in text:
            raise Sentence("Enter at most %(longest)s characters in one line.", longest=longest)
        return text

    return read


def _layout(text: str) -> str:
    if not _fits(text, 1):
        raise Sentence("Enter a layout such as 5x6, 7-8-8-7 or serpentine:6x5.")
    return text


def _use(text: str) -> str:
    if text.casefold() not in _USES:
        raise Sentence("Enter 笔试 or 面试 (written or interview).")
    return _USES[text.casefold()]


def _accessible(text: str) -> int | None:
    if text.casefold() not in _ACCESSIBLE:
        raise Sentence("Enter 是 or 否 (yes or no).")
    return _ACCESSIBLE[text.casefold()]


COLUMNS = (
    Column("district_code", ("考区代码", "district code"), parse=_number(9999)),
    Column("district", ("考区", "考区名称", "district"), parse=_short(80)),
    Column("site_code", ("考点代码", "site code"), parse=_number(999)),
    Column("site", ("考点", "考点名称", "site"), parse=_short(120)),
    Column("address", ("地址", "考点地址", "address"), parse=_short(200)),
    Column("school", ("所属学校", "学校", "school"), parse=_short(120)),
    Column("room_code", ("考场代码", "考场号", "room code"), parse=_number(999)),
    Column("room", ("考场", "考场名称", "room"), parse=_short(80)),
    Column("layout", ("座位布局", "layout"), parse=_layout),
    Column("capacity", ("容量", "座位数", "capacity"), parse=_number(999)),
    Column("use", ("用途", "use"), parse=_use),
    Column("access", ("无障碍", "accessible"), required=False, parse=_accessible),
)
