"""What the office publishes holds under the offline verifier, slips included."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exam_system.access import Role
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.verify.run import verify
from tests.results.play import INTERVIEWS, MARKS, carry_out, exam_with_marks
from tests.results.setting import CODE, hold_interviews, set_marks
from tests.world import World


def test_lists_corrections_and_slips_hold_offline(world: World) -> None:
    exam = exam_with_marks(world)
    carry_out(world, "written")
    set_marks(world, {**MARKS, 5: ("80", "80")})
    carry_out(world, "written", "5号考生登分错误")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    last = carry_out(world, "final")
    keys = last.parent / "keys.txt"
    for version in range(1, 5):
        outcome = verify((last.parent / f"results-{CODE}-v{version}",), keys)
        assert not outcome.refused, outcome.lines
    with world.acting(Role.OFFICER) as ctx:
        release = releases.by_version(ctx.session, exam.id, "results", 4)
        who = ctx.session.query(Application).filter_by(ref="ref00002").one().id
        slip = last.parent.parent / "slip.tlog-proof"
        slip.write_bytes(releases.slip(ctx.session, release, who))
    outcome = verify((slip,), keys)
    assert (outcome.files, outcome.refused) == (1, []), outcome.lines
    changed = last / "list.csv"
    changed.write_bytes(changed.read_bytes().replace(b"81.00", b"82.00"))
    assert verify((last,), keys).refused
    require_signed(last / "notice.pdf", last.parent.parent)


def told(*command: str | Path) -> str:
    """What a program says that is not ours; the test fails when it refuses."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def require_signed(notice: Path, folder: Path) -> None:
    """poppler and OpenSSL accept the notice's signature, which is ECDSA on P-256."""
    said = told("pdfsig", "-nocert", notice)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    data = notice.read_bytes()
    first, length, second, rest = map(
        int, re.findall(rb"/ByteRange *\[([0-9 ]+)\]", data)[0].split()
    )
    (folder / "content").write_bytes(data[first : first + length] + data[second : second + rest])
    hexed = data[length:second].strip(b"<> ")
    (folder / "signature.der").write_bytes(bytes.fromhex(hexed.decode()))
    cms = ("openssl", "cms", "-inform", "DER", "-in", folder / "signature.der")
    checked = ("-verify", "-binary", "-noverify", "-content", folder / "content")
    assert "successful" in told(*cms, *checked, "-out", folder / "out")
    parts = told(*cms, "-cmsout", "-print")
    assert "ecdsa-with-SHA256" in parts
    assert "prime256v1" in parts or "P-256" in parts
    (folder / "content").write_bytes((folder / "content").read_bytes() + b"\n")
    done = subprocess.run([*cms, *checked], capture_output=True, check=False)
    assert done.returncode != 0
