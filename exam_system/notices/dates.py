"""What lists and draws are called where a date names them."""

from __future__ import annotations

STAGES = {
    "announcement": "Announcement, version %(version)s",
    "written": "Written scores published",
    "shortlist": "Shortlist published",
    "final": "Final results published",
    "medical": "List for the medical examination published",
    "appointment": "Proposed appointments published",
}
DRAWS = {
    "seats": "Draw of seats published",
    "codes": "Draw of script codes published",
    "papers": "Draw of the papers published",
    "invigilators": "Draw of invigilators published",
    "interviewers": "Draw of interviewers published",
    "groups": "Draw of groups published",
    "order": "Draw of the order published",
    "markers": "Draw of where scripts are marked published",
    "recount": "Draw of the scripts to recount published",
    "turns": "Draw of who draws first published",
}
