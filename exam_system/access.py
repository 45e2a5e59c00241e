"""Who may do what: one table of verbs, one of pages. What is not in them cannot be done.

A verb's name is also the kind of its act in the log. `said` is the sentence in which the record
of acts tells it to people.
"""

from __future__ import annotations

from collections.abc import Iterable
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
ASKERS = frozenset({Role.OFFICER, Role.MARKER, Role.ADMIN})
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
    "accounts.create_account": Verb(frozenset({Role.ADMIN, Role.SYSTEM}), "An account was created"),
    "accounts.close_account": Verb(frozenset({Role.ADMIN}), "An account was closed"),
    "accounts.log_in": Verb(frozenset({Role.PUBLIC}), "Somebody logged in"),
    "accounts.log_out": Verb(MEMBERS, "Somebody logged out"),
    "accounts.add_second_factor": Verb(CEREMONY, "Somebody began to set up a second factor"),
    "accounts.confirm_second_factor": Verb(CEREMONY, "A second factor was set up"),
    "accounts.remove_second_factor": Verb(
        frozenset({Role.ADMIN}), "Somebody's second factors were removed"
    ),
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
    "registration.export_applicants": _office("The list of applicants was exported"),
    "fees.create_order": Verb(CANDIDATES, "A fee order was created"),
    "fees.open_payment": Verb(CANDIDATES, "The gateway opened an order for payment"),
    "fees.confirm_payment": Verb(SYSTEM, "A payment was confirmed by the gateway"),
    "fees.query_order": Verb(CANDIDATES, "A candidate had the gateway asked for a payment"),
    "fees.query_waiting": Verb(SYSTEM, "The gateway was asked about orders that wait"),
    "fees.refund_payments": _office("Refunds were ordered", CEREMONY),
    "fees.confirm_refund": Verb(SYSTEM, "The gateway told how far a refund is"),
    "fees.reconcile_day": Verb(OFFICE | SYSTEM, "The payments of a day were reconciled"),
    "fees.explain_discrepancy": _office("A payment that does not match was looked into"),
    "fees.export_statement": _office("The statement of a day was exported"),
    "fees.export_ledger": _office("The ledger of fees was exported"),
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
    "results.publish_release": _office("A release of results was published", CEREMONY),
}


def by(*verbs: str) -> frozenset[Role]:
    """The roles of a page that leads to these verbs."""
    return frozenset(role for name in verbs for role in VERBS[name].roles)


