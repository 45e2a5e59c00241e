"""A duty sheet as a PDF, for the wall of the office it holds in."""

from __future__ import annotations

from exam_system.context import Context
from exam_system.duties.sheets import Sheet
from exam_system.printing.decision import Paper, Section, paper_pdf
from exam_system.printing.fonts import register
from exam_system.printing.texts import Label
from exam_system.records.paper import anchor

LABEL = Label("岗位职责书", "Duty sheet")
DUTIES, RISKS, BASIS = "岗位职责", "廉政风险点与防控措施", "依据"
RISK = "{number}．{risk}。防控措施：{measure}。"
VERSION = "第{version}版"


def sheet_pdf(ctx: Context, sheet: Sheet) -> bytes:
    """The sheet in Chinese on A4; PrintError for what cannot be printed."""
    risks = [
        RISK.format(number=n, risk=pair[0], measure=pair[1])
        for n, pair in enumerate(sheet.lines("risks", "zh"), 1)
        if isinstance(pair, list)
    ]
    duties = [f"{n}．{line}。" for n, line in enumerate(sheet.lines("duties", "zh"), 1)]
    basis = "；".join(map(str, sheet.lines("basis", "zh")))
    paper = Paper(
        label=LABEL,
        bureau=ctx.config.bureau,
        exam=sheet.name("zh"),
        number=VERSION.format(version=sheet.version),
        to=sheet.name("zh"),
        sections=(
            Section(DUTIES, tuple(duties)),
            Section(RISKS, tuple(risks)),
            Section(BASIS, (basis,)),
        ),
        signatures=(),
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )
    return paper_pdf(paper, register(ctx.config.fonts_folder))
