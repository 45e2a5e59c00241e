"""Those who walk the road of one exam, and what they do at more than one place."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from exam_system.access import Role
from exam_system.demo import people
from exam_system.demo.people import Made
from exam_system.demo.road import Road
from exam_system.demo.sources import Plan
from exam_system.exams.lookup import exam_by_code
from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.registration.models import Application
from tests.browser.stage import Stage
from tests.browser.visitor import Visitor


@dataclass
class Walk:
    """One exam on its way through the pages.

    `others` brings the other candidates along through the verbs; `me` is the one on the phone.
    """

    stage: Stage
    others: Road
    officer: Visitor
    inspector: Visitor
    candidate: Visitor
    public: Visitor
    desk: Path  # the inspector's own machine
    me: Made = field(init=False)
    ref: str = ""

    def __post_init__(self) -> None:
        self.me = next(people.candidates("phone", 1, year=self.plan.opens.year, first=5_000))

    @property
    def plan(self) -> Plan:
        """The exam's plan."""
        return self.others.plan

    @property
    def code(self) -> str:
        """The exam's code."""
        return self.plan.code

    def numbers(self) -> dict[str, str]:
        """Admission numbers of all candidates by reference."""
        with self.stage.cast.acting(Role.OFFICER) as ctx:
            exam = exam_by_code(ctx.session, self.code)
            rows = ctx.session.scalars(select(Application).where(Application.exam_id == exam.id))
            return {row.ref: row.number for row in rows if row.number}

    def approve(self) -> None:
        """The officer's page asks for approval; the inspector reads what for and gives it."""
        self.officer.press("Ask for approval")
        self.inspector.visit("/approvals")
        self.inspector.shoot("approval")
        self.inspector.fill({"code": self.stage.cast.code()})
        self.inspector.press("Approve exactly this")
        nothing = "Nothing waits for your approval. What somebody of another office asks for "
        assert self.inspector.say(nothing + "appears here.") in self.inspector.text()

    def cosign(self) -> None:
        """The inspector takes everything that waits home, signs it there and brings it back."""
        inspector = self.inspector
        inspector.visit("/oversight")
        bundle = inspector.fetch("Fetch everything that waits as one zip", self.desk)
        signed = self.desk / f"signed-{len(list(self.desk.iterdir()))}"
        signed.mkdir()
        folder = str(self.stage.folder / "demo-inspector")
        told = run_exam("inspector", "cosign", folder, str(bundle), "-o", str(signed))
        assert "NOT SIGNED" not in told
        assert "signed " in told
        inspector.page.locator("#files").set_input_files(sorted(signed.iterdir()))
        inspector.press("Hand in the signatures")
        assert inspector.say("Nothing waits for your signature.") in inspector.text()


def run_exam(*words: str) -> str:
    """Run the command `exam` as anybody would; it must succeed. Returns what it says."""
    environment = {**os.environ, "EXAM_INSPECTOR_PASSPHRASE": DEMONSTRATION_PASSWORD}
    done = subprocess.run(
        [sys.executable, "-m", "exam_system.cli", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"exam {' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout
