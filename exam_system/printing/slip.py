"""Slips for one candidate: the score with its signed proof, and the interview score on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from exam_system.printing import texts
from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    BLUE,
    GREY,
    LEFT,
    PALE,
    RIGHT,
    WIDTH,
    Anchor,
    Sheet,
    fields,
    footer,
    heading,
    masthead,
)
from exam_system.printing.table import Column, draw, set_rows
from exam_system.printing.texts import Label

# Above version 25 a printed code of 80 mm has modules under 0.65 mm, too fine for many phones.
ONE_CODE = 1273  # bytes of version 25-L (ISO/IEC 18004, table 7)
FINEST = 2191  # bytes of version 34-L, the finest worth printing at that size
SIDE = 80.0
ONE_SCORE = 8  # characters of a single score at most
FIELD = 600  # width of the field in which a signature is drawn; it is a third as high


@dataclass(frozen=True, slots=True)
class ScoreSlip:
    """`rows` are pairs of label and value, `proof` the bytes of the candidate's tlog-proof,
    `command` the line with which it is verified."""

    bureau: str
    exam: str
    release: str
    rows: tuple[tuple[str, str], ...]
    proof: bytes
    command: str
    anchor: Anchor
    at: datetime


@dataclass(frozen=True, slots=True)
class InterviewSlip:
    """`scores` are pairs of interviewer (seat or code) and score; `dropped_high` and
    `dropped_low` index the scores that do not count. `signature`: the lines that the candidate drew
    on a field of 600 by 200, each as pairs of numbers."""

    bureau: str
    exam: str
    number: str
    post: str
    panel: str
    scores: tuple[tuple[str, str], ...]
    dropped_high: tuple[int, ...]
    dropped_low: tuple[int, ...]
    rule: str
    result: str
    anchor: Anchor
    at: datetime
    signature: tuple[tuple[tuple[int, int], ...], ...] = ()


def slip_pdf(data: ScoreSlip, fonts: Fonts) -> bytes:
    """The score slip, one page; its codes carry exactly the bytes of `proof`, in order."""
    check_glyphs(data)
    codes = split_proof(data.proof)
    title = f"{data.exam} {texts.SLIP.zh}"
    sheet = Sheet(fonts, title=title, author=data.bureau, at=data.at)
    release = texts.RELEASE.format(release=data.release)
    y = masthead(sheet, data.bureau, release, data.exam, texts.SLIP)
    y = _scores(sheet, y + 5, data)
    y = _how(sheet, y + 9, data, len(codes))
    _codes(sheet, y + 6, codes)
    footer(sheet, data.anchor)
    return sheet.finish()


def split_proof(proof: bytes) -> list[bytes]:
    """The proof as one piece, or as two cut at the line end nearest the middle.

    Joined in order they are the proof again. Raises PrintError where two codes do not hold it.
    """
    if len(proof) <= ONE_CODE:
        return [proof]
    middle = len(proof) / 2
    ends = [place + 1 for place, byte in enumerate(proof) if byte == 10]
    cut = min(ends, key=lambda end: abs(end - middle), default=0)
    if max(cut, len(proof) - cut) > FINEST:
        raise PrintError("qr", size=len(proof), most=2 * FINEST)
    return [proof[:cut], proof[cut:]]


def interview_slip_pdf(data: InterviewSlip, fonts: Fonts) -> bytes:
    """The slip that is read out and signed after an interview, one page."""
    check_glyphs(data)
    title = f"{data.exam} {texts.INTERVIEW_SLIP.zh} {data.number}"
    sheet = Sheet(fonts, title=title, author=data.bureau, at=data.at)
    y = masthead(sheet, data.bureau, data.panel, data.exam, texts.INTERVIEW_SLIP)
    rows: list[tuple[Label, str, bool]] = [
        (texts.INTERVIEW_NO, data.number, True),
        (texts.POST, data.post, False),
        (texts.PANEL, data.panel, False),
        (texts.ENDED, f"{data.at:%Y-%m-%d %H:%M}", False),
    ]
    y = fields(sheet, LEFT, y, RIGHT - LEFT, rows)
    y = _given(sheet, y + 10, data)
    y = _result(sheet, y + 5, data)
    _signatures(sheet, y + 14, data.signature)
    footer(sheet, data.anchor)
    return sheet.finish()


def _scores(sheet: Sheet, y: float, data: ScoreSlip) -> float:
    y = heading(sheet, y, texts.SLIP_ITEMS) + 2.5
    size = 10.0 if len(data.rows) <= 9 else 9.0
    for number, (label, value) in enumerate(data.rows):
        lines = sheet.lines(value, size, 105)
        height = max(1, len(lines)) * size * 0.48 + 2.6
        if number % 2 == 0:
            sheet.box(LEFT, y, RIGHT - LEFT, height, fill=PALE, edge=None)
        base = y + 1.3 + size * 0.37
        sheet.text(LEFT + 3, base, label, size, colour=GREY)
        sheet.paragraph(LEFT + 60, base, value, size, 105, lead=0.48, bold=True)
        y += height
    return y


def _how(sheet: Sheet, y: float, data: ScoreSlip, codes: int) -> float:
    y = heading(sheet, y, texts.HOW) + 5.5
    first = texts.HOW_ONE if codes == 1 else texts.HOW_TWO
    before, command_line, after = texts.HOW_REST
    for text in (first, before, command_line):
        y = sheet.paragraph(LEFT, y, text, 8.5, RIGHT - LEFT, lead=0.56)
    sheet.box(LEFT + 4, y - 3.6, RIGHT - LEFT - 4, 5.4, fill=PALE, edge=None)
    size, lines = sheet.fit(data.command, (8.5, 8, 7, 6), RIGHT - LEFT - 10)
    sheet.text(LEFT + 7, y + 0.2, lines[0], size)
    return sheet.paragraph(LEFT, y + 6, after, 8.5, RIGHT - LEFT, lead=0.56)


def _codes(sheet: Sheet, y: float, codes: list[bytes]) -> None:
    gap = 6.0
    side = min(SIDE, 264 - y)
    x = WIDTH / 2 - (side * len(codes) + gap * (len(codes) - 1)) / 2
    for number, code in enumerate(codes, 1):
        sheet.qr(x, y, side, code, error="l")
        note = texts.SLIP_PART.format(part=number, parts=len(codes))
        text = texts.SLIP_QR.zh if len(codes) == 1 else f"{texts.SLIP_QR.zh}  {note}"
        sheet.text(x + side / 2, y + side + 5, text, 8, colour=GREY, align="centre")
        x += side + gap


def _given(sheet: Sheet, y: float, data: InterviewSlip) -> float:
    several = any(len(score) > ONE_SCORE for _, score in data.scores)
    widths = (45, 90, 35) if several else (70, 50, 50)
    columns = (
        Column(texts.INTERVIEWER.zh, widths[0]),
        Column(texts.SCORE.zh, widths[1], "centre"),
        Column(texts.REMARK.zh, widths[2], "centre"),
    )
    trimmed = data.dropped_high or data.dropped_low or not several
    rows = [
        (name, score, _remark(number, data) if trimmed else "")
        for number, (name, score) in enumerate(data.scores)
    ]
    return draw(sheet, y, columns, set_rows(sheet, columns, rows, 11), 11)


def _remark(number: int, data: InterviewSlip) -> str:
    if number in data.dropped_high:
        return texts.DROPPED_HIGH
    return texts.DROPPED_LOW if number in data.dropped_low else texts.COUNTED


def _result(sheet: Sheet, y: float, data: InterviewSlip) -> float:
    sheet.box(LEFT, y, RIGHT - LEFT, 17, edge=BLUE, weight=1)
    sheet.text(LEFT + 5, y + 9.2, texts.INTERVIEW_RESULT.zh, 12, bold=True, colour=BLUE)
    sheet.text(LEFT + 5, y + 13.4, texts.INTERVIEW_RESULT.en, 7, colour=GREY)
    sheet.text(RIGHT - 6, y + 11.6, data.result, 24, bold=True, colour=BLUE, align="right")
    return sheet.paragraph(LEFT, y + 23, data.rule, 9, RIGHT - LEFT, colour=GREY)


def _signatures(sheet: Sheet, y: float, drawn: tuple[tuple[tuple[int, int], ...], ...]) -> None:
    width = (RIGHT - LEFT) / len(texts.SIGNATURES)
    for number, name in enumerate(texts.SIGNATURES):
        x = LEFT + number * width
        sheet.text(x, y, name, 10)
        start = x + sheet.width(name, 10) + 2
        sheet.rule(start, y + 1, x + width - 4, y + 1)
    # The candidate is the last to sign; the field of the device becomes the room over the line.
    scale = (x + width - 4 - start) / FIELD
    for line in drawn:
        for (ax, ay), (bx, by) in pairwise(line):
            top = y + 1 - FIELD / 3 * scale
            sheet.rule(start + ax * scale, top + ay * scale, start + bx * scale, top + by * scale)
    sheet.text(LEFT, y + 12, texts.SIGNED_AT_ONCE, 8.5, colour=GREY)
