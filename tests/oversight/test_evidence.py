"""Evidence bundles: what is in them, that they verify with keys alone, and every lie in one."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.oversight import evidence
from exam_system.oversight.acts import Filter
from exam_system.oversight.evidence import Evidence
from exam_system.oversight.service import make_evidence
from exam_system.records.models import Act, ActDetail
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.verify.commands import verify as command
from exam_system.verify.run import verify
from tests.draws import ceremony
from tests.world import World

Files = dict[str, bytes]
CASE = Filter(subject=f"draw:{ceremony.DRAW}:1")


def make(world: World, asked: Filter = CASE) -> Evidence:
    with world.acting(Role.INSPECTOR) as ctx:
        return make_evidence(ctx, asked=asked)


def files_of(made: Evidence) -> Files:
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def write(folder: Path, files: Files) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_a_case_verifies_on_a_machine_that_has_only_the_file(held: World, tmp_path: Path) -> None:
    made = make(held)
    path = tmp_path / made.name
    path.write_bytes(made.data)
    answer = CliRunner().invoke(command, [str(path)])
    assert answer.exit_code == 0, answer.output
    assert f"({made.acts} acts under " in answer.output
    assert "1 folders)" in answer.output
    files = files_of(made)
    assert made.acts == len(ceremony.STEPS)
    assert f"files/draw-{ceremony.DRAW}-1/draw.note" in files
    folder = write(tmp_path / "out", files)
    sums = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False, timeout=60
    )
    assert sums.returncode == 0
    assert sums.stdout.count(b": OK") == len(files) - 1
    lines = [json.loads(line) for line in files["acts.jsonl"].splitlines()]
    assert [line["details"].get("dice") for line in lines].count(ceremony.DICE) == 2


def test_making_one_is_an_act_with_its_digest(held: World) -> None:
    made = make(held)
    with held.context(held.people[Role.INSPECTOR]).session as db:
        query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
        said = json.loads(db.scalars(query.where(Act.kind == "oversight.make_evidence")).one())
    assert (said["acts"], said["digest"]) == (made.acts, made.digest)
    assert said["filter"] == CASE.words()


def test_what_is_refused(held: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        make(held, Filter(subject="nothing"))
    with held.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        make_evidence(ctx, asked=CASE)
    make(held)
    held.seal()
    with pytest.raises(Conflict, match="sign the newest head first"):
        make(held, Filter(kind="oversight.make_evidence"))
    monkeypatch.setattr(evidence, "MOST_ACTS", 3)
    with pytest.raises(Invalid, match="at most 3"):
        make(held)


def test_erased_details_leave_the_proof(held: World, tmp_path: Path) -> None:
    with held.engine.begin() as db:
        gone = select(Act.id).where(Act.kind == "draws.record_dice")
        db.execute(ActDetail.__table__.delete().where(ActDetail.act_id.in_(gone)))  # type: ignore[attr-defined]
    outcome = verify([write(tmp_path / "evidence-x", files_of(make(held)))])
    assert outcome.refused == []
    assert "details of 1 erased" in outcome.lines[-1]


def repaired(files: Files) -> Files:
    """A liar's bundle: manifest and sums made anew over what was changed."""
    said = json.loads(files["manifest.json"])
    plain = {
        name: data for name, data in files.items() if name not in ("manifest.json", "SHA256SUMS")
    }
    said["files"] = {name: sha256_hex(data) for name, data in plain.items()}
    said["acts"] = files["acts.jsonl"].count(b"\n")
    said["head"] = sha256_hex(files["head.note"])
    files["manifest.json"] = jcs(said)
    names = sorted(name for name in files if name != "SHA256SUMS")
    files["SHA256SUMS"] = "".join(f"{sha256_hex(files[n])}  {n}\n" for n in names).encode()
    return files


def _acts(change: Callable[[list[dict[str, object]]], None]) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        lines = [json.loads(line) for line in files["acts.jsonl"].splitlines()]
        change(lines)
        files["acts.jsonl"] = b"".join(jcs(line) + b"\n" for line in lines)

    return apply


