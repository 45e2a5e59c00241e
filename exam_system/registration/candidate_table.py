"""The table in which candidates are handed over, by a unit or from an earlier system."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from exam_system.errors import Sentence
from exam_system.people import IdNumber, clean_name, clean_phone, line_within
from exam_system.sheets import Column, read_table

_LEVELS = {
    **dict.fromkeys(("大专", "专科", "大学专科", "高职", "college", "junior college"), "college"),
    **dict.fromkeys(("本科", "大学本科", "学士", "bachelor"), "bachelor"),
    **dict.fromkeys(("硕士", "硕士研究生", "研究生", "master"), "master"),
    **dict.fromkeys(("博士", "博士研究生", "doctor"), "doctor"),
}
# Nearly every name is plain Chinese, which `clean_name` would leave as it is.
_PLAIN_NAME = re.compile("[\u4e00-\u9fff]{1,20}")
_PLAIN_PHONE = re.compile("1[3-9][0-9]{9}")
_NO_POST = Sentence("There is no such post in this exam")
_NO_DISTRICT = Sentence("There is no such district in this exam")
_LINES = {"major": 80, "school": 120, "employer": 120}


class Handed(NamedTuple):
    """One row: a person, and what they apply for. `sheet` and `row` are its place in the table."""

    sheet: str
    row: int
    name: str
    number: IdNumber
    phone: str
    post: int
    district: int
    education: str
    major: str
    school: str
    employer: str | None


def read_candidates(
    name: str,
    data: bytes,
    *,
    posts: Mapping[str, int],
    districts: Mapping[str, int],
    today: date,
) -> list[Handed]:
    """Every row of a table (.csv or .xlsx); `posts` and `districts` are keys by code.

    Raises SheetError with all problems by sheet, row and column.
    """
    rows = read_table(name, data, columns(posts, districts, today)).rows
    return [Handed(*_CELLS(row)) for row in rows]


def columns(
    posts: Mapping[str, int], districts: Mapping[str, int], today: date
) -> tuple[Column, ...]:
    """The columns, with the words by which each may be called."""

    def number(text: str) -> IdNumber:
        return IdNumber.parse(text, today=today)

    return (
        Column("name", ("姓名", "name"), parse=_name),
        Column(*("number", ("身份证号", "身份证号码", "ID number")), parse=number, unique=True),
        Column("phone", ("手机号", "手机号码", "联系电话", "mobile number"), parse=_phone),
        Column("post", ("职位代码", "岗位代码", "post code"), parse=_one_of(posts, _NO_POST)),
        Column(
            *("district", ("考区代码", "district code")), parse=_one_of(districts, _NO_DISTRICT)
        ),
        Column("education", ("学历", "education"), parse=_level),
        Column("major", ("专业", "所学专业", "major"), parse=_line("major")),
        Column("school", ("毕业院校", "毕业学校", "school"), parse=_line("school")),
        Column(
            *("employer", ("工作单位", "employer")),
            required=False,
            blank=True,
            parse=_line("employer"),
        ),
    )


def _name(text: str) -> str:
    return text if _PLAIN_NAME.fullmatch(text) else clean_name(text)


def _phone(text: str) -> str:
    return text if _PLAIN_PHONE.fullmatch(text) else clean_phone(text)


def _level(text: str) -> str:
    found = _LEVELS.get(text.casefold())
    if found is None:
        raise Sentence("Enter 大专, 本科, 硕士 or 博士")
    return found


def _one_of(known: Mapping[str, int], none: Sentence) -> Callable[[str], int]:
    def find(text: str) -> int:
        found = known.get(text)
        if found is None:
            raise Sentence(none.msgid)
        return found

    return find


def _line(key: str) -> Callable[[str], str]:
    return lru_cache(maxsize=10_000)(line_within(_LINES[key]))  # many went to one school


_CELLS = itemgetter("_sheet", "_row", *Handed._fields[2:])
HEADERS = tuple(column.names[0] for column in columns({}, {}, date.min))
