"""How each rule of a set is read, and which rules have to agree with one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exam_system.errors import Sentence
from exam_system.exams.after_rules import RECHECKED, read_losses, read_months
from exam_system.exams.choice_rules import MISSED, OBJECTORS, read_places
from exam_system.exams.interview_rules import (
    CORRECTIONS,
    DIGITS,
    DIVISORS,
    TRIMMINGS,
    read_elements,
)
from exam_system.exams.list_rules import read_lists
from exam_system.exams.marking_rules import (
    ARBITRATION,
    ENTRY,
    fill_the_papers,
    read_questions,
)
from exam_system.exams.review_rules import (
    REAPPLY,
    SECOND_REVIEW,
    read_areas,
    read_grounds,
)
from exam_system.exams.rule_values import (
    EDUCATION,
    EXAM_TYPES,
    INTERVIEW_ORDERS,
    INTERVIEWER_DRAWS,
    INTERVIEWERS,
    OPENING,
    PARTIES,
    REGIMES,
    ROUNDINGS,
    SEXES,
    calendar_day,
    decimal,
    flag,
    grounds,
    moment,
    names,
    one_of,
    pass_mark,
    ratios,
    rotation,
    subjects,
    template,
    time,
    whole,
)

READERS: dict[str, Callable[[Any], Any]] = {
    "exam_type": one_of(*EXAM_TYPES),
    "opening_ratio": whole(1, 20),
    "opening_ratios": ratios,
    "opening_below": one_of(*OPENING),
    "interview_ratio": whole(1, 10),
    "ties_enter": flag,
    "subjects": subjects,
    "written_pass": pass_mark,
    "interview_weight": decimal("0", "1"),
    "written_weight": decimal("0", "1"),
    "interviewers": one_of(*INTERVIEWERS),
    "drop_high": whole(0, 2),
    "drop_low": whole(0, 2),
    "interview_pass": pass_mark,
    "rounding": one_of(*ROUNDINGS),
    "decimals": whole(0, 4),
    "tie_order": names,
    "cosigners": whole(1, 20),
    "notice_days": whole(5, 30),
    "public_lists": read_lists,
    "age_min": whole(16, 70),
    "age_max": whole(16, 70),
    "age_day": calendar_day,
    "education_min": one_of(*EDUCATION),
    "review_days": whole(1, 30),
    "second_review": one_of(*SECOND_REVIEW),
    "reapply": one_of(*REAPPLY),
    "refusal_grounds": read_grounds,
    "area_codes": read_areas,
    "registration_opens": time,
    "registration_closes": time,
    "payment_closes": time,
    "admission_template": template,
    "post_cap": whole(0, 99),
    "school_cap": whole(0, 99),
    "employer_cap": whole(0, 99),
    "paper_forms": whole(1, 9),
    "reserve_seats": whole(0, 9),
    "invigilator_sexes": one_of(*SEXES),
    "invigilator_reserves": whole(0, 50),
    "invigilator_never_again": rotation,
    "invigilator_memory": whole(0, 99),
    "interviewer_draw": one_of(*INTERVIEWER_DRAWS),
    "lottery_size": whole(2, 5000),
    "panel_employer": whole(0, 9),
    "post_panel_most": whole(0, 200),
    "panel_city": whole(0, 9),
    "panel_sex": whole(0, 4),
    "panels_per_reserve": whole(0, 50),
    "panels_open_at": moment,
    "interview_order": one_of(*INTERVIEW_ORDERS),
    "marking_closes": moment,
    "recount_percent": whole(0, 100),
    "marking_questions": read_questions,
    "marking_arbitration": one_of(*ARBITRATION),
    "marker_area": whole(0, 6),
    "written_entry": one_of(*ENTRY),
    "waiver_grounds": grounds,
    "waiver_days": whole(0, 3650),
    "violation_regime": one_of(*REGIMES),
    "hearing_days": whole(3, 30),
    "handover_people": whole(2, 9),
    "handover_offices": one_of(*PARTIES),
    "bag_at_site_minutes": whole(0, 1440),
    "bag_in_room_minutes": whole(0, 240),
    "bag_opening_minutes": whole(0, 60),
    "bag_packed_minutes": whole(0, 240),
    "paper_area_digits": whole(0, 6),
    "entry_minutes": whole(0, 120),
    "interview_elements": read_elements,
    "interview_trimming": one_of(*TRIMMINGS),
    "panel_correction": one_of(*CORRECTIONS),
    "panel_mean_decimals": one_of(*DIGITS),
    "panel_coefficient_decimals": one_of(*DIGITS),
    "panel_sd_divisor": one_of(*DIVISORS),
    "interview_report_minutes": whole(0, 240),
    "interview_roll_minutes": whole(0, 240),
    "interview_meet_minutes": whole(0, 240),
    "interview_ready_minutes": whole(0, 240),
    "recheck_days": whole(0, 30),
    "recheck_answer_days": whole(1, 30),
    "recheck_marks": one_of(*RECHECKED),
    "recheck_alarm": whole(1, 99),
    "medical_recheck_days": whole(0, 30),
    "medical_same_day": grounds,
    "medical_final": grounds,
    "replacement_stages": read_losses,
    "replacement_limit": whole(0, 99),
    "offer_days": whole(1, 30),
    "giving_up_months": read_months,
    "giving_up_silent_months": read_months,
    "objectors": one_of(*OBJECTORS),
    "choice_places": read_places,
    "choice_minutes": whole(1, 60),
    "choice_late_minutes": whole(0, 240),
    "choice_missed": one_of(*MISSED),
}
"""The reader of each rule, by RuleSet's attribute; raises a Sentence for what it does not take."""


