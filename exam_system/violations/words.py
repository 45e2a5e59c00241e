"""What the papers of a violation say; papers are Chinese."""

OUTCOMES = {
    "decided": "作出处理决定",
    "upheld": "维持原处理决定",
    "changed": "变更原处理决定",
    "cancelled": "撤销原处理决定",
}
CANDIDATE = "{name}（准考证号：{number}，身份证号：{id}）"
STAFF = "{name}（工作人员编号：{number}）"
NONE = "—"
FACTS = "一、{intended}违纪违规事实"
INTENDED = "拟认定的"
FOUND = "认定的"
HAPPENED = "{day}，在{exam}{subject}考试中，查明你有以下情形：{facts}"
SUBJECT = "“{subject}”科目"
HEARD = "二、陈述、申辩及复核情况"
NOT_HEARD = "本机关已于{told}告知拟作出的处理及事实、理由、依据，你在{due}前未提出陈述、申辩。"
ANSWERED = "本机关已于{told}告知拟作出的处理及事实、理由、依据，你于{answered}提出陈述、申辩。"
CHECKED = "经复核：{finding}"
BASIS = "{number}、理由和依据"
RULES = "上述行为属于《{name}》{article}所列“{item}”的情形。"
SANCTION = "{number}、{intended}处理"
WILL = "拟作出的"
DOES = "决定作出的"
IMPOSED = "根据上述规定，{verb}给予你以下处理：{sanction}。"
EFFECT_SUBJECT = "所涉科目：{subject}。"
BARRED = "限制报考期限：{begins}至{ends}。"
BARRED_LIFE = "自{begins}起终身限制报考。"
RECORDED = "诚信档案记录期限：{begins}至{ends}。该记录不等于限制报考。"
RECORDED_LIFE = "自{begins}起长期记入诚信档案。该记录不等于限制报考。"
STOPPED = "自{begins}起至{ends}停止参加考试工作。"
STOPPED_LIFE = "自{begins}起不得再从事考试工作。"
CANCELLED = (
    "经{body}（{document}）审查，撤销原处理决定，原决定自始无效，"
    "所受影响的成绩、诚信档案记录和限制报考登记一并恢复、撤除。"
)
AFTER_REVIEW = "经{body}（{document}）审查，{outcome}。"
RIGHTS = "四、你的权利"
RIGHT_TO_ANSWER = (
    "你有权对拟作出的处理及其事实、理由、依据进行陈述和申辩。请于{due}（含当日）前在本系统的“告知书和处理决定”页面提出，"
    "或向本机关提交书面意见。逾期未提出的，视为放弃陈述、申辩。"
)
NOT_HEAVIER = "本机关不因你的陈述、申辩而加重处理。"
REMEDY = "五、救济途径"
REMEDIES = (
    "如不服本决定，可自收到本决定书之日起{days}日内依法申请行政复议（{review}），"
    "或者自收到之日起{months}个月内依法向人民法院提起行政诉讼（{lawsuit}）。"
)
DECIDER = "本处理依规定由{decider}作出。"
VERIFY = (
    "本决定书的SHA-256由本机关发布密钥签名，签名文本的摘要已写入公开日志；"
    "持有人可用“exam verify”核验签名、文本与日志证明。"
)
RECEIPT_FACTS = "一、情况"
RECEIPT_ITEMS = "二、暂扣物品"
RECEIPT_LINE = "{number}. {what}；保管处：{kept}；暂扣时间：{at}{returned}"
RETURNED = "；已于{at}交还{to}"
RECEIPT_RIGHTS = "三、说明"
RECEIPT_TEXT = (
    "以上物品因涉嫌与违纪违规行为有关予以暂扣，处理完毕后凭本收据和本人身份证领回；"
    "依法应当移送有关部门的除外。"
)
SIGNATURES = ("工作人员签名：", "工作人员签名：", "考生签名：")
SERVED = ("送达人签名：", "受送达人签名及日期：")
