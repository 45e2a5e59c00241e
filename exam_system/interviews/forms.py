"""Forms of interviews."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import IntegerField, SelectField, StringField, SubmitField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from exam_system.interviews.pool import RELATIONS


class PoolForm(FlaskForm):  # type: ignore[misc]
    """A table of interviewers."""

    file = FileField(
        _l("Table of interviewers (.xlsx or .csv)"),
        validators=[FileRequired(_l("Choose a file"))],
    )
    submit = SubmitField(_l("Add to the pool"))


class PanelsForm(FlaskForm):  # type: ignore[misc]
    """How many panels there shall be."""

    panels = IntegerField(
        _l("Number of panels (empty: as few as keep every group within 30)"),
        validators=[Optional(), NumberRange(1, 99, _l("Enter a number from 1 to 99"))],
    )
    submit = SubmitField(_l("Set up panels and groups"))


class OwnAvoidanceForm(FlaskForm):  # type: ignore[misc]
    """An interviewer declares an avoidance."""

    number = StringField(
        _l("Admission number of the candidate"), validators=[DataRequired(), Length(max=20)]
    )
    relation = SelectField(
        _l("Relation"), choices=[(key, _l(name)) for key, name in RELATIONS.items()]
    )
    submit = SubmitField(_l("Declare the avoidance"))


class AvoidanceForm(OwnAvoidanceForm):
    """The office declares one for an interviewer."""

    certificate = StringField(
        _l("Certificate number of the interviewer"), validators=[DataRequired(), Length(max=40)]
    )


class RelationForm(FlaskForm):  # type: ignore[misc]
    """Two interviewers who never sit in one panel."""

    first = StringField(
        _l("Certificate number of the interviewer"), validators=[DataRequired(), Length(max=40)]
    )
    second = StringField(
        _l("Certificate number of the other one"), validators=[DataRequired(), Length(max=40)]
    )
    relation = SelectField(
        _l("Relation"), choices=[(key, _l(name)) for key, name in RELATIONS.items()]
    )
    submit = SubmitField(_l("Declare the relation"))


class AbsenceForm(FlaskForm):  # type: ignore[misc]
    """A drawn interviewer or reserve who cannot serve."""

    certificate = StringField(
        _l("Certificate number of the interviewer"), validators=[DataRequired(), Length(max=40)]
    )
    reason = StringField(_l("Reason"), validators=[DataRequired(), Length(max=200)])
    submit = SubmitField(_l("Put the absence on record"))


class LookForm(FlaskForm):  # type: ignore[misc]
    """Why an inspector looks at sealed panels."""

    reason = StringField(
        _l("Reason; it stays on record with your name"),
        validators=[DataRequired(), Length(max=200)],
    )
    submit = SubmitField(_l("Look at the panels"))


class BureauForm(FlaskForm):  # type: ignore[misc]
    """Another bureau's public key."""

    title = StringField(_l("Name of the bureau"), validators=[DataRequired(), Length(max=120)])
    vkey = StringField(
        _l("Public key of its publisher (vkey)"), validators=[DataRequired(), Length(max=400)]
    )
    submit = SubmitField(_l("Register the bureau"))


class TakeForm(FlaskForm):  # type: ignore[misc]
    """A signed pool of another bureau."""

    file = FileField(
        _l("Signed pool of another bureau (.note)"),
        validators=[FileRequired(_l("Choose a file"))],
    )
    submit = SubmitField(_l("Show what it would change"))
