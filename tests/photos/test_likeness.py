"""Photos of different people that go back to one picture are found, and a person looks."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import SYSTEM
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.photos.models import PhotoPair
from exam_system.photos.prints import BANDS, MOST, alike, print_of
from exam_system.photos.service import compare_photos, judge_likeness
from exam_system.printing.photo import take_in
from exam_system.registration.models import Application
from exam_system.registration.service import add_photo, submit_application
from tests.registration.setting import add_candidate, add_exam, applied
from tests.world import World


def portrait(seed: int, size: tuple[int, int] = (413, 531)) -> Image.Image:
    """A drawn head with shoulders; nothing in it is like another seed's but the pose."""
    dice = np.random.default_rng(seed)
    picture = Image.new("RGB", (413, 531), tuple(map(int, dice.integers(120, 250, 3))))
    pen = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y, wide, high = (int(n) for n in dice.integers((20, 20, 40, 40), (330, 430, 200, 240)))
        pen.ellipse((x, y, x + wide, y + high), fill=tuple(map(int, dice.integers(0, 255, 3))))
    return picture.resize(size)


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


@pytest.mark.parametrize("seed", range(12))
def test_a_picture_saved_anew_keeps_its_print(seed: int) -> None:
    first = print_of(take_in(jpeg(portrait(seed))).jpeg)
    anew = [
        jpeg(portrait(seed), 40),
        jpeg(portrait(seed, (207, 266))),
        jpeg(ImageEnhance.Brightness(portrait(seed)).enhance(1.1)),
    ]
    assert max(bits(first, print_of(take_in(data).jpeg)) for data in anew) <= MOST


def test_other_pictures_are_far_away() -> None:
    prints = [print_of(jpeg(portrait(seed))) for seed in range(60)]
    assert min(bits(a, b) for i, a in enumerate(prints) for b in prints[:i]) > 2 * MOST


def test_no_likeness_is_missed_and_none_made_up() -> None:
    dice = np.random.default_rng(5)
    prints = dice.integers(0, 256, (600, 32), dtype=np.uint8)
    for n in range(300):  # one of each two lies at a distance of up to 2 * MOST from the other
        flipped = dice.choice(256, int(dice.integers(0, 2 * MOST)), replace=False)
        near = np.unpackbits(prints[n])
        near[flipped] ^= 1
        prints[300 + n] = np.packbits(near)
    fresh = dice.random(600) < 0.5
    count = np.bitwise_count(prints[:, None, :] ^ prints[None, :, :]).sum(axis=2)
    wanted = {
        (i, j, int(count[i, j]))
        for i in range(600)
        for j in range(i + 1, 600)
        if count[i, j] <= MOST and (fresh[i] or fresh[j])
    }
    assert len(wanted) > 100
    assert set(alike(prints, fresh)) == wanted
    assert BANDS > MOST  # what the completeness follows from


def shown(world: World, serial: int, code: str, data: bytes) -> Application:
    """A submitted application with this photo."""
    who = add_candidate(world, serial)
    application = applied(world, who, code=code)
    with world.acting(who) as ctx:
        add_photo(ctx, ref=application.ref, data=data)
        return submit_application(ctx, ref=application.ref)


def compared(world: World, code: str) -> int:
    with world.acting(SYSTEM) as ctx:
        return compare_photos(ctx, code=code)


def pairs(world: World) -> list[PhotoPair]:
    with world.context(SYSTEM).session as db:
        return list(db.scalars(select(PhotoPair).order_by(PhotoPair.id)))


def test_one_photo_under_two_numbers_waits_for_a_person_also_across_exams(world: World) -> None:
    add_exam(world)
    add_exam(world, code="sy-2026")
    first = shown(world, 11, "gk-2026", jpeg(portrait(1)))
    shown(world, 13, "gk-2026", jpeg(portrait(2)))
    assert compared(world, "gk-2026") == 0
    second = shown(world, 15, "sy-2026", jpeg(portrait(1, (300, 386)), 60))
    assert compared(world, "gk-2026") == 1  # seen from the first one's exam as well
    assert compared(world, "sy-2026") == 1
    assert compared(world, "sy-2026") == 0
    pair = pairs(world)[1]
    assert (pair.application_id, pair.other_id) == (second.id, first.id)
    with pytest.raises(Invalid), world.acting(Role.REVIEWER) as ctx:
        judge_likeness(ctx, ref=pair.ref, finding="same", reason="")
    with world.acting(Role.REVIEWER) as ctx:
        judge_likeness(ctx, ref=pair.ref, finding="same", reason="同一张照片，两人身份证不同")
    with pytest.raises(Conflict), world.acting(Role.REVIEWER) as ctx:
        judge_likeness(ctx, ref=pair.ref, finding="different", reason="再看一次")
    with pytest.raises(NotFound), world.acting(Role.REVIEWER) as ctx:
        judge_likeness(ctx, ref="none", finding="same", reason="无")
    with pytest.raises(Forbidden), world.acting(Role.MARKER) as ctx:
        compare_photos(ctx, code="sy-2026")


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_page_shows_both_photos_and_takes_the_finding(world: World) -> None:
    add_exam(world)
    for serial in (11, 13):
        shown(world, serial, "gk-2026", jpeg(portrait(1)))
    client = world.client(world.app(), Role.REVIEWER)
    assert client.post("/review/photos/gk-2026/compare").status_code == 303
    (pair,) = pairs(world)
    english = {"Accept-Language": "en"}
    with world.context(SYSTEM).session as db:
        ref = db.scalars(select(Application.ref)).first()
    assert "looks like that of somebody else" in client.get(f"/review/{ref}", headers=english).text
    assert "nobody has looked yet" in client.get("/review/photos/gk-2026", headers=english).text
    for side in ("one", "other"):
        picture = client.get(f"/review/photos/gk-2026/{pair.ref}/{side}.jpg")
        assert (picture.status_code, picture.content_type) == (200, "image/jpeg")
    assert client.get(f"/review/photos/none/{pair.ref}/one.jpg").status_code == 404
    given = {"finding": "different", "reason": "双胞胎，分别核对了身份证"}
    assert client.post(f"/review/photos/gk-2026/{pair.ref}", data=given).status_code == 303
    page = client.get("/review/photos/gk-2026", headers=english).text
    assert "Two different people" in page
    assert "双胞胎" in page
