"""The table in which barred people are brought in."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.rules import TYPE_NAMES
from exam_system.people import IdNumber, clean_name, line_within
from exam_system.sheets import CellError, Column, SheetError, read_table

LIFE = "life"
REGIMES = {"all": "Every exam", **TYPE_NAMES}
_REGIMES = {
    **{name: name for name in REGIMES},
    "全部": "all",
    "所有考试": "all",
    "公务员": "civil_service",
    "公务员录用": "civil_service",
    "公安": "police",
    "人民警察": "police",
    "卫生": "health",
    "卫生系统": "health",
    "事业单位": "institution",
    "专业技术资格": "professional",
    "职业资格": "professional",
}
_DAY = re.compile("([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]00:00:00)?")
_LIFE = ("终身", "永久", "长期", "life")


def _regime(text: str) -> str:
    found = _REGIMES.get(text.casefold())
    if found is None:
        raise Sentence("Enter 全部, 公务员, 公安, 卫生, 事业单位 or 专业技术资格")
    return found


def _day(text: str) -> date:
    parts = _DAY.fullmatch(unicodedata.normalize("NFKC", text))
    try:
        return date(*map(int, parts.groups())) if parts else date.fromisoformat("")
    except ValueError:
        raise Sentence("Enter a day such as 2026-03-31") from None


def _end(text: str) -> date | str:
    return LIFE if text.casefold() in _LIFE else _day(text)


def read_bars(ctx: Context, name: str, data: bytes) -> list[dict[str, Any]]:
    """Every row of a table (.csv or .xlsx), `ends` None for life; SheetError with all problems."""
    today = ctx.clock.now().astimezone(ctx.config.zone).date()

    def number(text: str) -> str:
        return IdNumber.parse(text, today=today).number

    columns = (
        Column("name", ("姓名", "name"), parse=clean_name),
        Column("id_number", ("身份证号", "身份证号码", "ID number"), parse=number),
        Column("regime", ("适用考试", "考试类别", "regime"), parse=_regime),
        Column("basis", ("依据文书", "依据", "basis"), parse=line_within(200)),
        Column("why", ("情形", "事由", "reason"), parse=line_within(200)),
        Column("begins", ("起始日期", "from"), parse=_day),
        Column("ends", ("截止日期", "until"), parse=_end),
    )
    sheet = read_table(name, data, columns)
    backwards = [
        CellError(row["_sheet"], row["_row"], "", Sentence("The last day is before the first"))
        for row in sheet.rows
        if row["ends"] != LIFE and row["ends"] < row["begins"]
    ]
    if backwards:
        raise SheetError(backwards)
    return [{**row, "ends": None if row["ends"] == LIFE else row["ends"]} for row in sheet.rows]
