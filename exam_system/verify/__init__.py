"""Checks every file that the system ever signed, offline: no database, no network, no Flask.

docs/VERIFICATION.md says what is checked, so that anybody can write such a program.
"""
