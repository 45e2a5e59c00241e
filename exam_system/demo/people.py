"""Made-up people, photos and tables of the demonstration."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from exam_system.demo.lot import Lot

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECKS = "10X98765432"
PHOTOS = 24


@cache
def data() -> Any:
    """Names, schools and posts to make people and tables from."""
    return json.loads((Path(__file__).parent / "data.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Made:
    """A made-up candidate."""

    name: str
    id_number: str
    phone: str
    school: str
    major: str
    employer: str
    education: str
    photo: int


def id_number(area: str, birth: str, serial: int) -> str:
    """A number that satisfies GB 11643; `birth` as 19800131, an odd serial for men."""
    body = f"{area}{birth}{serial:03d}"
    remainder = sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11
    return body + _CHECKS[remainder]


def name(lot: Lot) -> str:
    """Two or three characters; now and then a rare or a minority name."""
    source = data()
    if lot.below(90) == 0:
        return str(lot.pick(source["rare"]))
    given = "".join(lot.pick(source["given"]) for _ in range(1 + lot.below(2)))
    return str(lot.pick(source["surnames"])) + given


def candidates(seed: str, count: int, *, year: int, first: int) -> Iterator[Made]:
    """`count` people of 22 to 29 years in `year`; `first` keeps ID numbers apart between exams."""
    lot, source = Lot(f"{seed}:people"), data()
    for place in range(first, first + count):
        # The place in the demonstration goes into date and serial: no number comes twice.
        day, serial = divmod(place, 900)
        birth = f"{year - 23 - lot.below(6)}{1 + day % 12:02d}{1 + lot.below(28):02d}"
        yield Made(
            name=name(lot),
            id_number=id_number(lot.pick(source["area_codes"]), birth, 50 + serial),
            phone=f"1{lot.pick('3589')}{lot.below(10**9):09d}",
            school=lot.pick(source["universities"]),
            major=lot.pick(source["majors"]),
            employer=lot.pick(source["employers"]),
            education="bachelor" if lot.percent(85) else "master",
            photo=lot.below(PHOTOS),
        )


@cache
def photo(number: int) -> bytes:
    """One of a few drawn portraits, 35:45, JPEG."""
    lot = Lot(f"photo {number}")
    picture = Image.new("RGB", (210, 270), (120 + lot.below(60), 160 + lot.below(50), 215))
    pen = ImageDraw.Draw(picture)
    skin = (225 - lot.below(30), 190 - lot.below(25), 165 - lot.below(20))
    dark = 30 + lot.below(30)
    hair, coat = (dark, dark, dark), (40 + lot.below(60), 50 + lot.below(50), 90)
    pen.ellipse((30, 200, 180, 380), fill=coat)
    pen.rectangle((90, 160, 120, 215), fill=skin)
    pen.ellipse((58, 42, 152, 178), fill=hair)
    pen.ellipse((65, 66 + lot.below(8), 145, 182), fill=skin)
    for x in [86, 118]:
        pen.ellipse((x, 112, x + 8, 118), fill=(30, 30, 30))
    pen.arc((88, 135, 122, 158), 20, 160, fill=(150, 70, 70), width=3)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def table(header: list[str], rows: list[list[object]]) -> bytes:
    """A .csv as an office would send it."""
    lines: list[list[str] | list[object]] = [header, *rows]
    return "\n".join(",".join(str(cell) for cell in line) for line in lines).encode("utf-8-sig")
