from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from exam_system.printing.certificate import (
    Certificate,
    Count,
    Source,
    bundle_code,
    certificate_pdf,
    recheck_lines,
)
from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import Fonts
from exam_system.printing.layout import Anchor, Sheet, day, pdf_date
from exam_system.printing.notice import Heading, Notice, notice_pdf
from exam_system.printing.slip import (
    InterviewSlip,
    ScoreSlip,
    interview_slip_pdf,
    slip_pdf,
)
from exam_system.printing.ticket import Ticket, ticket_pdf, tickets_pdf
from tests.printing.conftest import AT, BUREAU, LONG_NAME, LONG_SITE, joined, pages

TextOf = Callable[[bytes], str]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def certificate(anchor: Anchor) -> Certificate:
    return Certificate(
        bureau=BUREAU,
        draw="A2027-seats",
        kind="seats",
        exam="安顺市2027年度公务员考试",
        attempt=2,
        attempts=3,
        algorithm="order/v1",
        manifest=digest("m"),
        seed=digest("s"),
        result=digest("r"),
        sources=(Source("officer", True), Source("inspector", True), Source("drand", False)),
        counts=(Count("西秀考区", 1230, 1200, 30),),
        purpose="seat",
        label="L00000001",
        bundle="https://exam.example/published/draw-A2027-seats-2/",
        anchor=anchor,
        at=AT,
    )


@pytest.fixture
def notice(anchor: Anchor) -> Notice:
    return Notice(
        bureau=BUREAU,
        exam="安顺市2027年度公务员考试",
        title="安顺市2027年度公务员考试笔试成绩公告（更正）",
        stage="written",
        version=2,
        reason="第1版中一名考生的申论成绩录入有误，经双人复核更正。",
        body=("现将笔试成绩予以公布。", "监督电话：0851-00000000。"),
        columns=(Heading("名次", 1, "centre"), Heading("姓名", 4), Heading("成绩", 1, "right")),
        rows=tuple((str(n), LONG_NAME if n % 2 else "欧阳𬭎", "66.75") for n in range(1, 121)),
        anchor=anchor,
        at=AT,
    )


# ---- admission tickets


def test_a_ticket_says_all_it_must(fonts: Fonts, ticket: Ticket, text_of: TextOf) -> None:
    text = joined(text_of(ticket_pdf(ticket, fonts)))
    assert "欧阳𬭎" in text
    for part in (ticket.exam, ticket.admission, "5225********0013", "西秀考区", "第04考场"):
        assert part.replace(" ", "") in text
    for part in ("2026年11月29日（周日）", "14:00–17:00", "座位安排第1版", "日志公钥指纹3f2a9c10"):
        assert part in text
    assert ticket.anchor.root in text


def test_long_names_wrap_and_nothing_is_lost(fonts: Fonts, ticket: Ticket, text_of: TextOf) -> None:
    text = joined(text_of(ticket_pdf(replace(ticket, candidate=LONG_NAME), fonts)))
    assert LONG_NAME in text
    start = text.index(LONG_SITE[:20])
    lines = text[start : start + 60].replace("Site", "").replace("考点考点地址", "考点地址")
    assert LONG_SITE in lines


