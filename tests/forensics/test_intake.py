"""Items and answers come in whole or not at all, with every problem at its place."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, Invalid
from exam_system.forensics.answers import import_answers, preview_answers
from exam_system.forensics.columns import blocks_of, matrix_of
from exam_system.forensics.lookup import paper_of
from exam_system.forensics.models import AnswerBlock
from exam_system.forensics.paper import DOUBLE, LETTERS, NOT_REACHED, Form, Paper, strip
from exam_system.forensics.paper_table import preview_paper, read_paper, set_paper
from exam_system.forensics.parameters import Parameters
from exam_system.forensics.screening import freeze_screening
from exam_system.marking.models import ScriptCode
from exam_system.registration.models import Application
from exam_system.sheets import SheetError, write_csv
from tests.forensics.stage import (
    BASIS,
    HEAD,
    ITEMS,
    SUBJECT,
    Stage,
    answer_table,
    freeze,
    paper_table,
    printed,
    set_stage,
    sign_in,
    take_in,
)
from tests.results.setting import CODE, number_of
from tests.world import World


@pytest.fixture
def database() -> str:
    """Tables and arrays; nothing here depends on the database."""
    return "sqlite"


def refused(world: World, rows: list[tuple[str, ...]], head: tuple[str, ...] = HEAD) -> list[str]:
    data = write_csv(head, rows)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(SheetError) as caught:
        import_answers(ctx, code=CODE, subject=SUBJECT, name="scan.csv", data=data)
    return caught.value.lines()


def test_forms_are_mapped_to_the_master() -> None:
    form = Form(items=(2, 0, 1), options=((1, 0, 2), (2, 1, 0), (0, 2, 1)))
    paper = Paper(counts=(3, 3, 3), keys=(0, 1, 2), forms={2: form})
    sheets = np.array([[0, -1, 2], [1, -3, -2]], dtype=np.int8)
    # Place 1 prints item 3, whose first option is the master's second one; and so on.
    assert paper.mapped(2, sheets).tolist() == [[-1, 1, 1], [-3, -2, 0]]
    assert paper.mapped(1, sheets) is sheets
    assert Paper.parse(paper.document) == paper


def test_everybodys_answers_are_the_ones_that_were_given(world: World) -> None:
    stage = set_stage(world)
    take_in(world, stage)
    with world.acting(Role.OFFICER) as ctx:
        paper = paper_of(ctx.session, stage.exam, SUBJECT)
        assert paper is not None
        assert {form: block.people for form, block in blocks_of(ctx, paper).items()} == {
            1: 60,
            2: 60,
        }
        matrix = matrix_of(ctx, paper)
    assert np.array_equal(np.maximum(matrix.answers, -1), stage.answers)
    # Candidate 5 has form B; it is place by place that the sheet ends, not item by item.
    reached = np.array([strip(row) for row in matrix.answers])
    assert [row.count("*") for row in reached] == [0] * len(reached)
    last = stage.answers[np.arange(1, 120, 2)][:, stage.places][:, -1] < 0
    assert last.sum() == sum("/" in row for row in reached[1::2])


def test_the_blocks_are_sealed(world: World) -> None:
    stage = set_stage(world)
    take_in(world, stage)
    with world.acting(Role.OFFICER) as ctx:
        first, second = ctx.session.scalars(select(AnswerBlock).order_by(AnswerBlock.form)).all()
        ids = ctx.session.scalars(select(Application.id).order_by(Application.id)).all()
        plain = np.array(ids[::2], dtype="<i8").tobytes()
        assert plain not in first.sealed
        first.sealed, second.sealed = second.sealed, first.sealed
        paper = paper_of(ctx.session, stage.exam, SUBJECT)
        assert paper is not None
        with pytest.raises(RuntimeError, match="does not open"):
            matrix_of(ctx, paper)
        ctx.session.rollback()


def test_a_second_table_replaces_the_sheets_of_its_people(world: World) -> None:
    stage = set_stage(world)
    take_in(world, stage)
    changed = stage.answers.copy()
    changed[0] = 0
    other = Stage(stage.exam, stage.key, changed, stage.orders, stage.places)
    with world.acting(Role.OFFICER) as ctx:
        data = answer_table(other, [0, 1])
        preview = preview_answers(ctx, CODE, SUBJECT, "scan.csv", data)
        assert preview.counts == {"added": 0, "changed": 1, "removed": 0, "unchanged": 119}
        count = import_answers(ctx, code=CODE, subject=SUBJECT, name="scan.csv", data=data)
        assert count == 2
        paper = paper_of(ctx.session, stage.exam, SUBJECT)
        assert paper is not None
        assert np.array_equal(np.maximum(matrix_of(ctx, paper).answers, -1), changed)


def test_every_bad_cell_is_named(world: World) -> None:
    stage = set_stage(world)
    take_in(world, stage)
    sign_in(world, stage, absent=[3])
    good = printed(stage, 0)
    lines = refused(
        world,
        [
            ("999999999", "A", good),
            (number_of(0), "B", printed(stage, 1)),
            (number_of(2), "A", good[:-1]),
            (number_of(3), "B", printed(stage, 3)),
            (number_of(4), "A", f"E{good[1:]}"),
            (number_of(6), "C", good),
            (number_of(8), "Z", good),
        ],
    )
    wanted = [
        ("row 2", "准考证号", "No seat or script has the number 999999999"),
        ("row 3", "卷型", "The seat has form A"),
        ("row 4", "答案", "There are 59 answers, the paper has 60 items"),
        ("row 5", "准考证号", "absent according to the sign-in"),
        ("row 6", "答案", "Item 1: an answer is one of ABCD"),
        ("row 7", "卷型", "does not have this form"),
    ]
    assert "row 8" in lines[0]  # what is no form at all is found while the table is read
    lines = refused(
        world,
        [
            ("999999999", "A", good),
            (number_of(0), "B", printed(stage, 1)),
            (number_of(2), "A", good[:-1]),
            (number_of(3), "B", printed(stage, 3)),
            (number_of(4), "A", f"E{good[1:]}"),
            (number_of(6), "C", good),
        ],
    )
    assert len(lines) == len(wanted)
    for line, parts in zip(lines, wanted, strict=True):
        assert all(part in line for part in parts), line


def test_a_column_for_each_item_and_script_codes_will_do(world: World) -> None:
    stage = set_stage(world)
    take_in(world, stage)
    with world.context(world.people[Role.OFFICER]).session as db:
        one = db.scalars(select(Application).where(Application.number == number_of(0))).one()
        attempt = 1
        db.add(
            ScriptCode(application_id=one.id, subject=SUBJECT, code="100001", attempt_id=attempt)
        )
        db.commit()
    head = ("密号", *(str(item) for item in range(1, ITEMS + 1)))
    cells = ["A", "", "AB", "*", "Ｂ", *["d"] * 50, *[""] * 5]
    with world.acting(Role.OFFICER) as ctx:
        data = write_csv(head, [("100001", *cells)])
        import_answers(ctx, code=CODE, subject=SUBJECT, name="scan.csv", data=data)
        paper = paper_of(ctx.session, stage.exam, SUBJECT)
        assert paper is not None
        sheet = matrix_of(ctx, paper).answers[0]
    assert sheet.tolist() == [0, -1, DOUBLE, DOUBLE, 1, *[3] * 50, *[NOT_REACHED] * 5]
    lines = refused(world, [("100001", *["A"] * (ITEMS - 1))], head[:-1])
    assert "60" in lines[0]
    assert "missing" in lines[0]
    twice = [("100001", *["A"] * ITEMS), (number_of(0), *["A"] * ITEMS)]
    assert "row 2 already" in refused(world, twice, head)[0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("3", "4", "A", "1", "ABCD"), "without gaps"),
        (("2", "4", "E", "1", "ABCD"), "The key is one of the options ABCD"),
        (("2", "3", "A", "1", "ABCD"), "options ABC stands here once"),
        (("2", "4", "A", "3", "ABCD"), "without gaps"),
        (("2", "4", "A", "1", "ABCC"), "stands here once"),
        (("2", "4", "A", "2", "ABCD"), "already"),
        (("2", "1", "A", "1", "A"), "from 2 to 9"),
        (("2", "4", "ä", "1", "ABCD"), "letters A to I"),
    ],
)
def test_bad_items_are_refused(row: tuple[str, ...], said: str) -> None:
    head = ("题号", "选项数", "答案", "B卷题号", "B卷选项")
    with pytest.raises(SheetError) as caught:
        read_paper("items.csv", write_csv(head, [("1", "4", "B", "2", "DCBA"), row]))
    assert said in "\n".join(caught.value.lines())


def test_items_are_shown_before_they_change(world: World) -> None:
    stage = set_stage(world)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="not in yet"):
            import_answers(ctx, code=CODE, subject=SUBJECT, name="a.csv", data=answer_table(stage))
        set_paper(ctx, code=CODE, subject=SUBJECT, name="items.csv", data=paper_table(stage))
        key = stage.key.copy()
        key[4] = (key[4] + 1) % 4
        other = Stage(stage.exam, key, stage.answers, stage.orders, stage.places)
        preview = preview_paper(ctx, CODE, SUBJECT, "items.csv", paper_table(other))
        (line,) = preview.lines
        assert (line.kind, line.key, line.before[2], line.after[2]) == (
            "changed",
            "5",
            LETTERS[stage.key[4]],
            LETTERS[key[4]],
        )
        with pytest.raises(Invalid, match="no subject"):
            preview_paper(ctx, CODE, "zz", "items.csv", paper_table(other))


def test_answers_must_fit_the_sign_in_before_anything_is_frozen(world: World) -> None:
    stage = set_stage(world)
    sign_in(world, stage, absent=[7])
    given = {"code": CODE, "subject": SUBJECT}
    with world.acting(Role.OFFICER) as ctx:
        set_paper(ctx, **given, name="items.csv", data=paper_table(stage))
        most = [place for place in range(120) if place not in (7, 9)]
        import_answers(ctx, **given, name="scan.csv", data=answer_table(stage, most))
        with pytest.raises(Conflict, match=f"1 candidate signed in .*{number_of(9)}"):
            freeze_screening(ctx, **given, parameters=Parameters(basis=BASIS))
        import_answers(ctx, **given, name="scan.csv", data=answer_table(stage, [9]))
    freeze(world)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="frozen and not done"):
            import_answers(ctx, **given, name="scan.csv", data=answer_table(stage, [9]))
        with pytest.raises(Conflict, match="frozen and not done"):
            set_paper(ctx, **given, name="items.csv", data=paper_table(stage))
