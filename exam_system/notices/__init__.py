"""Notices with graded approval, what each exam discloses when, and the catalogue of services."""
