"""Forms of accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, EqualTo, Length

from exam_system.accounts.service import LONGEST_OFFICE, SHORTEST_PASSWORD, STAFF
from exam_system.errors import Sentence

NAMED = DataRequired(_l("Enter your name as it stands on the ID card"))
NUMBERED = DataRequired(_l("Enter your ID number"))
PHONED = DataRequired(_l("Enter your mobile number"))
LONG_ENOUGH = Length(
    min=SHORTEST_PASSWORD, max=200, message=_l("The password has at least 10 characters")
)


def spelled(form: FlaskForm, checks: Mapping[str, Callable[[str], object]]) -> bool:
    """Look at fields with what raises a Sentence, and say it beside each; whether all are right."""
    right = True
    for name, check in checks.items():
        try:
            check(form[name].data or "")
        except Sentence as error:
            right = False
            if not form[name].errors:
                form[name].errors = [error.text(gettext)]
    return right


class LoginForm(FlaskForm):  # type: ignore[misc]
    """Log in with a login name or an ID number."""

    login = StringField(
        _l("Login name or ID number"),
        validators=[DataRequired(_l("Enter your login name or ID number")), Length(max=64)],
    )
    password = PasswordField(
        _l("Password"), validators=[DataRequired(_l("Enter your password")), Length(max=200)]
    )
    submit = SubmitField(_l("Log in"))


class RegisterForm(FlaskForm):  # type: ignore[misc]
    """A candidate registers."""

    name = StringField(_l("Name as on the ID card"), validators=[NAMED, Length(max=60)])
    id_number = StringField(_l("ID number"), validators=[NUMBERED, Length(max=40)])
    phone = StringField(_l("Mobile phone"), validators=[PHONED, Length(max=30)])
    password = PasswordField(_l("Password"), validators=[LONG_ENOUGH])
    again = PasswordField(
        _l("Password once more"),
        validators=[EqualTo("password", _l("The two passwords differ"))],
    )
    submit = SubmitField(_l("Register"))


class TakeoverForm(FlaskForm):  # type: ignore[misc]
    """Somebody asks for the account of their ID number."""

    claim = RadioField(
        _l("Why you ask"), validators=[DataRequired(_l("Say why you ask for the account"))]
    )
    name = StringField(_l("Name as on the ID card"), validators=[NAMED, Length(max=60)])
    id_number = StringField(_l("ID number"), validators=[NUMBERED, Length(max=40)])
    phone = StringField(_l("Mobile phone"), validators=[PHONED, Length(max=30)])
    front = FileField(
        _l("ID card, the side with the portrait"),
        validators=[FileRequired(_l("Choose the picture of the side with the portrait"))],
    )
    back = FileField(
        _l("ID card, the side with the emblem"),
        validators=[FileRequired(_l("Choose the picture of the side with the emblem"))],
    )
    held = FileField(
        _l("Yourself, holding the ID card beside your face"),
        validators=[FileRequired(_l("Choose the picture of yourself with the ID card"))],
    )
    submit = SubmitField(_l("Ask for the takeover"))


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The reference and pick-up code of a takeover."""

    ref = StringField(
        _l("Reference"),
        validators=[DataRequired(_l("Enter the reference that you were shown")), Length(max=40)],
    )
    code = StringField(
        _l("Pick-up code"),
        validators=[DataRequired(_l("Enter the pick-up code that you were shown")), Length(max=40)],
    )
    submit = SubmitField(_l("Show how far it is"))


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """Somebody sets the password of the account that a takeover made."""

    password = PasswordField(_l("New password"), validators=[LONG_ENOUGH])
    again = PasswordField(
        _l("Password once more"),
        validators=[EqualTo("password", _l("The two passwords differ"))],
    )
    submit = SubmitField(_l("Set the password"))


class AccountForm(FlaskForm):  # type: ignore[misc]
    """An administrator creates a member of staff."""

    username = StringField(_l("Login name"), validators=[DataRequired(), Length(max=40)])
    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=60)])
    role = SelectField(_l("Role"), choices=[(role.value, role.value) for role in sorted(STAFF)])
    office = StringField(
        _l("Office (none for interviewers)"), validators=[Length(max=LONGEST_OFFICE)]
    )
    password = PasswordField(
        _l("First password"), validators=[DataRequired(), Length(min=SHORTEST_PASSWORD, max=200)]
    )
    submit = SubmitField(_l("Create"))


class InspectorKeyForm(FlaskForm):  # type: ignore[misc]
    """An administrator registers an inspector's public key."""

    vkey = TextAreaField(_l("Public key (vkey)"), validators=[DataRequired(), Length(max=400)])
    submit = SubmitField(_l("Register the key"))
