"""Admission tickets: one by one and many in a file, against reportlab used plainly.

`python -m tests.benchmarks.tickets`; core-seconds of one process. Every ticket has its own photo
(a JPEG of 413 × 531 noisy pixels, 85 KB), a signed code of 470 bytes and the embedded font.
Plain reportlab draws the same page with its own QR code, as its manual says. Limits are those of
the plan: at least 150 tickets a core-second one by one and 5 times plain reportlab, 250 pages a
core-second in one file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from time import process_time

from PIL import Image
from reportlab import rl_config
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from exam_system.printing.fonts import Fonts, make_fonts, register
from exam_system.printing.layout import MM, Anchor
from exam_system.printing.ticket import Sitting, Ticket, ticket_pdf, tickets_pdf
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.keys import Signer
from exam_system.trust.ticket_note import Sitting as Signed
from exam_system.trust.ticket_note import TicketNote
from seating.layouts import positions
from tests.conftest import FONTS

ROOMS, SEATS, PLAIN = 20, 30, 40
LIMITS = {"one": 150.0, "file": 250.0, "ratio": 5.0}
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂鑫波宇浩轩子涵梓雨泽晨欣怡嘉俊豪诗琪"
RULES = (
    "凭本准考证和本人有效居民身份证原件参加考试，两证不全不得入场。",
    "开考前30分钟凭证入场，按座位号就座，将两证放在桌面左上角以备核对。",
    "开考30分钟后不得入场；考试期间不得提前交卷、离场。",
    "手机、智能手表等具有通信、拍摄、存储功能的物品不得带至座位。",
    "违纪违规的，依照《公务员录用违纪违规行为处理办法》处理并记入诚信档案。",
)
START = datetime(2026, 3, 14, 9)
ROOT = hashlib.sha256(b"root").digest()
ANCHOR = Anchor(
    "anshun.example/log",
    44_130,
    base64.b64encode(ROOT).decode(),
    (("log", "3f2a9c10"), ("publisher", "c05d88aa"), ("inspector", "771e0c44")),
)
PUBLISHER = Signer.from_seed("anshun.example/log/publisher", bytes(range(32)))


def photo(n: int) -> bytes:
    """A JPEG of its own."""
    out = BytesIO()
    Image.effect_noise((413, 531), 12 + n % 5).convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()


def ticket(n: int, jpeg: bytes) -> Ticket:
    """The ticket of candidate `n`, without its code."""
    room, seat = divmod(n, SEATS)
    name = FAMILY[n * 7 % len(FAMILY)] + GIVEN[n % len(GIVEN)] + GIVEN[n * 13 % len(GIVEN)]
    return Ticket(
        bureau="安顺市人事考试局",
        exam="安顺市2026年公开招录公务员笔试",
        candidate=name,
        id_masked=f"522501********{n:04d}",
        admission=f"0102{room:02}{seat + 1:02}",
        photo=jpeg,
        district="西秀考区",
        site="安顺市第一中学考点",
        address="安顺市西秀区黄果树大街126号",
        room=f"第 {room + 1:02} 考场（1号楼{room + 1:03}教室）",
        seat=seat + 1,
        sittings=(
            Sitting("行政职业能力测验", START, START + timedelta(hours=2)),
            Sitting("申论", START + timedelta(hours=5), START + timedelta(hours=8)),
        ),
        seats=tuple(positions("5x6", SEATS)),
        rules=RULES,
        payload="",
        release="座位抽签 gy-2026-seats 第 1 次",
        anchor=ANCHOR,
        at=START,
    )


def signed(one: Ticket, n: int) -> Ticket:
    """The same with its signed code; a part of every ticket that is measured."""
    note = TicketNote(
        exam="gy-2026",
        number=one.admission,
        label=f"k-{n:012x}",
        room="01-02-03",
        seat=one.seat,
        photo=sha256_hex(one.photo or b""),
        head=Checkpoint(ANCHOR.origin, ANCHOR.size, ROOT),
        serial=1,
        sittings=(
            Signed("xc", "2026-03-14T01:00:00Z", "2026-03-14T03:00:00Z"),
            Signed("sl", "2026-03-14T06:00:00Z", "2026-03-14T09:00:00Z"),
        ),
    )
    return replace(one, payload=notes.sign(note.text, PUBLISHER).decode())


def plain(one: Ticket, fonts: Fonts) -> bytes:
    """The same page by reportlab as one first writes it: text by text, its own QR code, ASCII85."""
    rl_config.useA85 = 1
    out = BytesIO()
    canvas = Canvas(out, pagesize=(210 * MM, 297 * MM), pageCompression=1)
    texts = [one.bureau, one.release, one.exam, "准　考　证", "ADMISSION TICKET"]
    texts += [one.candidate, one.id_masked, one.admission, one.district, one.site, one.address]
    texts += [one.room, str(one.seat), *RULES, ANCHOR.root]
    texts += [f"{s.subject} {s.starts:%Y-%m-%d %H:%M} {s.ends:%H:%M}" for s in one.sittings]
    for place, text in enumerate(texts):
        canvas.setFont(fonts.bold if place % 3 == 0 else fonts.regular, 11)
        canvas.drawString(20 * MM, (280 - place * 8) * MM, text)
    for number, (row, column) in enumerate(one.seats, 1):
        canvas.rect((140 + column * 9) * MM, (100 - row * 9) * MM, 8 * MM, 8 * MM)
        canvas.drawCentredString((144 + column * 9) * MM, (103 - row * 9) * MM, str(number))
    picture = ImageReader(BytesIO(one.photo or b""))
    canvas.drawImage(picture, 155 * MM, 200 * MM, 35 * MM, 45 * MM)
    code = QrCodeWidget(one.payload, barLevel="M", barWidth=33 * MM, barHeight=33 * MM)
    drawing = Drawing(33 * MM, 33 * MM)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, 155 * MM, 160 * MM)
    canvas.save()
    rl_config.useA85 = 0
    return out.getvalue()


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a core-second, of `count` that the work makes."""
    start = process_time()
    work()
    return count / (process_time() - start)


def run() -> list[tuple[str, str]]:
    """(what, figure) lines."""
    make_fonts(FONTS)
    fonts = register(FONTS)
    photos = [photo(n) for n in range(SEATS)]
    blank = [ticket(n, photos[n % SEATS]) for n in range(ROOMS * SEATS)]
    ticket_pdf(signed(blank[0], 0), fonts)
    plain(signed(blank[0], 0), fonts)
    naive = rate(PLAIN, lambda: [plain(signed(one, 0), fonts) for one in blank[:PLAIN]])
    single = rate(
        len(blank), lambda: [ticket_pdf(signed(one, n), fonts) for n, one in enumerate(blank)]
    )
    rooms = [blank[at : at + SEATS] for at in range(0, len(blank), SEATS)]
    files = rate(
        len(blank),
        lambda: [tickets_pdf([signed(one, 1) for one in room], fonts) for room in rooms],
    )
    many = rate(
        len(blank), lambda: tickets_pdf([signed(one, n) for n, one in enumerate(blank)], fonts)
    )
    return [
        ("tickets, plain reportlab", f"{naive:.0f} a core-second"),
        ("tickets, one by one", f"{single:.0f} a core-second (limit {LIMITS['one']:.0f})"),
        ("tickets, against plain reportlab", f"{single / naive:.1f} x (limit {LIMITS['ratio']})"),
        (f"tickets, a file a room of {SEATS}", f"{files:.0f} pages a core-second"),
        (f"tickets, {len(blank)} in one file", f"{many:.0f} pages a core-second (limit 250)"),
    ]


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<70} {figure}")
