"""The tables an office would import, made from a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from exam_system.clock import rfc3339
from exam_system.demo.lot import Lot
from exam_system.demo.people import data, name, table
from exam_system.exams.rules import defaults

ROOM = 30
ROOMS_A_SITE = 12
A_PANEL = 30
LEAST_EACH = 8  # applicants for every vacancy before the rest choose by lot
LOTTERY = "institution"  # the type of exam whose interviewers are drawn by lottery/v1


@dataclass(frozen=True, slots=True)
class Plan:
    """One exam of the demonstration."""

    code: str
    type: str
    name: str
    name_en: str
    applicants: int
    vacancies: int
    fen: int
    opens: datetime
    seed: str
    rules: Mapping[str, Any] = field(default_factory=dict)
    """Rules that differ from the type's usual ones (with a basis of their own where they are
    {"value", "basis"}); `marking_closes` in days after the exam."""
    score_day: bool = False
    """Lists come at an announced minute, and the written scores can be looked up with a code."""
    choice: bool = False
    """The people of the largest post choose among its places in order of score."""

    @property
    def closes(self) -> datetime:
        """Registration is open for ten days."""
        return self.opens + timedelta(days=10)

    @property
    def payment_closes(self) -> datetime:
        """Three more days to pay."""
        return self.closes + timedelta(days=3)

    @property
    def written_on(self) -> datetime:
        """The day of the written exam, 9:00."""
        return self.payment_closes + timedelta(days=5)

    @property
    def districts(self) -> int:
        """Large exams have several districts."""
        return min(4, 1 + self.applicants // 500)

    @property
    def panels(self) -> int:
        """Interview rooms that are set up."""
        return 1 + self.vacancies * 4 // A_PANEL

    def lot(self, purpose: str) -> Lot:
        """Choices for one purpose of this exam."""
        return Lot(f"{self.seed}:{self.code}:{purpose}")


def rules(plan: Plan) -> dict[str, Any]:
    """The usual rules of the type with this exam's dates."""
    document = defaults(plan.type)
    dates = (plan.opens, plan.closes, plan.payment_closes)
    keys = ("registration_opens", "registration_closes", "payment_closes")
    for key, at in zip(keys, dates, strict=True):
        document[key]["value"] = rfc3339(at)
    if plan.type == LOTTERY:
        document["interviewer_draw"]["value"] = "lottery"
        document["lottery_size"] = {"value": 20, "basis": "演示：事先公布20套编组方案"}
    document["reserve_seats"] = {"value": 1, "basis": "考务工作规程：每个考场预留1个座位备用"}
    document["invigilator_reserves"] = {
        "value": 10,
        "basis": "考务工作规程：各考点按监考岗位的10%配备备用监考员",
    }
    if plan.choice:
        basis = "招考公告：同一职位招录多人的，按总成绩从高到低依次选择工作单位"
        document["choice_places"] = {"value": choice_places(plan), "basis": basis}
        basis = "招考公告：点名时缺席或者超时未选的，排到最后再选一次"
        document["choice_missed"] = {"value": "last", "basis": basis}
    for key, value in plan.rules.items():
        if isinstance(value, dict):
            document[key] = value
        elif key == "marking_closes":
            document[key]["value"] = rfc3339(plan.written_on + timedelta(days=value))
        else:
            document[key]["value"] = value
    return document


def sessions(plan: Plan) -> list[tuple[str, datetime, datetime]]:
    """One session a subject: 9:00, 14:30 and the next morning, two hours each."""
    starts = (timedelta(0), timedelta(hours=5, minutes=30), timedelta(days=1))
    codes = [subject["code"] for subject in rules(plan)["subjects"]["value"]]
    return [
        (code, plan.written_on + start, plan.written_on + start + timedelta(hours=2))
        for code, start in zip(codes, starts, strict=False)
    ]