def test_only_our_embedded_fonts_are_used(
    fonts: Fonts, ticket: Ticket, tool: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "ticket.pdf"
    path.write_bytes(ticket_pdf(ticket, fonts))
    rows = tool("pdffonts", path).splitlines()[2:]
    assert {row.split()[0].split("+")[1] for row in rows} == {
        "NotoSansSC-Regular",
        "NotoSansSC-Bold",
    }
    assert {tuple(row.split()[-5:-2]) for row in rows} == {("yes", "yes", "yes")}
    assert b"ASCII85" not in path.read_bytes()


def test_the_own_seat_is_the_only_dark_one(
    fonts: Fonts, ticket: Ticket, tool: Callable[..., str], tmp_path: Path
) -> None:
    files = [ticket_pdf(replace(ticket, seat=seat), fonts) for seat in (1, 30)]
    seen = [_dark_seats(pdf, tool, tmp_path) for pdf in files]
    assert [len(dark) for dark in seen] == [1, 1]
    (first, top), (last, bottom) = seen[0][0], seen[1][0]
    assert first < last
    assert top < bottom


def _dark_seats(pdf: bytes, tool: Callable[..., str], folder: Path) -> list[tuple[int, int]]:
    """Corners of the blue squares right of the rules, in pixels at 72 dpi."""
    (folder / "t.pdf").write_bytes(pdf)
    tool("pdftoppm", "-r", 72, "-png", "-singlefile", folder / "t.pdf", folder / "t")
    with Image.open(folder / "t.png") as page:
        blue = page.convert("RGB")
    spots = {
        (x, y)
        for x in range(400, 540)
        for y in range(500, 760)
        if blue.getpixel((x, y)) == (27, 79, 138)
    }
    corners = {(x, y) for x, y in spots if not {(x - 1, y), (x, y - 1)} & spots}
    return [
        (x, y)
        for x, y in sorted(corners)
        if {(x + dx, y + dy) for dx in range(8) for dy in range(4)} <= spots
    ]


def test_a_ticket_without_photo_says_so(fonts: Fonts, ticket: Ticket, text_of: TextOf) -> None:
    assert "照片" not in text_of(ticket_pdf(ticket, fonts))
    assert "照片" in text_of(ticket_pdf(replace(ticket, photo=None), fonts))


def test_a_broken_photo_names_the_candidate(fonts: Fonts, ticket: Ticket) -> None:
    with pytest.raises(PrintError, match="20270102030415") as caught:
        ticket_pdf(replace(ticket, photo=b"not a picture"), fonts)
    assert caught.value.code == "photo"


def test_many_tickets_are_one_file_in_order(fonts: Fonts, ticket: Ticket, text_of: TextOf) -> None:
    many = [replace(ticket, admission=f"2027000000{n:04}") for n in (3, 1, 2)]
    pdf = tickets_pdf(many, fonts)
    assert pages(pdf) == 3
    assert re.findall(r"2027000000\d{4}", text_of(pdf)) == [t.admission for t in many]


def test_one_unprintable_name_stops_the_whole_file(fonts: Fonts, ticket: Ticket) -> None:
    with pytest.raises(PrintError, match="U\\+2A6A5"):
        tickets_pdf([ticket, replace(ticket, candidate="张𪚥")], fonts)


def test_rules_shrink_and_then_are_refused(fonts: Fonts, ticket: Ticket) -> None:
    rule = "考试期间不得提前交卷、退场，违反规定的按照有关办法处理。" * 2
    assert pages(ticket_pdf(replace(ticket, rules=(rule,) * 7), fonts)) == 1
    with pytest.raises(PrintError, match="too long"):
        ticket_pdf(replace(ticket, rules=(rule,) * 40), fonts)


# ---- certificates


def test_the_certificate_shows_what_was_drawn(
    fonts: Fonts, certificate: Certificate, text_of: TextOf
) -> None:
    text = joined(text_of(certificate_pdf(certificate, fonts)))
    for part in ("考场座位抽签", "第2次，共3次", "order/v1", "2026-11-2009:00:00"):
        assert part in text
    assert "有效：考务人员密数、监督员密数" in text
    assert "未采用：公共随机信标" in text
    assert "西秀考区1230120030" in text
    for value in (certificate.manifest, certificate.seed, certificate.result):
        assert value in text


def test_the_printed_command_gives_the_printed_ticket(
    fonts: Fonts, certificate: Certificate, text_of: TextOf
) -> None:
    first, second = recheck_lines(certificate)
    done = subprocess.run(["sh", "-c", second], capture_output=True, check=True)
    text = joined(text_of(certificate_pdf(certificate, fonts)))
    assert f"应得签号{done.stdout.decode().split()[0]}" in text
    assert joined(first) in text
    assert joined(second) in text


def test_a_label_cannot_break_out_of_the_command(certificate: Certificate) -> None:
    _, second = recheck_lines(replace(certificate, label="a'$(touch x)'"))
    done = subprocess.run(["sh", "-c", second], capture_output=True, check=True)
    expected = digest(f"{certificate.seed}:seat:a'$(touch x)'")
    assert done.stdout.decode().split()[0] == expected


def test_the_code_leads_to_the_bundle_and_says_what_must_be_there(
    fonts: Fonts, certificate: Certificate, text_of: TextOf
) -> None:
    address = "https://exam.example/published/draw-A2027-seats-2/"
    assert bundle_code(certificate) == f"{address}#seed={digest('s')}&result={digest('r')}"
    assert address[:45] in joined(text_of(certificate_pdf(certificate, fonts)))  # two lines


def test_many_groups_go_on_over_pages(
    fonts: Fonts, certificate: Certificate, text_of: TextOf
) -> None:
    counts = tuple(Count(f"第{n}考区", n, n, 0) for n in range(1, 61))
    pdf = certificate_pdf(replace(certificate, counts=counts), fonts)
    text = text_of(pdf)
    assert re.findall(r"第(\d+)考区", text) == [str(n) for n in range(1, 61)]
    assert f"第{pages(pdf)}页，共{pages(pdf)}页" in joined(text)


# ---- notices


def test_a_notice_keeps_every_row_and_repeats_its_head(
    fonts: Fonts, notice: Notice, text_of: TextOf
) -> None:
    pdf = notice_pdf(notice, fonts)
    text = text_of(pdf)
    assert re.findall(r"^\s*(\d+)\s.*66\.75", text, re.M) == [str(n) for n in range(1, 121)]
    assert text.count("名次") == pages(pdf) > 2
    numbers = re.findall(r"第(\d)页，共(\d)页", joined(text))
    assert numbers == [(str(n), str(pages(pdf))) for n in range(1, pages(pdf) + 1)]
    assert joined(text).count(notice.anchor.root) == pages(pdf)
    assert "更正原因：第1版中一名考生" in text
    assert text.count("2026年11月20日") == 1


@pytest.mark.parametrize("rows", range(14, 34))
def test_bureau_and_date_never_stand_alone(
    fonts: Fonts, notice: Notice, text_of: TextOf, rows: int
) -> None:
    text = text_of(notice_pdf(replace(notice, rows=notice.rows[:rows]), fonts))
    last = text.rstrip("\f").split("\f")[-1]
    assert "2026年11月20日" in last
    assert "66.75" in last
    assert last.index("2026年11月20日") < last.index("anshun.example/log")


def test_a_notice_of_words_alone_goes_on_over_pages(
    fonts: Fonts, notice: Notice, text_of: TextOf
) -> None:
    body = tuple(f"第{n}条　" + "报考人员应当如实填报信息，" * 6 for n in range(1, 41))
    pdf = notice_pdf(replace(notice, body=body, columns=(), rows=(), reason=None), fonts)
    text = text_of(pdf)
    assert re.findall(r"第(\d+)条", text) == [str(n) for n in range(1, 41)]
    assert text.count("填") == 240
    assert pages(pdf) > 2


# ---- all of them


def test_equal_input_gives_equal_bytes(
    fonts: Fonts,
    ticket: Ticket,
    certificate: Certificate,
    notice: Notice,
    slip: ScoreSlip,
    interview: InterviewSlip,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def everything() -> list[bytes]:
        return [
            ticket_pdf(ticket, fonts),
            certificate_pdf(certificate, fonts),
            notice_pdf(notice, fonts),
            slip_pdf(slip, fonts),
            interview_slip_pdf(interview, fonts),
        ]

    first = everything()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    assert everything() == first
    assert all(b"D:20261120090000+08'00'" in pdf for pdf in first)


def test_another_date_gives_other_bytes(fonts: Fonts, ticket: Ticket) -> None:
    other = replace(ticket, at=AT.replace(hour=10))
    assert ticket_pdf(other, fonts) != ticket_pdf(ticket, fonts)


def test_dates_are_written_as_their_readers_expect() -> None:
    assert pdf_date(AT) == "D:20261120090000+08'00'"
    assert pdf_date(AT.replace(tzinfo=None)) == "D:20261120090000"
    assert day(AT, weekday=True) == "2026年11月20日（周五）"


def test_lines_keep_words_and_marks_together(fonts: Fonts) -> None:
    sheet = Sheet(fonts, title="t", author="a", at=AT)
    text = "第一行文字，第二行文字。“引文”abcdefgh 12345 结束"
    for width in range(18, 60, 3):
        lines = sheet.lines(text, 10, width)
        assert joined("".join(lines)) == joined(text)
        assert all(sheet.width(line, 10) <= width for line in lines)
        assert not any(line[0] in "，。”" for line in lines)
        assert not any(line[-1] == "“" for line in lines)
    assert "abcdefgh" in "|".join(sheet.lines(text, 10, 30))
