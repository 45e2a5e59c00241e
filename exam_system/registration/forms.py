"""Forms of registration."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, StringField, SubmitField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length

from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.reviewing import LONGEST_REASON
from exam_system.registration.service import LONGEST_NEED


class ApplyForm(FlaskForm):  # type: ignore[misc]
    """A candidate applies; posts and districts are the exam's."""

    post = StringField(_l("Post"), validators=[DataRequired(_l("Choose a post"))])
    district = RadioField(
        _l("District"),
        coerce=int,
        validate_choice=False,
        validators=[InputRequired(_l("Choose the district in which you want to sit the exam"))],
    )
    education = RadioField(
        _l("Highest education"),
        choices=list(LEVEL_NAMES.items()),
        validate_choice=False,
        validators=[AnyOf(list(LEVEL_NAMES), _l("Choose your highest education"))],
    )
    major = StringField(
        _l("Major as on the diploma, with its catalogue code if you know it"),
        validators=[
            DataRequired(_l("Enter your major as it stands on the diploma")),
            Length(max=80, message=_l("The major has at most 80 characters")),
        ],
    )
    school = StringField(
        _l("School of graduation"),
        validators=[
            DataRequired(_l("Enter the school from which you graduated")),
            Length(max=120, message=_l("The school has at most 120 characters")),
        ],
    )
    employer = StringField(
        _l("Employer, if you have one"),
        validators=[Length(max=120, message=_l("The employer has at most 120 characters"))],
    )
    need = StringField(
        _l("Only if you need an accessible room (wheelchair, no stairs): why"),
        description=_l(
            "The reviewer decides on it together with the application. The public list of the draw "
            "shows only that somebody under an anonymous label needs such a room."
        ),
        validators=[
            Length(
                max=LONGEST_NEED,
                message=_l("Say in at most 200 characters why you need an accessible room"),
            )
        ],
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
