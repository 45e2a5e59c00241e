"""The words of a case file on identical answers. Chinese first, English small."""

from __future__ import annotations

from exam_system.printing.texts import Label

CASE_FILE = Label("雷同甄别卷宗", "CASE FILE ON IDENTICAL ANSWERS")
NOTICE = Label("证据材料，不是结论", "Evidence, not a verdict")
NOTICE_TEXT = (
    "本卷宗只说明两份答卷的一致程度在各自独立作答时有多罕见，供阅卷专家组鉴定；是否雷同由三名"
    "以上专家"
    "各自独立提出意见、按多数作出认定。统计量不能说明谁抄谁，也不能说明是否有第三方传递答案；"
    "专家组认定之前，本卷宗不影响任何人的成绩。"
)
SUBJECT = Label("科目", "Subject")
NUMBER = Label("卷宗编号", "Case file")
PEOPLE = Label("所涉答卷", "Answer sheets")
STATE = Label("认定情况", "Decision")
STATES = {
    "open": "专家组尚未认定",
    "confirmed": "专家组认定雷同",
    "dismissed": "专家组不予认定",
}
PAIR = "答卷{first}与答卷{second}"
STRIPS = Label("答案逐题对照", "Both sheets, item by item")
STRIPS_KEY = (
    "●两人相同且错误　○两人相同且正确　–　有一人漏答（-）、未答到（/）或多选（*），不作比较　"
    "空白：两人答案不同"
)
ITEM, KEY, SAME = "题号", "答案", "对照"
SEATS = Label("座位", "Seats")
TIERS = {
    "room": "同一考场",
    "site": "同一考点、不同考场",
    "everywhere": "不同考点",
}
APART = "两人座位相隔{rows}行{columns}列。"
ADJACENT = "两人座位相邻。"
BESIDE = "座位关系只作旁证，不计入概率。"
NULL = Label("独立作答时相同题数的分布", "In honest work")
NULL_TEXT = "柱：独立作答时各相同题数的概率；平均{mean}题，标准差{spread}题。▲：实际相同{seen}题。"
STATISTICS = Label("统计结果", "Statistics")
STATISTIC, VALUE, MEANING = "统计量", "结果", "说明"
COUNTS = (
    "两人都作答的{answered}题中相同{matches}题：正确{right}题，错误{wrong}题；不同{differences}题。"
)
ROWS = (
    (
        "错同率A、B",
        "{rate_a}、{rate_b}",
        "相同错误占本人全部错误（{first_wrong}题、{second_wrong}题）的比例",
    ),
    (
        "抄袭似然比（两个方向）",
        "{weight_a}、{weight_b}",
        "假设每题以{copied}的概率照抄时，两份答卷比独立作答时可能多少倍",
    ),
    ("似然比尾概率", "{p_a}、{p_b}", "独立作答时出现如此程度或更甚的概率（鞍点法），取较小者判断"),
    ("GBT精确概率", "{gbt_a}、{gbt_b}", "独立作答时相同题数不少于此数的精确概率（泊松二项分布）"),
    ("ω 指数", "{omega_a}、{omega_b}", "相同题数超出期望多少个标准差（以对方答卷为既定）"),
    ("不预设来源：ω、GBT", "{mutual_omega}、{mutual_gbt}", "不预设谁是来源时的同类指标"),
    ("M4", "{m4}", "正确与错误的相同题数一并考虑的精确概率"),
)
RATES = Label("错误率", "Error rates")
RATES_TEXT = (
    "本层（{tier}）共检验{tests}个有序对；参数事先锁定，使全体考生诚实作答时，本层被误筛的"
    "对数期望不超过{budget}，"
    "对应的概率界限为{cutoff}{calibrated}。诚实作答的考生中，本层达到本对程度的有序对数，期"
    "望为{expected}。"
)
CALIBRATED = "（已用不同考点、不可能接触的考生对校准）"
NOMINAL = "（考生对不足，未作校准，按名义概率）"
METHOD = Label("方法与软件", "Method and software")
METHOD_TEXT = (
    "方法和标准的依据：{basis}。判断统计量：以抄袭似然比的鞍点尾概率作判断，作答概率模型为{model}，"
    "漏答、未答到、多选不作比较，不同试卷类型已换算为同一题序和选项序。参数锁定于{frozen}，软件"
    "：{software}。"
    "参数文件摘要{parameters}；答案文件摘要{answers}；结果文件摘要{flags}。任何人可凭上述"
    "文件另行核算。"
)
MODELS = {"nominal": "称名反应模型", "classical": "经典模型（Wesolowsky）"}
OPINIONS = Label("专家意见", "Opinions of the experts")
FINDINGS = {"confirm": "认定雷同", "dismiss": "不予认定"}
EXPERT, OPINION, REASON = "专家", "意见", "理由"
WAITING = "专家组成员的意见在全部提交之前互不可见。已提交{count}份，应提交{all}份。"
DECIDED = "专家组认定：{state}。理由：{reason}"
SIGN = "专家签名：________________　________________　________________　　　日期：____________"
PAGE = "第{page}页"