def _other_actor(lines: list[dict[str, object]]) -> None:
    lines[0]["entry"]["actor"] = "somebody"  # type: ignore[index]


def _other_dice(lines: list[dict[str, object]]) -> None:
    line = next(line for line in lines if "dice" in line["details"])  # type: ignore[operator]
    line["details"]["dice"] = "0" * 20  # type: ignore[index]


def _salt_gone(lines: list[dict[str, object]]) -> None:
    lines[0]["salt"] = None


def _swap(lines: list[dict[str, object]]) -> None:
    lines[0], lines[1] = lines[1], lines[0]


def _foreign_head(files: Files) -> None:
    files["head.note"] = files["head.note"].rsplit(b"\xe2\x80\x94", 1)[0]


def _proof_of_another(files: Files) -> None:
    one, other = sorted(name for name in files if name.startswith("proofs/"))[:2]
    files[one] = files[other]


def _foreign_key(files: Files) -> None:
    from exam_system.trust.keys import COSIGNATURE, Signer

    vkey = Signer.generate("tests.example/other", COSIGNATURE).verifier.vkey
    files["keys.txt"] += f"inspector {vkey}\n".encode()


def _of(name: str, data: bytes = b"x") -> Callable[[Files], None]:
    return lambda files: files.update({name: data})


def _without(name: str) -> Callable[[Files], None]:
    return lambda files: files.update({name: b""}) or (files.pop(name) and None)  # type: ignore[func-returns-value]


DRAWN = f"files/draw-{ceremony.DRAW}-1/"
LIES: dict[str, tuple[Callable[[Files], None], int]] = {
    "actor": (_acts(_other_actor), 46),
    "details": (_acts(_other_dice), 11),
    "salt": (_acts(_salt_gone), 46),
    "order": (_acts(_swap), 46),
    "cosignature": (_foreign_head, 6),
    "proof": (_proof_of_another, 46),
    "key": (_foreign_key, 1),
    "stray": (_of("notes.txt"), 2),
    "stray proof": (_of("proofs/9999.tlog-proof"), 2),
    "stray folder": (_of("files/draw-other-1/draw.note"), 47),
    "loose file": (_of("files/loose"), 47),
    "result": (_of(f"{DRAWN}result.csv"), 22),
    "transcript": (_without(f"{DRAWN}transcript.txt"), 3),
}


@pytest.fixture
def database() -> str:
    """The verifier knows no database: bundles of one are as good as of the other."""
    return "sqlite"


def test_lies_that_are_consistent_in_themselves(held: World, tmp_path: Path) -> None:
    good, keys = files_of(make(held)), held.config.published / "keys.txt"
    wrong = []
    for name, (lie, number) in LIES.items():
        files = dict(good)
        lie(files)
        folder = write(tmp_path / f"evidence-{name.replace(' ', '-')}", repaired(files))
        found = [error.check.number for error in verify([folder], keys).refused]
        if found != [number]:
            wrong.append((name, found, number))
    assert wrong == []


def test_a_changed_byte_anywhere_is_named(held: World, tmp_path: Path) -> None:
    good, keys = files_of(make(held)), held.config.published / "keys.txt"
    folder = write(tmp_path / "evidence-x", good)
    for name, data in good.items():
        (folder / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        (refused,) = verify([folder], keys).refused
        assert refused.check.number in (45, 3), (name, str(refused))
        assert name in str(refused) or name in ("manifest.json", "SHA256SUMS")
        (folder / name).write_bytes(data)
    assert verify([folder], keys).refused == []


def test_the_page_counts_first_and_hands_out_the_zip(held: World) -> None:
    client = held.client(held.app(), Role.INSPECTOR)
    page = client.get(f"/oversight/evidence?subject={CASE.subject}&language=en").text
    assert f"{len(ceremony.STEPS)} acts fit." in page
    answer = client.post("/oversight/evidence", data={"subject": CASE.subject})
    assert answer.data.startswith(b"PK")
    assert "evidence-" in answer.headers["Content-Disposition"]
    refused = client.post("/oversight/evidence", data={"subject": "nothing"}, follow_redirects=True)
    assert "没有符合条件的记录" in refused.text
