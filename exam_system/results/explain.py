"""How a candidate's rank came about, as a tree from the rank down to the raw marks."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from exam_system.exams.rules import RuleSet
from exam_system.results.rows import Row
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
    scores = [to_decimal(score) for score in row["interview_scores"]]
    trimmed = trimmed_mean(scores, rules.drop_high, rules.drop_low, rules.decimals, rules.rounding)
    parts = tuple(
        Step(_("Interviewer %(place)s", place=at + 1), score, struck=at in trimmed.dropped)
        for at, score in enumerate(row["interview_scores"])
    )
    how = _(
        "mean without the %(high)s highest and %(low)s lowest, %(rounding)s",
        high=rules.drop_high,
        low=rules.drop_low,
        rounding=_rounding(rules),
    )
    return Step(_("Interview score"), row["interview"], how, parts)


def _corrected(rules: RuleSet, row: Row) -> Step:
    """A score made of elements, or corrected by panels: what the room showed, and every total."""
    said = row["interview_from"]
    parts = tuple(
        Step(_("Interviewer %(place)s", place=place), score)
        for place, score in enumerate(row["interview_scores"], 1)
    )
    room = Step(
        _("Score in the room"), said["raw"], _("Panel %(panel)s", panel=said["panel"]), parts
    )
    if rules.panel_correction == "none":
        return Step(_("Interview score"), row["interview"], "", (room,))
    how = _("corrected for the differences between panels as announced")
    return Step(_("Interview score"), row["interview"], how, (room,))


def _rounding(rules: RuleSet) -> str:
    if rules.rounding == "truncate":
        return str(_("cut off after %(decimals)s decimals", decimals=rules.decimals))
    return str(_("rounded to %(decimals)s decimals", decimals=rules.decimals))
