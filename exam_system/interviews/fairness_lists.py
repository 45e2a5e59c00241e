"""The rows of the fairness report as spreadsheets; numbers as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exam_system.context import Context
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.interviews.lookup import panel_of
from exam_system.sheets import Cell

Fields = Mapping[str, str]
Rows = Iterable[Sequence[Cell]]
QUALITY = (
    *("Panel", "Place in the panel", "Severity", "Standard error", "Fit", "Outlying scores"),
    *("Trimmed", "Expected", "Correlation with the others", "Kendall's W of the panel"),
)
RANKS = (
    *("Admission number", "Panel", "Score in the room", "As announced", "Empirical Bayes"),
    *("Rank as announced", "Rank by empirical Bayes"),
)
SEVERITY = (
    *("Panel and place", "Severity (logits)", "Standard error", "From", "To", "Infit", "Outfit"),
)


def quality(ctx: Context, fields: Fields) -> Rows:
    """How every interviewer scored, panel by panel."""
    from exam_system.interviews.fairness import report  # numpy is loaded for whoever asks

    exam = exam_by_code(ctx.session, fields["code"])
    for panel in report(ctx.session, exam, rules_of(exam)).panels:
        for one in panel.scorers:
            told = (one.place, one.severity, one.error, one.fit, one.outliers, one.trimmed)
            yield panel.panel, *told, one.expected, one.correlation, panel.concordance


def ranks(ctx: Context, fields: Fields) -> Rows:
    """Whose rank would be another with the empirical-Bayes means."""
    from exam_system.interviews.fairness import report

    exam = exam_by_code(ctx.session, fields["code"])
    for group in report(ctx.session, exam, rules_of(exam)).classes:
        for one in group.moved:
            scores = (one.raw, one.paid, one.fair)
            yield one.number, one.panel, *scores, one.paid_rank, one.fair_rank


def severity(ctx: Context, fields: Fields) -> Rows:
    """The many-facet model of one panel."""
    from exam_system.interviews.facet_report import report

    exam = exam_by_code(ctx.session, fields["code"])
    panel = panel_of(ctx.session, exam, fields["panel"])
    for one in report(ctx.session, exam, rules_of(exam), panel.code).interviewers:
        low, high = one.ends
        numbers = (one.value, one.error, low, high, one.infit or 0.0, one.outfit or 0.0)
        yield one.name, *(f"{number:.3f}" for number in numbers)
