"""Attacks on scores and lists, S01, S02, S08 to S11 of docs/THREATS.md, on both builds."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select

from exam_system.access import Role
from exam_system.oversight import alerts, watch
from exam_system.records import audit
from exam_system.records.models import Act, ActDetail
from exam_system.results import service as results
from exam_system.tables import Base
from exam_system.trust import merkle, notes, proof, publication
from exam_system.trust.canonical import jcs
from exam_system.trust.proof import TlogProof
from exam_system.trust.publication import digest_file
from exam_system.verify import release as release_checks
from exam_system.verify.history import History
from exam_system.verify.keyring import parse_keys
from exam_system.verify.lists import require_csv
from exam_system.verify.numbers import require_numbers
from exam_system.verify.records import require_records
from exam_system.verify.run import verify
from exam_system.verify.single import verify_single
from tests import tamper
from tests.draws import ceremony
from tests.marking.test_written_scores import correct, send, three
from tests.results.play import carry_out, exam_with_marks, prepare
from tests.results.setting import (
    add_announcement,
    add_candidates,
    add_exam,
    number_of,
)
from tests.threats.red import (
    Build,
    acts_of,
    audited,
    change,
    checked,
    lying,
    none_found,
    nothing,
    refused_by_verify,
    told,
)
from tests.verify.builder import Office, write
from tests.verify.cases import spoiled
from tests.verify.publications import (
    CSV,
    ReleaseMaker,
    digest_of,
)
from tests.world import World


def test_s01_a_result_changed_in_the_table_is_named(build: Build, world: World) -> None:
    build.lacks(audit._difference, nothing)
    exam_with_marks(world)
    carry_out(world, "written")
    change(world, "UPDATE result SET written = '99.00', rank = 1 WHERE written = '70.00'")
    build.judge(audited(world), "changed in written, rank; it was left by act", "publish_release")


def test_s01_a_score_changed_in_the_published_list_is_named(
    build: Build, published: tuple[Path, Office]
) -> None:
    for control in (require_numbers, require_records, release_checks._require_digests):
        build.lacks(control, nothing)
    folder, office = published
    maker = ReleaseMaker(office, "written")
    files = maker.files()
    whole = json.loads(files["list.json"])
    whole["rows"][1]["written"] = "72.00"
    table = files["list.csv"].replace(b"70.00,70.00,70.00", b"70.00,70.00,72.00")
    assert table != files["list.csv"]
    said = checked(maker, {**files, "list.json": jcs(whole), "list.csv": table}, folder)
    build.judge(said, "V31", "list.json row 2 column written: found 72.00, recomputed 70.00")


def test_s01_a_score_changed_on_the_candidates_own_slip_is_refused(
    build: Build, published: tuple[Path, Office]
) -> None:
    build.lacks(merkle.verify_inclusion, nothing)
    _, office = published
    slip = proof.parse(ReleaseMaker(office, "written").slip(2))
    assert slip.extra is not None
    raised = slip.extra.replace(b'"written":"', b'"written":"1')
    assert raised != slip.extra
    made = TlogProof(slip.index, slip.hashes, slip.checkpoint, raised).encode()
    keys = parse_keys(office.keys, "keys.txt")
    said = told(lambda: verify_single("slip.tlog-proof", made, keys))
    build.judge(said, "V41", "slip.tlog-proof")


def marked(world: World) -> None:
    """Three candidates with marks that came in by a table, and an announcement."""
    exam = add_exam(world)
    add_announcement(world, exam)
    add_candidates(world, exam, 3)
    send(world, three())


RAISED = "UPDATE written_mark SET mark = '99.00' WHERE mark = '61.00'"


def test_s02_a_mark_changed_before_publication_is_named(build: Build, world: World) -> None:
    build.lacks(audit._difference, nothing)
    marked(world)
    change(world, RAISED)
    build.judge(audited(world), "written_mark", "changed in mark", "import_written_scores")


def test_s02_a_list_from_a_changed_mark_is_not_published(build: Build, world: World) -> None:
    build.lacks(audit.require_whole, nothing)
    marked(world)
    change(world, RAISED)
    said = told(lambda: carry_out(world, "written"))
    build.judge(said, "Conflict", "written_mark", "changed in mark; it was left by act")


def test_s02_a_mark_changed_between_two_lists_stops_the_second(build: Build, world: World) -> None:
    build.lacks(results._require_unchanged, nothing)
    build.passed(audit.require_whole)
    marked(world)
    carry_out(world, "written")
    change(world, RAISED)
    said = told(lambda: prepare(world, "shortlist"))
    build.judge(said, f"The marks of {number_of(1)} are not those of the published list")


TABLES = ("account", "draw", "attempt", "contribution", "approval")


def tampered(world: World, folder: Path) -> tamper.Score:
    """The tamper score of a draw's tables."""
    copy = folder / "copy.db"
    with world.engine.connect() as db:
        db.exec_driver_sql("COMMIT")
        db.exec_driver_sql(f"VACUUM INTO '{copy}'")
    found, engine = tamper.Score(), tamper.open_copy(copy)
    with engine.connect() as connection:
        for name in TABLES:
            table = Base.metadata.tables[name]
            tamper._table(connection, table, found, world.log, world.keys.log.verifier)
    engine.dispose()
    return found


