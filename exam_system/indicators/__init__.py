"""Indicators of exams and years, as figures and as pictures."""
