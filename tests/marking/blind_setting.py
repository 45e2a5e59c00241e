"""An exam marked question by question: candidates, drawn codes, markers, an inspector's machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.clock import rfc3339
from exam_system.context import Actor
from exam_system.database import reading
from exam_system.draws.models import Attempt, Draw
from exam_system.exams.marking_rules import typed_questions
from exam_system.exams.models import Exam
from exam_system.inspector import InspectorFolder
from exam_system.inspector.numbers import open_numbers
from exam_system.marking.answer_keys import set_key
from exam_system.marking.blind import markers_of, seal_of
from exam_system.marking.blind_models import Script, ScriptMark
from exam_system.marking.closing import close_marking
from exam_system.marking.markers import import_markers, issue_marker_accounts
from exam_system.marking.marks import Given, save_marks
from exam_system.marking.models import ScriptCode
from exam_system.marking.optical import import_optical
from exam_system.marking.sealing import count_scripts, seal_numbers
from exam_system.registration.models import Application
from exam_system.sheets import write_csv
from exam_system.trust import masks
from tests.results.setting import CODE, add_announcement, add_candidates, add_exam, number_of
from tests.tips.setting import SECRET, inspector_folder
from tests.world import World, sign_pledges_in

PEOPLE = 6
QUESTIONS = typed_questions(
    """xc | xc1 | 客观题 | objective | 100 | 0 | 0
    sl | q1 | 第一题 | subjective | 60 | 2 | 5
    sl | q2 | 第二题 | subjective | 40 | 1 | 0"""
)
KEY = "1 A 25\n2 B/C 25\n3 AC 25\n4 D 25"
ANSWERS = ("A,B,AC,D", "A,C,AC,D", "A,D,AC,D", "B,B,AC,-", "A,B,A,D", "-,-,-,D")
OPTICAL = (100, 100, 75, 50, 75, 25)


@dataclass(frozen=True)
class Marked:
    """The exam on stage, and the inspector's folder that can open its numbers."""

    world: World
    exam: Exam
    folder: Path

    def grader(self, label: str) -> Actor:
        """The account of a marker."""
        with reading(self.world.engine) as db:
            ids = {one.label: one.account_id for one in markers_of(db, self.exam)}
            return actor_for(db.get_one(Account, ids[label]))

    def turns(self) -> list[tuple[str, str, int, str]]:
        """Number, question, turn and marker's label of every open turn without a mark."""
        with reading(self.world.engine) as db:
            labels = {one.id: one.label for one in markers_of(db, self.exam)}
            query = (
                select(Script.number, ScriptMark)
                .join(Script, Script.id == ScriptMark.script_id)
                .where(ScriptMark.opened_at.is_not(None), ScriptMark.mark.is_(None))
                .where(Script.arrived_at.is_not(None))
                .order_by(Script.number, ScriptMark.question, ScriptMark.turn)
            )
            return [
                (number, row.question, row.turn, labels[row.marker_id])
                for number, row in db.execute(query)
            ]

    def give(self, label: str, *given: tuple[str, str, str]) -> int:
        """Save marks (number, question, mark) as one marker."""
        with self.world.acting(self.grader(label)) as ctx:
            return save_marks(ctx, code=CODE, marks=[Given(*one) for one in given])

    def give_all(self, mark: dict[tuple[str, int], str]) -> None:
        """Every open turn gets the mark of its question and turn, each marker in one batch."""
        todo: dict[str, list[tuple[str, str, str]]] = {}
        for number, question, turn, label in self.turns():
            todo.setdefault(label, []).append((number, question, mark[question, turn]))
        for label, given in todo.items():
            self.give(label, *given)

    def secret(self) -> str:
        """The key, opened on the inspector's own machine."""
        with reading(self.world.engine) as db:
            seal = seal_of(db, self.exam)
            assert seal is not None
            return open_numbers(self.folder, SECRET, seal.box)[1]

    def number_of(self, place: int, subject: str = "sl") -> str:
        """The script number of a candidate, as only the inspector can know it."""
        with reading(self.world.engine) as db:
            query = select(ScriptCode.code, Application.number, ScriptCode.subject).join(
                Application, Application.id == ScriptCode.application_id
            )
            drawn = {(str(row[1]), row[2]): row[0] for row in db.execute(query)}
        return masks.numbers(self.secret(), drawn.values())[drawn[number_of(place), subject]]

    def close(self) -> int:
        """The inspector hands the key in after the hour."""
        self.world.clock.advance(days=3)
        secret = self.secret()
        with self.world.acting(Role.INSPECTOR) as ctx:
            return close_marking(ctx, code=CODE, secret=secret)


