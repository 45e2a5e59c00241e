"""How a candidate's rank came about, as a tree from the rank down to the raw marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from exam_system.exams.interview_rules import SheetElement
from exam_system.exams.rules import RuleSet
from exam_system.interviews.sheets import scheme_of
from exam_system.results.rows import Row
from scoring.elements import interview_score
from scoring.interview import trimmed_mean
from scoring.rounding import to_decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One number, how it was made, and the numbers it was made of; `struck`: does not count."""

    label: str
    value: str
    how: str = ""
    parts: tuple[Step, ...] = ()
    struck: bool = False


def explain(rules: RuleSet, row: Row, ranked: int) -> Step:
    """The tree of one row of a published list; `ranked` candidates of the post have a rank."""
    written = _written(rules, row)
    final = row["total"] != ""
    if row["rank"] is None:
        return _total(rules, row, written) if final else written
    how = _("highest total first") if final else _("highest written score first")
    if final and rules.tie_order:
        how = _("highest total first, equal ones by: %(order)s", order=_order(rules))
    value = _("%(rank)s of %(ranked)s", rank=row["rank"], ranked=ranked)
    top = _total(rules, row, written) if final else written
    return Step(_("Rank in the post"), value, how, (top,))


def _order(rules: RuleSet) -> str:
    names = {"written": _("Written score"), "interview": _("Interview score")}
    names |= {subject.code: subject.name for subject in rules.subjects}
    return " → ".join(names[key] for key in rules.tie_order)


def _written(rules: RuleSet, row: Row) -> Step:
    parts = tuple(
        Step(
            subject.name,
            _mark(row["subjects"][subject.code]),
            _("of %(full)s, counts × %(weight)s", full=subject.full_marks, weight=subject.weight),
        )
        for subject in rules.subjects
    )
    how = _("sum of the marks times their weights, %(rounding)s", rounding=_rounding(rules))
    none = _("void") if row["outcome"] == "void" else _("absent")
    return Step(_("Written score"), row["written"] or none, how, parts)


def _mark(mark: str) -> str:
    words = {"absent": _("absent"), "void": _("void"), "zero": _("zero by a violation")}
    return str(words.get(mark, mark))


def _total(rules: RuleSet, row: Row, written: Step) -> Step:
    how = _(
        "written score × %(written)s + interview score × %(interview)s, %(rounding)s",
        written=rules.written_weight,
        interview=rules.interview_weight,
        rounding=_rounding(rules),
    )
    return Step(_("Total score"), row["total"], how, (written, _interview(rules, row)))


def _interview(rules: RuleSet, row: Row) -> Step:
    if "interview_from" in row:
        return _corrected(rules, row)
    plain = _plain(rules, row, row["interview"])
    return Step(_("Interview score"), plain.value, plain.how, plain.parts)


def _plain(rules: RuleSet, row: Row, result: str) -> Step:
    """One score of every interviewer, those that were dropped struck out."""
    scores = [to_decimal(score) for score in row["interview_scores"]]
    trimmed = trimmed_mean(scores, rules.drop_high, rules.drop_low, rules.decimals, rules.rounding)
    parts = tuple(
        Step(_("Interviewer %(place)s", place=at + 1), score, struck=at in trimmed.dropped)
        for at, score in enumerate(row["interview_scores"])
    )
    return Step("", result, _trimming(rules, by_element=False), parts)


def _corrected(rules: RuleSet, row: Row) -> Step:
    """A score made of elements, or corrected by panels: every mark, and what the room showed."""
    said = row["interview_from"]
    elements = tuple(one for one in rules.interview_elements if one.post_class == said["class"])
    raw = _by_element(rules, elements, row) if elements else _plain(rules, row, said["raw"])
    room = Step(_("Score in the room"), raw.value, f"{_panel(said)}: {raw.how}", raw.parts)
    if rules.panel_correction == "none":
        return Step(_("Interview score"), row["interview"], "", (room,))
    how = _(
        "corrected for the differences between panels as announced; means and coefficients stand "
        "on the page of these differences"
    )
    return Step(_("Interview score"), row["interview"], how, (room,))


def _panel(said: Row) -> str:
    return str(_("Panel %(panel)s", panel=said["panel"]))


def _by_element(rules: RuleSet, elements: Sequence[SheetElement], row: Row) -> Step:
    """Every interviewer's sheet: the marks of the elements, those that were dropped struck out."""
    sheets = row["interview_from"]["sheets"]
    marks = [
        {one.code: to_decimal(mark) for one, mark in zip(elements, sheet, strict=True)}
        for sheet in sheets
    ]
    found = interview_score(scheme_of(rules, elements), marks)
    single = len(found.parts) == 1 and not found.parts[0].code
    parts = tuple(
        Step(
            _("Interviewer %(place)s", place=at + 1),
            row["interview_scores"][at],
            parts=tuple(
                Step(one.name, sheet[n], struck=not single and at in found.parts[n].dropped)
                for n, one in enumerate(elements)
            ),
            struck=single and at in found.parts[0].dropped,
        )
        for at, sheet in enumerate(sheets)
    )
    return Step("", row["interview_from"]["raw"], _trimming(rules, by_element=not single), parts)


def _trimming(rules: RuleSet, *, by_element: bool) -> str:
    numbers = {"high": rules.drop_high, "low": rules.drop_low, "rounding": _rounding(rules)}
    if by_element:
        said = _(
            "of every element the mean without the %(high)s highest and %(low)s lowest, added up, "
            "%(rounding)s",
            **numbers,
        )
    else:
        said = _("mean without the %(high)s highest and %(low)s lowest, %(rounding)s", **numbers)
    return str(said)


def _rounding(rules: RuleSet) -> str:
    if rules.rounding == "truncate":
        return str(_("cut off after %(decimals)s decimals", decimals=rules.decimals))
    return str(_("rounded to %(decimals)s decimals", decimals=rules.decimals))
