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
    "public_lists": "Numbered public lists, all posted before the exam is closed (empty: none)",
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
    "post_panel_most": "Most candidates of one post in one panel (0: a post is never divided)",
    "panel_employer": "Most interviewers of one employer in a panel (0: no rule)",
    "panel_city": "Most interviewers of one city in a panel (0: no rule)",
    "panel_sex": "Least number of women and of men in a panel",
    "panels_per_reserve": "One reserve of each role for so many panels (0: none)",
    "panels_open_at": "Who sits in which panel is sealed until (empty: not sealed)",
    "interview_order": "Order of the interviews",
    "marking_closes": "Script codes are sealed until marking closes (empty: no script codes)",
    "recount_percent": "Scripts recounted by hand, in per cent of each subject (0: none)",
    "marking_questions": "Questions that are marked one by one (empty: one table of marks)",
    "marking_arbitration": "When two marks lie too far apart",
    "marker_area": "First digits of the area code in which markers differ from the exam (0: none)",
    "written_entry": "A table of marks typed by hand comes in",
    "waiver_grounds": "Grounds on which the fee is waived (empty: none)",
    "waiver_days": "Days for which the documents of a waiver are kept once it is decided",
    "violation_regime": "Rules on violations",
    "hearing_days": "Time to answer before a sanction is decided, working days",
    "handover_people": "People of each party at a hand-over of papers",
    "handover_offices": "Offices of the parties at a hand-over of papers",
    "bag_at_site_minutes": "Bags are at the site so many minutes before the session begins",
    "bag_in_room_minutes": "Bags are in the room so many minutes before the session begins",
    "bag_opening_minutes": "Bags may be opened so many minutes before the session begins",
    "bag_packed_minutes": "Bags are counted and packed so many minutes after the session ends",
    "paper_area_digits": "Setters and markers are from areas with other first digits (0: no rule)",
    "entry_minutes": "Candidates are let in until so many minutes after the start",
    "interview_elements": "Elements that interviewers mark (empty: one score)",
    "interview_trimming": "Highest and lowest interview scores are dropped",
    "panel_correction": "Correction of differences between panels",
    "panel_mean_decimals": "Decimals of a panel's mean in the correction",
    "panel_coefficient_decimals": "Decimals of a panel's coefficient",
    "panel_sd_divisor": "Divisor of the standard deviation of a panel",
    "interview_report_minutes": "Interviews: staff report so many minutes before the start",
    "interview_roll_minutes": "Interviews: roll call so many minutes before the start",
    "interview_meet_minutes": "Interviews: examiners meet so many minutes before the start",
    "interview_ready_minutes": "Interviews: everybody is in place so many minutes before the start",
    "recheck_days": "Re-checks of marks are asked for within, working days (0: none)",
    "recheck_answer_days": "Re-checks of marks are answered within, working days",
    "recheck_marks": "Marks that are checked again",
    "recheck_alarm": "Marks raised by re-checks of one person that raise an alarm",
    "medical_recheck_days": "One medical re-check may be asked for within, days",
    "medical_same_day": "Medical items that are re-checked only on the same day",
    "medical_final": "Medical items that are not re-checked",
    "replacement_stages": "Stages whose lost places are offered on",
    "replacement_limit": "Most offers of one vacancy (0: any number)",
    "offer_days": "An offered place is answered within, working days",
    "giving_up_months": "Record of giving up in writing, months by stage (medical=6, notice=24)",
    "giving_up_silent_months": "Record of giving up without a statement, months by stage",
    "objectors": "Who may object to a public notice",
    "choice_places": "Places that are chosen in order of score (empty: none)",
    "choice_minutes": "Choice of places: minutes for each",
    "choice_late_minutes": "Choice of places: nobody is let in so many minutes after the start",
    "choice_missed": "Choice of places: who is absent, late or too slow",
}
# Rules that came later: what a rule set says that was made before them.
BEFORE: dict[str, Any] = {"post_cap": 0, "paper_forms": 1, "reserve_seats": 0}
BEFORE |= {"invigilator_sexes": "ignore", "invigilator_reserves": 0}
BEFORE |= {"invigilator_never_again": [], "invigilator_memory": 0}
BEFORE |= {"school_cap": 0, "employer_cap": 0}
BEFORE |= {"interviewer_draw": "match", "lottery_size": 1000, "panel_employer": 0}
BEFORE |= {"post_panel_most": 0}
BEFORE |= {"panel_city": 0, "panel_sex": 0, "panels_per_reserve": 0, "panels_open_at": ""}
BEFORE |= {"interview_order": "draw", "marking_closes": "", "recount_percent": 0}
BEFORE |= {"marking_questions": [], "marking_arbitration": "arbiter"}
BEFORE |= {"marker_area": 0, "written_entry": "once"}
BEFORE |= {"opening_below": "keep", "opening_ratios": {}, "age_day": ""}
BEFORE |= {"waiver_grounds": [], "waiver_days": 180}
BEFORE |= {"violation_regime": "date", "hearing_days": 5}
BEFORE |= {"second_review": "none", "reapply": "any", "refusal_grounds": [], "area_codes": []}
BEFORE |= {"handover_people": 2, "handover_offices": "ignore", "paper_area_digits": 0}
BEFORE |= {"bag_at_site_minutes": 60, "bag_in_room_minutes": 20, "bag_opening_minutes": 10}
BEFORE |= {"bag_packed_minutes": 30}
BEFORE |= {"entry_minutes": 30}
BEFORE |= {"interview_elements": [], "interview_trimming": "total", "panel_correction": "none"}
BEFORE |= {"panel_mean_decimals": "exact", "panel_coefficient_decimals": "exact"}
BEFORE |= {"panel_sd_divisor": "n", "interview_report_minutes": 45, "interview_roll_minutes": 30}
BEFORE |= {"interview_meet_minutes": 20, "interview_ready_minutes": 15}
BEFORE |= {"recheck_days": 0, "recheck_answer_days": 3, "recheck_marks": "every_mark"}
BEFORE |= {"recheck_alarm": 3, "medical_recheck_days": 7, "medical_same_day": []}
BEFORE |= {"medical_final": [], "replacement_stages": [], "replacement_limit": 0, "offer_days": 3}
BEFORE |= {"giving_up_months": {}, "giving_up_silent_months": {}}
BEFORE |= {"public_lists": []}
BEFORE |= {"objectors": "named", "choice_places": [], "choice_minutes": 5}
BEFORE |= {"choice_late_minutes": 30, "choice_missed": "gives_up"}