def markers_table(count: int = 4, area: str = "520100") -> bytes:
    rows = [(f"Z{n}", f"评卷{'甲乙丙丁戊己'[n]}", "外地大学", area) for n in range(count)]
    return write_csv(("证号", "姓名", "工作单位", "行政区划代码"), rows)


def draw_codes(world: World, exam: Exam) -> None:
    """The drawn codes as rows: place n of slot 1 and 2, against the order of the candidates."""
    now = world.clock.now()
    with world.context(world.people[Role.OFFICER]).session as db:
        draw = Draw(code=f"{CODE}-codes", exam_id=exam.id, kind="codes")
        db.add(draw)
        db.flush()
        attempt = Attempt(
            draw_id=draw.id,
            number=1,
            state="published",
            manifest="{}",
            manifest_digest="0" * 64,
            seed="1" * 64,
            result="{}",
            frozen_at=now,
            published_at=now - timedelta(days=2),
        )
        db.add(attempt)
        db.flush()
        people = list(db.scalars(select(Application.id).order_by(Application.number)))
        for slot, subject in enumerate(("xc", "sl"), 1):
            for place, who in enumerate(reversed(people), 1):
                code = f"{slot}{place:05d}"
                row = {"application_id": who, "subject": subject, "code": code}
                db.add(ScriptCode(**row, attempt_id=attempt.id))
        db.commit()


def begin(
    world: World,
    folder: Path,
    *,
    people: int = PEOPLE,
    announced: bool = True,
    markers: int = 4,
    **rules: Any,
) -> Marked:
    """Markers are named and have accounts, the codes are drawn; nothing is sealed yet."""
    closes = rfc3339(world.clock.now() + timedelta(days=2))
    asked: dict[str, Any] = {"marking_questions": QUESTIONS, "marking_closes": closes, **rules}
    exam = add_exam(world, **asked)
    if announced:
        add_announcement(world, exam)
    add_candidates(world, exam, people)
    draw_codes(world, exam)
    made: InspectorFolder = inspector_folder(world, folder / "machine", "second.example/inspector")
    with world.acting(Role.OFFICER) as ctx:
        import_markers(ctx, code=CODE, name="markers.csv", data=markers_table(markers))
        issue_marker_accounts(ctx, code=CODE)
        sign_pledges_in(ctx)
    return Marked(world, exam, made.folder)


def seal(stage: Marked, *, came: bool = True) -> Marked:
    """The numbers are sealed; all scripts of the essay come."""
    with stage.world.acting(Role.OFFICER) as ctx:
        seal_numbers(ctx, code=CODE)
    if came:
        with stage.world.acting(Role.OFFICER) as ctx:
            numbers = ctx.session.scalars(select(Script.number).where(Script.subject == "sl")).all()
            data = write_csv(("密号",), [(one,) for one in numbers])
            count_scripts(ctx, code=CODE, name="scripts.csv", data=data)
    return stage


def read_sheets(stage: Marked, people: int = PEOPLE) -> None:
    """The machine's sheets come in, and the key is put in force."""
    rows = [(number_of(n), ANSWERS[n % len(ANSWERS)]) for n in range(people)]
    with stage.world.acting(Role.MARKER) as ctx:
        data = write_csv(("准考证号", "答案"), rows)
        import_optical(ctx, code=CODE, question="xc1", name="omr.csv", data=data)
    with stage.world.acting(Role.OFFICER) as ctx:
        set_key(ctx, code=CODE, question="xc1", text=KEY)
