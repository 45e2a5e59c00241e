"""What keeps candidates apart in the draw of seats: post, school and employer."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.exams.models import District, Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.registration.models import Application

# What people write who have no employer or school: never a group.
_NOBODY = frozenset(
    {"", "无", "没有", "暂无", "无业", "待业", "待业中", "失业", "未就业", "无工作", "无工作单位"}
    | {"无单位", "应届", "应届毕业生", "应届生", "学生", "在校", "在校生", "自由职业", "个体"}
    | {"none", "no", "na", "null", "nil", "unemployed", "student", "selfemployed", "other", "其他"}
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the draw: `kin` has the group by kind (post, school, employer), None for none."""

    label: str
    need: int
    kin: Mapping[str, str | None]


def candidates(
    session: Session, exam: Exam, *, states: Sequence[str] = ("paid",)
) -> dict[int, dict[str, Candidate]]:
    """Everybody in one of these states by district and label."""
    query = (
        select(
            District.code,
            Application.label,
            Application.need,
            Post.code,
            Application.school,
            Application.employer,
        )
        .join(District, District.id == Application.district_id)
        .join(Post, Post.id == Application.post_id)
        .where(Application.exam_id == exam.id, Application.state.in_(states))
    )
    found: dict[int, dict[str, Candidate]] = {}
    for district, label, need, post, school, employer in session.execute(query):
        kin = {"post": post, "school": group_of(school), "employer": group_of(employer)}
        found.setdefault(district, {})[label] = Candidate(label, int(bool(need)), kin)
    return found


def group_of(text: str) -> str | None:
    """The group that a typed name stands for: small letters and digits only; None for none."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    name = "".join(character for character in folded if character.isalnum())
    return None if name in _NOBODY else name


def caps_of(rules: RuleSet) -> dict[str, int]:
    """The kinds that the rules keep apart, each with the most of one group in a room."""
    caps = {"post": rules.post_cap, "school": rules.school_cap, "employer": rules.employer_cap}
    return {kind: cap for kind, cap in caps.items() if cap}


def columns(people: Sequence[Candidate], kinds: Sequence[str]) -> dict[str, list[str | None]]:
    """The `apart` of a manifest. Posts have their codes; schools and employers are numbered, as
    the list becomes public: 1 is the first by the bytes of its name."""
    return {kind: _column(kind, [one.kin[kind] for one in people]) for kind in kinds}


def _column(kind: str, names: Sequence[str | None]) -> list[str | None]:
    if kind == "post":
        return list(names)
    known = sorted({name for name in names if name is not None}, key=str.encode)
    number = {name: str(place) for place, name in enumerate(known, 1)}
    return [None if name is None else number[name] for name in names]
