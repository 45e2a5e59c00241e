"""Verbs of interviews, from the pool to the closed panel.

import_interviewers, declare_avoidance      pool.py
create_panels                               panels.py (and the draw of the interviewers)
                                            groups.py (the draws of groups and order)
issue_accounts                              issuing.py
open_panel, call_candidate, mark_absent,
enter_score, close_panel                    scores.py
"""

from exam_system.interviews.issuing import Issued, issue_accounts
from exam_system.interviews.panels import create_panels
from exam_system.interviews.pool import (
    RELATIONS,
    Imported,
    declare_avoidance,
    import_interviewers,
)
from exam_system.interviews.scores import (
    call_candidate,
    close_panel,
    enter_score,
    mark_absent,
    open_panel,
    read_score,
)

__all__ = [
    "RELATIONS",
    "Imported",
    "Issued",
    "call_candidate",
    "close_panel",
    "create_panels",
    "declare_avoidance",
    "enter_score",
    "import_interviewers",
    "issue_accounts",
    "mark_absent",
    "open_panel",
    "read_score",
]
