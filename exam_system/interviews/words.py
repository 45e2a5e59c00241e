"""The Chinese words of the interviews' papers: slips, panel sheets, group lists."""

from __future__ import annotations

from exam_system.printing.table import Column
from exam_system.printing.texts import Label

INTERVIEWER = "{place}号考官"
CHIEF = "{place}号考官（主考官）"
PANEL = "第{panel}面试组"
RULE = (
    "{count}名考官评分，去掉{high}个最高分和{low}个最低分（同分只去掉一个），"
    "其余的平均分为面试成绩，保留{decimals}位小数，{rounding}。"
)
ELEMENT = "{name}（{full}分×{weight}）"
ELEMENTS_RULE = "评分要素：{elements}。"
BY_ELEMENT = (
    "各要素分别去掉{high}个最高分和{low}个最低分（括号内为去掉的分数），取其余评分的平均分，"
    "各要素平均分乘以权重后相加为面试成绩，保留{decimals}位小数，{rounding}。"
)
BY_TOTAL = (
    "每名考官各要素得分乘以权重后相加为总分，去掉{high}个最高总分和{low}个最低总分，"
    "其余的平均分为面试成绩，保留{decimals}位小数，{rounding}。"
)
DROPPED = "（{mark}）"
SHEET = "{marks}　合计{total}"
ROUNDINGS = {"half_up": "四舍五入", "truncate": "其余舍去"}

PANEL_SHEET = Label("面试考官名单", "PANEL SHEET")
GROUP_LIST = Label("面试考生名单", "LIST OF CANDIDATES")
PANEL_LABEL = Label("面试组", "Panel")
ROOM_LABEL = Label("面试考场", "Room")
GROUP_LABEL = Label("考生分组", "Group")
NOT_DRAWN = "尚未抽签"
PRINTED = "打印时间：{at}"
PLACE = "{place}号"
SUBSTITUTE = "（候补递补）"
CHIEF_ROLE, MEMBER_ROLE = "主考官", "考官"
PANEL_COLUMNS = (
    Column("考官席", 18, "centre"),
    Column("姓名", 40),
    Column("职责", 22, "centre"),
    Column("工作单位", 55),
    Column("签名", 35, "centre"),
)
GROUP_COLUMNS = (
    Column("面试序号", 20, "centre"),
    Column("准考证号", 34, "centre"),
    Column("姓名", 28),
    Column("报考职位", 58),
    Column("签到", 30, "centre"),
)
