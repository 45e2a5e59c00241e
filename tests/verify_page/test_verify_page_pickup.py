"""A pick-up code opens the own slip on the page too, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Page, expect

from exam_system.results.lookup import make_tree
from exam_system.trust.pickup import derive, new_code, shard_name, shown
from exam_system.verify.run import Door, verify
from tests.verify.builder import ORIGIN, Office, write
from tests.verify.publications import ReleaseMaker
from tests.verify_page.asked import choose_folder, refused
from tests.verify_page.made import Files

pytestmark = pytest.mark.browser
NAME = "lookup-2026-kp-v1"
_OPEN = """async (text) => {
  const [files, code] = JSON.parse(text);
  const unpack = ([path, data]) => ({ path, bytes: Uint8Array.from(data) });
  return JSON.stringify(await verifyFiles(files.map(unpack), null, () => {}, code));
}"""


def look_up(office: Office) -> tuple[Files, list[str]]:
    """The look-up of the written scores of five people, and their codes."""
    maker = ReleaseMaker(office, "written")
    codes = [new_code(Random(number).randbytes) for number in range(len(maker.lines()))]
    page = {"root.note": maker.files()["root.note"], "keys.txt": office.keys}
    rows = list(zip(codes, maker.lines(), strict=True))
    made = make_tree(ORIGIN, maker.exam, "written", 1, rows, page)
    shards = {shard_name(n): data for n, data in enumerate(made.shards)}
    note = office.note(made.note.text, office.publisher, cosigned=False)
    files = {**shards, **page, "lookup.note": note}
    return {f"{NAME}/{name}": data for name, data in files.items()}, codes


def test_a_code_opens_the_own_slip_and_no_other(page: Page, tmp_path: Path) -> None:
    files, codes = look_up(Office())
    stranger = new_code(Random("elsewhere").randbytes)
    wrong = codes[0][:-1] + ("0" if codes[0][-1] != "0" else "1")
    torn = {name: data[:-1] + b"\x01" if ".bin" in name else data for name, data in files.items()}
    cases = [
        (files, shown(codes[0]).lower().replace("0", "o"), []),
        (files, stranger, ["V97"]),
        (files, wrong, ["V97"]),
        (files, codes[0][:-2], ["V97"]),
        (torn, _last(files, codes), ["V96", "V97"]),
    ]
    for number, (given, code, checks) in enumerate(cases):
        folder = write(tmp_path / str(number), given) / NAME
        ours = verify([folder], door=Door(code=code)).refused
        packed = [[path, list(data)] for path, data in given.items()]
        run = json.loads(page.evaluate(_OPEN, json.dumps([packed, code])))
        assert refused(run) == [error.check.id for error in ours] == checks, (number, run)
        if not number:
            record = next(one["record"] for one in run["objects"] if one["record"])
            assert record["admission"].startswith("0101001")
    page.locator("summary", has_text="用查询码打开自己的成绩单").click()
    page.fill("#code", codes[1])
    expect(choose_folder(page, tmp_path / "0")).to_contain_text("全部无误")
    expect(page.locator("#objects .record")).to_have_count(1)


def _last(files: Files, codes: list[str]) -> str:
    """Whose entry is the last of the one shard."""
    (shard,) = (data for name, data in files.items() if name.endswith(".bin"))
    length = len(shard) // len(codes)
    find = shard[-length:][:16]
    return next(code for code in codes if derive(code, "2026-kp", 1)[0] == find)
