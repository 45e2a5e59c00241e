"""A change notice on paper: its paragraphs, and the table of old and new in Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exam_system.clock import parse_rfc3339
from exam_system.context import Context
from exam_system.exams import words
from exam_system.exams.differences import Item
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.printing.notice import Heading
from exam_system.records.paper import Table

_SHARES = (3.0, 2.6, 2.6, 1.8)


@dataclass(frozen=True, slots=True)
class Printed:
    """What the paper says: the items, and the version that they change with its digest (hex)."""

    exam: Exam
    items: tuple[Item, ...]
    before: int
    digest: str
    rise_basis: str
    treatment: str
    choose_until: datetime | None


def notice_body(ctx: Context, data: Printed) -> list[str]:
    """The paragraphs above the table."""
    lines = [words.CHANGE_BEGIN.format(name=data.exam.name)]
    if data.choose_until is not None:
        rules = rules_of(data.exam)
        rule = words.CHANGE_BELOW[rules.opening_below]
        lines.append(words.CHANGE_OPENING.format(ratio=_ratio(rules), rule=rule))
        if any(item.kind == "cancelled" for item in data.items):
            until = data.choose_until.astimezone(ctx.config.zone).strftime(words.TIME)
            lines.append(words.CHANGE_CHOOSE.format(until=until))
    if data.rise_basis:
        lines.append(words.CHANGE_RISE.format(basis=data.rise_basis.rstrip("。")))
    if data.treatment:
        lines.append(words.CHANGE_TREATMENT.format(treatment=data.treatment.rstrip("。")))
    before = words.CHANGE_BEFORE.format(version=data.before, digest=data.digest)
    return [*lines, before]


def _ratio(rules: RuleSet) -> str:
    """The opening ratio in words, and those of the categories that have another."""
    text = words.CHANGE_RATIO.format(ratio=rules.opening_ratio)
    return text + "".join(
        words.CHANGE_RATIO_OF.format(category=name, ratio=ratio)
        for name, ratio in rules.opening_ratios.items()
    )


def notice_table(ctx: Context, data: Printed) -> Table:
    """A row for every difference."""
    columns = map(Heading, words.CHANGE_COLUMNS, _SHARES)
    return Table(tuple(columns), tuple(_row(ctx, data, item) for item in data.items))


def _row(ctx: Context, data: Printed, item: Item) -> tuple[str, str, str, str]:
    old, new = (_value(ctx, item, text) for text in (item.old, item.new))
    note = words.CHANGE_NOTES.get(item.note)
    note = words.CHANGE_PAID.format(paid=item.note) if note is None else note
    return _matter(data, item), old, new, note


def _matter(data: Printed, item: Item) -> str:
    if item.kind == "time":
        return words.CHANGE_TIMES[item.what]
    if item.kind == "session":
        return words.CHANGE_SESSION.format(name=rules_of(data.exam).subject(item.of).name)
    if item.kind == "cancelled":
        return words.CHANGE_CANCELLED.format(code=item.of)
    if item.kind == "post":
        return words.CHANGE_POST.format(code=item.of, column=words.POST_COLUMNS[item.what])
    district, _, site = item.of.partition("-")
    column = words.CHANGE_SITE[item.what]
    return words.CHANGE_AT_SITE.format(district=district, site=site, column=column)


def _value(ctx: Context, item: Item, text: str) -> str:
    if item.kind in ("time", "session"):
        times = [parse_rfc3339(part).astimezone(ctx.config.zone) for part in text.split("/")]
        return "至".join(at.strftime(words.TIME) for at in times)
    if item.kind == "cancelled":
        return words.CHANGE_PEOPLE.format(number=text) if text != "0" else words.CHANGE_GONE
    return text or words.CHANGE_EMPTY
