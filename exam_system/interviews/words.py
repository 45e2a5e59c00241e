"""The Chinese words of the interview slip, which is a document and not a page."""

INTERVIEWER = "{place}号考官"
CHIEF = "{place}号考官（主考官）"
PANEL = "第{panel}面试组"
RULE = (
    "{count}名考官评分，去掉{high}个最高分和{low}个最低分（同分只去掉一个），"
    "其余的平均分为面试成绩，保留{decimals}位小数，{rounding}。"
)
ROUNDINGS = {"half_up": "四舍五入", "truncate": "不实行四舍五入"}
