"""The command: what it prints, its exit status, where it finds the keys."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import exam_system.verify
from exam_system.verify.checks import Check
from exam_system.verify.commands import verify
from exam_system.verify.files import bag_of
from exam_system.verify.run import verify as run_verify
from tests.verify.builder import Office, signer, write

ROOT = Path(__file__).parent.parent.parent


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(verify, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "published"))


def test_everything_at_once(published: Path) -> None:
    told = run(published)
    assert "ok draw-2026-kp-seats-1 (order/v1, 10 labels, 8 acts)\n" in told
    assert told.endswith("124 files verified\n")
    assert told.count("\nok ") == 15


def test_the_keys_come_from_the_folder_or_from_the_reader(
    copy: Path, tmp_path: Path, office: Office
) -> None:
    told = run(copy / "results-2026-kp-v1", copy / "log")
    assert told.count("which came with the files: compare with the printed notice") == 1
    assert "  inspector city.example/inspector " in told
    trusted = tmp_path / "trusted.txt"
    trusted.write_bytes(office.keys)
    assert "came with" not in run(copy, "--keys", trusted)
    other = signer("city.example/log/officer", 9).verifier.vkey
    trusted.write_bytes(office.keys.replace(office.officer.verifier.vkey.encode(), other.encode()))
    told = run(copy, "--keys", trusted, code=1)
    assert "REFUSED V1 keys.txt: these are not the keys" in told
    assert "REFUSED V5 draw-2026-kp-seats-1/draw.note" in told
    assert "ok results-2026-kp-v1" in told
    (copy / "keys.txt").unlink()
    assert "no keys.txt" in run(copy, code=2)


def test_what_cannot_be_read(published: Path, tmp_path: Path) -> None:
    assert "does not exist" in run(tmp_path / "nothing", code=2)
    assert "cannot be read" in run(published, "--keys", tmp_path / "nothing", code=2)
    (tmp_path / "keys.txt").write_text("log nonsense\n")
    (tmp_path / "a.note").write_text("x")
    assert "REFUSED V1 keys.txt" in run(tmp_path / "a.note", code=1)
    empty = published.parent / "empty"
    empty.mkdir()
    assert "nothing to verify" in run(empty, "--keys", published / "keys.txt", code=2)


def test_refusals_name_check_file_row_and_both_values(copy: Path) -> None:
    path = copy / "results-2026-kp-v3" / "list.csv"
    path.write_text(path.read_text().replace("81.00", "81.67"))
    told = run(copy, code=1)
    assert (
        "REFUSED V30 results-2026-kp-v3/list.csv row 1 column 总成绩: "
        "found '81.67', recomputed '81.00'\n" in told
    )
    assert f"  V30: {Check.LIST_CSV.english} {Check.LIST_CSV.chinese}\n" in told
    assert "ok results-2026-kp-v2" in told
    assert "1 refused" in told


def test_a_file_of_nothing_known(copy: Path) -> None:
    (copy / "readme.txt").write_text("hello")
    (copy / "more").mkdir()
    (copy / "more" / "list.csv").write_text("a,b\n")
    told = run(copy, code=1)
    assert "REFUSED V2 readme.txt: unknown file" in told
    assert "REFUSED V2 list.csv: unknown file" in told


def test_links_are_not_followed(copy: Path) -> None:
    (copy / "more.note").symlink_to(copy / "ticket.note")
    (copy / "again").symlink_to(copy / "log")
    (copy / "draw-2026-kp-seats-1" / "log" / "8.tlog-proof").symlink_to(copy / "act.tlog-proof")
    told = run(copy, code=1)
    assert told.count("this is a link, not a file") == 3


def test_a_folder_under_another_name(copy: Path) -> None:
    (copy / "results-2026-kp-v1").rename(copy / "results-2026-zz-v1")
    assert "REFUSED V4 results-2026-zz-v1" in run(copy / "results-2026-zz-v1", code=1)


def zipped(folder: Path, target: Path, top: str) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, top + path.relative_to(folder).as_posix())
    return target


@pytest.mark.parametrize("name", ["draw-2026-kp-seats-1", "results-2026-kp-v2"])
@pytest.mark.parametrize("top", [True, False])
def test_zips(name: str, top: bool, copy: Path) -> None:
    path = zipped(copy / name, copy / f"{name}.zip", f"{name}/" if top else "")
    assert f"ok {name} " in run(path)
    shutil.rmtree(copy / name)  # neighbours are found in zips as well
    assert "not beside" not in run(copy)


def test_bad_zips(copy: Path) -> None:
    whole = zipped(copy / "results-2026-kp-v2", copy / "a.zip", "results-2026-kp-v2/").read_bytes()
    for data in (b"PK\x03\x04", whole[: len(whole) // 2], b""):
        (copy / "a.zip").write_bytes(data)
        assert "REFUSED V2 a.zip: the zip cannot be opened" in run(copy / "a.zip", code=1)
    for name in ("../draw.note", "/draw.note", "a//draw.note"):
        with zipfile.ZipFile(copy / "a.zip", "w") as archive:
            archive.writestr(name, "x")
        assert "REFUSED V2 a.zip" in run(copy / "a.zip", code=1)
    with zipfile.ZipFile(copy / "a.zip", "w") as archive:
        archive.writestr("draw.note", "x")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("draw.note", "y")
    assert "two files have the same name" in run(copy / "a.zip", code=1)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 10**6), mask=st.integers(0, 255))
def test_a_damaged_zip_is_refused_or_unpacks_to_the_same(
    at: int, mask: int, tmp_path: Path, published: Path
) -> None:
    """Mask 0 cuts the file there. Dates and the like in the container are nobody's word."""
    folder = published / "announcement-2026-kp-v1"
    path = zipped(folder, tmp_path / "a.zip", f"{folder.name}/")
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at] ^= mask
    path.write_bytes(bytes(data) if mask else bytes(data[:at]))
    outcome = run_verify([path], published / "keys.txt")
    if not outcome.refused:
        bag = bag_of(path)
        assert bag is not None
        assert bag.files == {one.name: one.read_bytes() for one in folder.iterdir()}


