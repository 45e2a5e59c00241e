"""Verbs of the exam day.

import_site_staff, issue_staff_accounts     staff_list.py
take_marks, settle_marks                    signing.py
take_step, sign_statement                   closing.py
"""

from exam_system.attendance.closing import sign_statement, take_step
from exam_system.attendance.signing import settle_marks, take_marks
from exam_system.attendance.staff_list import Issued, import_site_staff, issue_staff_accounts

__all__ = [
    "Issued",
    "import_site_staff",
    "issue_staff_accounts",
    "settle_marks",
    "sign_statement",
    "take_marks",
    "take_step",
]
