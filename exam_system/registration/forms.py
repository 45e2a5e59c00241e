"""Forms of registration."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import DataRequired, Length

from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.reviewing import LONGEST_REASON
from exam_system.registration.service import LONGEST_NEED


class ApplyForm(FlaskForm):  # type: ignore[misc]
    """A candidate applies; posts and districts are the exam's."""

    post = SelectField(_l("Post"), validators=[DataRequired()], validate_choice=False)
    district = SelectField(_l("District"), coerce=int, validate_choice=False)
    education = SelectField(_l("Highest education"), choices=list(LEVEL_NAMES.items()))
    major = StringField(
        _l("Major as on the diploma, with its catalogue code if you know it"),
        validators=[DataRequired(), Length(max=80)],
    )
    school = StringField(_l("School of graduation"), validators=[DataRequired(), Length(max=120)])
    employer = StringField(_l("Employer, if you have one"), validators=[Length(max=120)])
    need = StringField(
        _l("Only if you need an accessible room (wheelchair, no stairs): why"),
        description=_l(
            "The reviewer decides on it together with the application. The public list of the draw "
            "shows only that somebody under an anonymous label needs such a room."
        ),
        validators=[Length(max=LONGEST_NEED)],
    )
    submit = SubmitField(_l("Save and go on"))


class PhotoForm(FlaskForm):  # type: ignore[misc]
    """The identity photo."""

    photo = FileField(
        _l("Photo (JPEG or PNG, upright, plain background, at most 5 MB)"),
        validators=[FileRequired(_l("Choose a photo"))],
    )
    submit = SubmitField(_l("Upload the photo"))


class RefuseForm(FlaskForm):  # type: ignore[misc]
    """A refusal and its reason."""

    reason = TextAreaField(
        _l("Reason, as the candidate will read it"), validators=[Length(max=LONGEST_REASON)]
    )