def test_single_notes(copy: Path, tmp_path: Path, office: Office) -> None:
    alone = write(tmp_path / "alone", {"keys.txt": office.keys})
    for folder, name, words in (
        ("draw-2026-kp-seats-1", "draw.note", "note of draw 2026-kp-seats attempt 1"),
        ("results-2026-kp-v1", "publication.note", "note of results 2026-kp v1, written"),
        ("results-2026-kp-v1", "root.note", "root of the results of 2026-kp v1, 5 records"),
        ("log", "checkpoint", "checkpoint of city.example/log at 344, cosigned by"),
    ):
        path = shutil.copy(copy / folder / name, alone / f"a-{name}")
        assert words in run(path)


def test_from_a_shell_with_its_exit_status(copy: Path) -> None:
    """The installed command, as a stranger runs it."""
    words = [sys.executable, "-c", "from exam_system.cli import main; main()", "verify"]
    good = subprocess.run([*words, str(copy)], capture_output=True, text=True, cwd=ROOT)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "124 files verified")
    (copy / "x").write_text("x")
    assert subprocess.run([*words, str(copy)], capture_output=True, cwd=ROOT).returncode == 1
    missing = subprocess.run([*words, "/nowhere"], capture_output=True, text=True, cwd=ROOT)
    assert (missing.returncode, missing.stdout) == (2, "")


def test_the_verifier_needs_neither_web_nor_database() -> None:
    """Imported alone it loads no Flask, no SQLAlchemy and no feature of the office."""
    program = (
        "import sys, exam_system.verify.run\n"
        "print(*sorted(n for n in sys.modules if n.startswith(('flask', 'sqlalchemy', 'exam_'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    loaded = done.stdout.split()
    assert "exam_system.verify.run" in loaded
    allowed = ("exam_system.verify", "exam_system.trust")
    assert [n for n in loaded if not n.startswith(allowed) and n != "exam_system"] == []


def test_every_check_is_numbered_used_and_described() -> None:
    folder = Path(exam_system.verify.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")]
    used = {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Check"
    }
    assert used == {check.name for check in Check}
    numbers = [check.number for check in Check]
    assert numbers == sorted(set(numbers)), "each once; some are kept free for later"
    described = (ROOT / "docs" / "VERIFICATION.md").read_text(encoding="utf-8")
    for check in Check:
        assert f"| {check.id} | {check.english} | {check.chinese} |" in described
