"""The manifest of a draw's next attempt: lists, rules, sources of chance; nothing is written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from exam_system.context import Context
from exam_system.draws import confidential
from exam_system.draws.computing import DICE, DRY_SEED, result_of
from exam_system.draws.models import Attempt, Draw
from exam_system.draws.outside import SecondStart, choice_of, round_of
from exam_system.draws.paper import certificate_of
from exam_system.draws.parties import sources_of
from exam_system.draws.recipes import Recipe, recipe_of
from exam_system.errors import Conflict, Invalid
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.records.keys import require_serving, signing_keys


def next_manifest(ctx: Context, exam: Exam, kind: str) -> dict[str, Any]:
    """The manifest that freezing this kind of draw would fix now; nothing is written."""
    number = next_number(ctx, exam, kind)
    return build_manifest(ctx, exam, recipe_of(kind), f"{exam.code}-{kind}", number)


def next_number(ctx: Context, exam: Exam, kind: str) -> int:
    """Which attempt would be the next; raises SecondStart when none may begin."""
    newest = (
        select(Attempt)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Draw.exam_id == exam.id, Draw.kind == kind)
        .order_by(Attempt.number.desc())
    )
    last = ctx.session.scalar(newest.limit(1))
    if last is None:
        return 1
    if last.state != "void":
        raise SecondStart("This draw has begun: it can be carried on, not begun again")
    if not last.redraw_approved:
        raise SecondStart("Another attempt needs the inspector's approval with a reason")
    return last.number + 1


def build_manifest(
    ctx: Context, exam: Exam, recipe: Recipe, draw: str, number: int
) -> dict[str, Any]:
    """The document that will be frozen; raises what the recipe finds missing."""
    groups, rules = recipe.build(ctx, exam)
    if not any(group["labels"] for group in groups):
        raise Invalid("There is nobody to draw")
    choice = choice_of(ctx.session, exam, recipe.kind)
    return {
        **round_of(ctx, choice),
        "v": 1,
        "draw": draw,
        "attempt": number,
        "exam": exam.code,
        "kind": recipe.kind,
        "algorithm": recipe.algorithm_of(exam),
        "purpose": recipe.purpose,
        "groups": groups,
        "rules": rules | confidential.rule_of(ctx, exam, recipe),
        "sources": sources_of(choice.contributors.split(), with_drand=choice.drand_at is not None),
        "dice": DICE,
        "keys": named_keys(ctx),
        "cosigners": rules_of(exam).cosigners,
        "abort": "before the dice: new attempt with reason and inspector's approval; "
        "after: only finish",
        "substitutes": "next ticket that keeps the rules",
    }


def named_keys(ctx: Context) -> dict[str, str]:
    """The keys of officer and inspectors that count for what begins now; Conflict without any."""
    signing_keys(ctx.session, "officer")
    require_serving(ctx.session, [ctx.keys.officer])
    inspectors = signing_keys(ctx.session, "inspector")
    if not inspectors:
        raise Conflict("No inspector's key is registered: no draw can begin")
    keys = {"officer": ctx.keys.officer.verifier.vkey, "inspector": inspectors[0].vkey}
    return keys | {f"inspector-{n}": key.vkey for n, key in enumerate(inspectors[1:], 2)}


def rehearse(ctx: Context, exam: Exam, manifest: dict[str, Any], *, paper: bool = False) -> None:
    """Run the draw on a seed that is not used; raises Invalid when it could not be finished."""
    result = result_of(manifest, DRY_SEED)
    if paper:
        certificate_of(ctx, exam, manifest, result, DRY_SEED)
