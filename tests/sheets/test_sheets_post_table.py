import csv
import dataclasses
import io
from collections import Counter
from pathlib import Path

import pytest

from exam_system.exams.post_table import (
    PostRow,
    read_ages,
    read_education,
    read_posts,
    read_sex,
)
from exam_system.sheets import SheetError, write_csv, write_xlsx

HEADER = [
    *("招录机关（单位）", "职位名称", "职位代码", "招录人数", "年龄要求", "学历要求", "学位要求"),
    *("专业", "工作经历要求", "其他要求", "体检标准", "是否进行体能测评", "备注", "工作表"),
]
ENGLISH = ["Unit", "Title", "Code", "Vacancies", "Age", "Education", "Majors", "Other", "Fitness"]
CELLS = [
    "市监察委员会",
    "一级科员",
    "11001011",
    "2",
    "18周岁以上、38周岁以下",
    "本科及以上",
    "学士",
    "本科：法学类（0301），会计学（120203K）；研究生：法学（0301），金融（0251，仅限金融学），工学（08）",
    "无要求",
    "限男性；中共党员",
    "通用标准",
    "否",
    "",
    "省直机关",
]
POST = PostRow(
    unit="市监察委员会",
    title="一级科员",
    code="11001011",
    vacancies=2,
    age="18周岁以上、38周岁以下",
    age_min=18,
    age_max=38,
    education="本科及以上",
    education_min="bachelor",
    education_max=None,
    degree="学士",
    majors=CELLS[7],
    major_codes=("0301", "0251"),
    experience="无要求",
    other="限男性；中共党员",
    sex="male",
    medical="通用标准",
    fitness=False,
    note="",
    area="",
    category="",
)


def test_a_post_from_csv_and_xlsx() -> None:
    assert read_posts("p.csv", write_csv(HEADER, [CELLS])) == (POST,)
    number = [*CELLS[:2], 11001011, 2, *CELLS[4:]]
    assert read_posts("p.xlsx", write_xlsx("职位表", HEADER, [number])) == (POST,)


def test_a_post_with_english_headers() -> None:
    ages, other = "18 to 38", "Women only"
    cells = ["Bureau", "Clerk", "A-1", "3", ages, "Bachelor or above", "Law (0301)", other, "yes"]
    (post,) = read_posts("p.csv", write_csv(ENGLISH, [cells]))
    assert (post.age_min, post.age_max, post.education_min) == (18, 38, "bachelor")
    assert (post.sex, post.fitness, post.major_codes, post.note) == ("female", True, ("0301",), "")


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("18周岁以上、38周岁以下", (18, 38)),
        ("18周岁（含）以上，35周岁（含）以下", (18, 35)),
        ("１８周岁以上、３０周岁以下", (18, 30)),
        ("35岁及以下", (None, 35)),
        ("18-35周岁", (18, 35)),
        ("18周岁至35周岁", (18, 35)),
        ("18周岁以上、30周岁以下，2026年应届硕士、博士研究生为35周岁以下", (18, None)),
        ("1986年10月以后出生", (None, None)),
        ("不限", (None, None)),
        ("", (None, None)),
    ],
)
def test_ages(text: str, ages: tuple[int | None, int | None]) -> None:
    assert read_ages(text) == ages


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("本科及以上", ("bachelor", None)),
        ("大专及以上", ("college", None)),
        ("专科以上", ("college", None)),
        ("研究生", ("master", None)),
        ("硕士", ("master", None)),
        ("硕士研究生及以上", ("master", None)),
        ("仅限硕士研究生", ("master", "master")),
        ("博士", ("doctor", None)),
        ("仅限博士研究生", ("doctor", None)),
        ("仅限本科", ("bachelor", "bachelor")),
        ("本科", ("bachelor", None)),
        ("大专或本科", ("college", "bachelor")),
        ("本科或硕士研究生", ("bachelor", "master")),
        ("本科或研究生", ("bachelor", None)),
        ("仅限研究生", ("master", None)),
        ("Master or higher", ("master", None)),
        ("bachelor only", ("bachelor", "bachelor")),
        ("中专或大专", (None, None)),
        ("本科及以下", (None, None)),
        ("不限", (None, None)),
        ("大学", (None, None)),
        ("", (None, None)),
    ],
)
def test_education(text: str, levels: tuple[str | None, str | None]) -> None:
    assert read_education(text) == levels


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("限男性；中共党员", "male"),
        ("限女性", "female"),
        ("适合男性", None),
        ("限男性1名，限女性1名", None),
        ("men only", "male"),
        ("Women only", "female"),
        ("", None),
    ],
)
def test_sex(text: str, sex: str | None) -> None:
    assert read_sex(text) == sex


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        (2, "110 01", "column C 职位代码: A post code has only"),
        (3, "0", "column D 招录人数: The number of vacancies"),
        (3, "-1", "column D 招录人数: The number of vacancies"),
        (3, "1.5", "column D 招录人数: The number of vacancies"),
        (3, "", "column D 招录人数: This cell must be filled in"),
        (4, "38周岁以上、18周岁以下", "column E 年龄要求: The lowest age is above"),
        (11, "也许", "column L 是否进行体能测评: Enter 是 or 否"),
    ],
)
def test_a_wrong_cell_refuses_the_table(column: int, text: str, words: str) -> None:
    cells = [*CELLS[:column], text, *CELLS[column + 1 :]]
    with pytest.raises(SheetError, match=words) as caught:
        read_posts("p.xlsx", write_xlsx("表", HEADER, [cells]))
    assert caught.value.number == 1


def test_post_codes_are_unique_however_they_are_stored() -> None:
    number = [*CELLS[:2], 11001011, *CELLS[3:]]
    with pytest.raises(SheetError, match="row 3, column C 职位代码: The same value is already"):
        read_posts("p.xlsx", write_xlsx("表", HEADER, [CELLS, number]))


def test_a_table_without_the_columns_that_decide_is_refused() -> None:
    with pytest.raises(SheetError, match="missing: 招录人数, 年龄要求, 学历要求, 专业"):
        read_posts("p.csv", write_csv(HEADER[:3], [CELLS[:3]]))


def _henan() -> bytes:
    folder = Path(__file__).parents[3] / "shared/data/positions"
    if not folder.is_dir():
        pytest.skip("../shared is not there")
    return (folder / "henan-2026-positions.csv").read_bytes()


def test_the_real_table_of_a_province() -> None:
    posts = read_posts("henan.csv", _henan())
    assert (len(posts), sum(post.vacancies for post in posts)) == (7509, 10429)
    ages = Counter(post.age for post in posts if post.age_max is None)
    assert ages == {"18周岁以上、30周岁以下，2026年应届硕士、博士研究生为35周岁以下": 428}
    assert all(post.age_min == 18 for post in posts)
    assert all(post.education_min for post in posts)
    sexes = Counter(post.sex for post in posts)
    assert (sexes["male"], sexes["female"]) == (1371, 941)
    assert sum(post.fitness for post in posts) == 654
    assert len(dataclasses.fields(PostRow)) == 21


def test_the_real_table_is_the_same_as_a_workbook() -> None:
    data = _henan()
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    book = write_xlsx("职位表", rows[0], rows[1:])
    assert read_posts("henan.xlsx", book) == read_posts("henan.csv", data)
