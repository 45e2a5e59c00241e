"""Words of published lists, their notices and the slips, as they are printed."""

from __future__ import annotations

ADMISSION = "准考证号"
POST = "岗位代码"
WRITTEN = "笔试成绩"
SCORES = "考官评分"
INTERVIEW = "面试成绩"
TOTAL = "总成绩"
RANK = "岗位排名"
OUTCOME = "结果"
ABSENT = "缺考"
VOID = "成绩无效"
ZERO = "违纪零分"
OUTCOMES = {
    "scored": "有效",
    "absent": "缺考",
    "void": "违纪违规",
    "below": "未达合格线",
    "shortlisted": "进入面试",
    "not": "未入围",
    "proposed": "拟录用",
    "invited": "进入体检考察",
    "appointed": "拟录用",
}
FINAL_OUTCOMES = {**OUTCOMES, "not": "未拟录用"}
SUBJECT = "科目{number}"
LEGEND = "；"
TITLES = {
    "written": "{exam}笔试成绩公告",
    "shortlist": "{exam}进入面试人员名单公告",
    "final": "{exam}总成绩及拟录用人员公示",
    "medical": "{exam}进入体检考察人员名单公告",
    "appointment": "{exam}拟录用人员公示",
}
BODIES = {
    "written": "{exam}笔试已经结束。现将{count}名考生的笔试成绩予以公布。",
    "shortlist": "根据笔试成绩和招考公告规定的比例，共{chosen}人进入面试。"
    "全部{count}名成绩有效考生的排名如下。",
    "final": "面试已经结束。现将{count}名考生的总成绩和{chosen}名拟录用人员予以公示，"
    "公示期为{days}个工作日。",
    "medical": "根据总成绩和岗位排名，现将进入体检考察的{chosen}名人员予以公布。",
    "appointment": "经体检、考察合格，现将{chosen}名拟录用人员予以公示，公示期为{days}个工作日。"
    "公示期内对拟录用人员有异议的，可向本机关实名反映。",
}
CHECK = (
    "本名单的每一个分数和名次都可以由任何人依据已公布的规则（rules.json）重新计算。"
    "考生可下载本人成绩单（slip.tlog-proof），用招考公告所载公钥离线核验。"
)
SLIP_RELEASE = "{stage}第{version}版"
