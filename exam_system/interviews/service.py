"""Verbs of interviews, from the pool to the closed panel.

import_interviewers, declare_avoidance,
declare_incompatibility                     pool.py
import_avoidances                           avoidance_table.py
create_panels                               panels.py
                                            panel_draw.py (the draw of the interviewers)
                                            groups.py (the draws of groups and order)
export_pool, import_pool, register_bureau   exchange.py
look_at_panels                              sealed.py
record_interviewer_absence,
replace_interviewer                         substitutes.py
issue_accounts                              issuing.py
open_panel, call_candidate, mark_absent,
enter_score, close_panel                    scores.py
"""

from exam_system.interviews.avoidance_table import import_avoidances
from exam_system.interviews.exchange import export_pool, import_pool, register_bureau
from exam_system.interviews.issuing import Issued, issue_accounts
from exam_system.interviews.panels import create_panels
from exam_system.interviews.pool import (
    RELATIONS,
    Imported,
    declare_avoidance,
    declare_incompatibility,
    import_interviewers,
)
from exam_system.interviews.scores import (
    call_candidate,
    close_panel,
    enter_score,
    mark_absent,
    open_panel,
)
from exam_system.interviews.sealed import look_at_panels
from exam_system.interviews.sheets import read_score
from exam_system.interviews.substitutes import record_interviewer_absence, replace_interviewer

__all__ = [
    "RELATIONS",
    "Imported",
    "Issued",
    "call_candidate",
    "close_panel",
    "create_panels",
    "declare_avoidance",
    "declare_incompatibility",
    "enter_score",
    "export_pool",
    "import_avoidances",
    "import_interviewers",
    "import_pool",
    "issue_accounts",
    "look_at_panels",
    "mark_absent",
    "open_panel",
    "read_score",
    "record_interviewer_absence",
    "register_bureau",
    "replace_interviewer",
]
