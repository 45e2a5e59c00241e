"""Observers, the public live page of an exam, its screen for the hall, and every date of it."""
