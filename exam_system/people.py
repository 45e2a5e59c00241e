"""What is written about a person: ID number, name, telephone number, age."""

import calendar
import datetime
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import mul
from typing import Literal

from exam_system.errors import Invalid
from exam_system.sheets.sentence import Sentence
from exam_system.trust.canonical import has_control

Sex = Literal["male", "female"]

# GB 11643-1999: weights of the first 17 digits; the check character for each remainder mod 11.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_ZEROS = ord("0") * sum(_WEIGHTS)
_SPELLED = re.compile("[0-9]{17}[0-9X]")
PREFECTURE = 4  # the digits of an area code that name the prefecture
_OLDEST = 120
_LONGEST_NAME = 50
_NARROW = str.maketrans("０１２３４５６７８９Ｘｘx＋－", "0123456789XXX+-")
_DOTS = re.compile("[•・‧∙⋅･]")
# Unified ideographs with extension A, compatibility ideographs, 〇, and planes 2 and 3.
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}]) +(?=[{_HAN}])")
_FULL_STOP_IN_HAN = re.compile(f"(?<=[{_HAN}])[.．](?=[{_HAN}])")
_IS_HAN = re.compile(f"[{_HAN}]")


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """A valid citizen ID number (GB 11643-1999), 18 characters; shown masked unless asked."""

    number: str
    area: str = field(compare=False)
    birth: datetime.date = field(compare=False)
    sex: Sex = field(compare=False)

    @classmethod
    def parse(cls, text: str, *, today: datetime.date) -> "IdNumber":
        """Forgives spaces, full-width digits and a small x. Raises Sentence.

        The area code is not looked up: abolished codes stay valid on cards for life.
        """
        number = text if _SPELLED.fullmatch(text) else _compact(text)
        if len(number) != 18:
            raise Sentence(
                "An ID number has 18 characters; this one has %(count)s.", count=len(number)
            )
        if not _SPELLED.fullmatch(number):
            raise Sentence("An ID number has 17 digits and then a digit or X.")
        birth = _birth(number[6:14], today)
        if number[17] != check_character(number):
            raise Sentence("The ID number is mistyped: its last character does not fit the rest.")
        return cls(number, number[:6], birth, "male" if int(number[16]) % 2 else "female")

    def __repr__(self) -> str:
        return f"IdNumber({mask_id(self.number)})"

    __str__ = __repr__


def mask_id(number: str) -> str:
    """An ID number with the birthday hidden: 110101********0011."""
    return number[:6] + "*" * 8 + number[-4:]


def clean_name(text: str) -> str:
    """A name in one spelling: NFC, one kind of middle dot, no stray spaces. Raises Sentence.

    Allows Chinese characters of every plane, Latin letters, and · between parts of a name.
    """
    name = unicodedata.normalize("NFC", text)
    _refuse_controls(name)
    name = _DOTS.sub("·", " ".join(name.split()))
    name = _FULL_STOP_IN_HAN.sub("·", _BETWEEN_HAN.sub("", name)).replace(" ·", "·")
    name = name.replace("· ", "·")
    for character in name:
        if not _in_names(character):
            raise _not_in_names(character)
    _check_shape(name)
    return name


def clean_line(text: str, longest: int) -> str:
    """One line of text in NFC with single spaces; empty when nothing printable is left of it, or
    it is longer, or has control characters."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return "" if len(line) > longest or has_control(line) else line


def clean_text(text: str, longest: int) -> str:
    """A text of several lines with plain ends of lines; empty when nothing is left of it, or it is
    longer, or has control characters."""
    lines = text.replace("\r\n", "\n").strip()
    return "" if len(lines) > longest or has_control(lines.replace("\n", "")) else lines


def require_text(text: str, longest: int, field: str) -> str:
    """One language of a text, as `clean_text` makes it; raises Invalid, of `field`, without one."""
    lines = clean_text(text, longest)
    if not lines:
        sentence = "A text has 1 to %(most)s characters in each language"
        raise Invalid(sentence, most=longest).about(field)
    return lines


def line_within(longest: int) -> Callable[[str], str]:
    """Reads a cell of at most so many characters as `clean_line` makes it, for a table's column."""

    def read(text: str) -> str:
        line = clean_line(text, longest)
        if not line:
            raise Sentence("Enter at most %(longest)s characters", longest=longest)
        return line

    return read


def reason_line(text: str, longest: int, field: str = "reason why") -> str:
    """A reason as `clean_line` makes it, typed in `field`; raises Invalid when there is none."""
    reason = clean_line(text, longest)
    if not reason:
        sentence = "Give the reason in one line of at most %(most)s characters"
        raise Invalid(sentence, most=longest).about(field)
    return reason


def clean_area(text: str) -> str:
    """The code of an area (GB/T 2260), 6 digits; forgives blanks and full width. Raises it."""
    digits = narrow(text)
    if not re.fullmatch("[1-9][0-9]{5}", digits):
        raise Sentence("An area code has six digits (GB/T 2260).").about("area_code area")
    return digits


