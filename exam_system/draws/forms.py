"""Forms of draws: each step of the ceremony has its own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import DataRequired, EqualTo, Length

_HEX = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
_DIGITS = {**_HEX, "inputmode": "numeric"}


class CommitForm(FlaskForm):  # type: ignore[misc]
    """The digest of a secret; the secret itself is no field of any form here."""

    commitment = StringField(
        _l("Commitment (64 characters)"),
        validators=[DataRequired(), Length(max=80)],
        render_kw=_HEX,
    )
    submit = SubmitField(_l("Log the commitment"))


class DiceForm(FlaskForm):  # type: ignore[misc]
    """The officer types the dice, and once more while they are read back."""

    digits = StringField(
        _l("The 20 dice, in the order in which they lie"),
        validators=[DataRequired(), Length(max=80)],
        render_kw=_DIGITS,
    )
    again = StringField(
        _l("Once more, while somebody reads them out"),
        validators=[EqualTo("digits", _l("The two lines of digits differ"))],
        render_kw=_DIGITS,
    )
    submit = SubmitField(_l("Enter the dice"))


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """The inspector types what lies on the table."""

    digits = StringField(
        _l("The 20 dice as you see them on the table"),
        validators=[DataRequired(), Length(max=80)],
        render_kw=_DIGITS,
    )
    submit = SubmitField(_l("Confirm the dice"))


class DrandForm(FlaskForm):  # type: ignore[misc]
    """The signature of a round of drand, as its page or a scan gives it."""

    signature = TextAreaField(
        _l("Signature of the round (96 characters)"),
        validators=[DataRequired(), Length(max=200)],
        render_kw=_HEX,
    )
    submit = SubmitField(_l("Enter the round"))


class RevealForm(FlaskForm):  # type: ignore[misc]
    """A secret: one's own, or the other party's from the sealed copy."""

    secret = StringField(
        _l("Secret (64 characters)"),
        validators=[DataRequired(), Length(max=80)],
        render_kw=_HEX,
    )
    submit = SubmitField(_l("Reveal the secret"))


class VoidForm(FlaskForm):  # type: ignore[misc]
    """Why an attempt is void."""

    reason = TextAreaField(
        _l("Reason, published with the draw"), validators=[DataRequired(), Length(max=200)]
    )
    submit = SubmitField(_l("Void this attempt"))


class FailedSecretForm(VoidForm):
    """Why an attempt is void after the dice: whose sealed copy failed, and what stands in it."""

    failed = SelectField(_l("Whose sealed copy"), validate_choice=False)  # the verb looks
    sealed = StringField(
        _l("What stands in the sealed copy"),
        validators=[Length(max=200)],
        render_kw=_HEX,
    )


class ApproveForm(FlaskForm):  # type: ignore[misc]
    """Why the inspector allows another attempt."""

    reason = TextAreaField(
        _l("Reason, published with the draw"), validators=[DataRequired(), Length(max=200)]
    )
    submit = SubmitField(_l("Approve another attempt"))
