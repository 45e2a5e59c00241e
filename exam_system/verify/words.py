"""Words of list.csv; kept apart from the program that writes it, as another author would."""

from __future__ import annotations

ADMISSION = "准考证号"
POST = "岗位代码"
WRITTEN = "笔试成绩"
SCORES = "考官评分"
INTERVIEW = "面试成绩"
TOTAL = "总成绩"
RANK = "岗位排名"
ABSENT = "缺考"
VOID = "成绩无效"
ZERO = "违纪零分"
VIOLATION = "违纪违规"
OUTCOME = "结果"
OUTCOMES = {
    "written": {"scored": "有效", "absent": ABSENT, "void": VIOLATION, "below": "未达合格线"},
    "shortlist": {"shortlisted": "进入面试", "not": "未入围"},
    "final": {
        "proposed": "拟录用",
        "not": "未拟录用",
        "absent": ABSENT,
        "void": VIOLATION,
        "below": "未达合格线",
    },
    "medical": {"invited": "进入体检考察"},
    "appointment": {"appointed": "拟录用"},
}
