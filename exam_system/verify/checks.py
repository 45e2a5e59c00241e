"""Every check by its number: what must hold, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import NoReturn


class Check(Enum):
    """One numbered check; the numbers are those of docs/VERIFICATION.md and never change."""

    KEYS = (
        1,
        "keys.txt lists one log, publisher and officer key and the inspectors' keys, each once.",
        "keys.txt列出日志、发布、抽签各一个公钥和全部监督员公钥，各一行，不重复。",
    )
    KNOWN = (
        2,
        "Every file belongs to something that is checked.",
        "每个文件都属于受核验的对象，没有来历不明的文件。",
    )
    COMPLETE = (3, "No file is missing.", "文件齐全，没有缺失。")
    NAME = (4, "A folder is named after what its note says.", "文件夹名称与签名文本所述一致。")
    NOTE = (
        5,
        "A signed note is well formed, and every line under it is a listed key's and holds.",
        "签名文本格式正确，所附每一行签名都出自keys.txt所列公钥且有效。",
    )
    SIGNERS = (
        6,
        "Everybody who must sign has signed: the office's key and enough of the inspectors.",
        "应签名者均已签名：考试机构的密钥和规定人数的监督员。",
    )
    MANIFEST = (
        7,
        "manifest.json is canonical, complete and has the digest that draw.note gives.",
        "manifest.json为规范格式、内容完整，摘要与draw.note一致。",
    )
    DRAW_KEYS = (
        8,
        "The keys that the manifest names are listed in keys.txt.",
        "抽签清单所载公钥均列于keys.txt。",
    )
    DRAW_NOTE = (
        9,
        "draw.note says the same draw, attempt, algorithm and sources as the manifest.",
        "draw.note所载抽签、次数、算法、随机来源与清单一致。",
    )
    ACTS = (
        10,
        "commits.json is canonical, and each of its acts is an entry of the log.",
        "commits.json为规范格式，所列每项行为都是日志条目。",
    )
    PAYLOAD = (
        11,
        "An act's payload is the SHA-256 of its salt and its details.",
        "行为条目中的摘要等于盐值与详情的SHA-256。",
    )
    PROOF = (
        12,
        "An act is proved to stand in the signed log.",
        "每项行为均有证明，确在已签名的日志之中。",
    )
    ORDER = (
        13,
        "The ceremony is complete and in the log's order: freeze, commits, dice, confirmation, "
        "reveals, finish.",
        "仪式各步齐全且按日志次序进行：锁定、承诺、掷骰、确认、公开密数、完成。",
    )
    DETAILS = (
        14,
        "The acts say what manifest, transcript and result say.",
        "各项行为的详情与清单、记录、结果一致。",
    )
    ACTORS = (
        15,
        "The officer's and the inspector's steps were taken by different people.",
        "考务人员与监督员的步骤由不同的人完成。",
    )
    COMMITMENT = (
        16,
        "Each revealed secret is the one that was committed to before the dice.",
        "公开的密数与掷骰之前所作承诺一致。",
    )
    ATTEMPTS = (
        17,
        "Every attempt is counted, and each earlier one was voided and another one approved.",
        "每次抽签都计入次数，此前各次均已作废并经批准重抽。",
    )
    TRANSCRIPT = (
        18,
        "transcript.txt has exactly the bytes that the protocol prescribes.",
        "transcript.txt的字节与协议规定完全一致。",
    )
    SEED = (
        19,
        "The seed is the SHA-256 of transcript.txt.",
        "种子等于transcript.txt的SHA-256。",
    )
    TICKETS = (
        20,
        "tickets.csv holds every label's ticket, recomputed from the seed, in order.",
        "tickets.csv所列每个代号的签号均由种子重新算出，次序一致。",
    )
    RESULT = (
        21,
        "result.json is what the algorithm gives for manifest and seed, to the byte.",
        "result.json与按清单和种子重新运行算法的结果逐字节一致。",
    )
    RESULT_CSV = (
        22,
        "result.csv says the same as result.json.",
        "result.csv与result.json一致。",
    )
    CERTIFICATE = (
        23,
        "certificate.pdf has the digest that draw.note gives.",
        "certificate.pdf的摘要与draw.note一致。",
    )
    PUBLICATION = (
        24,
        "publication.note is a publication of this log's origin with the files of its chain.",
        "publication.note属于本日志的发布者，所列文件符合其发布种类。",
    )
    DIGEST = (
        25,
        "A file has the SHA-256 and the SM3 that publication.note gives.",
        "文件的SHA-256和SM3与publication.note一致。",
    )
    RULES = (
        26,
        "rules.json is canonical, and is the rule set that the note and the announcement name.",
        "rules.json为规范格式，与发布文本及招考公告所载规则一致。",
    )
    CHAIN = (
        27,
        "A version names the digest of the version before it.",
        "每一版都载明上一版的摘要。",
    )
    POSTS = (
        28,
        "posts.json is canonical, and each post has a code of its own and its vacancies.",
        "posts.json为规范格式，每个岗位代码唯一并载明招录人数。",
    )
    LIST = (
        29,
        "list.json is canonical, complete in every row, and sorted by post, rank and number.",
        "list.json为规范格式，每行齐全，按岗位、名次、准考证号排序。",
    )
    LIST_CSV = (30, "list.csv says the same as list.json.", "list.csv与list.json一致。")
    NUMBERS = (
        31,
        "Every score, total, rank and outcome follows from the rules.",
        "每个成绩、总分、名次和结果均可按规则重新算出。",
    )
    STAGES = (
        32,
        "A list holds exactly the people whom the list before it let in, with the same marks.",
        "名单上的人恰为上一阶段名单准入的人，成绩不变。",
    )
    RECORDS = (
        33,
        "records.jsonl holds one salted record for each row of the list, sorted by digest.",
        "records.jsonl为名单每行一条加盐记录，按摘要排序。",
    )
    ROOT = (
        34,
        "root.note signs the root of the tree over the records that publication.note names.",
        "root.note所签为publication.note所载记录树的根。",
    )
    CHECKPOINT = (
        35,
        "A checkpoint is signed for its own origin.",
        "日志签名头属于其所述的日志。",
    )
    ENTRIES = (
        36,
        "The bundles hold as many entries as were signed, each a canonical act.",
        "条目包所含条目数与签名一致，每条均为规范格式的行为。",
    )
    TILES = (
        37,
        "Every tile holds the hashes of the entries; a narrower one is the beginning of it.",
        "每个哈希块均由条目算出，较窄的块是其开头部分。",
    )
    LOG_ROOT = (38, "The entries have the root that was signed.", "全部条目的根与签名一致。")
    LOG_KEY = (39, "log.vkey is the log's key.", "log.vkey即日志的公钥。")
    ACT_PROOF = (
        40,
        "The proof carries the entry of an act that stands in the signed log.",
        "证明所附行为条目确在已签名的日志之中。",
    )
    SLIP = (
        41,
        "The slip carries a record that stands in the signed tree of its exam and version.",
        "成绩单所附记录确在该考试该版本已签名的记录树之中。",
    )
    INTERVIEW = (
        42,
        "The interview's result is the mean of the scores that were not dropped.",
        "面试成绩为去掉最高、最低分后的平均分。",
    )
    TICKET = (
        43,
        "The admission ticket's note has its lines in order and is signed.",
        "准考证签名文本各行齐全并已签名。",
    )
    GROWTH = (
        44,
        "What was published before is still there, unchanged; the log only grew.",
        "此前公布的内容仍在且未变动，日志只增不减。",
    )
    EVIDENCE = (
        45,
        "An evidence bundle's manifest is canonical and names every file with its SHA-256.",
        "证据包的清单为规范格式，载明每个文件及其SHA-256。",
    )
    EVIDENCE_ACT = (
        46,
        "Every act of an evidence bundle is an entry of the log under its one cosigned head.",
        "证据包所列每项行为都是日志条目，确在所附已副署的签名头之下。",
    )
    EVIDENCE_FILES = (
        47,
        "Every folder in an evidence bundle is one that its acts speak of, and holds by itself.",
        "证据包所附每个文件夹都是其中行为所涉及的，且自身核验无误。",
    )
    RETIRED = (
        48,
        "No key counts after it was retired: heads go by their size, other notes by when they "
        "were cosigned.",
        "公钥停用后的签名无效：日志签名头按条数，其他签名文本按副署时间判断。",
    )
    NEWEST = (
        49,
        "Every later version that the log beside says was published lies beside too.",
        "旁边的日志所载已发布的更新版本也在旁边。",
    )
    DRAND = (
        50,
        "The round of drand is out after every commitment, and its value is that of its signature.",
        "drand轮次的公布时间晚于全部承诺，其随机值出自该轮次的签名。",
    )
    LOTS_LIST = (
        60,
        "The list of sealed lots is canonical, complete and has the digest that draw.note gives.",
        "密封签名单为规范格式、内容完整，摘要与draw.note一致。",
    )
    LOTS_ORDER = (
        61,
        "The acts of sealed lots are complete and in the log's order: commitment, every turn, "
        "opening; each earlier attempt was voided.",
        "密封签各步齐全且按日志次序进行：承诺、逐一抽取、开启；此前各次均已作废。",
    )
    LOTS_COMMITMENT = (
        62,
        "The secret of sealed lots is the one that was committed to before anybody picked.",
        "密封签的密数与抽取之前所作承诺一致。",
    )
    LOTS_PICKS = (
        63,
        "Everybody had one turn in the order of the list, and no envelope was picked twice.",
        "每人按名单次序各抽一次，没有信封被抽两次。",
    )
    LOTS_RESULT = (
        64,
        "The places are those that secret and picks give, to the byte.",
        "面试序号与按密数和抽取记录重新算出的结果逐字节一致。",
    )
    FIGURES = (
        70,
        "The figures of a day add up: the totals, posts without candidates, posts below the ratio.",
        "每日统计数字相符：合计、无人报考的职位数、未达开考比例的职位数均可由各职位数字算出。",
    )
    WITHDRAWN_LIST = (
        75,
        "The list of withdrawn tickets has its lines in order and is signed.",
        "作废准考证名单各行齐全、次序正确并已签名。",
    )
    WITHDRAWN = (
        76,
        "The admission ticket is not in the newest list of withdrawn tickets that lies here.",
        "准考证不在此处最新一版作废准考证名单之内。",
    )
    TICKET_OVER = (
        77,
        "The last session on the admission ticket was not over at the time that was given.",
        "在所给的时刻，准考证所列最后一场考试尚未结束。",
    )
    STATEMENT = (
        80,
        "A daily statement's list is the one that is signed, and adds up to its sums and numbers.",
        "对账单明细与签名所载一致，合计和笔数重新核算无误。",
    )
    TAKINGS = (
        81,
        "A count's list of receipts is the one that is signed, and adds up to cash and card.",
        "窗口清点的收据明细与签名所载一致，现金和刷卡合计重新核算无误。",
    )
    RECEIPT = (
        82,
        "The receipt's text has its lines in order and is signed.",
        "收据签名文本各行齐全、次序正确并已签名。",
    )
    CUSTODY = (
        85,
        "A custody statement adds up: bags, hand-overs, papers; no bag was opened before its time.",
        "试卷保管情况说明各项数字相符：袋数、交接次数、份数均无出入，没有试卷袋提前启封。",
    )
    DECISION = (
        86,
        "The text of a decision on a violation has its lines in order and is signed.",
        "违纪违规处理决定的签名文本各行齐全、次序正确并已签名。",
    )
    DECISION_PAPER = (
        87,
        "The decision on paper has the SHA-256 that is signed.",
        "处理决定书的SHA-256与签名所载一致。",
    )
    DECISION_ACT = (
        88,
        "The act of deciding, under the digest of the signed text, stands in the signed log.",
        "以签名文本摘要为标识的处理决定行为，确在已签名的日志之中。",
    )
    SCREENING = (
        89,
        "A screening's parameters were signed before its flags, and answers and flags are those "
        "that were signed.",
        "雷同甄别的参数先于结果签名，答案和甄别结果与签名所载一致。",
    )
    MATCHES = (
        90,
        "Every flagged pair's counts of identical answers are those of its two sheets.",
        "每对雷同考生的相同答案数均与两份答案逐题核对一致。",
    )
    TAILS = (
        91,
        "Every flagged pair's exact chance of so many identical answers is recomputed.",
        "每对雷同考生出现如此多相同答案的精确概率均重新算出，结果一致。",
    )
    MARKS = (
        92,
        "Script numbers follow from the drawn codes and the committed key; every mark and "
        "score follows from the markers' marks, and is the released one.",
        "密号由抽定代码和事先承诺的密钥得出，各题得分和各科成绩均由阅卷员所给分数算出，并与所公布成"
        "绩一致。",
    )
    ANSWER_KEY = (
        93,
        "The versions of an answer key are signed and count from 1, each later one with its "
        "reason.",
        "标准答案各版本均已签名，版本号连续，更正各有理由。",
    )
    RECOUNT = (
        94,
        "The recounted sample's lines are those that were signed, and add up to its differences.",
        "抽样复核明细与签名所载一致，差异重新核算无误。",
    )
    LOOKUP = (
        95,
        "lookup.note is signed and names the files of the look-up page and the list's signed root.",
        "lookup.note已签名，所载查询页面各文件摘要和名单的根与实际一致。",
    )
    SHARDS = (
        96,
        "The look-up's shards are those that were signed, each entry in its own shard, in order.",
        "成绩查询的各分片与签名所载一致，每条记录均在应在的分片之中、次序正确。",
    )
    PICKED = (
        97,
        "The record that a pick-up code opens is a slip that stands in the signed tree.",
        "凭查询码打开的记录为成绩单，确在已签名的记录树之中。",
    )
    NOTICE = (
        98,
        "A notice's text and files are those that are signed; each level was passed by another "
        "person, in order; a later version names the one before it.",
        "通知公告的正文和附件与签名所载一致；各级审核依次由不同的人完成；后一版载明前一版的摘要。",
    )
    NOTICE_ACTS = (
        99,
        "Every level that passed a notice stands in the log beside it, under the digest of its "
        "text.",
        "通知公告每一级审核都在旁边的日志中有记录，并载明正文的摘要。",
    )
    ARCHIVE = (
        103,
        "archive.note is signed, and names the index of the archive and the head of its log.",
        "archive.note已签名，所载档案目录的摘要和日志的规模、根与实际一致。",
    )
    ARCHIVE_FILES = (
        104,
        "The index and SHA256SUMS name every file of the archive with its digest, and no other.",
        "档案目录和SHA256SUMS逐一列出全部文件及其摘要，不多不少。",
    )
    ARCHIVE_WHOLE = (
        105,
        "Every release, draw and notice of the exam that the log says was published lies in it.",
        "日志所载本次考试已公布的各份名单、抽签、通知均在档案之中，无一遗漏。",
    )
    CHOICE_QUEUE = (
        106,
        "Places are chosen in the order of the final list, equal ranks by lots; nobody proposed "
        "is left out, and the places are those announced.",
        "按成绩选岗的次序与总成绩名单一致，名次相同的以抽签定先后；拟录用人选无一遗漏，可选岗位与公告"
        "所列一致。",
    )
    CHOICE_ACTS = (
        107,
        "Every choice was made in turn and in time, of a place that was free, signed and "
        "witnessed: the acts replay to the results.",
        "每人依次、限时选岗，所选岗位当时尚有空额，本人签名并有见证；依各项行为重新推演，结果一致。",
    )

    def __init__(self, number: int, english: str, chinese: str) -> None:
        self.number = number
        self.english = english
        self.chinese = chinese

    @property
    def id(self) -> str:
        """V and the number."""
        return f"V{self.number}"


class Refused(Exception):
    """A check does not hold; `where` names the file and what in it, `why` what was found."""

    def __init__(self, check: Check, where: str, why: str) -> None:
        super().__init__(f"{check.id} {where}: {why}")
        self.check = check


class Unreadable(Exception):
    """What should be verified, or the keys to do it with, cannot be read at all."""


def refuse(check: Check, where: str, why: str) -> NoReturn:
    """Raise Refused."""
    raise Refused(check, where, why)


@contextmanager
def holds(check: Check, where: str) -> Iterator[None]:
    """Refusals of the ground floor inside are refusals of this check."""
    try:
        yield
    except ValueError as error:
        raise Refused(check, where, str(error)) from None


def require_equal(check: Check, where: str, found: object, expected: object) -> None:
    """Refuse unless two values are the same."""
    if found != expected:
        refuse(check, where, f"found {_short(found)}, expected {_short(expected)}")


def _short(value: object) -> str:
    text = str(value) if isinstance(value, str | int) else repr(value)
    return text if len(text) <= 200 else text[:200] + "…"
