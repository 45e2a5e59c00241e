"""What it adds up to: marks, interview scores, totals, ranks, shortlists, appointments.

What a published list says, row by row (list.json), at its stage; `recompute.check` expects it:

all stages
    A subject "void" by a decided violation: written "", rank null, outcome "void"; else a subject
    "absent": the same, outcome "absent". A mark "zero" by a decided violation
    counts as 0. Otherwise written is the sum of
    mark * weight; below written_pass: written shown, rank null, outcome "below".
written
    Everybody. Rank by written in the post, no tie order; outcome "scored".
shortlist
    The scored, same rank. "shortlisted" for the best vacancies * interview_ratio of the post (all
    tied at the last place if ties_enter, otherwise none of them), "not" for the others.
written and shortlist
    interview and total are "", interview_scores is [] or left out.
final
    The shortlisted. No interview_scores: interview and total "", rank null, "absent". Otherwise
    interview is the mean of the interview_scores (one of each of the rule's `interviewers`) without
    the drop_high highest and drop_low lowest; where the rules name elements or a correction between
    panels, it is what `recompute_interviews` makes of interview_from. Total is written *
    written_weight + interview * interview_weight. Interview below interview_pass: total shown, rank
    null, "below". The others are ranked in the post by total, then by tie_order; "proposed" if all
    who share the rank fit the vacancies, otherwise "not" (a tie across the last vacancy too: people
    decide it).

Ranks run 1, 2, 2, 2, 5. Written, interview and total are each rounded once, by the rules rounding
and decimals, and go on as rounded, also against pass marks; a pass mark "" is none.
"""
