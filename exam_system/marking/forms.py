"""Forms of marking."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField, SubmitField
from wtforms.validators import DataRequired, Length


class MarksForm(FlaskForm):  # type: ignore[misc]
    """A table of written marks."""

    file = FileField(
        _l("Table of marks (.xlsx or .csv)"),
        validators=[FileRequired(_l("Choose the table of marks"))],
    )
    submit = SubmitField(_l("Take the marks in"))


class CorrectionForm(MarksForm):
    """A table that changes marks which are in already: asked for first, carried out afterwards."""

    reason = StringField(
        _l("Reason for the correction"), validators=[DataRequired(), Length(max=200)]
    )
    ask = SubmitField(_l("Ask for approval"))
    submit = SubmitField(_l("Take the corrected marks in"))
