"""Who may do what: the table of verbs (that of pages is in access_pages). What is in neither
cannot be done.

A verb's name is also the kind of its act in the log. `said` is the sentence in which the record
of acts tells it to people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exam_system.errors import Fault, Forbidden


class Role(StrEnum):
    """Each account has exactly one; PUBLIC and SYSTEM have no account."""

    PUBLIC = "public"
    CANDIDATE = "candidate"
    OFFICER = "officer"
    REVIEWER = "reviewer"
    MARKER = "marker"
    INTERVIEWER = "interviewer"
    INSPECTOR = "inspector"
    AUDITOR = "auditor"
    ADMIN = "admin"
    INVIGILATOR = "invigilator"
    SITE = "site"
    GRADER = "grader"
    OBSERVER = "observer"
    SYSTEM = "system"


ANYBODY = frozenset(Role) - {Role.SYSTEM}
MEMBERS = ANYBODY - {Role.PUBLIC}
OFFICE = frozenset({Role.OFFICER})
CEREMONY = frozenset({Role.OFFICER, Role.INSPECTOR})
CONTRIBUTORS = CEREMONY | {Role.PUBLIC}  # who has no account comes with a link
CANDIDATES = frozenset({Role.CANDIDATE})
GUESTS = frozenset({Role.PUBLIC, Role.CANDIDATE})  # nobody of the office, not even by mistake
SYSTEM = frozenset({Role.SYSTEM})
INSPECTORS = frozenset({Role.INSPECTOR})
REVIEWERS = frozenset({Role.REVIEWER})
ASKERS = frozenset({Role.OFFICER, Role.MARKER, Role.ADMIN})
ROOM = frozenset({Role.INVIGILATOR})
SITES = frozenset({Role.SITE})  # people of a site, a district or the headquarters
EXAM_DAY = ROOM | SITES | OFFICE
GRADERS = frozenset({Role.GRADER})  # mark scripts by number; markers take tables of marks in
OBSERVERS = frozenset({Role.OBSERVER})  # from outside: read-only, what they are invited to
STAFF = MEMBERS - {Role.CANDIDATE, Role.INTERVIEWER, Role.GRADER, Role.OBSERVER}
RECORD = frozenset({Role.INSPECTOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Verb:
    """Who may use a verb, how the record of acts tells it, and who must approve it each time.

    The approver is never the one who asks or acts, and is of another office.
    """

    roles: frozenset[Role]
    said: str
    approvers: frozenset[Role] = frozenset()


def _office(said: str, approvers: frozenset[Role] = frozenset()) -> Verb:
    return Verb(OFFICE, said, approvers)


VERBS: dict[str, Verb] = {
    "accounts.register_candidate": Verb(frozenset({Role.PUBLIC}), "A candidate registered"),
    "accounts.claim_account": Verb(
        frozenset({Role.PUBLIC}), "A candidate who had been handed over took the account"
    ),
    "accounts.ask_registration": Verb(
        frozenset({Role.PUBLIC}), "Somebody asked to be registered as a candidate"
    ),
    "accounts.create_account": Verb(frozenset({Role.ADMIN, Role.SYSTEM}), "An account was created"),
    "accounts.close_account": Verb(frozenset({Role.ADMIN}), "An account was closed"),
    "accounts.log_in": Verb(frozenset({Role.PUBLIC}), "Somebody logged in"),
    "accounts.finish_log_in": Verb(CANDIDATES, "A candidate confirmed a login"),
    "accounts.agree_texts": Verb(CANDIDATES, "A candidate agreed to texts on personal data"),
    "accounts.publish_text": _office("A text on personal data was put in force"),
    "accounts.log_out": Verb(MEMBERS, "Somebody logged out"),
    "accounts.add_second_factor": Verb(
        CEREMONY | CANDIDATES, "Somebody began to set up a second factor"
    ),
    "accounts.confirm_second_factor": Verb(CEREMONY | CANDIDATES, "A second factor was set up"),
    "accounts.drop_second_factor": Verb(CANDIDATES, "A candidate gave up a second factor"),
    "accounts.remove_second_factor": Verb(
        frozenset({Role.ADMIN}), "Somebody's second factors were removed"
    ),
    "accounts.ask_takeover": Verb(GUESTS, "Somebody asked for the takeover of an account"),
    "accounts.open_takeover": Verb(CEREMONY, "The documents of a takeover were opened"),
    "accounts.grant_takeover": _office("A takeover was granted", CEREMONY),
    "accounts.refuse_takeover": _office("A takeover was refused"),
    "accounts.forget_documents": _office("Old pictures of takeovers were deleted"),
    "accounts.redeem_takeover": Verb(GUESTS, "A password was set after a takeover"),
    "approvals.ask_approval": Verb(ASKERS, "An approval was asked for"),
    "approvals.approve": Verb(CEREMONY, "An approval was given"),
    "approvals.refuse": Verb(CEREMONY, "An approval was refused"),
    "approvals.withdraw_approval": Verb(ASKERS, "A request for approval was withdrawn"),
    "oversight.register_inspector": Verb(
        frozenset({Role.ADMIN, Role.SYSTEM}), "An inspector's key was registered"
    ),
    "oversight.register_server_keys": Verb(SYSTEM, "The keys of the server were registered"),
    "oversight.rotate_key": Verb(
        frozenset({Role.ADMIN}), "A new key of the server took the place of an old one"
    ),
    "oversight.replace_document_key": Verb(
        frozenset({Role.ADMIN}), "A new certificate seals documents"
    ),
    "oversight.retire_inspector": Verb(
        frozenset({Role.ADMIN}), "An inspector's key was retired", INSPECTORS
    ),
    "oversight.cosign_notes": Verb(frozenset({Role.INSPECTOR}), "An inspector cosigned a note"),
    "oversight.gather_cosignature": Verb(SYSTEM, "A witness cosigned a head of the log"),
    "oversight.export_acts": Verb(RECORD, "The record of acts was exported"),
    "oversight.make_evidence": Verb(INSPECTORS, "An evidence bundle was made"),
    "oversight.note_alert": Verb(INSPECTORS, "An inspector acknowledged an alert"),
    "oversight.check_board": Verb(SYSTEM, "The promises were measured for the integrity board"),
    "oversight.report_clock": Verb(SYSTEM, "The clock was not right: acts with a deadline stopped"),
    "oversight.accept_time": Verb(frozenset({Role.ADMIN}), "A new time was accepted"),
    "tips.register_sealing_key": Verb(INSPECTORS, "An inspector handed in a sealing key"),
    "tips.enter_reports": Verb(INSPECTORS | SYSTEM, "An anonymous report was entered in the log"),
    "tips.answer_report": Verb(INSPECTORS, "An anonymous report was answered"),
    "exams.create_exam": _office("An exam was created"),
    "exams.set_rules": _office("The rule set was changed"),
    "exams.import_places": _office("Districts, sites and rooms were imported"),
    "exams.set_sessions": _office("The sessions were set"),
    "exams.add_fee_item": _office("A fee item with its posted basis was added"),
    "exams.import_posts": _office("The table of posts was imported"),
    "exams.prepare_announcement": _office("Rules and posts were frozen for the announcement"),
    "exams.publish_announcement": _office("The announcement was published", CEREMONY),
    "exams.prepare_change": _office("A change notice was prepared"),
    "exams.publish_change": _office("A change notice was published", CEREMONY),
    "exams.drop_change": _office("A prepared change notice was dropped"),
    "exams.close_registration": _office("Registration was closed"),
    "exams.apply_opening_ratio": _office("The opening ratio was applied to the posts"),
    "exams.publish_figures": Verb(OFFICE | SYSTEM, "The figures of the day were published"),
    "exams.end_choice": _office("The time for choosing again was ended"),
    "registration.apply": Verb(CANDIDATES, "A candidate applied for a post"),
    "registration.add_photo": Verb(CANDIDATES, "A candidate's photo was taken in"),
    "registration.submit_application": Verb(CANDIDATES, "An application was submitted"),
    "registration.choose_again": Verb(
        CANDIDATES, "A candidate of a cancelled post chose another one"
    ),
    "registration.give_up_choice": Verb(
        CANDIDATES, "A candidate of a cancelled post takes the money back"
    ),
    "registration.withdraw_application": Verb(CANDIDATES, "An application was withdrawn"),
    "registration.decide_application": Verb(
        frozenset({Role.REVIEWER}), "An application was reviewed"
    ),
    "registration.confirm_decision": Verb(
        REVIEWERS, "A second reviewer confirmed a decision on an application"
    ),
    "registration.return_decision": Verb(
        REVIEWERS, "A second reviewer gave a decision on an application back"
    ),
    "registration.take_over": Verb(REVIEWERS, "A reviewer took a case over"),
    "registration.reopen_review": Verb(REVIEWERS, "The review of an application was reopened"),
    "registration.declare_absence": Verb(
        REVIEWERS | OFFICE, "The absence of a reviewer was declared"
    ),
    "registration.unmask": Verb(
        REVIEWERS | OFFICE, "Somebody looked at a candidate's full ID number or phone"
    ),
    "finding.find_candidates": _office("The office looked for a candidate"),
    "finding.index_phones": Verb(SYSTEM, "Telephone numbers were made findable"),
    "registration.bar_people": _office("People were barred from exams", CEREMONY),
    "registration.lift_bar": _office("The bar of a person was lifted", CEREMONY),
    "registration.import_candidates": _office("Candidates were handed over as a table"),
    "registration.export_applicants": _office("The list of applicants was exported"),
    "fees.create_order": Verb(CANDIDATES, "A fee order was created"),
    "fees.open_payment": Verb(CANDIDATES, "The gateway opened an order for payment"),
    "fees.confirm_payment": Verb(SYSTEM, "A payment was confirmed by the gateway"),
    "fees.open_way": Verb(CANDIDATES, "Another gateway opened an order for payment"),
    "fees.issue_code": Verb(CANDIDATES, "A payment code was issued for an order"),
    "fees.query_order": Verb(CANDIDATES, "A candidate had the gateway asked for a payment"),
    "fees.query_waiting": Verb(SYSTEM, "The gateway was asked about orders that wait"),
    "fees.refund_payments": _office("Refunds were ordered", CEREMONY),
    "fees.confirm_refund": Verb(SYSTEM, "The gateway told how far a refund is"),
    "fees.read_bank_file": _office("A file of the bank was read"),
    "fees.take_bank_file": _office("A file of the bank was taken in", CEREMONY),
    "fees.export_refunds": _office("A list of refunds was given to the bank"),
    "fees.confirm_refunds": _office("The bank told how far its refunds are"),
    "fees.take_at_counter": _office("Money was taken at the counter"),
    "fees.void_taking": _office("A receipt of the counter was struck out"),
    "fees.count_takings": _office("Money of the counter was counted", CEREMONY),
    "fees.reconcile_day": Verb(OFFICE | SYSTEM, "The payments of a day were reconciled"),
    "fees.explain_discrepancy": _office("A payment that does not match was looked into"),
    "fees.export_statement": _office("The statement of a day was exported"),
    "fees.export_ledger": _office("The ledger of fees was exported"),
    "fees.ask_waiver": Verb(CANDIDATES, "A candidate asked for a waiver of the fee"),
    "fees.withdraw_waiver": Verb(CANDIDATES, "A request for a waiver was taken back"),
    "fees.look_at_document": Verb(CEREMONY, "A document of a candidate was opened"),
    "fees.grant_waivers": _office("Fees were waived", CEREMONY),
    "fees.refuse_waiver": _office("A waiver of the fee was refused"),
    "fees.delete_documents": Verb(OFFICE | SYSTEM, "Documents of waivers were deleted"),
    "messages.collect": Verb(SYSTEM, "The log was read for messages"),
    "messages.remind": Verb(SYSTEM, "Candidates were reminded of a deadline"),
    "messages.begin_sending": Verb(SYSTEM, "Messages were taken to be sent"),
    "messages.end_sending": Verb(SYSTEM, "What became of sent messages was kept"),
    "messages.send_again": _office("A message was put up to be sent once more"),
    "messages.set_address": Verb(CANDIDATES, "A candidate gave an e-mail address"),
    "messages.confirm_address": Verb(CANDIDATES, "A candidate typed the code of an e-mail"),
    "messages.drop_address": Verb(CANDIDATES, "A candidate's e-mail address was deleted"),
    "photos.compare_photos": Verb(
        frozenset({Role.REVIEWER, Role.OFFICER, Role.SYSTEM}), "The photos of an exam were compared"
    ),
    "photos.judge_likeness": Verb(
        frozenset({Role.REVIEWER, Role.OFFICER}), "Somebody looked at two photos that look alike"
    ),
    "draws.freeze_draw": _office("A draw was frozen", INSPECTORS),
    "draws.choose_sources": _office("The sources of a draw were chosen"),
    "draws.refuse_start": _office("A second start of a draw was refused"),
    "draws.invite_contributor": _office("A link for a further contributor was made"),
    "draws.commit_secret": Verb(CONTRIBUTORS, "A commitment to a secret was logged"),
    "draws.record_dice": _office("The dice were typed in"),
    "draws.confirm_dice": Verb(frozenset({Role.INSPECTOR}), "The dice were confirmed"),
    "draws.record_drand": Verb(CEREMONY, "The round of drand was entered"),
    "draws.reveal_secret": Verb(CONTRIBUTORS, "A secret was revealed"),
    "draws.finish_draw": _office("A draw was computed and signed"),
    "draws.publish_draw": _office("The bundle of a draw was published", CEREMONY),
    "draws.look_at_result": Verb(CEREMONY, "Somebody looked at a confidential draw"),
    "draws.void_draw": Verb(CEREMONY, "An attempt of a draw was voided"),
    "draws.approve_redraw": Verb(
        frozenset({Role.INSPECTOR}), "Another attempt of a draw was approved"
    ),
    "examday.import_invigilators": _office("Invigilators were imported"),
    "examday.export_seats": _office("The seating plan was exported"),
    "examday.add_late_candidate": _office("Somebody got a seat after the draw", INSPECTORS),
    "examday.move_candidate": _office("Somebody's seat was changed after the draw", INSPECTORS),
    "examday.export_changes": _office("The difference of two seating plans was exported"),
    "examday.print_papers": _office("Room sheets and door lists of a site were printed"),
    "examday.withdraw_ticket": _office("An admission ticket was withdrawn"),
    "examday.publish_withdrawn": _office("The list of withdrawn tickets was signed anew"),
    "examday.print_tickets": _office("Admission tickets were printed room by room"),
    "examday.take_tickets": _office("Printed admission tickets were taken out"),
    "examday.export_invigilators": _office("The list of invigilators was exported"),
    "examday.record_invigilator_absence": _office("An invigilator does not come"),
    "examday.replace_invigilator": _office("A reserve came for an absent invigilator", INSPECTORS),
    "attendance.import_site_staff": _office("The staff of the exam day was imported"),
    "attendance.issue_staff_accounts": _office("Accounts were issued to the staff of the exam day"),
    "attendance.take_marks": Verb(EXAM_DAY, "Marks of a sign-in were handed in"),
    "attendance.settle_marks": Verb(
        SITES | OFFICE, "What marks of a sign-in differ on was settled"
    ),
    "attendance.take_step": Verb(EXAM_DAY, "A room noted a step of its session"),
    "attendance.sign_statement": Verb(ROOM, "An invigilator signed the attendance of a room"),
    "observing.propose_observers": _office("Observers were put up for an invitation"),
    "observing.drop_observer": _office("An observer was struck off before the approval"),
    "observing.invite_observers": _office("Observers were invited", INSPECTORS),
    "observing.issue_observer_accounts": _office("Accounts were issued to observers"),
    "observing.withdraw_observer": Verb(INSPECTORS, "An observer's invitation was withdrawn"),
    "observing.plan_dates": _office("Dates of an exam were planned"),
    "observing.look": Verb(OBSERVERS, "An observer looked at a view of an exam"),
    "observing.leave_remark": Verb(OBSERVERS, "An observer left a remark"),
    "cases.register_case": Verb(GUESTS | CEREMONY | OBSERVERS, "A letter was taken in"),
    "cases.assign_case": Verb(CEREMONY, "A letter was assigned to an owner and a deputy"),
    "cases.handle_case": Verb(CEREMONY, "What was found out about a letter was written down"),
    "cases.reply_case": Verb(CEREMONY, "A letter was answered"),
    "cases.follow_up": Verb(
        GUESTS | OBSERVERS, "Somebody said how content they are with an answer"
    ),
    "cases.ask_part": Verb(CEREMONY, "A colleague was asked for a part of a letter"),
    "cases.answer_part": Verb(CEREMONY, "A part of a letter was handed in"),
    "cases.drop_part": Verb(CEREMONY, "A part of a letter is asked for no longer"),
    "cases.note_away": Verb(CEREMONY, "The absence of somebody at the desk of letters was noted"),
    "cases.propose_extension": _office("More time for a letter was asked for"),
    "cases.extend_case": _office("More time for a letter was granted", CEREMONY),
    "cases.carry_out": Verb(SYSTEM, "A step of a letter that was due by its clock was done"),
    "cases.publish_question": Verb(CEREMONY, "A letter and its answer were put on public pages"),
    "cases.withdraw_question": Verb(CEREMONY, "A public question was withdrawn"),
    "custody.import_bags": _office("The register of bags was imported"),
    "custody.generate_bags": _office("Bags were made for every room and session"),
    "custody.print_labels": _office("Labels of bags were printed"),
    "custody.begin_hand_over": Verb(EXAM_DAY, "A hand-over of bags was begun"),
    "custody.sign_hand_overs": Verb(EXAM_DAY | INSPECTORS, "Somebody signed a hand-over of bags"),
    "custody.hand_in_sheet": Verb(
        EXAM_DAY | INSPECTORS, "The signed sheet of a hand-over was taken in"
    ),
    "custody.drop_hand_over": Verb(EXAM_DAY, "A hand-over of bags was dropped"),
    "custody.open_bag": Verb(EXAM_DAY, "A bag was opened"),
    "custody.pack_bag": Verb(EXAM_DAY, "A bag was counted and packed"),
    "custody.destroy_waste": Verb(EXAM_DAY, "Papers of a bag were destroyed"),
    "custody.report_seal": Verb(EXAM_DAY, "The seal of a bag was reported"),
    "custody.report_refusal": Verb(EXAM_DAY, "Somebody tried to open a bag at the wrong time"),
    "custody.allow_opening": _office("Leave was given to open a spare or a bag", INSPECTORS),
    "custody.use_spare": Verb(ROOM, "A spare paper was opened"),
    "custody.publish_statement": _office("The custody statement of a session was published"),
    "custody.import_specialists": _office("Setters and markers were imported"),
    "custody.assign_specialist": _office("Somebody was named to set or mark papers"),
    "custody.import_devices": _office("Detectors and jammers were imported"),
    "custody.note_device": Verb(EXAM_DAY, "Something was noted of a detector or jammer"),
    "violations.record_incident": Verb(EXAM_DAY, "An incident was recorded"),
    "violations.sign_incident": Verb(EXAM_DAY, "A second person signed the record of an incident"),
    "violations.take_candidate_signature": Verb(
        EXAM_DAY, "A candidate signed the record of an incident"
    ),
    "violations.note_refusal": Verb(EXAM_DAY, "A candidate did not sign the record of an incident"),
    "violations.add_evidence": Verb(EXAM_DAY, "Evidence of an incident was taken in"),
    "violations.look_at_evidence": Verb(
        EXAM_DAY | INSPECTORS, "Evidence of an incident was opened"
    ),
    "violations.take_item": Verb(EXAM_DAY, "A thing was taken from a candidate"),
    "violations.return_item": Verb(EXAM_DAY, "A thing taken from a candidate was given back"),
    "violations.confirm_incident": Verb(
        SITES | OFFICE, "The head of a site looked at the record of an incident"
    ),
    "violations.start_case": _office("A case was made of an incident"),
    "violations.report_case": _office("A case of a violation was opened"),
    "violations.close_case": _office("A case of a violation was closed without a sanction"),
    "violations.avoid_case": Verb(CEREMONY, "Somebody keeps away from a case"),
    "violations.notify_case": _office("An intended sanction was told"),
    "violations.answer_notice": Verb(CANDIDATES, "A candidate answered before a decision"),
    "violations.note_answer": _office("An answer before a decision came in writing"),
    "violations.end_hearing": _office("The time to answer ended without an answer"),
    "violations.recheck_case": _office("What was raised before a decision was checked"),
    "violations.draft_decision": _office("A decision on a violation was written down"),
    "violations.decide_case": _office("A violation was decided", CEREMONY),
    "violations.serve_decision": _office("A decision on a violation was served"),
    "violations.receive_decision": Verb(CANDIDATES, "A candidate received a decision"),
    "violations.file_review": _office("A review of a decision was asked for"),
    "violations.note_outcome": _office("The outcome of a review was noted"),
    "violations.finish_case": _office("A case of a violation became final"),
    "marking.enter_paper_sets": _office("The sealed paper sets were named"),
    "marking.enter_marking_groups": _office("The marking groups were named"),
    "marking.export_codes": _office("The script codes were exported"),
    "marking.import_written_scores": Verb(frozenset({Role.MARKER}), "Written scores were imported"),
    "marking.correct_written_scores": Verb(
        frozenset({Role.MARKER}), "Written scores were corrected", INSPECTORS
    ),
    "forensics.set_paper": _office("The items and keys of a subject were taken in"),
    "forensics.import_answers": _office("Answer sheets were taken in"),
    "forensics.freeze_screening": _office("A screening of answers was frozen"),
    "forensics.keep_part": Verb(SYSTEM, "Parts of a screening were kept"),
    "forensics.finish_screening": Verb(SYSTEM, "A screening of answers was finished"),
    "forensics.publish_figures": _office("The figures of a screening were published"),
    "forensics.take_bundle": Verb(CEREMONY, "The signed files of a screening were taken out"),
    "forensics.appoint_expert": _office("A marking expert was appointed"),
    "forensics.give_opinion": Verb(
        frozenset({Role.MARKER}), "An expert gave an opinion on identical answers"
    ),
    "forensics.decide_case": Verb(
        frozenset({Role.MARKER}), "The experts decided on identical answers"
    ),
    "marking.type_first_scores": Verb(
        frozenset({Role.MARKER}), "Written scores were typed for the first time"
    ),
    "marking.import_markers": _office("The markers of the scripts were named"),
    "marking.declare_relation": _office("A marker's relation to a candidate was declared"),
    "marking.issue_marker_accounts": _office("Accounts were issued to the markers"),
    "marking.replace_marker": _office(
        "A marker dropped out, and the reserves took over", INSPECTORS
    ),
    "marking.seal_numbers": _office("The numbers of the scripts were sealed to the inspectors"),
    "marking.count_scripts": _office("Scripts were counted in for marking"),
    "marking.save_marks": Verb(GRADERS, "A marker saved marks"),
    "marking.type_first": Verb(
        frozenset({Role.MARKER}), "Marking sheets were typed for the first time"
    ),
    "marking.take_typed_marks": Verb(
        frozenset({Role.MARKER}), "Marking sheets were typed twice alike and taken in"
    ),
    "marking.set_key": _office("The key of an objective question was entered"),
    "marking.correct_key": _office("The key of an objective question was corrected", INSPECTORS),
    "marking.import_optical": Verb(
        frozenset({Role.MARKER}), "What the machine read of answer sheets was taken in"
    ),
    "marking.explain_sheet": _office("A sheet that does not fit the sign-in was explained"),
    "marking.correct_mark": _office("A mark was corrected", INSPECTORS),
    "marking.close_marking": Verb(INSPECTORS, "Marking was closed, the numbers were opened"),
    "marking.publish_marks": _office("The marks by script number were published"),
    "marking.publish_recount": _office("The recount of the drawn sample was published"),
    "interviews.import_interviewers": _office("Interviewers were added to the pool"),
    "interviews.declare_avoidance": Verb(
        frozenset({Role.OFFICER, Role.INTERVIEWER}), "An avoidance was declared"
    ),
    "interviews.import_avoidances": _office("A table of avoidances was declared"),
    "interviews.declare_incompatibility": _office("A relation between interviewers was declared"),
    "interviews.create_panels": _office("Panels and groups were set up"),
    "interviews.commit_lots": _office("The sealed envelopes of a group were fixed"),
    "interviews.print_lots": _office("The slips for the envelopes of a group were printed"),
    "interviews.pick_lot": _office("A candidate picked an envelope"),
    "interviews.open_lots": _office("The envelopes of a group were opened"),
    "interviews.publish_lots": _office("The bundle of sealed lots was published", CEREMONY),
    "interviews.void_lots": Verb(INSPECTORS, "The envelopes of a group were voided"),
    "interviews.issue_accounts": _office("Accounts were issued to the drawn interviewers"),
    "interviews.record_interviewer_absence": _office("The absence of an interviewer was recorded"),
    "interviews.replace_interviewer": _office(
        "A reserve took an interviewer's place in a panel", INSPECTORS
    ),
    "interviews.look_at_panels": Verb(INSPECTORS, "An inspector looked at the sealed panels"),
    "interviews.export_pool": _office("The pool of interviewers was exported for other bureaus"),
    "interviews.register_bureau": _office("The key of another bureau was registered"),
    "interviews.import_pool": _office("The pool of another bureau was taken in"),
    "interviews.open_panel": _office("An interview session was opened"),
    "interviews.call_candidate": _office("A candidate was called to the interview"),
    "interviews.mark_absent": _office("A candidate was absent from the interview"),
    "interviews.enter_score": Verb(frozenset({Role.INTERVIEWER}), "An interviewer entered a score"),
    "interviews.close_panel": Verb(
        frozenset({Role.INTERVIEWER}), "The chief interviewer closed the panel"
    ),
    "interviews.set_panel_time": _office("The time of a panel's session was set"),
    "interviews.arrive": _office("A candidate arrived in the waiting room"),
    "interviews.lock_waiting_room": _office("The roll was called and the waiting room locked"),
    "interviews.sign_slip": _office("A candidate signed the interview slip"),
    "interviews.correct_score": _office("An interviewer's score was corrected", INSPECTORS),
    "results.freeze_stage": _office("Marks and scores were frozen for a list"),
    "archive.make_archive": Verb(CEREMONY, "The archive of an exam was made"),
    "indicators.enter_intake": _office("Everybody taken in within a year was entered"),
    "notices.draft_notice": _office("A notice was written"),
    "notices.edit_notice": _office("The text of a notice was changed"),
    "notices.correct_notice": _office("A later version of a notice was written"),
    "notices.pass_level": Verb(CEREMONY, "A notice was passed at a level of approval"),
    "notices.return_notice": Verb(CEREMONY, "A notice was returned to its author"),
    "notices.publish_notice": _office("A notice was published"),
    "notices.withhold_notice": Verb(CEREMONY, "A notice was withheld until a day"),
    "notices.lift_withholding": _office("A notice is withheld no longer"),
    "notices.confirm_notice": _office("A published notice was read again"),
    "notices.close_exam": _office("An exam was closed"),
    "notices.draft_matter": _office("A matter of the service catalogue was written anew"),
    "notices.decide_matter": _office("A text of the service catalogue was decided on"),
    "results.prepare_release": _office("A release of results was prepared"),
    "results.prepare_list": _office("A list after the totals was prepared"),
    "results.look_at_draft": Verb(CEREMONY, "A list was looked at before its publication"),
    "results.arm_release": _office("The publication at the announced minute was ordered"),
    "results.discard_release": _office("A prepared list was thrown away"),
    "results.give_codes": _office("Pick-up codes were given to the seated candidates"),
    "results.renew_code": Verb(CANDIDATES, "A candidate was given another pick-up code"),
    "results.export_lookup": _office("The files for looking scores up were written"),
    "appointing.ask_recheck": Verb(CANDIDATES, "A candidate asked to have a mark checked again"),
    "appointing.answer_recheck": _office("A mark was checked again and the candidate answered"),
    "appointing.begin_stage": _office("The proposed people of the final list were taken over"),
    "appointing.call_medical": _office("People were called to the medical examination"),
    "appointing.note_medical": _office("The outcome of medical examinations was noted"),
    "appointing.ask_medical_recheck": Verb(CANDIDATES, "A candidate asked for a medical re-check"),
    "appointing.note_medical_recheck": _office("A medical re-check was asked for on the spot"),
    "appointing.settle_medical": _office("A failed medical examination stood: the place is lost"),
    "appointing.note_background": _office("The outcome of background checks was noted"),
    "appointing.give_up": Verb(CANDIDATES, "A candidate gave up a place"),
    "appointing.note_giving_up": _office("The office noted that somebody gave up a place"),
    "appointing.answer_offer": Verb(CANDIDATES, "A candidate answered the offer of a place"),
    "appointing.note_offer_answer": _office("The answer to the offer of a place came in writing"),
    "appointing.expire_offers": Verb(OFFICE | SYSTEM, "Offers of places ended without an answer"),
    "appointing.start_notice": _office("A public notice of proposed appointments began"),
    "appointing.take_objection": _office("An objection to a proposed appointment was taken in"),
    "appointing.answer_objection": _office("An objection to a proposed appointment was answered"),
    "appointing.close_notice": Verb(OFFICE | SYSTEM, "A public notice ended"),
    "appointing.set_holidays": _office("The holidays of a year were entered"),
    "appointing.appoint": _office("People were appointed", CEREMONY),
    "appointing.follow_correction": _office(
        "Places and offers were brought in line with a corrected final list", INSPECTORS
    ),
    "appointing.object_publicly": Verb(GUESTS, "Somebody objected to a proposed appointment"),
    "choosing.name_proxy": _office("A proxy for the choice of a place was named"),
    "choosing.end_proxy": _office("The authorisation of a proxy ended"),
    "choosing.open_session": _office("A session for choosing places was opened", INSPECTORS),
    "choosing.note_arrivals": _office("People came to choose their places"),
    "choosing.call_next": _office("Somebody was called to choose a place"),
    "choosing.choose": Verb(OFFICE | CANDIDATES, "A place was named"),
    "choosing.withdraw_choice": Verb(OFFICE | CANDIDATES, "A place that was named was taken back"),
    "choosing.sign_choice": Verb(OFFICE | CANDIDATES, "A choice was signed"),
    "choosing.witness_choice": Verb(INSPECTORS, "A choice was witnessed: the place is given"),
    "choosing.give_up_choice": Verb(OFFICE | CANDIDATES, "Somebody wanted none of the places left"),
    "choosing.note_absent": _office("Somebody was not there to choose"),
    "choosing.note_overtime": _office("Somebody let the time to choose run out"),
    "choosing.reopen_turn": _office("Turns of a choice were taken back", INSPECTORS),
    "choosing.close_session": _office("A session for choosing places was closed", INSPECTORS),
    "duties.sign_pledge": Verb(MEMBERS - CANDIDATES, "Somebody signed the pledge of their post"),
    "duties.publish_pledge": _office("Another text of an integrity pledge was put in force"),
    "duties.draft_sheet": _office("Another text of a duty sheet was written"),
    "duties.publish_sheet": _office("Another text of a duty sheet was put in force", CEREMONY),
    "duties.set_lines": Verb(INSPECTORS, "Other rules of the red lines were put in force"),
    "duties.check_lines": Verb(INSPECTORS | SYSTEM, "The log was looked through for red lines"),
    "duties.judge_finding": Verb(INSPECTORS, "A finding on a red line was judged"),
    "duties.allow_export": Verb(INSPECTORS, "An inspector gave leave to take a list out"),
    "duties.hold_accountable": _office("A measure was entered in the register", INSPECTORS),
    "exports.take_out": Verb(STAFF, "A list was taken out as a spreadsheet"),
    "results.publish_release": _office("A release of results was published", CEREMONY),
}


PLEDGED = MEMBERS - CANDIDATES
"""Roles that become active with the signed integrity pledge (candidates agree to theirs when they
register)."""
BEFORE_PLEDGE = frozenset({"duties.sign_pledge", "accounts.log_out"})
NOT_ACTIVE = "Read and sign the integrity pledge of your post first: until then it is not active"


def require(role: Role, verb: str, *, pledged: bool = True) -> None:
    """Raise Forbidden unless the role has the verb and is active; Fault when the table does not
    know it."""
    if verb not in VERBS:
        raise Fault(f"the verb {verb} is missing from the access table")
    if role not in VERBS[verb].roles:
        raise Forbidden("Your role may not do this")
    if not pledged and role in PLEDGED and verb not in BEFORE_PLEDGE:
        raise Forbidden(NOT_ACTIVE)
