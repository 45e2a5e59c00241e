"""The words of messages: one entry for each kind.

The words are English; the catalogue has the Chinese. `%(exam)s` is the exam's name, places that
end in `_at` are times, all others come from the act's details.
"""

from __future__ import annotations

from dataclasses import dataclass

from exam_system.errors import Sentence


@dataclass(frozen=True, slots=True)
class Words:
    """Title and text of a kind; `urgent` ones also go to the telephone."""

    title: Sentence
    text: Sentence
    urgent: bool = False


KINDS: dict[str, Words] = {
    "registered": Words(
        Sentence("Your account is open"),
        Sentence("You are registered. If it was not you, tell the exam office at once."),
    ),
    "disputed": Words(
        Sentence("Somebody asks for your account"),
        Sentence(
            "Somebody says that the ID number of your account is theirs. If it was not you, come "
            "to the office with your ID card before it is decided."
        ),
        urgent=True,
    ),
    "submitted": Words(
        Sentence("We have your application"),
        Sentence(
            "%(exam)s: your application waits for its review of at most %(days)s working days."
        ),
    ),
    "approved": Words(
        Sentence("Your application is approved"),
        Sentence("%(exam)s: pay before %(pay_at)s. Whoever has not paid by then gives up."),
        urgent=True,
    ),
    "confirmed": Words(
        Sentence("Your new post is confirmed"),
        Sentence("%(exam)s: your choice was reviewed and holds."),
    ),
    "refused": Words(
        Sentence("Your application is refused"),
        Sentence("%(exam)s: %(why)s. The page of your application says what you can do."),
        urgent=True,
    ),
    "reopened": Words(
        Sentence("Your application is reviewed once more"),
        Sentence("%(exam)s: the decision was taken back; your application waits for review again."),
    ),
    "waived": Words(
        Sentence("Your fee is waived"), Sentence("%(exam)s: you are registered and pay nothing.")
    ),
    "not_waived": Words(
        Sentence("Your request for a waiver is refused"),
        Sentence("%(exam)s: %(why)s. Pay before %(pay_at)s; whoever has not paid gives up."),
        urgent=True,
    ),
    "ticket": Words(
        Sentence("Your admission ticket was replaced"),
        Sentence("%(exam)s: print the ticket again: an older one does not count."),
        urgent=True,
    ),
    "paid": Words(
        Sentence("Your payment has arrived"),
        Sentence("%(exam)s: you are registered and have paid."),
    ),
    "owed": Words(
        Sentence("Your payment will be sent back"),
        Sentence("%(exam)s: this payment could not be kept; it goes back the way it came."),
        urgent=True,
    ),
    "refunded": Words(
        Sentence("Your money was sent back"),
        Sentence("%(exam)s: the refund was carried out by the payment service."),
    ),
    "change": Words(
        Sentence("The announcement was changed"),
        Sentence("%(exam)s: change notice %(version)s is published. Read whether it concerns you."),
        urgent=True,
    ),
    "choose": Words(
        Sentence("Your post was cancelled: choose again"),
        Sentence("%(exam)s: choose another post before %(until_at)s, or get your money back."),
        urgent=True,
    ),
    "seated": Words(
        Sentence("Print your admission ticket"),
        Sentence("%(exam)s: the seats are drawn. Your admission number is %(number)s."),
        urgent=True,
    ),
    "moved": Words(
        Sentence("Your seat has changed"),
        Sentence("%(exam)s: your admission number is now %(number)s. Print the ticket again."),
        urgent=True,
    ),
    "written": Words(
        Sentence("The written scores are published"),
        Sentence("%(exam)s: your score is on your page."),
    ),
    "shortlist": Words(
        Sentence("The shortlist is published"),
        Sentence("%(exam)s: your page says whether you are on it."),
        urgent=True,
    ),
    "final": Words(
        Sentence("The final results are published"),
        Sentence("%(exam)s: your total and rank are on your page."),
        urgent=True,
    ),
    "medical": Words(
        Sentence("You are invited to the medical examination"),
        Sentence("%(exam)s: the list is published; time and place follow from the office."),
        urgent=True,
    ),
    "appointment": Words(
        Sentence("You stand in the list of proposed appointments"),
        Sentence("%(exam)s: the list is published and open to objections."),
        urgent=True,
    ),
    "case_notice": Words(
        Sentence("A sanction is intended: you may answer"),
        Sentence(
            "%(exam)s: read on your page what is intended and why. You may answer until %(due)s."
        ),
        urgent=True,
    ),
    "case_decided": Words(
        Sentence("There is a decision in your case"),
        Sentence("%(exam)s: the decision is on your page; confirm there that you received it."),
        urgent=True,
    ),
    "offer": Words(
        Sentence("A place is offered to you"),
        Sentence("%(exam)s: you are next by rank. Answer on your page before the offer ends."),
        urgent=True,
    ),
    "medical_call": Words(
        Sentence("You are called to the medical examination"),
        Sentence("%(exam)s: when and where stands on your page."),
        urgent=True,
    ),
    "medical_noted": Words(
        Sentence("Your medical examination is noted"),
        Sentence("%(exam)s: the outcome, and whether you may ask for a re-check, is on your page."),
        urgent=True,
    ),
    "rechecked": Words(
        Sentence("Your request for a re-check is answered"),
        Sentence("%(exam)s: what was found is on your page."),
    ),
    "appointed": Words(
        Sentence("You are appointed"),
        Sentence("%(exam)s: every step is done; the office tells you when to begin."),
        urgent=True,
    ),
    "remind_draft": Words(
        Sentence("Registration closes soon"),
        Sentence(
            "%(exam)s: your application is not submitted. Registration closes at %(close_at)s."
        ),
        urgent=True,
    ),
    "remind_pay": Words(
        Sentence("You have not paid yet"),
        Sentence("%(exam)s: pay before %(close_at)s. Whoever has not paid by then gives up."),
        urgent=True,
    ),
    "remind_choose": Words(
        Sentence("The time for choosing again ends soon"),
        Sentence("%(exam)s: choose another post before %(close_at)s, or get your money back."),
        urgent=True,
    ),
    "remind_exam": Words(
        Sentence("The exam begins soon"),
        Sentence(
            "%(exam)s: it begins at %(close_at)s. Bring the admission ticket and your ID card."
        ),
        urgent=True,
    ),
    "letter_replied": Words(
        Sentence("Your letter was answered"),
        Sentence("Read the answer to letter %(number)s with its code; say how content you are."),
    ),
    "letter_remind": Words(
        Sentence("A letter of yours is due soon"),
        Sentence("Letter %(number)s must be answered or taken up until %(due)s."),
    ),
    "letter_overdue": Words(
        Sentence("A letter of yours is overdue"),
        Sentence("Letter %(number)s was due on %(due)s and is not answered or taken up."),
    ),
    "letter_escalate": Words(
        Sentence("An overdue letter comes to the inspection office"),
        Sentence("Letter %(number)s was due on %(due)s; ask its owner why it waits."),
    ),
    "letter_hand_over": Words(
        Sentence("A letter was handed over to you"),
        Sentence("The owner of letter %(number)s is absent; it is due on %(due)s."),
    ),
    "letter_part": Words(
        Sentence("You are asked for a part of a letter"),
        Sentence("Letter %(number)s: read on its page what is wanted until %(due)s."),
    ),
    "notice": Words(
        Sentence("There is a notice on your exam"),
        Sentence("%(exam)s: “%(title)s” is published, as notice %(number)s."),
    ),
    "notice_corrected": Words(
        Sentence("A notice on your exam was corrected"),
        Sentence("%(exam)s: “%(title)s”, notice %(number)s, says something else now: read it."),
        urgent=True,
    ),
    "address": Words(
        Sentence("Confirm your e-mail address"),
        Sentence("The code is %(code)s. If you have not asked for it, do nothing."),
    ),
}
