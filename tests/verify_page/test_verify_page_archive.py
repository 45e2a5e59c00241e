"""The archive of an exam: the page checks it and everything in it, as exam verify does."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Page

from exam_system.trust.archive_note import ArchiveNote
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.verify.run import verify
from exam_system.verify.zips import unzip
from tests.verify.builder import ORIGIN, Office, write
from tests.verify.zips import many, put, zipped
from tests.verify_page.asked import ask, refused
from tests.verify_page.made import Files, publications

pytestmark = pytest.mark.browser
EXAM, AT = "2026-kp", "2026-03-02T01:00:00Z"
SEED = 8  # an announcement and two lists
NAME = f"archive-{EXAM}"
KINDS = {"announcement": "exams.publish_announcement", "results": "results.publish_release"}


def contents(office: Office) -> Files:
    """An exam's announcement and lists, the keys, and the log that says they were published."""
    for number in range(5):
        office.act("accounts.log_in", f"account:{number}", {}, exam="")
    files = publications(Random(SEED), office)
    for folder in sorted({path.partition("/")[0] for path in files}):
        chain, _, rest = folder.partition("-")
        version = rest.removeprefix(f"{EXAM}-")
        office.act(KINDS[chain], f"release:{EXAM}:{chain}:{version}", {}, exam=EXAM)
    log = {f"log/{name}": data for name, data in office.log_files().items()}
    return {**files, **log, "keys.txt": office.keys, "index.html": b"<!doctype html>\n"}


def archive(office: Office, inside: Files, **changes: object) -> Files:
    """Index, note and digests over what is inside; `changes` are said in the note instead."""
    rows = [
        {"name": name, "bytes": len(data), "sha256": sha256_hex(data)}
        for name, data in sorted(inside.items())
    ]
    size = office.tree().size
    index = jcs(
        {
            "v": 1,
            "origin": ORIGIN,
            "exam": EXAM,
            "name": "招考",
            "state": "final",
            "log": size,
            "at": AT,
            "items": [],
            "files": rows,
        }
    )
    told = {
        "exam": EXAM,
        "state": "final",
        "size": size,
        "root": office.tree().root(),
        "index": sha256_hex(index),
        "files": len(rows),
        "at": AT,
        "bytes": sum(len(data) for data in inside.values()),
        **changes,
    }
    note = office.note(ArchiveNote(ORIGIN, **told).text, office.publisher, cosigned=False)  # type: ignore[arg-type]
    found = {**inside, "INDEX.json": index, "archive.note": note}
    sums = "".join(f"{sha256_hex(data)}  {name}\n" for name, data in sorted(found.items()))
    return {**found, "SHA256SUMS": sums.encode()}


def in_it(files: Files) -> Files:
    return {f"{NAME}/{name}": data for name, data in files.items()}


def without(files: Files, kind: str) -> Files:
    return {name: data for name, data in files.items() if not name.startswith(kind)}


def cases(office: Office) -> list[tuple[Files, list[str]]]:
    """Files of an archive, and the checks that refuse it."""
    inside = contents(office)
    good = archive(office, inside)
    damaged: dict[str, Callable[[], Files]] = {
        "V103": lambda: archive(office, inside, root=bytes(32)),
        "V103 ": lambda: {**good, "INDEX.json": good["INDEX.json"].replace(b"final", b"inter")},
        "V103  ": lambda: archive(office, inside, state="interim"),
        "V104": lambda: {**good, "more.txt": b"x"},
        "V104 ": lambda: {**good, "index.html": b"another page"},
        "V104  ": lambda: {**good, "SHA256SUMS": good["SHA256SUMS"][:-1]},
        "V104   ": lambda: archive(office, inside, bytes=1),
        "V3": lambda: without(good, "index.html"),
        "V105": lambda: archive(office, without(inside, f"results-{EXAM}-v1/")),
    }
    # a stranger in it is told twice: by the index, and as a file of no kind
    more = {"V104": ["V104", "V2"]}
    return [(good, []), *((make(), more.get(key, [key.strip()])) for key, make in damaged.items())]


def test_an_archive_is_checked_as_a_whole_and_in_all_its_parts(page: Page, tmp_path: Path) -> None:
    office = Office()
    made = cases(office)
    runs = ask(page, [in_it(files) for files, _ in made])
    for number, (files, checks) in enumerate(made):
        folder = write(tmp_path / str(number), in_it(files)) / NAME
        ours = [error.check.id for error in verify([folder]).refused]
        assert refused(runs[number]) == ours == checks, (number, runs[number]["objects"])
    whole = zipped(in_it(made[0][0]))
    flat = zipped(made[0][0])
    (alone, named, damaged) = ask(
        page,
        [{"any.zip": whole}, {f"{NAME}.zip": flat}, {"any.zip": whole[:-1]}],
    )
    names = [one["name"] for one in runs[0]["objects"]]
    assert names[0] == NAME
    assert {f"announcement-{EXAM}-v1", "keys.txt", "log"} <= set(names)
    for run in (alone, named):
        assert [one["name"] for one in run["objects"]] == names
        assert not refused(run)
    assert damaged["missing"]  # it cannot be opened, so there are no keys either


_MEMBERS = """([packed, patches]) => {
  const [found, whole] = [[], unbase64(packed)];
  for (const patch of [{}, ...patches]) {
    const bytes = whole.slice();
    Object.entries(patch).forEach(([at, byte]) => { bytes[at] = byte; });
    found.push(namesIn(bytes).length);
  }
  return found;
}"""


def test_an_archive_may_have_more_files_than_a_small_zip_counts(page: Page) -> None:
    count = 65_600
    data = many(count)
    assert len(zipfile.ZipFile(io.BytesIO(data)).namelist()) == count
    end = data.rfind(b"PK\6\6")
    wrong = {
        "one fewer": put(data, end + 24, "<QQ", count - 1, count - 1),
        "a list of another size": put(data, end + 40, "<Q", 1),
        "another place": put(data, end + 64, "<Q", end - 1),
        "another record": put(data, end, "<B", 0),
        "no locator": put(data, end + 56, "<B", 0),
    }
    assert len(unzip(data)) == count
    for one in wrong.values():
        with pytest.raises(ValueError, match="the list of its files"):
            unzip(one)
    patches = [
        {at: one[at] for at in range(end, len(data)) if one[at] != data[at]}
        for one in wrong.values()
    ]
    said = page.evaluate(_MEMBERS, [base64.b64encode(data).decode(), patches])
    assert said == [count, *[0] * len(wrong)]