def same_area(one: str, other: str, digits: int) -> bool:
    """Whether two area codes begin with the same `digits`: 2 the province, 4 the prefecture, 6 the
    county; 0 asks nothing, so that nobody is of the same area."""
    return digits > 0 and one[:digits] == other[:digits]


_NO_PHONE = "A mobile number has 11 digits and begins with 13 to 19."


def clean_phone(text: str) -> str:
    """A mobile number of mainland China, 11 digits; forgives spaces, hyphens, +86."""
    digits = re.sub(r"^(\+|00)86|^86(?=1[0-9]{10}$)", "", _compact(text).replace("-", ""))
    if not re.fullmatch("1[3-9][0-9]{9}", digits):
        raise Sentence(_NO_PHONE).about("phone")
    return digits


def mask_phone(phone: str) -> str:
    """A mobile number with the middle hidden: 138****5678."""
    return phone[:3] + "****" + phone[-4:]


def age_on(birth: datetime.date, day: datetime.date) -> int:
    """Full years (周岁) on `day`. Raises ValueError before birth.

    Born on 29 February: a year older on 28 February of a common year (Civil Code, article 202:
    where the month has no such day, the period ends on its last day).
    """
    if day < birth:
        raise ValueError("The day is before the birth.")
    last = calendar.monthrange(day.year, birth.month)[1]
    birthday = (birth.month, min(birth.day, last))
    return day.year - birth.year - ((day.month, day.day) < birthday)


def narrow(text: str) -> str:
    """A number or code as it is compared: no spaces, no invisible marks, full-width made plain."""
    return unicodedata.normalize("NFKC", _compact(text))


_DAY = re.compile("([0-9]{4})(?:[-/.年])([0-9]{1,2})(?:[-/.月])([0-9]{1,2})日?")


def read_day(text: str) -> datetime.date:
    """A day as people write it: 2026-03-05, 2026/3/5, 2026.3.5, 2026年3月5日, 20260305; full-width
    digits and spaces are forgiven. Raises ValueError."""
    plain = narrow(text)
    found = _DAY.fullmatch(plain)
    if found is None:
        return datetime.date.fromisoformat(plain)
    return datetime.date(*map(int, found.groups()))


_MOMENT = re.compile("(.+?)(?:T|(?<=日)|(?<=[0-9]) +)([0-9]{1,2}):([0-9]{2})(?::00)?")


def read_moment(text: str) -> datetime.datetime:
    """A day with a time, without a zone: what fields of dates and times send, or as people write
    it: 2026-03-05 9:00, 2026年3月5日 9：00. Raises ValueError."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _MOMENT.fullmatch(plain.replace("日 ", "日"))
    if found is None:
        raise ValueError(text)
    return datetime.datetime.combine(
        read_day(found[1]), datetime.time(int(found[2]), int(found[3]))
    )


def _compact(text: str) -> str:
    """Without spaces and the invisible marks that telephones copy along; ASCII digits."""
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")
    return "".join(kept).translate(_NARROW)


def _birth(digits: str, today: datetime.date) -> datetime.date:
    try:
        birth = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise Sentence("The ID number is mistyped: digits 7 to 14 are not a date.") from error
    if birth > today or age_on(birth, today) > _OLDEST:
        raise Sentence("The ID number is mistyped: nobody living was born on that date.")
    return birth


def check_character(number: str) -> str:
    """The last character that belongs to the first 17 digits (GB 11643-1999)."""
    total = sum(map(mul, number.encode(), _WEIGHTS)) - _ZEROS
    return _CHECKS[total % 11]


def _refuse_controls(name: str) -> None:
    """Tabs and line breaks inside a name, which are blanks to split() and so would vanish."""
    for character in name.strip():
        if unicodedata.category(character) == "Cc":
            raise _not_in_names(character)


def _not_in_names(character: str) -> Sentence:
    shown = character if character.isprintable() else ""
    return Sentence(
        "A name is made of letters; %(character)s (U+%(code)s) cannot be part of it.",
        character=f"“{shown}”",
        code=f"{ord(character):04X}",
    ).about("name")


def _in_names(character: str) -> bool:
    if character in "· '-." or _IS_HAN.match(character):
        return True
    is_letter = unicodedata.category(character) in ("Ll", "Lu")
    return is_letter and unicodedata.name(character, "").startswith("LATIN ")


_LONG_NAME = "A name has at most %(limit)s characters."


def _check_shape(name: str) -> None:
    if not any(character.isalpha() or character == "〇" for character in name):
        raise Sentence("Enter the name.").about("name")
    if len(name) > _LONGEST_NAME:
        raise Sentence(_LONG_NAME, limit=_LONGEST_NAME).about("name")
    if name.strip("·") != name or "··" in name:
        raise Sentence("The middle dot stands between two parts of a name.").about("name")
