"""Chinese words of the admission ticket that are not given to it."""

from __future__ import annotations

ROOM = "第 {room:02} 考场（{name}）"
RELEASE = "座位抽签 {draw} 第 {attempt} 次"
# RULES 2.4: half an hour for recruitment, five minutes and a closed hall for qualification exams.
_RECRUITMENT = "开考30分钟后不得入场；考试期间不得提前交卷、离场。"
_QUALIFICATION = "开考5分钟后不得入场；开考2小时内不得交卷、离场。"
_CIVIL = "《公务员录用违纪违规行为处理办法》"
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