def test_s08_every_column_counts(build: Build, office: World, tmp_path: Path) -> None:
    build.lacks(audit._difference, nothing)
    build.loses(audit._table, "if seen.digest != GONE:", "if False:")
    ceremony.run(office, last=7)
    found = tampered(office, tmp_path)
    assert found.tried >= 60
    assert found.empty == []
    assert len(found.unnoticed) == (0 if build.whole else found.tried), found.text()


def signed_again(maker: ReleaseMaker, **changes: bytes) -> dict[str, bytes]:
    """A publication with files changed and every digest signed anew by everybody."""
    files = {**maker.files(), **{name.replace("_", "."): data for name, data in changes.items()}}
    said = notes.parse(files["publication.note"]).text
    for old in publication.parse(said).files:
        new = digest_file(old.name, files[old.name])
        said = said.replace(old.sha256, new.sha256).replace(old.sm3, new.sm3)
    return {**files, "publication.note": maker.office.note(said, maker.office.publisher)}


TABLE = ("\ufeff" + CSV["written"]).encode()
LIES = {
    "a row more": TABLE + "010100106,101,90.00,90.00,90.00,1,有效\n".encode(),
    "a blank line": TABLE + b"\n",
    "no BOM": TABLE.removeprefix("\ufeff".encode()),
    "GBK": CSV["written"].encode("gbk"),
    "CRLF": TABLE.replace(b"\n", b"\r\n"),
    "a formula": TABLE.replace(b"'=", b"="),
    "a number": TABLE.replace(b"60.50", b"90.50"),
    "a blank in a cell": TABLE.replace(b"60.50", b" 60.50"),
    "full-width digits": TABLE.replace(b"60.50", "６０.50".encode()),
}


def test_s09_a_rightly_signed_table_that_says_something_else(
    build: Build, published: tuple[Path, Office]
) -> None:
    build.lacks(require_csv, nothing)
    folder, office = published
    maker = ReleaseMaker(office, "written")
    for name, table in LIES.items():
        assert table != TABLE, name
        build.judge(checked(maker, signed_again(maker, list_csv=table), folder), "V30", "list.csv")


def test_s09_every_changed_byte_of_the_table_is_refused(
    build: Build, published: tuple[Path, Office]
) -> None:
    build.lacks(require_csv, nothing)
    build.lacks(release_checks._require_digests, nothing)
    folder, office = published
    maker = ReleaseMaker(office, "written")
    files = maker.files()
    assert files["list.csv"] == TABLE
    for _, data in spoiled(TABLE):
        build.judge(checked(maker, {**files, "list.csv": data}, folder), "list.csv")


def corrected(office: Office) -> tuple[ReleaseMaker, ReleaseMaker]:
    """A list and its correction."""
    first = ReleaseMaker(office, "written")
    return first, ReleaseMaker(office, "written", 2, digest_of(first.files()), "一份答题卡漏登")


def test_s10_an_old_list_beside_its_correction_says_so(build: Build, tmp_path: Path) -> None:
    build.lacks(release_checks._superseded, none_found)
    office = acts_of(3)
    for maker in corrected(office):
        write(tmp_path / maker.name, maker.files())
    (tmp_path / "keys.txt").write_bytes(office.keys)
    outcome = verify([tmp_path])
    assert outcome.refused == []
    old, new = (line for line in outcome.lines if "results-" in line)
    assert "SUPERSEDED" not in new
    build.judge(old if "SUPERSEDED" in old else "", "SUPERSEDED by version 2")


def test_s10_an_old_list_without_its_correction_is_refused(build: Build, tmp_path: Path) -> None:
    build.lacks(History._superseded, none_found)
    office = acts_of(3)
    first, second = corrected(office)
    for maker in (first, second):
        name = f"release:{maker.exam}:results:v{maker.version}"
        office.act("results.publish_release", name, {"version": maker.version})
    write(lying(tmp_path, office) / first.name, first.files())
    said = refused_by_verify(tmp_path)
    build.judge(said, "V49 results-2026-kp-v1: log says that v2 was published")


def test_s11_marks_raised_by_one_hand_raise_an_alarm(build: Build, world: World) -> None:
    build.lacks(alerts.in_favour, none_found)
    add_candidates(world, add_exam(world), 3)
    send(world, three())
    correct(world, three(_0=("99", "71.5"), _1=("98", "71.5"), _2=("97", "71.5")))
    with world.context(world.people[Role.INSPECTOR]).session as db:
        found = {one.rule: one for one in watch.find_alerts(db, world.config.zone)}
    told_of = dict(found["in_favour"].values) if "in_favour" in found else {}
    marker = world.people[Role.MARKER].ref
    build.judge(" ".join(f"{k}={v}" for k, v in told_of.items()), f"actor={marker}", "n=3")
    assert dict(found["score_change"].values) == {"n": "3"}  # each table is listed in any case


def test_s11_one_friend_is_listed_with_who_and_why(build: Build, world: World) -> None:
    build.lacks(alerts.score_changes, none_found)
    add_candidates(world, add_exam(world), 3)
    send(world, three())
    correct(world, three(_0=("99", "71.5")), "复核答题卡")
    with world.context(world.people[Role.INSPECTOR]).session as db:
        every = watch.find_alerts(db, world.config.zone)
        acts = [act for one in every if one.rule == "score_change" for act in one.acts]
        kinds = list(db.scalars(select(Act.kind).where(Act.id.in_(acts))))
        told_why = "".join(db.scalars(select(ActDetail.details).where(ActDetail.act_id.in_(acts))))
    assert len(acts) == build.whole
    build.judge(" ".join((*kinds, told_why)).strip(), "correct_written_scores", "复核答题卡")
