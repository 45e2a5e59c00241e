"""One word for one thing, in every Chinese text, and none of the faults that a machine can see."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from exam_system import language
from exam_system.printing import texts
from exam_system.printing.texts import Label
from exam_system.wording import phrases

ROOT = Path(__file__).parent.parent / "exam_system"
HAN = "\u3400-\u9fff"
# What is not said, and what is said instead (GLOSSARY: one word for one thing).
WRONG = {
    "纪检监察人员": "监督员",
    "监督人员": "监督员",
    "纪检监察公钥": "监督员公钥",
    "评卷": "阅卷",
    "考官小组": "面试组",
    "考官组": "面试组",
    "备选考官": "候补考官",
    "考试机关": "考试机构",
    "招考机构": "考试机构",
    "招考机关": "考试机构",
    "主办机关": "考试机构",
    "冻结": "锁定",
    "树头": "签名头",
    "座次表": "座位表",
    "最终名单": "总成绩名单",
    "取件码": "查询码",
    "受理编号": "服务编号",
    "处室": "部门",
    "撤销报名": "撤回报名",
    "账号接管": "账号转移",
    "账户": "账号",
    "考试费": "考务费",
    "卷别": "试卷类型",
    "面试名单": "进入面试人员名单",
    "抽签证明": "抽签证书",
    "副签": "副署",
    "联签": "副署",
    "帐号": "账号",
    "登陆": "登录",
}
# Texts that people agreed to, and what laws and payment services say: kept as they are.
KEPT = {"accounts/consents.json", "exams/defaults.json", "fees/sandbox/pages/words.json"}
# Latin words that stand in Chinese: names of things that have no Chinese name, files and commands.
LATIN = {
    *("CSV", "Cookie", "If-None-Match", "Infit", "JCS", "JPEG", "JavaScript", "OpenAPI", "Outfit"),
    *("PDF", "PNG", "POS", "PostgreSQL", "Rasch", "Retry-After", "charset", "drand", "logit"),
    *("openssl", "partner", "room", "site", "serpentine", "payload", "system", "tlog-proof", "zip"),
    *("written", "interview", "major", "notice", "medical", "items", "page", "size", "pages"),
    *(
        "total",
        "backup",
        "database",
        "url",
        "GB/T",
        "A/C",
        "config.toml",
        "database_url",
        "CADB",
        "OPERATIONS.md",
    ),
}
COMMAND = re.compile(
    r"exam(?: [a-z-]+)+|chmod \S+|timedatectl [a-z-]+ true|[\w/.-]+\.(?:json|md|note|txt|csv|toml)"
    r"|slip\.tlog-proof|\.(?:xlsx?|csv|txt|pdf|zip|note|tlog-proof)|/[a-z/0-9]*|[a-z]+/v1"
    r"|CSV UTF-8|name@example\.cn|gy-2026|gw-2026|district|site|room|seat|vkey|sha256sum"
)


def chinese() -> Iterator[tuple[str, str, str]]:
    """Where a text is from, its English (or nothing) and its Chinese."""
    yield from (("catalogue", english, text) for english, text in catalogue())
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if name in KEPT or name.startswith(("demo/", "translations/", "migrations/")):
            continue
        if path.suffix == ".py":
            yield from ((name, "", text) for text in literals(path))
        elif path.suffix in {".json", ".js", ".html"}:
            yield name, "", path.read_text(encoding="utf-8")


def literals(path: Path) -> set[str]:
    """Every Chinese text of a program that is no sentence in English."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    found = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return {text for text in found if isinstance(text, str) and re.match(f"[^a-z]*[{HAN}]", text)}


# Tables that people fill in are read with the words of earlier editions too.
TYPED = {"marking/typed.py": {"评卷"}, "exams/words.py": set[str]()}


def test_one_word_for_one_thing() -> None:
    wrong = [
        f"{where}: {word} → {right}: {text[max(0, at - 12) : at + 12]!r}"
        for where, _english, text in chinese()
        for word, right in WRONG.items()
        if (at := text.find(word)) >= 0 and word not in TYPED.get(where, set())
    ]
    assert wrong == []


@cache
def catalogue() -> list[tuple[str, str]]:
    """English and Chinese of every sentence."""
    return [
        (message.id, str(message.string))
        for message in language.catalogue("zh")
        if isinstance(message.id, str) and message.id
    ]


