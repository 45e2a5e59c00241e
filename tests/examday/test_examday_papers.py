"""Papers of a site: what they show, and the picture of the site."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime
from pathlib import Path
from time import perf_counter

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, NotFound
from exam_system.examday import changes, papers, pictures
from exam_system.exams.lookup import exam_by_code
from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import register
from exam_system.printing.room_papers import (
    RoomPaper,
    SitePapers,
    Sitter,
    room_papers_pdf,
)
from exam_system.records.models import Act
from exam_system.registration.models import Application
from seating.layouts import positions
from tests.conftest import FONTS
from tests.examday import hall
from tests.world import World, approve_in

KINDS = ("sheets", "doors", "maps")
SITE = f"/office/exams/{hall.CODE}/sites/1/1"


@pytest.fixture
def database() -> str:
    """Nothing here depends on the database."""
    return "sqlite"


def pages(pdf: bytes, folder: Path) -> list[str]:
    path = folder / "papers.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def sheet(rooms: int, *, photo: bytes | None = None, name: str = "欧阳修") -> SitePapers:
    people = tuple(
        Sitter(seat, f"01{seat:06}", name, "AB"[seat % 2], photo) for seat in range(1, 31)
    )
    each = [
        RoomPaper(f"{code:02}", "教室", "", people, tuple(positions("5x6", 30)), frozenset())
        for code in range(1, rooms + 1)
    ]
    at = datetime(2026, 3, 2, 9, 0)
    return SitePapers("局", "考试", "考点", ("行测", "申论"), 1, "a" * 64, tuple(each), at)


def test_papers_show_every_room_in_use_and_are_an_act(world: World, tmp_path: Path) -> None:
    hall.standard(world, first=40)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="is published"):
        papers.print_papers(ctx, code=hall.CODE, district=1, site=1, kinds=KINDS, photos=True)
    hall.seat(world)
    ref = "ref1-00003"
    hall.name_candidate(world, ref, "欧阳𬭎·𠮷")
    with world.acting(Role.OFFICER) as ctx:
        why = {"code": hall.CODE, "ref": ref, "reason": "座椅损坏"}
        old = ctx.session.scalars(select(Application.number).where(Application.ref == ref)).one()
        approve_in(ctx, changes.MOVE, **why)
        changes.move_candidate(ctx, **why)
        here = {"code": hall.CODE, "district": 1, "site": 1}
        pdf = papers.print_papers(ctx, **here, kinds=KINDS, photos=True)
        empty = papers.print_papers(ctx, **here, kinds=("doors",), photos=True)
        act = ctx.session.scalars(select(Act.kind).order_by(Act.id.desc())).first()
        numbers = sorted(
            str(number)
            for number in ctx.session.scalars(select(Application.number))
            if number and str(number).startswith("0101")
        )
        with pytest.raises(NotFound):
            papers.print_papers(ctx, code=hall.CODE, district=1, site=9, kinds=KINDS, photos=False)
    assert act == "examday.print_papers"
    made = pages(pdf, tmp_path)
    assert len(made) == 6
    assert len(pages(empty, tmp_path)) == 2
    assert all(
        title in page for page, title in zip(made, ("签到表", "门贴", "座位图") * 2, strict=True)
    )
    for kind in range(3):
        shown = re.findall(r"\b0101\d{4}\b", made[kind] + made[kind + 3])
        assert sorted(shown) == numbers
        assert str(old) not in shown
    assert all("座位表第2版" in page for page in made)
    assert "".join(made).count("欧阳𬭎·𠮷") in (3, 6)
    assert sum(page.count("空") for page in (made[2], made[5])) == ("0101" in str(old)[:4])


def test_a_site_of_4500_is_printed_in_seconds() -> None:
    fonts, start = register(FONTS), perf_counter()
    pdf = room_papers_pdf(sheet(150), KINDS, fonts)
    assert perf_counter() - start < 10
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 450


def test_what_cannot_be_printed_is_told(tmp_path: Path) -> None:
    fonts = register(FONTS)
    with pytest.raises(PrintError):
        room_papers_pdf(sheet(1, name="\ue000"), KINDS, fonts)
    with pytest.raises(PrintError):
        room_papers_pdf(sheet(1, photo=b"no picture"), KINDS, fonts)
    long = "阿不都热合曼·买买提依明·吐尔逊江·阿卜杜拉"
    made = pages(room_papers_pdf(sheet(1, name=long), KINDS, fonts), tmp_path)
    assert [page.count("阿不都热合曼") for page in made] == [30] * 3


def test_the_picture_of_a_site_counts_seats_and_posts(world: World) -> None:
    hall.standard(world, first=40)
    hall.seat(world)
    client = world.client(world.app(), Role.OFFICER)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, hall.CODE)
        site = papers.site_of(ctx.session, exam, 1, 1)
        tiles = pictures.tiles(ctx.session, exam, site)
    assert [dict(tile.counts) for tile in tiles] == [{"taken": 20, "reserve": 10}] * 2
    assert [tile.posts for tile in tiles] == [(("101", 20),)] * 2
    assert [len(tile.dots) for tile in tiles] == [30, 30]
    page = client.get(SITE).text
    assert page.count("<rect") == 60
    assert page.count('class="dot-taken"') == 40
    assert "已坐20个，预留10个" in page
    answer = client.post(f"{SITE}/papers.pdf", data={"kind": ["maps"]})
    assert answer.mimetype == "application/pdf"
    assert client.get(SITE.replace("sites/1/1", "sites/1/9")).status_code == 404
