"""Words of the announcement, as they are printed and as they head its table of posts."""

from __future__ import annotations

POST_COLUMNS = {
    "code": "职位代码",
    "unit": "招录机关（单位）",
    "title": "职位名称",
    "vacancies": "招录人数",
    "age": "年龄要求",
    "education": "学历要求",
    "degree": "学位要求",
    "majors": "专业",
    "experience": "工作经历要求",
    "other": "其他要求",
    "medical": "体检标准",
    "note": "备注",
}
COMPETITION_COLUMNS = ("报名人数", "缴费人数", "竞争比（缴费人数∶招录人数）")
CONDITIONS = "报考条件"
JOIN = "；"
TIME = "%Y年%m月%d日%H:%M"
POSTS = "{name}共设职位{posts}个，计划招录{vacancies}人，职位及报考条件见下表。"
DATES = "报名时间：{opens}至{closes}。缴费截止：{payment}，未按期缴费的视为自动放弃。"
FEE = (
    "收费项目：{name}，{amount}；收费许可（批文）：{licence}；收费标准：{standard}；"
    "批准机关：{authority}；监督电话：{hotline}。"
)
RULES = (
    "本次考试的开考比例、成绩计算、进入面试比例、同分处理等全部规则及其依据见随本公告发布的规则文件"
    "（rules.json），公告发布后不再变动。考场座位、监考员、面试考官、面试分组和面试顺序一律公开抽签。"
)