PAGES: dict[str, frozenset[Role]] = {
    "static": ANYBODY,
    "bootstrap.static": ANYBODY,
    "accounts.login": ANYBODY,
    "accounts.logout": MEMBERS,
    "accounts.register": ANYBODY,
    "accounts.language": ANYBODY,
    "accounts.home": ANYBODY,
    "accounts.users": by("accounts.close_account") | {Role.AUDITOR},
    "accounts.create_user": by("accounts.close_account"),
    "accounts.close_user": by("accounts.close_account"),
    "accounts.inspector_key": by("accounts.close_account"),
    "accounts.retire_inspector": by("oversight.retire_inspector"),
    "accounts.factors": by("accounts.add_second_factor"),
    "accounts.factor_picture": by("accounts.add_second_factor"),
    "accounts.add_factor": by("accounts.add_second_factor"),
    "accounts.confirm_factor": by("accounts.confirm_second_factor"),
    "accounts.remove_factors": by("accounts.remove_second_factor"),
    "approvals.index": by("approvals.ask_approval", "approvals.approve"),
    "approvals.approve": by("approvals.approve"),
    "approvals.refuse": by("approvals.refuse"),
    "approvals.withdraw": by("approvals.withdraw_approval"),
    "exams.index": ANYBODY,
    "exams.show": ANYBODY,
    "exams.posts": ANYBODY,
    "exams.office": OFFICE,
    "exams.create": by("exams.create_exam"),
    "exams.setup": OFFICE,
    "exams.rules": by("exams.set_rules"),
    "exams.places": by("exams.import_places"),
    "exams.sessions": by("exams.set_sessions"),
    "exams.fees": by("exams.add_fee_item"),
    "exams.import_posts": by("exams.import_posts"),
    "exams.prepare": by("exams.prepare_announcement"),
    "exams.publish": by("exams.publish_announcement"),
    "exams.change": by("exams.prepare_change"),
    "exams.drop_change": by("exams.drop_change"),
    "exams.close": by("exams.close_registration"),
    "exams.opening": by("exams.apply_opening_ratio"),
    "registration.mine": CANDIDATES,
    "registration.apply": by("registration.apply"),
    "registration.application": CANDIDATES,
    "registration.photo": by("registration.add_photo"),
    "registration.photo_file": CANDIDATES,
    "registration.submit": by("registration.submit_application"),
    "registration.choose": by("registration.choose_again"),
    "registration.give_up": by("registration.give_up_choice"),
    "registration.withdraw": by("registration.withdraw_application"),
    "registration.queue": by("registration.decide_application"),
    "registration.review": by("registration.decide_application"),
    "registration.review_photo": by("registration.decide_application"),
    "registration.applicants": OFFICE,
    "registration.export_applicants": by("registration.export_applicants"),
    "fees.pay": by("fees.create_order"),
    "fees.status": CANDIDATES,
    "fees.refresh": by("fees.query_order"),
    "fees.callback": frozenset({Role.PUBLIC}),
    "fees.ledger": OFFICE,
    "fees.export_ledger": by("fees.export_ledger"),
    "fees.receipt": CANDIDATES,
    "fees.refunds": by("fees.refund_payments"),
    "fees.ask_refunds": by("fees.refund_payments"),
    "fees.statements": by("fees.explain_discrepancy"),
    "fees.statement": by("fees.explain_discrepancy"),
    "fees.statement_note": by("fees.explain_discrepancy"),
    "fees.explain": by("fees.explain_discrepancy"),
    "fees.export_statement": by("fees.export_statement"),
    "draws.index": ANYBODY,
    "draws.show": ANYBODY,
    "draws.manifest": ANYBODY,
    "live.events": ANYBODY,
    "live.stamp": ANYBODY,
    "live.hall": ANYBODY,
    "live.printed": ANYBODY,
    "live.rehearsal": CEREMONY,
    "live.rehearsed": CEREMONY,
    "draws.office": CEREMONY,
    "sealed.page": by("draws.look_at_result"),
    "sealed.look": by("draws.look_at_result"),
    "draws.freeze": by("draws.freeze_draw"),
    "draws.ceremony": CEREMONY,
    "draws.commit": CEREMONY,
    "draws.drand": by("draws.record_drand"),
    "draws.dice": by("draws.record_dice"),
    "draws.confirm": by("draws.confirm_dice"),
    "draws.reveal": CEREMONY,
    "contributors.choose": by("draws.choose_sources"),
    "contributors.invite": by("draws.invite_contributor"),
    "contributors.show": GUESTS,
    "contributors.commit": GUESTS,
    "contributors.reveal": GUESTS,
    "draws.finish": by("draws.finish_draw"),
    "draws.publish": by("draws.publish_draw"),
    "draws.void": by("draws.void_draw"),
    "draws.approve": by("draws.approve_redraw"),
    "examday.seats": OFFICE,
    "examday.room": OFFICE,
    "examday.export_seats": by("examday.export_seats"),
    "seating.site": OFFICE,
    "seating.papers": by("examday.print_papers"),
    "seating.late": by("examday.move_candidate"),
    "seating.change": by("examday.move_candidate"),
    "seating.versions": OFFICE,
    "seating.difference": OFFICE,
    "seating.export_changes": by("examday.export_changes"),
    "examday.invigilators": by("examday.import_invigilators"),
    "examday.ticket": CANDIDATES,
    "duties.rosters": OFFICE,
    "duties.roster": OFFICE,
    "duties.export": by("examday.export_invigilators"),
    "duties.letters": OFFICE,
    "duties.absence": by("examday.record_invigilator_absence"),
    "duties.replace": by("examday.replace_invigilator"),
    "scripts.papers": by("marking.enter_paper_sets"),
    "scripts.markers": by("marking.enter_marking_groups"),
    "scripts.codes": by("marking.export_codes"),
    "scripts.recount": OFFICE,
    "marking.index": by("marking.import_written_scores"),
    "marking.scores": by("marking.import_written_scores"),
    "interviews.pool": by("interviews.import_interviewers"),
    "lots.index": CEREMONY,
    "lots.group": CEREMONY,
    "lots.commit": by("interviews.commit_lots"),
    "lots.slips": by("interviews.print_lots"),
    "lots.pick": by("interviews.pick_lot"),
    "lots.open_envelopes": by("interviews.open_lots"),
    "lots.publish": by("interviews.publish_lots"),
    "lots.void": by("interviews.void_lots"),
    "lots.every": ANYBODY,
    "lots.show": ANYBODY,
    "interviews.setup": OFFICE,
    "interviews.avoidances": OFFICE,
    "interviews.panels": by("interviews.create_panels"),
    "interviews.accounts": by("interviews.issue_accounts"),
    "panels.substitutes": by("interviews.record_interviewer_absence"),
    "panels.replace": by("interviews.replace_interviewer"),
    "panels.sheets": OFFICE,
    "panels.groups": OFFICE,
    "panels.sealed": by("interviews.look_at_panels"),
    "pools.exchange": by("interviews.export_pool"),
    "pools.export": by("interviews.export_pool"),
    "pools.register": by("interviews.register_bureau"),
    "pools.take": by("interviews.import_pool"),
    "pools.relate": by("interviews.declare_incompatibility"),
    "interviews.open": by("interviews.open_panel"),
    "interviews.call": by("interviews.call_candidate"),
    "interviews.absent": by("interviews.mark_absent"),
    "interviews.slip_office": OFFICE,
    "interviews.desk": by("interviews.enter_score"),
    "interviews.score": by("interviews.enter_score"),
    "interviews.avoid": by("interviews.enter_score"),
    "interviews.close": by("interviews.close_panel"),
    "interviews.hall": ANYBODY,
    "interviews.hall_state": ANYBODY,
    "interviews.slip": CANDIDATES,
    "results.office": OFFICE,
    "results.prepare": by("results.prepare_release"),
    "results.publish": by("results.publish_release"),
    "results.lists": ANYBODY,
    "results.release": ANYBODY,
    "results.mine": CANDIDATES,
    "results.slip": CANDIDATES,
    "results.slip_pdf": CANDIDATES,
    "oversight.desk": by("oversight.cosign_notes"),
    "oversight.acts": by("oversight.export_acts"),
    "oversight.act": by("oversight.export_acts"),
    "oversight.newer": by("oversight.export_acts"),
    "oversight.export_acts": by("oversight.export_acts"),
    "oversight.timeline": by("oversight.export_acts"),
    "oversight.alerts": by("oversight.note_alert"),
    "oversight.note_alert": by("oversight.note_alert"),
    "oversight.evidence": by("oversight.make_evidence"),
    "oversight.make_evidence": by("oversight.make_evidence"),
    "oversight.board": RECORD,
    "oversight.to_cosign": by("oversight.cosign_notes"),
    "oversight.cosign": by("oversight.cosign_notes"),
    "oversight.records": by("oversight.cosign_notes"),
    "report.write": ANYBODY,
    "report.answers": ANYBODY,
    "report.received": ANYBODY,
    "tips.desk": INSPECTORS,
    "tips.letter": INSPECTORS,
    "tips.enter": INSPECTORS,
    "tips.answer": INSPECTORS,
    "tips.sealing_key": INSPECTORS,
    "oversight.log": ANYBODY,
    "oversight.published": ANYBODY,
    "oversight.check": ANYBODY,
    "oversight.promises": ANYBODY,
}


def require(role: Role, verb: str) -> None:
    """Raise Forbidden unless the role has the verb; Fault when the table does not know it."""
    if verb not in VERBS:
        raise Fault(f"the verb {verb} is missing from the access table")
    if role not in VERBS[verb].roles:
        raise Forbidden("Your role may not do this")


def check_tables(verbs: Iterable[str], endpoints: Iterable[str]) -> None:
    """Refuse to start (Fault) unless both tables name exactly what exists."""
    have_verbs, have_pages = set(verbs), set(endpoints)
    problems = [f"the verb {name} has no rule" for name in sorted(have_verbs - set(VERBS))]
    problems += [f"the rule {name} has no verb" for name in sorted(set(VERBS) - have_verbs)]
    problems += [f"the page {name} has no rule" for name in sorted(have_pages - set(PAGES))]
    problems += [f"the rule {name} has no page" for name in sorted(set(PAGES) - have_pages)]
    if problems:
        raise Fault("the access tables are not complete: " + "; ".join(problems))
