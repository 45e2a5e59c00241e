"""What stands on the papers of a case, and how letters are written down."""

from __future__ import annotations

import unicodedata

from exam_system.errors import Invalid
from exam_system.printing.texts import Label
from exam_system.trust.canonical import has_control

SLIP = Label("服务单", "Service slip")
TO = "{name}"
MATTER = "一、事项"
MATTER_TEXT = ("服务编号：{number}", "业务名称：{kind}", "标题：{title}", "受理方式：{channel}")
STATE = "二、受理情况"
STATE_TEXT = ("受理时间：{at}", "受理人员：{owner}（A岗） {deputy}（B岗）", "受理状况：{state}")
TERM = "三、办理时限"
TERM_TEXT = ("本事项应于{due}前{what}。", "依据：{basis}")
UNSURE = "所涉年度的节假日安排尚未公布，暂按周一至周五为工作日计算，公布后重新计算。"
ANSWER, ACCEPT = "答复", "告知是否受理"
ASKING = "四、查询"
ASKING_TEXT = "凭服务编号和查询码可随时在“来信办理查询”页面查询办理情况，无需注册登录。"
NOBODY = "待指定"
CHANNELS_ZH = {"web": "网上", "counter": "窗口", "phone": "电话", "post": "信函", "passed": "转办"}
CHANNELS = {
    "web": "online",
    "counter": "at the counter",
    "phone": "by telephone",
    "post": "by post",
    "passed": "passed on by another body",
}
STATES_ZH = {
    "registered": "已登记",
    "assigned": "已批办",
    "handled": "已落实",
    "replied": "已回复",
    "closed": "已回访办结",
}
LONGEST_TITLE, LONGEST_TEXT = 80, 4000


def body(text: str, most: int = LONGEST_TEXT, field: str = "text") -> str:
    """Several lines in NFC without blanks at their ends; raises Invalid when there are none."""
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines()]
    found = "\n".join(lines).strip("\n")
    if not found or len(found) > most or any(map(has_control, lines)):
        raise Invalid("Write the text, in at most %(most)s characters", most=most).about(field)
    return found
