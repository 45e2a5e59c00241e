"""Messages as text: in the language of a page, and in both for what leaves the house."""

from __future__ import annotations

import json
from collections.abc import Callable
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from exam_system.clock import parse_rfc3339
from exam_system.language import translations
from exam_system.messages.models import Message
from exam_system.messages.texts import KINDS
from exam_system.wording import fill

STATES = {
    "waiting": _l("waits to be sent"),
    "sending": _l("is being sent"),
    "sent": _l("sent"),
    "uncertain": _l("it is not known whether it arrived"),
    "given_up": _l("could not be sent"),
}
CHANNELS = {"mail": _l("e-mail"), "sms": _l("text message")}
HIDDEN = "········"


def told(
    message: Message, exam: str, zone: ZoneInfo, translate: Callable[[str], str], code: str = HIDDEN
) -> tuple[str, str]:
    """Title and text of a message; `exam` is the exam's name in that language."""
    words = KINDS[message.kind]
    given = {"exam": exam, "code": code}
    for name, value in json.loads(message.params).items():
        local = name.endswith("_at")
        given[name] = f"{parse_rfc3339(value).astimezone(zone):%Y-%m-%d %H:%M}" if local else value
    return translate(words.title.msgid), fill(words.text.msgid, translate(words.text.msgid), given)


def in_both(message: Message, names: tuple[str, str], zone: ZoneInfo, code: str) -> tuple[str, str]:
    """Title and text in Chinese and then in English; `names` are the exam's in both."""
    chinese = translations("zh").gettext
    title, text = told(message, names[0], zone, chinese, code)
    other, english = told(message, names[1], zone, str, code)
    return f"{title} / {other}", f"{text}\n\n{english}\n"
