"""The verb of every list that has none of its own."""

from __future__ import annotations

from collections.abc import Sequence

from exam_system.access_pages import PAGES
from exam_system.context import Context, verb
from exam_system.errors import Forbidden
from exam_system.exports.lists import LISTS
from exam_system.sheets import Cell


@verb
def take_out(ctx: Context, *, name: str, fields: dict[str, str]) -> Sequence[Sequence[Cell]]:
    """The rows of a list for a spreadsheet, for whoever may see its page.

    `fields` say which one it is (the exam's code, …). Raises as the page does.
    """
    listed = LISTS[name]
    if ctx.actor.role not in PAGES[listed.page]:
        raise Forbidden("Your role may not see this page")
    rows = [list(row) for row in listed.rows(ctx, fields)]
    code = fields.get("code", "")
    ctx.record(exam=code, subject=f"list:{name}", rows=len(rows), fields=fields)
    return rows
