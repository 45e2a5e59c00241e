"""What the rules are called, and what a rule set says that was made before a rule."""

from __future__ import annotations

from typing import Any

LABELS = {
    "exam_type": "Type of exam",
    "opening_ratio": "Opening ratio (paid candidates to one vacancy)",
    "opening_ratios": "Opening ratio of a category of posts, where it is another (A=3, B=2)",
    "opening_below": "Posts below the opening ratio",
    "interview_ratio": "Interview ratio (invited to one vacancy)",
    "ties_enter": "Everybody tied at the last place is invited",
    "subjects": "Subjects",
    "written_pass": "Pass mark of the written score",
    "interview_weight": "Weight of the interview score",
    "written_weight": "Weight of the written score",
    "interviewers": "Interviewers in a panel",
    "drop_high": "Highest scores dropped",
    "drop_low": "Lowest scores dropped",
    "interview_pass": "Pass mark of the interview score",
    "rounding": "Rounding",
    "decimals": "Decimals of a score",
    "tie_order": "Order of comparison when totals are equal",
    "cosigners": "Inspectors who must cosign what is published",
    "notice_days": "Public notice, working days",
    "age_min": "Lowest age",
    "age_max": "Highest age",
    "age_day": "Age counts on (empty: the day on which registration closes as first announced)",
    "education_min": "Lowest education",
    "review_days": "Eligibility review within, working days",
    "second_review": "What a second reviewer must confirm",
    "reapply": "Whoever was refused may apply again",
    "refusal_grounds": "Grounds of a refusal",
    "area_codes": "Areas whose people may apply (first digits of ID numbers; empty: all)",
    "registration_opens": "Registration opens",
    "registration_closes": "Registration closes",
    "payment_closes": "Payment closes",
    "admission_template": "Form of the admission number",
    "post_cap": "Most candidates of one post in a room, never side by side (0: no rule)",
    "school_cap": "Most candidates of one school in a room, never side by side (0: no rule)",
    "employer_cap": "Most candidates of one employer in a room, never side by side (0: no rule)",
    "paper_forms": "Forms of the test paper (neighbours have different ones)",
    "reserve_seats": "Seats kept free in every room",
    "invigilator_sexes": "A woman and a man in each room",
    "invigilator_reserves": "Reserve invigilators of a site, in per cent of its places",
    "invigilator_never_again": "What no invigilator has again (partner, room, site)",
    "invigilator_memory": "Earlier exams that the rotation of invigilators remembers",
    "interviewer_draw": "Draw of the interviewers",
    "lottery_size": "Allocations in the list of a lottery",
    "panel_employer": "Most interviewers of one employer in a panel (0: no rule)",
    "panel_city": "Most interviewers of one city in a panel (0: no rule)",
    "panel_sex": "Least number of women and of men in a panel",
    "panels_per_reserve": "One reserve of each role for so many panels (0: none)",
    "panels_open_at": "Who sits in which panel is sealed until (empty: not sealed)",
    "interview_order": "Order of the interviews",
    "marking_closes": "Script codes are sealed until marking closes (empty: no script codes)",
    "recount_percent": "Scripts recounted by hand, in per cent of each subject (0: none)",
    "waiver_grounds": "Grounds on which the fee is waived (empty: none)",
    "waiver_days": "Days for which the documents of a waiver are kept once it is decided",
}
# Rules that came later: what a rule set says that was made before them.
BEFORE: dict[str, Any] = {"post_cap": 0, "paper_forms": 1, "reserve_seats": 0}
BEFORE |= {"invigilator_sexes": "ignore", "invigilator_reserves": 0}
BEFORE |= {"invigilator_never_again": [], "invigilator_memory": 0}
BEFORE |= {"school_cap": 0, "employer_cap": 0}
BEFORE |= {"interviewer_draw": "match", "lottery_size": 1000, "panel_employer": 0}
BEFORE |= {"panel_city": 0, "panel_sex": 0, "panels_per_reserve": 0, "panels_open_at": ""}
BEFORE |= {"interview_order": "draw", "marking_closes": "", "recount_percent": 0}
BEFORE |= {"opening_below": "keep", "opening_ratios": {}, "age_day": ""}
BEFORE |= {"waiver_grounds": [], "waiver_days": 180}
BEFORE |= {"second_review": "none", "reapply": "any", "refusal_grounds": [], "area_codes": []}
