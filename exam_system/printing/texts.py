"""Every word these documents print that is not given to them. Chinese first, English small."""

from __future__ import annotations

from typing import NamedTuple


class Label(NamedTuple):
    zh: str
    en: str


TICKET = Label("准考证", "ADMISSION TICKET")
CANDIDATE = Label("姓名", "Name")
ID_NUMBER = Label("证件号码", "ID number")
ADMISSION = Label("准考证号", "Admission number")
DISTRICT = Label("考区", "District")
SITE = Label("考点", "Site")
ADDRESS = Label("考点地址", "Address")
ROOM = Label("考场", "Room")
SEAT = Label("座位号", "Seat")
PHOTO = Label("照片", "Photo")
ISSUED = "第{serial}次签发"
PICK_UP = Label("成绩查询码", "Pick-up code")
TICKET_QR = Label("扫码核验", "Scan to check")

SITTINGS = Label("考试安排", "Sessions")
SUBJECT = Label("科目", "Subject")
DATE = Label("日期", "Date")
TIME = Label("时间", "Time")
RULES = Label("考生须知", "Rules for candidates")
SEAT_MAP = Label("座位示意图", "Your seat")
LECTERN = "讲台"

DUTY_LETTER = Label("监考通知书", "NOTICE OF INVIGILATION")
STAFF_NO = Label("工号", "Staff number")
SCHOOL = Label("所在学校", "School")
DUTIES = Label("监考安排", "Duties")
DUTY = Label("岗位", "Duty")
DUTY_RULES = Label("监考须知", "Rules for invigilators")

CERTIFICATE = Label("抽签证书", "CERTIFICATE OF DRAW")
DRAW = Label("抽签编号", "Draw")
KIND = Label("抽签类别", "Kind")
EXAM = Label("考试项目", "Exam")
ATTEMPT = Label("抽签次数", "Attempt")
ALGORITHM = Label("算法", "Algorithm")
DRAWN_AT = Label("完成时间", "Finished")
SOURCES = Label("随机来源", "Sources of chance")
HELD = "有效"
NOT_HELD = "未采用"
DIGESTS = Label("摘要", "Digests (SHA-256)")
MANIFEST = Label("清单", "Manifest")
SEED = Label("种子", "Seed")
RESULT = Label("结果", "Result")
RECHECK = Label("任何人都可以重新核验", "Check it yourself")
RECHECK_TEXT = (
    "在抽签文件夹内用任何一台装有sha256sum的电脑运行下面两行。第一行应得出上面的三个摘要；"
    "第二行应得出“{label}”的签号，把所有人的签号从小到大排列，就是抽签的次序。"
)
RECHECK_SIGN = "应得签号"
BUNDLE = Label("公布地址", "Bundle")
BUNDLE_QR = Label("扫码查看公布文件", "Bundle")
COUNTS = Label("各组人数", "Counts per group")
GROUP = Label("组别", "Group")
LABELS = Label("参加抽签", "In the draw")
PLACED = Label("已安排", "Placed")
RESERVE = Label("候补", "Reserve")
HONEST = "上列有效来源中只要有一方诚实，种子就是均匀随机的，其他各方合谋也不能左右结果。"
ATTEMPTS = "第{attempt}次，共{attempts}次"
KINDS = {
    "seats": "考场座位抽签",
    "invigilators": "监考员抽签",
    "interviewers": "面试考官抽签",
    "groups": "面试分组抽签",
    "order": "面试顺序抽签",
    "codes": "答卷密号抽签",
    "papers": "试卷套次抽签",
    "recount": "答卷复核抽样",
    "markers": "阅卷去向抽签",
    "turns": "面试抽签次序抽签",
    "lots": "面试顺序摇号（密封签）",
}
SOURCE_NAMES = {
    "officer": "考务人员密数",
    "inspector": "监督员密数",
    "candidate": "考生代表密数",
    "candidate-2": "第二名考生代表密数",
    "journalist": "新闻媒体代表密数",
    "notary": "公证员密数",
    "guest": "受邀代表密数",
    "dice": "现场掷骰",
    "drand": "公共随机信标",
}

STAGES = {
    "announcement": "招考公告",
    "written": "笔试成绩",
    "shortlist": "进入面试人员",
    "final": "总成绩及拟录用人员",
    "medical": "进入体检考察人员",
    "appointment": "拟录用人员公示",
}
VERSION_TEXT = "第{version}版"
REASON = Label("更正原因", "Reason for this version")
CHANGE_REASON = Label("变更原因", "Reason for the change")
PAGE = "第{page}页，共{pages}页"
CONTINUED = "（续）"

SLIP = Label("成绩单", "SCORE SLIP")
SLIP_ITEMS = Label("成绩", "Scores")
SLIP_QR = Label("签名证明", "Signed proof")
SLIP_PART = "第{part}段，共{parts}段"
HOW = Label("如何核验", "How to verify")
HOW_ONE = "1. 扫描下方二维码，把得到的文字原样存为文件slip.tlog-proof。"
HOW_TWO = (
    "1. 依次扫描两个二维码，把第二段文字另起一行接在第一段之后，存为文件slip.tlog-proof；"
    "也可以直接下载同一文件。"
)
HOW_REST = (
    "2. 从招考公告取得公钥文件keys.txt，核对下方的公钥指纹与公告一致。",
    "3. 断开网络，在自己的电脑上运行：",
    "4. 显示“通过”，即证明本成绩已列入公布的成绩树；证明不含其他考生的任何信息。",
)

