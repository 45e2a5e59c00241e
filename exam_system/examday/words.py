"""Chinese words of the admission ticket that are not given to it."""

from __future__ import annotations

ROOM = "第{room:02}考场（{name}）"
CHANGED = "座位表{draw}第{version}版"
WATCH = "监考员：{names}"
NO_WATCH = "监考员尚未抽签"
RELEASE = "座位抽签{draw}第{attempt}次"
# RULES 2.4: half an hour for recruitment, five minutes and a closed hall for qualification exams.
_RECRUITMENT = "开考30分钟后不得入场；考试期间不得提前交卷、离场。"
_QUALIFICATION = "开考5分钟后不得入场；开考2小时内不得交卷、离场。"
_CIVIL = "《公务员录用违规违纪行为处理办法》"
_INSTITUTION = "《事业单位公开招聘违纪违规行为处理规定》"
_PROFESSIONAL = "《专业技术人员资格考试违纪违规行为处理规定》"
_BY_TYPE = {
    "civil_service": (_RECRUITMENT, _CIVIL),
    "police": (_RECRUITMENT, _CIVIL),
    "health": (_RECRUITMENT, _INSTITUTION),
    "institution": (_RECRUITMENT, _INSTITUTION),
    "professional": (_QUALIFICATION, _PROFESSIONAL),
}


def candidate_rules(exam_type: str) -> tuple[str, ...]:
    """The rules printed on the ticket, for one of the exam types of a rule set."""
    times, law = _BY_TYPE[exam_type]
    return (
        "凭本准考证和本人有效居民身份证原件参加考试，两证不全不得入场。",
        "开考前30分钟凭证入场，按座位号就座，将两证放在桌面左上角以备核对。",
        times,
        "手机、智能手表等具有通信、拍摄、存储功能的物品不得带至座位。",
        f"违纪违规的，依照{law}处理并记入诚信档案。",
        "座位由公开抽签产生。二维码为考试机构签名的座位信息，任何人可用公布的公钥核验；"
        "页脚为打印时的日志树根，请妥善保管。",
    )


DUTY_RELEASE = "监考员抽签{draw}第{attempt}次"
LEAD = "主监考"
SECOND = "副监考"
STANDBY = "考点考务办公室"
STANDBY_ROLE = "候补"
DUTY_RULES = (
    "开考前60分钟到考点考务办公室报到，凭本通知书和本人有效居民身份证领取监考证件。",
    "监考岗位由公开抽签产生，不得与他人调换，不得由他人代替。",
    "因故不能到岗的，立即报告考试机构；由候补按抽签顺序递补，缺勤与递补均记入日志。",
    "有近亲属或者其他利害关系人在所监考场应试的，应当主动报告并回避。",
    "手机等具有通信功能的物品不得带入考场。",
)
