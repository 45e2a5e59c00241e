"""The file of a photo goes when nothing names it any more, and not before."""

from __future__ import annotations

import os
import time
from io import BytesIO

import pytest
from click.testing import CliRunner

from exam_system.cli import exam
from exam_system.context import PUBLIC
from exam_system.photos.models import PhotoPair
from exam_system.registration.photos import photo_path
from exam_system.registration.service import add_photo
from tests.registration.setting import add_candidate, add_exam, applied, fresh, id_number, photo
from tests.world import PASSWORD, World


@pytest.fixture
def database() -> str:
    return "sqlite"


def age(world: World, *digests: str | None) -> None:
    """As if these files had been written an hour ago."""
    for digest in digests:
        os.utime(photo_path(world.config, str(digest)), (time.time() - 3600,) * 2)


def test_a_replaced_photo_goes_at_once_unless_somebody_has_the_same(world: World) -> None:
    add_exam(world)
    one, other = add_candidate(world, 11), add_candidate(world, 13)
    mine, theirs = applied(world, one), applied(world, other)
    for who, application in ((one, mine), (other, theirs)):
        with world.acting(who) as ctx:
            add_photo(ctx, ref=application.ref, data=photo(shade=120))
    shared = fresh(world, mine).photo
    client = world.app().test_client()
    client.post("/login", data={"login": id_number(11), "password": PASSWORD})

    def replace(shade: int) -> str:
        file = (BytesIO(photo(shade=shade)), "photo.jpg")
        answer = client.post(f"/applications/{mine.ref}/photo", data={"photo": file})
        assert answer.status_code == 302
        return str(fresh(world, mine).photo)

    age(world, shared)
    second = replace(150)
    assert photo_path(world.config, str(shared)).exists()  # the other one has it
    age(world, second)
    third = replace(180)
    assert not photo_path(world.config, second).exists()
    assert photo_path(world.config, third).exists()


def test_the_command_deletes_what_nothing_names(world: World) -> None:
    add_exam(world)
    who = add_candidate(world, 11)
    application = applied(world, who)
    digests = []
    for shade in (100, 140, 180, 220):
        with world.acting(who) as ctx:
            add_photo(ctx, ref=application.ref, data=photo(shade=shade))
        digests.append(str(fresh(world, application).photo))
    age(world, digests[0], digests[1], digests[3])  # the third has just been written
    with world.context(PUBLIC).session as db:
        keys = {"application_id": application.id, "other_id": application.id}
        pair = {"photo": digests[1], "other_photo": digests[3], "ref": "p", "bits": 0}
        db.add(PhotoPair(**keys, **pair, exam_id=application.exam_id))
        db.commit()
    run = CliRunner().invoke(exam, ["--instance", str(world.folder), "photos", "delete-unused"])
    assert run.output == "1 photos deleted\n"
    there = [photo_path(world.config, digest).exists() for digest in digests]
    assert there == [False, True, True, True]