def places(plan: Plan) -> bytes:
    """Districts, sites and rooms with room for everybody and a third more; interview rooms."""
    header = ["考区代码", "考区", "考点代码", "考点", "地址", "所属学校", "考场代码", "考场"]
    header += ["座位布局", "容量", "用途", "无障碍"]
    rows: list[list[object]] = []
    rooms = -(-plan.applicants * 4 // (3 * ROOM * plan.districts)) + 1
    for district in range(plan.districts):
        for room in range(rooms):
            site, code = divmod(room, ROOMS_A_SITE)
            rows.append(_room(district, site, code, "笔试"))
    for panel in range(plan.panels):
        rows.append(_room(0, 90, panel, "面试"))
    return table(header, rows)


def _room(district: int, site: int, room: int, use: str) -> list[object]:
    schools, areas = data()["schools"], data()["districts"]
    interview = use == "面试"
    school = "市委党校" if interview else schools[(district * 3 + site) % len(schools)]
    layout = ("7-8-8-7", "5x6")[room % 2]
    title = f"第{room + 1}面试室" if interview else f"第{room + 1:02d}考场"
    place = [
        district + 1,
        areas[district],
        site + 1,
        f"{school}考点",
        f"{areas[district][:2]}校园路{site + 1}号",
    ]
    accessible = "是" if room == 0 and not interview else "否"
    return [*place, school, room + 1, title, layout, ROOM, use, accessible]


def post_sizes(plan: Plan) -> list[int]:
    """Vacancies of the posts: one to four each, together the plan's."""
    lot, left, sizes = plan.lot("posts"), plan.vacancies, []
    while left:
        sizes.append(min(left, 1 + lot.below(4)))
        left -= sizes[-1]
    return sizes


def posts(plan: Plan) -> bytes:
    """The table of posts in the columns of the published ones."""
    header = ["招录机关（单位）", "职位名称", "职位代码", "招录人数", "年龄要求", "学历要求"]
    header += [
        "学位要求",
        "专业",
        "工作经历要求",
        "其他要求",
        "体检标准",
        "是否进行体能测评",
        "备注",
    ]
    units = data()["posts"][plan.type]
    rows: list[list[object]] = []
    for place, size in enumerate(post_sizes(plan)):
        unit = f"安顺{units[place % len(units)]}"
        medical = "《公务员录用体检通用标准（试行）》"
        fitness = "是" if plan.type == "police" else "否"
        conditions = ["18周岁以上、35周岁以下", "本科及以上", "", "不限", "无要求", ""]
        title = f"工作人员{place // len(units) + 1}"
        rows.append([unit, title, post_code(place), size, *conditions, medical, fitness, ""])
    return table(header, rows)


def post_code(place: int) -> str:
    """Eight digits, the first two the city's."""
    return f"04{place + 1:05d}1"


def choice_places(plan: Plan) -> list[dict[str, Any]]:
    """The places of the post with the most vacancies, one more than people; none: no choice."""
    sizes, schools = post_sizes(plan), data()["schools"]
    size, post = max(sizes), post_code(sizes.index(max(sizes)))
    count = size + 1 if plan.choice else 0
    return [
        {"post": post, "code": f"{n + 1:02}", "name": schools[n], "count": 1} for n in range(count)
    ]


def choices(plan: Plan, count: int) -> list[str]:
    """The post each candidate wants: at least eight for every vacancy, then by lot."""
    sizes, lot = post_sizes(plan), plan.lot("choices")
    firm = [post_code(p) for p, size in enumerate(sizes) for _ in range(size * LEAST_EACH)]
    weighted = [post_code(p) for p, size in enumerate(sizes) for _ in range(size)]
    return (firm + [lot.pick(weighted) for _ in range(count)])[:count]


def invigilators(plan: Plan) -> bytes:
    """Three or more for every two places of a district; in every exam the same people first.

    They stand in blocks of both sexes and all schools, and each block belongs to a district.
    """
    lot, schools = Lot(f"{plan.seed}:invigilators"), data()["schools"]
    block = 2 * len(schools)
    rooms = -(-plan.applicants // (ROOM * plan.districts)) + 1
    blocks = -(-rooms * 3 // block) * plan.districts
    rows: list[list[object]] = []
    for n in range(blocks * block):
        sex, school = "女男"[n % 2], schools[n // 2 % len(schools)]
        lead = "是" if n % 3 else "否"
        rows.append(
            [f"J{n + 1:04d}", name(lot), sex, school, n // block % plan.districts + 1, lead]
        )
    return table(["工号", "姓名", "性别", "学校", "考区", "主监考"], rows)


def interviewers(seed: str) -> bytes:
    """The pool: most from other cities, some from here."""
    lot, cities, offices = Lot(f"{seed}:pool"), data()["cities"], data()["offices"]
    codes = [*cities, "520400"]
    rows: list[list[object]] = []
    for n in range(160):
        area = codes[n % len(codes)]
        employer = f"{cities.get(area, '安顺市')}{offices[n // len(codes) % len(offices)]}"
        chief = "是" if n % 4 == 0 else "否"
        sex = "男" if lot.percent(55) else "女"
        rows.append([f"KG2008{n + 1:04d}", name(lot), sex, area, employer, chief])
    return table(["证书编号", "姓名", "性别", "地区代码", "工作单位", "主考官"], rows)


def marks(plan: Plan, numbers: Sequence[str]) -> bytes:
    """Written marks as a marking office would send them; some candidates stayed away."""
    subjects = [subject["name"] for subject in rules(plan)["subjects"]["value"]]
    lot, away = plan.lot("marks"), int(data()["absent_written"])
    rows: list[list[object]] = []
    for number in numbers:
        if lot.percent(away):
            rows.append([number, *["缺考"] * len(subjects)])
            continue
        gift = lot.around(0, 30)
        rows.append([number, *[_mark(lot.around(620, 40) + gift) for _ in subjects]])
    return table(["准考证号", *subjects], rows)


def _mark(tenths: int) -> str:
    tenths = max(0, min(1000, tenths))
    return f"{tenths // 10}.{tenths % 10}"


def score(lot: Lot, gift: int) -> str:
    """One interviewer's score: about 80, two decimals, between 60 and 99."""
    cents = max(6000, min(9900, 8000 + gift + lot.around(0, 120)))
    return f"{cents // 100}.{cents % 100:02d}"


def elements(plan: Plan) -> dict[str, int]:
    """The full marks of the interview's elements by code; none: interviewers give one score."""
    found = plan.rules.get("interview_elements", {"value": ()})
    return {one["code"]: int(one["full"]) for one in found["value"]}


def sheet(lot: Lot, gift: int, elements: Mapping[str, int]) -> dict[str, str]:
    """One interviewer's marks, by element and its full marks: about four fifths of each."""
    marks = {}
    for code, full in elements.items():
        cents = max(60, min(99, 80 + (gift + lot.around(0, 120)) // 100)) * full
        marks[code] = f"{cents // 100}.{cents % 100:02d}"
    return marks
