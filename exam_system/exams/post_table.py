"""Reads the table of posts of an announcement (招录职位表), .csv or .xlsx, Chinese or English."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from exam_system.people import Sex
from exam_system.sheets import Column, Sentence, read_table

Education = Literal["college", "bachelor", "master", "doctor"]

# From the lowest; words as they stand in tables of posts.
_LEVELS: tuple[tuple[Education, str], ...] = (
    ("college", "大专|专科|college"),
    ("bachelor", "本科|bachelor"),
    ("master", "硕士|master"),
    ("doctor", "博士|doctor"),
)
# Levels that are not in the list, and words that turn the order round.
_BELOW = re.compile("高中|中专|中技|技校|初中|不限|以下|or below")
# 研究生 without a degree before it means from master upwards.
_GRADUATE = re.compile("(?<!硕士)(?<!博士)研究生|graduate degree")
_UPWARDS = re.compile("以上|or above|and above|or higher")
_AGE_RANGE = re.compile("([0-9]{2})(?:周?岁)?(?:-|~|–|至|到|to)([0-9]{2})(?:周?岁)?")
_AGE_FROM = re.compile(r"([0-9]{2})周?岁(?:\(含\))?及?以上")
_AGE_TO = re.compile(r"([0-9]{2})周?岁(?:\(含\))?及?以下")
_CATALOGUE_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9]{4}(?![0-9A-Za-z])")
_TEXTS = (
    *("unit", "title", "age", "education", "degree"),
    *("majors", "experience", "other", "medical", "note", "area", "category"),
)
_LONGEST = {"area": 60, "category": 20}
_YES = frozenset({"是", "需要", "yes", "true"})
_NO = frozenset({"否", "不需要", "no", "false"})


@dataclass(frozen=True, slots=True)
class PostRow:
    """One post as the table states it.

    `age`, `education` and the other texts are the words that bind. What the program could read
    out of them stands beside: `age_min`, `age_max` in full years, both included;
    `education_min`, and `education_max` where the table says 仅限 or names several levels. None in
    an age or in `education_min` means that the words must be judged by a reviewer; None in
    `education_max` beside a minimum means no upper limit.
    `major_codes`: the 4-digit codes in `majors`. The catalogues of levels use the same numbers
    for different subjects (0809 is computing for bachelors, electronics for masters), and 2- and
    6-digit codes are not among them, so they serve searching, not deciding.
    """

    unit: str
    title: str
    code: str
    vacancies: int
    age: str
    age_min: int | None
    age_max: int | None
    education: str
    education_min: Education | None
    education_max: Education | None
    degree: str
    majors: str
    major_codes: tuple[str, ...]
    experience: str
    other: str
    sex: Sex | None
    medical: str
    fitness: bool
    note: str
    area: str
    category: str


def read_posts(name: str, data: bytes) -> tuple[PostRow, ...]:
    """All posts of the file, in its order. Raises SheetError (all or nothing)."""
    return tuple(_post(row) for row in read_table(name, data, COLUMNS).rows)


def read_ages(text: str) -> tuple[int | None, int | None]:
    """Lowest and highest age; None where the words give none or several. Raises Sentence."""
    plain = _plain(text)
    both = _AGE_RANGE.fullmatch(plain)
    low = _only([both[1]] if both else _AGE_FROM.findall(plain))
    high = _only([both[2]] if both else _AGE_TO.findall(plain))
    if low is not None and high is not None and low > high:
        raise Sentence("The lowest age is above the highest.")
    return low, high


def read_education(text: str) -> tuple[Education | None, Education | None]:
    """Lowest and highest level; (None, None) when the words name no level."""
    plain = _plain(text)
    named = [level for level, words in _LEVELS if re.search(words, plain)]
    if _GRADUATE.search(plain):
        named += ["master", "doctor"]
    if not named or _BELOW.search(plain):
        return None, None
    bounded = len(set(named)) > 1 or "限" in plain or "only" in plain
    open_above = _UPWARDS.search(plain) or named[-1] == "doctor"
    return named[0], named[-1] if bounded and not open_above else None


def read_sex(text: str) -> Sex | None:
    """The only sex that may apply (限男性, 限女性); None when either may."""
    plain = _plain(text)
    men = "限男" in plain or "menonly" in plain.replace("womenonly", "")
    women = "限女" in plain or "womenonly" in plain
    if men == women:
        return None
    return "male" if men else "female"


def _vacancies(text: str) -> int:
    plain = _plain(text)
    if not re.fullmatch("[0-9]{1,4}", plain) or int(plain) < 1:
        raise Sentence("The number of vacancies is a whole number from 1.")
    return int(plain)


def _code(text: str) -> str:
    if not re.fullmatch("[0-9A-Za-z-]{1,32}", text):
        raise Sentence("A post code has only digits, letters and hyphens, at most 32.")
    return text


def _fitness(text: str) -> bool:
    plain = _plain(text)
    if plain not in _YES | _NO:
        raise Sentence("Enter 是 or 否 (yes or no).")
    return plain in _YES


def _short(key: str) -> Callable[[str], str]:
    """A text that may not be longer than its column."""

    def read(text: str) -> str:
        if len(text) > _LONGEST[key]:
            raise Sentence("Enter at most %(longest)s characters", longest=_LONGEST[key])
        return text

    return read


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _only(found: Sequence[str]) -> int | None:
    return int(found[0]) if len(set(found)) == 1 else None


def _checked_ages(text: str) -> str:
    read_ages(text)
    return text


COLUMNS = (
    Column("unit", ("招录机关（单位）", "招录机关", "招聘单位", "单位", "unit", "employer")),
    Column("title", ("职位名称", "岗位名称", "title", "post", "post title")),
    Column("code", ("职位代码", "岗位代码", "code", "post code"), parse=_code, unique=True),
    Column("vacancies", ("招录人数", "招聘人数", "vacancies"), parse=_vacancies),
    Column("age", ("年龄要求", "年龄", "age", "ages"), parse=_checked_ages, blank=True),
    Column("education", ("学历要求", "学历", "education"), blank=True),
    Column("degree", ("学位要求", "学位", "degree"), required=False),
    Column("majors", ("专业", "专业要求", "majors", "major"), blank=True),
    Column("experience", ("工作经历要求", "工作经历", "experience"), required=False),
    Column("other", ("其他要求", "其他条件", "other", "other requirements"), required=False),
    Column("medical", ("体检标准", "medical", "medical standard"), required=False),
    Column("fitness", ("是否进行体能测评", "体能测评", "fitness"), required=False, parse=_fitness),
    Column(
        "area",
        ("工作地点", "工作地区", "所在地区", "地区", "area", "place of work"),
        required=False,
        parse=_short("area"),
        blank=True,
    ),
    Column(
        "category",
        ("职位类别", "岗位类别", "类别", "category", "class", "class of post"),
        required=False,
        parse=_short("category"),
        blank=True,
    ),
    Column("note", ("备注", "note", "notes", "remarks"), required=False),
)


def _post(row: dict[str, Any]) -> PostRow:
    texts = {key: row[key] or "" for key in _TEXTS}
    values: dict[str, Any] = {**texts, **read_conditions(texts)}
    return PostRow(
        code=row["code"],
        vacancies=row["vacancies"],
        fitness=bool(row["fitness"]),
        **values,
    )


def read_conditions(texts: Mapping[str, str]) -> dict[str, Any]:
    """What the program can read out of a post's words: ages, education, codes of majors, sex.

    Raises Sentence for ages the wrong way round.
    """
    age_min, age_max = read_ages(texts["age"])
    education_min, education_max = read_education(texts["education"])
    return {
        "age_min": age_min,
        "age_max": age_max,
        "education_min": education_min,
        "education_max": education_max,
        "major_codes": tuple(dict.fromkeys(_CATALOGUE_CODE.findall(texts["majors"]))),
        "sex": read_sex(texts["other"]),
    }
