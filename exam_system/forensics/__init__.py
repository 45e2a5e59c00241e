"""Answer forensics: answers taken in, screenings, case files, and the experts who decide."""