def disagreements(values: Mapping[str, Any]) -> list[tuple[str, Sentence]]:
    """What two rules say against one another; rules that could not be read are passed over."""
    found = [
        (key, Sentence(sentence))
        for key, others, holds, sentence in TOGETHER
        if {key, *others} <= set(values) and not holds(*(values[k] for k in (key, *others)))
    ]
    if {"tie_order", "subjects"} <= set(values):
        known = {"written", "interview"} | {subject.code for subject in values["subjects"]}
        found += [
            ("tie_order", Sentence("There is no subject %(code)s", code=name))
            for name in values["tie_order"]
            if name not in known
        ]
    return found


TOGETHER: tuple[tuple[str, tuple[str, ...], Callable[..., bool], str], ...] = (
    (
        "interview_weight",
        ("written_weight",),
        lambda interview, written: interview + written == 1,
        "The weights of the written and the interview score must add up to 1",
    ),
    (
        "drop_low",
        ("drop_high", "interviewers"),
        lambda low, high, count: low + high < count,
        "At least one score must be left after dropping",
    ),
    (
        "interview_trimming",
        ("interview_elements",),
        lambda trimming, elements: trimming == "total" or bool(elements),
        "Scores are dropped by element only where there are elements",
    ),
    (
        "panel_sex",
        ("interviewers",),
        lambda least, count: 2 * least <= count,
        "A panel has not enough seats for so many women and as many men",
    ),
    (
        "marking_questions",
        ("subjects",),
        fill_the_papers,
        "The questions of each subject must add up to its full marks",
    ),
    (
        "marking_closes",
        ("marking_questions",),
        lambda closes, questions: closes is not None or not questions,
        "Questions are marked under script codes: say until when they are sealed",
    ),
    (
        "age_max",
        ("age_min",),
        lambda high, low: low <= high,
        "The highest age is below the lowest",
    ),
    (
        "registration_closes",
        ("registration_opens",),
        lambda closes, opens: opens < closes,
        "Registration must close after it opens",
    ),
    (
        "payment_closes",
        ("registration_closes",),
        lambda payment, closes: closes <= payment,
        "Payment must not close before registration",
    ),
)