INTERVIEW_SLIP = Label("面试成绩单", "INTERVIEW SCORE SLIP")
INTERVIEW_NO = Label("抽签序号", "Interview no.")
PANEL = Label("面试组", "Panel")
POST = Label("报考职位", "Post")
ENDED = Label("评分时间", "Scored at")
INTERVIEWER = Label("考官", "Interviewer")
SCORE = Label("评分", "Score")
REMARK = Label("计分", "Counts")
DROPPED_HIGH = "去掉最高分"
DROPPED_LOW = "去掉最低分"
COUNTED = "计入"
INTERVIEW_RESULT = Label("面试成绩", "Interview score")
SIGNATURES = ("主考官", "计分员", "监督员", "考生")
SIGNED_AT_ONCE = "本单当场打印、当场宣布、当场签名。评分提交后不得更改。"

LOT_SLIP = Label("面试顺序签", "Slip of sealed lots")
LOT_NUMBER = "第{envelope}号信封 · {group}"
LOT_MINUTES = Label("面试顺序密封签记录", "MINUTES OF SEALED LOTS")
LOT_TURN = Label("抽签次序", "Turn")
LOT_LABEL = Label("考生代号", "Label")
LOT_ENVELOPE = Label("信封号", "Envelope")
LOT_PLACE = Label("面试序号", "Interview no.")
LOT_HOW = Label("说明", "How")
LOT_PICKED = "本人抽取"
LOT_LEFT = "缺席"
LOT_LIST = Label("名单摘要", "List")
LOT_COMMITMENT = Label("承诺值", "Commitment")
LOT_SECRET = Label("密数", "Secret")
LOT_CHECK = (
    "考生按抽签次序逐一抽取信封；承诺值在抽取之前已登记于日志，信封全部抽完后公开密数。"
    "对“密数:lot:信封号”求SHA-256，按结果从小到大排列信封号，就是各信封内的面试序号1、2、3……；"
    "缺席者按次序得到剩余信封中号码最小的一个。"
)

RECEIPT = Label("缴费凭证", "RECEIPT")
PAYER = Label("缴费人", "Paid by")
FEE_ITEM = Label("收费项目", "Item")
FEE_BASIS = Label("收费依据", "Basis")
TRADE_NO = Label("订单号", "Order")
TRANSACTION = Label("交易号", "Transaction")
PAID_AT = Label("缴费时间", "Paid at")
ISSUED_BY = Label("开具单位", "Issued by")
ISSUED_AT = Label("开具时间", "Issued at")
AMOUNT = Label("金额（人民币）", "Amount")
RECEIPT_CHECK = "二维码内为发布公钥签名的凭证原文，可脱机核对；下为该原文的摘要。"
RECEIPT_NOT_FISCAL = "本凭证证明缴费事实，不作为财政票据。"
RECEIPT_HOTLINE = "收费监督电话：{hotline}"

ROOT = "树根"
SIZE = "记录数"
ROLES = {"log": "日志", "publisher": "发布", "officer": "考务", "inspector": "监督员"}
KEY = "{role}公钥指纹"
WEEKDAYS = "一二三四五六日"
DAY = "{year}年{month}月{day}日"
DAY_WITH_WEEKDAY = "{year}年{month}月{day}日（周{weekday}）"
RELEASE = "依据{release}"

PLAN = "座位表第{version}版 · {digest}"
ROOM_TITLE = "{site}　第{code}考场　{title}"
ROOM_FACTS = "{name}　·　{people}人　·　{watch}"
SIGN_IN = "签到表"
DOOR_LIST = "门贴"
ROOM_MAP = "座位图"
DESK_LABELS = "桌贴"
LABEL_ROOM = "第{code}考场"
ENVELOPES_TITLE = "{site}　试卷袋清单　{subject}"
ENVELOPES_NOTE = "每考场每种试卷类型备用{spare}份，考点备用袋每种试卷类型{reserve}份"
ENVELOPE_ROOM = "考场"
ENVELOPE_NAME = "考场名称"
ENVELOPE_PEOPLE = "人数"
ENVELOPE_PAPERS = "试卷（份）"
ENVELOPE_SPARE = "备用（份）"
ENVELOPE_SUM = "合计"
ENVELOPE_OUT = "领取签名"
ENVELOPE_BACK = "回收"
ENVELOPE_IN = "回收签名"
ENVELOPE_SITE = "考点备用袋"
ENVELOPE_TOTAL = "合计"
SIGNED_BY = ("主监考签名", "副监考签名", "实到人数／缺考座位号")
RESERVE_SEAT = "预留"
LEFT_EMPTY = "空"
