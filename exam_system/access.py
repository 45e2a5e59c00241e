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
STAFF = MEMBERS - {Role.CANDIDATE, Role.INTERVIEWER}
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
    "registration.bar_people": _office("People were barred from exams", CEREMONY),
    "registration.lift_bar": _office("The bar of a person was lifted", CEREMONY),
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
    "marking.enter_paper_sets": _office("The sealed paper sets were named"),
    "marking.enter_marking_groups": _office("The marking groups were named"),
    "marking.export_codes": _office("The script codes were exported"),
    "marking.import_written_scores": Verb(frozenset({Role.MARKER}), "Written scores were imported"),
    "marking.correct_written_scores": Verb(
        frozenset({Role.MARKER}), "Written scores were corrected", INSPECTORS
    ),
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
    "results.prepare_release": _office("A release of results was prepared"),
    "exports.take_out": Verb(STAFF, "A list was taken out as a spreadsheet"),
    "results.publish_release": _office("A release of results was published", CEREMONY),
}


def require(role: Role, verb: str) -> None:
    """Raise Forbidden unless the role has the verb; Fault when the table does not know it."""
    if verb not in VERBS:
        raise Fault(f"the verb {verb} is missing from the access table")
    if role not in VERBS[verb].roles:
        raise Forbidden("Your role may not do this")
