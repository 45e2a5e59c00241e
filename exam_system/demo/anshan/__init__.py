"""The second demonstration: 21 exams of a year, 20,160 registrations, money that goes astray."""