FAULTS = {
    "a half-width mark after Chinese": rf"[{HAN}][,;:!?](?![A-Za-z0-9/])",
    "half-width brackets around Chinese": rf"\([^)]*[{HAN}]|[{HAN}]\((?!\d)",
    "a space between Chinese and Latin or digits": (
        rf"[{HAN}：，。；、）] (?=[A-Za-z0-9%{{])|(?<=[A-Za-z0-9}}]) [{HAN}（]"
    ),
    "a space between Chinese": rf"[{HAN}，。；：、] [{HAN}（“]",
    "two spaces": r"  ",
    "a straight quotation mark": rf"[{HAN}][\"']|[\"'][{HAN}]",
    "two full stops": r"。。|，，|：：|、、",
    "three dots": r"\.\.\.",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_of_writing(fault: str) -> None:
    wrong = []
    for english, text in catalogue():
        rest = text
        for quoted in re.findall("“([^”]*)”", text):
            rest = rest.replace(quoted, "") if quoted in english else rest
        if re.search(FAULTS[fault], rest) or text != text.strip():
            wrong.append(text)
    assert wrong == []


def test_no_english_is_left_in_chinese() -> None:
    left = {}
    for _english, text in catalogue():
        rest = COMMAND.sub(" ", re.sub(r"%\(\w+\)s|\{[\w:]+\}|`[^`]*`", " ", text))
        words = set(re.findall(r"[A-Za-z][A-Za-z/-]{2,}", rest)) - LATIN
        words = {
            word for word in words if not re.fullmatch(r"SHA-?|UTF-?|V\d+|[A-Z]{2,3}|a-f", word)
        }
        if words:
            left[text] = words
    assert {text: words for text, words in left.items() if words} == {}


def test_every_place_stands_as_often_as_in_english() -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)s|\{\w+\}", text))

    assert [english for english, text in catalogue() if places(english) != places(text)] == []


# Numbers that a place is never 1 for: limits, sizes, what a rule or a table sets.
LIMITS = {
    *("most", "longest", "least", "limit", "size", "bound", "all", "digits", "decimals", "high"),
    *("width", "height", "a", "b", "label", "row", "name", "where", "url", "barcode", "marker"),
    *("question", "access", "budget", "people", "low", "available"),
}
# Phrases after a number that look like a plural and are none.
NO_PLURAL = {
    *(
        "has",
        "is",
        "was",
        "declares",
        "takes",
        "gets",
        "comes",
        "becomes",
        "keeps",
        "loses",
        "holds",
    ),
    *("chooses", "waits", "does", "goes", "needs", "asks", "says", "this", "as", "its", "attaches"),
    *("answers", "bears", "belongs", "picks", "shows", "unpacks", "works", "stands", "marks"),
    *("adds", "differs", "times", "uses", "ends", "begins", "others", "minus"),
}


def test_every_english_plural_has_its_singular() -> None:
    known = {key.split(" ")[0].rstrip(":,") for key in phrases()}
    missing = {}
    for english, _text in catalogue():
        for place, word in re.findall(r"%\((\w+)\)s ([a-z]+(?:s|people|women|men))\b", english):
            if place not in LIMITS and word not in NO_PLURAL | known:
                missing[english] = word
    assert missing == {}


def test_every_singular_is_used() -> None:
    said = "\n".join(english for english, _text in catalogue())
    assert [key for key in phrases() if not re.search(rf"\)s {re.escape(key)}(?!\w)", said)] == []


def test_printed_labels_stand_in_both_languages_and_are_used() -> None:
    labels = {name: value for name, value in vars(texts).items() if isinstance(value, Label)}
    assert [name for name, label in labels.items() if not (label.zh and label.en)] == []
    mixed = [name for name, label in labels.items() if re.search(f"[{HAN}]", label.en)]
    used = Counter[str]()
    for path in ROOT.rglob("*.py"):
        used.update(re.findall(r"\b[A-Z][A-Z_]+\b", path.read_text(encoding="utf-8")))
    unused = [name for name in vars(texts) if name.isupper() and used[name] < 2]
    assert (mixed, unused) == ([], [])


def test_scripts_have_no_words_of_their_own() -> None:
    found = []
    for path in sorted((ROOT / "static").glob("*.js")):
        thrown = r'Error\("[^"]*"\)'  # for the console, never on a page
        code = re.sub(rf"//[^\n]*|/\*.*?\*/|{thrown}", "", path.read_text(), flags=re.DOTALL)
        for text in re.findall(r"\"([^\"\n]*)\"", code):
            sentence = re.search(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", text)
            if re.search(f"[{HAN}]", text) or (sentence and not text.startswith(("use ", "."))):
                found.append(f"{path.name}: {text}")
    assert found == []


@pytest.mark.parametrize("page", ["verify.html", "lookup/index.html"])
def test_pages_that_stand_alone_say_everything_twice(page: str) -> None:
    text = (ROOT / "static" / page).read_text(encoding="utf-8")
    english, chinese = (re.findall(rf'<span lang="{lang}"', text) for lang in ("en", "zh-Hans"))
    assert len(english) == len(chinese) > 5
    pairs = re.findall(r'both\("((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\)', text)
    wrong = [pair for pair in pairs if re.search(f"[{HAN}]", pair[0]) or not pair[1]]
    assert wrong == []


def test_rules_and_kinds_name_both_languages() -> None:
    for path in sorted(ROOT.rglob("*.json")):
        for entry in nested(json.loads(path.read_text(encoding="utf-8"))):
            if "zh" in entry and "en" in entry:
                assert bool(entry["zh"]) == bool(entry["en"]), (path.name, entry)


def nested(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from nested(part)
