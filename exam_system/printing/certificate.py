"""The certificate of a draw: what was drawn, from which chance, and two lines that recheck it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from exam_system.printing import texts
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    CONTINUED_TOP,
    GREY,
    LEFT,
    PALE,
    RIGHT,
    Anchor,
    Sheet,
    continued,
    fields,
    foot,
    footer,
    heading,
    masthead,
)
from exam_system.printing.table import Column, Row, draw, pages, set_rows
from exam_system.printing.texts import Label

COLUMNS = (
    Column(texts.GROUP.zh, 80),
    Column(texts.LABELS.zh, 30, "right"),
    Column(texts.PLACED.zh, 30, "right"),
    Column(texts.RESERVE.zh, 30, "right"),
)
QR_SIDE = 30.0


@dataclass(frozen=True, slots=True)
class Count:
    """How many labels of one group were in the draw, got a place, and stand in reserve."""

    group: str
    labels: int
    placed: int
    reserve: int


@dataclass(frozen=True, slots=True)
class Source:
    """One source of chance (officer, inspector, dice, …) and whether it took part."""

    name: str
    held: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """All that a certificate shows; digests and seed in lower-case hex.

    `purpose` and `label` make the example a reader can recompute: the ticket of one label
    (draw/v1 step 6). `kind` is a kind of draw, `attempt` counts from 1. `bundle` is the web address
    of everything that rechecks the draw.
    """

    bureau: str
    draw: str
    kind: str
    exam: str
    attempt: int
    attempts: int
    algorithm: str
    manifest: str
    seed: str
    result: str
    sources: tuple[Source, ...]
    counts: tuple[Count, ...]
    purpose: str
    label: str
    bundle: str
    anchor: Anchor
    at: datetime


def certificate_pdf(data: Certificate, fonts: Fonts) -> bytes:
    """The certificate; groups that do not fit continue on further pages."""
    check_glyphs(data)
    title = f"{texts.CERTIFICATE.zh} {data.draw}"
    sheet = Sheet(fonts, title=title, author=data.bureau, at=data.at)
    top = _front(sheet, data)
    rows = [(c.group, str(c.labels), str(c.placed), str(c.reserve)) for c in data.counts]
    last = foot(sheet, data.anchor) - 2
    made = list(pages(set_rows(sheet, COLUMNS, rows, 9), last - top, last - CONTINUED_TOP))
    _counts(sheet, top, made[0], data, (1, len(made)))
    for number, page in enumerate(made[1:], 2):
        top = continued(sheet, title)
        _counts(sheet, top, page, data, (number, len(made)))
    return sheet.finish()


def recheck_lines(data: Certificate) -> tuple[str, str]:
    """The two commands of a stranger: the three digests, and the ticket of one label."""
    message = f"{data.seed}:{data.purpose}:{data.label}".replace("'", "'\\''")
    return (
        "sha256sum manifest.json transcript.txt result.json",
        f"printf '%s' '{message}' | sha256sum",
    )


def _front(sheet: Sheet, data: Certificate) -> float:
    y = masthead(sheet, data.bureau, data.draw, data.exam, texts.CERTIFICATE)
    y = _facts(sheet, y, data)
    y = _digests(sheet, y + 8, data)
    y = _recheck(sheet, y + 3.5, data)
    return heading(sheet, y + 8.5, texts.COUNTS) + 2.5


def _facts(sheet: Sheet, y: float, data: Certificate) -> float:
    attempt = texts.ATTEMPTS.format(attempt=data.attempt, attempts=data.attempts)
    rows: list[tuple[Label, str, bool]] = [
        (texts.KIND, texts.KINDS.get(data.kind, data.kind), False),
        (texts.DRAW, data.draw, False),
        (texts.ATTEMPT, attempt, False),
        (texts.ALGORITHM, data.algorithm, False),
        (texts.DRAWN_AT, f"{data.at:%Y-%m-%d %H:%M:%S}", False),
        (texts.SOURCES, _sources(data.sources), False),
        (texts.BUNDLE, data.bundle, False),
    ]
    width = RIGHT - LEFT - QR_SIDE - 10
    sheet.qr(RIGHT - QR_SIDE - 1, y + 1, QR_SIDE, bundle_code(data))
    middle = RIGHT - QR_SIDE / 2 - 1
    sheet.text(middle, y + QR_SIDE + 5.5, texts.BUNDLE_QR.zh, 8, colour=GREY, align="centre")
    return fields(sheet, LEFT, y, width, rows)


def _sources(sources: tuple[Source, ...]) -> str:
    """One line for the sources that held, one for those that did not take part."""
    lines = []
    for held, word in ((True, texts.HELD), (False, texts.NOT_HELD)):
        names = [texts.SOURCE_NAMES.get(s.name, s.name) for s in sources if s.held == held]
        if names:
            lines.append(f"{word}：{'、'.join(names)}")
    return "\n".join(lines)


def bundle_code(data: Certificate) -> str:
    """What the code holds: the bundle's address and, behind it, what must be found there.

    Not the digest of draw.note: that note holds the certificate's own digest.
    """
    return f"{data.bundle}#seed={data.seed}&result={data.result}"


def _digests(sheet: Sheet, y: float, data: Certificate) -> float:
    y = heading(sheet, y, texts.DIGESTS) + 5
    for label, value in (
        (texts.MANIFEST, data.manifest),
        (texts.SEED, data.seed),
        (texts.RESULT, data.result),
    ):
        sheet.text(LEFT, y, label.zh, 9)
        sheet.text(LEFT + 9.5, y, label.en, 6, colour=GREY)
        sheet.text(LEFT + 24, y, value, 9)
        y += 5.6
    return sheet.paragraph(LEFT, y, texts.HONEST, 8.5, RIGHT - LEFT, colour=GREY)


def _recheck(sheet: Sheet, y: float, data: Certificate) -> float:
    y = heading(sheet, y, texts.RECHECK) + 5.5
    text = texts.RECHECK_TEXT.format(label=data.label)
    y = sheet.paragraph(LEFT, y, text, 9, RIGHT - LEFT)
    wrapped = [sheet.lines(line, 8, RIGHT - LEFT - 6) for line in recheck_lines(data)]
    lines = [line for part in wrapped for line in part]
    sheet.box(LEFT, y - 2.5, RIGHT - LEFT, len(lines) * 4.6 + 3, fill=PALE, edge=None)
    y += 2
    for line in lines:
        sheet.text(LEFT + 3, y, line, 8)
        y += 4.6
    ticket = hashlib.sha256(f"{data.seed}:{data.purpose}:{data.label}".encode()).hexdigest()
    sheet.text(LEFT, y + 2, f"{texts.RECHECK_SIGN}  {ticket}", 8, colour=GREY)
    return y + 3


def _counts(
    sheet: Sheet, y: float, rows: list[Row], data: Certificate, page: tuple[int, int]
) -> None:
    draw(sheet, y, COLUMNS, rows, 9)
    footer(sheet, data.anchor, texts.PAGE.format(page=page[0], pages=page[1]))
