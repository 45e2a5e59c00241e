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
    "area": "工作地点",
    "category": "职位类别",
    "note": "备注",
}
COMPETITION_COLUMNS = ("报名人数", "审查通过人数", "缴费人数", "竞争比（缴费人数∶招录人数）")
FIGURES_COLUMNS = (
    *("职位代码", "招录机关（单位）", "职位名称", "招录人数"),
    *("报名人数", "审查通过人数", "缴费人数", "开考比例", "是否达到开考比例"),
)
REACHED = {True: "未达到", False: "达到"}
SORT_NAMES = {
    "code": "Post code",
    "unit": "Unit",
    "-vacancies": "Most vacancies first",
    "-applied": "Most candidates first",
    "applied": "Fewest candidates first",
    "-ratio": "Hardest competition first",
    "ratio": "Easiest competition first",
}
"""What posts may be sorted by (search.SORTS), as pages call it (to be translated)."""
CONDITIONS = "报考条件"
JOIN = "；"
TIME = "%Y年%m月%d日%H:%M"
DAY = "%Y年%m月%d日"
AGE_DAY = "年龄计算截至{day}，报名时间延长的不变。"
POSTS = "{name}共设职位{posts}个，计划招录{vacancies}人，职位及报考条件见下表。"
DATES = "报名时间：{opens}至{closes}。缴费截止：{payment}，未按期缴费的视为自动放弃。"
FEE = (
    "收费项目：{name}，{amount}；收费许可（批文）：{licence}；收费标准：{standard}；"
    "批准机关：{authority}；监督电话：{hotline}。"
)
RULES = (
    "本次考试的开考比例、成绩计算、进入面试比例、同分处理等全部规则及其依据见随本公告发布的规则文件"
    "（rules.json），公告发布后非经公开发布变更公告不得变动。考场座位、监考员、面试考官、面试分组和面试顺序一律公开抽签。"
)

CHANGE_TITLE = "{name}变更公告（第{number}号）"
CHANGE_BEGIN = (
    "现将{name}招考公告有关事项变更如下。未列入下表的事项仍按原公告执行；"
    "本变更公告发布前依照原公告办理的报名、缴费等事项继续有效。"
)
CHANGE_BEFORE = (
    "本公告变更的是招考公告第{version}版，"
    "该版发布单（publication.note）正文的SHA-256摘要为{digest}。"
)
CHANGE_RISE = "招录人数增加的依据：{basis}。"
CHANGE_TREATMENT = "已报考相关职位人员的处理：{treatment}。"
CHANGE_OPENING = (
    "报名缴费截止时，按照公告规定的开考比例（缴费人数与招录人数之比不低于{ratio}）对各职位缴费人数进行统计，"
    "{rule}具体情况见下表。"
)
CHANGE_RATIO = "{ratio}∶1"
CHANGE_RATIO_OF = "，其中{category}类职位不低于{ratio}∶1"
CHANGE_BELOW = {
    "reduce": "达不到开考比例的职位核减招录人数；核减后仍达不到的，取消该职位。",
    "cancel": "达不到开考比例的职位予以取消。",
}
CHANGE_CHOOSE = (
    "被取消职位的已缴费考生，可于{until}前登录本系统改报其他职位；"
    "不改报或者逾期未改报的，退还全部考务费。"
)
CHANGE_COLUMNS = ("变更事项", "原公告", "变更后", "说明")
CHANGE_TIMES = {
    "registration_closes": "报名截止时间",
    "payment_closes": "缴费截止时间",
    "marking_closes": "阅卷结束时间（密号启封）",
    "panels_open_at": "面试考官名单启封时间",
}
CHANGE_SITE = {"name": "考点名称", "address": "考点地址"}
CHANGE_SESSION = "考试时间（{name}）"
CHANGE_POST = "职位{code}：{column}"
CHANGE_CANCELLED = "职位{code}"
CHANGE_AT_SITE = "考区{district}考点{site}：{column}"
CHANGE_GONE = "取消"
CHANGE_PEOPLE = "招录{number}人"
CHANGE_EMPTY = "（无）"
CHANGE_NOTES = {"": "", "follows": "随上述事项相应顺延", "rise": "增加招录人数，依据见正文"}
CHANGE_PAID = "缴费{paid}人"
OPENING_REASON = "部分职位缴费人数未达到公告规定的开考比例"
