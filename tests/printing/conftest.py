"""Fonts are cut once into the checkout's cache; documents are made from one set of facts."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from exam_system.printing.fonts import Fonts, make_fonts, register
from exam_system.printing.layout import Anchor
from exam_system.printing.slip import InterviewSlip, ScoreSlip
from exam_system.printing.ticket import Sitting, Ticket

FONT_CACHE = Path(__file__).parents[2] / ".cache" / "fonts"
CHINA = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 20, 9, 0, tzinfo=CHINA)
BUREAU = "安顺市人力资源和社会保障局"
LONG_NAME = "阿卜杜热合曼·买买提艾力"
LONG_SITE = "安顺市西秀区第一高级中学（北校区）第三教学楼综合考点"


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    make_fonts(FONT_CACHE)
    return register(FONT_CACHE)


@pytest.fixture(scope="session")
def photo() -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((413, 531)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def anchor() -> Anchor:
    root = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
    return Anchor(
        "anshun.example/log", 48213, root, (("log", "3f2a9c10"), ("inspector", "c05d88aa"))
    )


@pytest.fixture
def ticket(anchor: Anchor, photo: bytes) -> Ticket:
    return Ticket(
        bureau=BUREAU,
        exam="安顺市2027年度面向社会公开招录公务员（人民警察）考试",
        candidate="欧阳𬭎",
        id_masked="5225********0013",
        admission="20270102030415",
        photo=photo,
        district="西秀考区",
        site=LONG_SITE,
        address="安顺市西秀区黄果树大街东段北侧学府路与凤凰大道交叉口以东二百米126号",
        room="第 04 考场（3号楼 302 室）",
        seat=15,
        sittings=(
            Sitting("行政职业能力测验", _on(29, 9), _on(29, 11)),
            Sitting("申论", _on(29, 14), _on(29, 17)),
        ),
        seats=tuple((row, column) for column in range(1, 6) for row in range(1, 7)),
        rules=("考生凭本准考证和有效居民身份证入场。", "开考30分钟后不得入场。"),
        payload="anshun.example/ticket/v1\nA2027 20270102030415\n",
        release="座位安排第 1 版",
        anchor=anchor,
        at=AT,
    )


@pytest.fixture
def slip(anchor: Anchor) -> ScoreSlip:
    return ScoreSlip(
        bureau=BUREAU,
        exam="安顺市2027年度公务员考试",
        release="笔试成绩第 2 版",
        rows=(("姓名", LONG_NAME), ("申论", "65.00"), ("笔试成绩", "67.95")),
        proof=proof(22),
        command="exam verify slip slip.tlog-proof keys.txt",
        anchor=anchor,
        at=AT,
    )


@pytest.fixture
def interview(anchor: Anchor) -> InterviewSlip:
    scores = ("85.00", "86.50", "79.00", "88.00", "84.20", "85.60", "83.00")
    return InterviewSlip(
        bureau=BUREAU,
        exam="安顺市2027年度公务员考试",
        number="A-07",
        post="1003 执法勤务",
        panel="第三面试组",
        scores=tuple((f"{n} 号考官", score) for n, score in enumerate(scores, 1)),
        dropped_high=(3,),
        dropped_low=(2,),
        rule="去掉一个最高分和一个最低分，其余五个分数的平均分为面试成绩。",
        result="84.86",
        anchor=anchor,
        at=AT,
    )


@pytest.fixture
def tool() -> Callable[..., str]:
    """Run a poppler tool; in CI its absence is a failure, elsewhere the test is left out."""

    def run(name: str, *arguments: object) -> str:
        if shutil.which(name) is None and os.environ.get("CI") != "true":
            pytest.skip(f"{name} (poppler-utils) is not installed")
        command = [name, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, check=True)
        return done.stdout.decode()

    return run


@pytest.fixture
def text_of(tool: Callable[..., str], tmp_path: Path) -> Callable[[bytes], str]:
    """The text a reader can copy out of a PDF."""

    def run(pdf: bytes) -> str:
        path = tmp_path / "document.pdf"
        path.write_bytes(pdf)
        return tool("pdftotext", "-layout", path, "-")

    return run


def _on(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 0, tzinfo=CHINA)


def proof(hashes: int) -> bytes:
    """As long as a real one over 2 ** hashes records."""
    path = [base64.b64encode(hashlib.sha256(bytes([n])).digest()) for n in range(hashes)]
    head = [b"c2sp.org/tlog-proof@v1", b"extra " + base64.b64encode(b"r" * 420), b"index 7"]
    note = ["", "anshun.example/results/A2027/v2", "3012", "n4bQ=", "", "— a " + "B" * 92, ""]
    return b"\n".join(head + path + [line.encode() for line in note])


def joined(text: str) -> str:
    return re.sub(r"\s", "", text)


def pages(pdf: bytes) -> int:
    return int(PdfFileReader(BytesIO(pdf)).root["/Pages"]["/Count"])
