"""Forms of exams."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField, SubmitField, ValidationError
from wtforms.validators import DataRequired, Length

from exam_system.exams.rules import TYPE_NAMES
from exam_system.people import narrow


class ExamForm(FlaskForm):  # type: ignore[misc]
    """An officer creates an exam."""

    code = StringField(
        _l("Exam code"),
        description=_l("Letters, digits and hyphens, e.g. gy-2026. It can never be changed."),
        validators=[DataRequired(), Length(max=32)],
    )
    name = StringField(_l("Name in Chinese"), validators=[DataRequired(), Length(max=120)])
    name_en = StringField(_l("Name in English"), validators=[DataRequired(), Length(max=160)])
    exam_type = SelectField(
        _l("Type of exam"), choices=[(key, _l(name)) for key, name in TYPE_NAMES.items()]
    )
    area_code = StringField(
        _l("Area code (GB/T 2260)"),
        validators=[DataRequired(), Length(max=12)],
        render_kw={"inputmode": "numeric"},
    )
    submit = SubmitField(_l("Create the exam"))


class FeeForm(FlaskForm):  # type: ignore[misc]
    """A fee item with its posted basis."""

    name = StringField(_l("Fee item"), validators=[DataRequired(), Length(max=80)])
    amount = StringField(
        _l("Amount in yuan"),
        description=_l("For example 100 or 80.50"),
        render_kw={"inputmode": "decimal"},
        validators=[DataRequired(), Length(max=10)],
    )
    licence = StringField(
        _l("Charging licence or approval"), validators=[DataRequired(), Length(max=120)]
    )
    standard = StringField(_l("Charging standard"), validators=[DataRequired(), Length(max=200)])
    authority = StringField(_l("Approved by"), validators=[DataRequired(), Length(max=120)])
    hotline = StringField(_l("Supervision hotline"), validators=[DataRequired(), Length(max=40)])
    submit = SubmitField(_l("Save the fee item"))

    def validate_amount(self, field: StringField) -> None:
        """Yuan with at most two decimals."""
        if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,2})?", narrow(field.data or "")):
            raise ValidationError(_l("Enter an amount such as 100 or 80.50"))

    @property
    def fen(self) -> int:
        """The amount in fen."""
        yuan, _, rest = narrow(str(self.amount.data)).partition(".")
        return int(yuan) * 100 + int(rest.ljust(2, "0"))


class TableForm(FlaskForm):  # type: ignore[misc]
    """A table to be imported."""

    file = FileField(
        _l("Table (.xlsx or .csv)"), validators=[FileRequired(_l("Choose a file first"))]
    )
    submit = SubmitField(_l("Check and import"))
