"""Forms of results."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, HiddenField, StringField, SubmitField
from wtforms.validators import DataRequired, Length, Optional


class PrepareForm(FlaskForm):  # type: ignore[misc]
    """Prepare the list of a stage for the first time."""

    stage = HiddenField(validators=[DataRequired()])
    publish_at = DateTimeLocalField(
        _l("Announced minute, where one is announced"), validators=[Optional()]
    )
    submit = SubmitField(_l("Compute, recheck and sign the list"))


class CorrectForm(PrepareForm):
    """Prepare a correction of a published list."""

    reason = StringField(
        _l("What was wrong (printed on the corrected list)"),
        validators=[DataRequired(), Length(max=200)],
    )
    submit = SubmitField(_l("Prepare the correction"))
