"""What a change notice changes: exact differences, checked against what may change lawfully.

Windows are only extended, and what hangs on a time moves with it; sessions are put off, never
brought forward; vacancies do not rise without a legal basis; conditions do not change under
people who have applied unless the notice says how they are treated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.context import Context
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.exams.announcement import posts_of
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, ExamSession, Post, Site
from exam_system.exams.post_table import read_conditions
from exam_system.exams.rules import LABELS, RuleSet, parse_rules
from exam_system.exams.service import check_sessions
from exam_system.people import reason_line
from exam_system.registration.models import Application
from exam_system.trust.canonical import JSON, jcs

WINDOWS = ("registration_closes", "payment_closes")
AFTER_SESSIONS = ("marking_closes", "panels_open_at")
"""What is a time after the written exam and is put off with it."""
CONDITIONS = ("age", "education", "degree", "majors", "experience", "other", "medical", "note")
SITE = ("name", "address")
LONGEST = 300
MOST_VACANCIES = 9999
_OPEN = ("draft", "submitted", "second", "approved", "paid")


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants changed.

    `times`: rule → new time. `sessions`: subject code → begin and end. `posts`: post code →
    column → new value (vacancies a number). `sites`: district and site code → name or address.
    `rise_basis`: the legal basis where vacancies rise. `treatment`: how those are treated who
    have applied for a post whose conditions change.
    """

    times: Mapping[str, datetime] = field(default_factory=dict)
    sessions: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    posts: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    sites: Mapping[tuple[int, int], Mapping[str, str]] = field(default_factory=dict)
    rise_basis: str = ""
    treatment: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One difference. `kind` is time, session, post, site or cancelled; `of` names the session's
    subject, the post or the site, `what` the rule or the column.

    Times are RFC 3339, a session is `begin/end`. `note` is "follows" for what moves with
    something else, "rise" for more vacancies, and in a notice of the opening ratio the number of
    paid candidates.
    """

    kind: str
    of: str
    what: str
    old: str
    new: str
    note: str = ""

    def document(self) -> JSON:
        """As it is stored."""
        names = ("kind", "of", "what", "old", "new", "note")
        return {name: getattr(self, name) for name in names}


def differences(ctx: Context, exam: Exam, change: Change) -> list[Item]:
    """Every difference that the change makes, what follows from it included.

    Raises Invalid or Conflict with the first thing that may not be changed so.
    """
    rules = rules_of(exam)
    items = [*_windows(ctx, exam, rules, change)]
    sessions, put_off = _sessions(ctx, exam, rules, change)
    items += [*sessions, *_followers(rules, put_off), *_posts(ctx, exam, change)]
    items += _sites(ctx, exam, change)
    if not items:
        raise Invalid("Nothing would change: every value is the announced one")
    _require_payment_first(ctx, exam, items)
    return items


def _shown(ctx: Context, at: datetime) -> str:
    return f"{at.astimezone(ctx.config.zone):%Y-%m-%d %H:%M}"


def _windows(ctx: Context, exam: Exam, rules: RuleSet, change: Change) -> Iterator[Item]:
    wanted = {key: at for key, at in change.times.items() if at != getattr(rules, key)}
    if not wanted:
        return
    if exam.state != "announced":
        raise Conflict("Registration is closed: its windows do not change any more")
    for key, at in wanted.items():
        if key not in WINDOWS or at < getattr(rules, key):
            raise Invalid(
                "%(name)s: announced is %(at)s; a window is only extended, never shortened",
                name=Sentence(LABELS[key]),
                at=_shown(ctx, getattr(rules, key)),
            )
        if at <= ctx.due():
            raise Invalid("%(name)s: this time is over already", name=Sentence(LABELS[key]))
    longer = wanted.get("registration_closes", rules.registration_closes)
    least = rules.payment_closes + (longer - rules.registration_closes)
    follows = "payment_closes" not in wanted
    if wanted.setdefault("payment_closes", least) < least:
        raise Invalid(
            "Payment stays open as long after registration as announced: until %(at)s at least",
            at=_shown(ctx, least),
        )
    for key in WINDOWS:
        if key in wanted:
            note = "follows" if follows and key == "payment_closes" else ""
            yield _time(rules, key, wanted[key], note)


def _time(rules: RuleSet, key: str, at: datetime, note: str) -> Item:
    return Item("time", "", key, rfc3339(getattr(rules, key)), rfc3339(at), note)


def _sessions(
    ctx: Context, exam: Exam, rules: RuleSet, change: Change
) -> tuple[list[Item], timedelta]:
    """The sessions that are put off, and by how much at most."""
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    known = {row.subject: row for row in ctx.session.scalars(query)}
    plan = {code: (row.starts_at, row.ends_at) for code, row in known.items()}
    moved = {code: times for code, times in change.sessions.items() if plan.get(code) != times}
    check_sessions([(code, *times) for code, times in (plan | moved).items()], set(known))
    for code, (starts, ends) in moved.items():
        row, name = known[code], rules.subject(code).name
        if row.starts_at <= ctx.due():
            raise Conflict("The session of %(name)s has begun", name=name)
        if starts < row.starts_at or ends - starts < row.ends_at - row.starts_at:
            raise Invalid(
                "%(name)s: a session is put off, never brought forward or shortened", name=name
            )
    put_off = max((times[0] - plan[code][0] for code, times in moved.items()), default=timedelta())
    return [Item("session", c, "", _span(*plan[c]), _span(*moved[c])) for c in moved], put_off


def _span(starts: datetime, ends: datetime) -> str:
    return f"{rfc3339(starts)}/{rfc3339(ends)}"


def _followers(rules: RuleSet, put_off: timedelta) -> Iterator[Item]:
    for key in AFTER_SESSIONS:
        at = getattr(rules, key)
        if at is not None and put_off:
            yield _time(rules, key, at + put_off, "follows")


def _posts(ctx: Context, exam: Exam, change: Change) -> Iterator[Item]:
    posts = {post.code: post for post in posts_of(ctx.session, exam)}
    for code, wanted in change.posts.items():
        if code not in posts:
            raise Invalid(
                "There is no post %(code)s in this exam: choose one of the list", code=code
            )
        if exam.state not in ("announced", "closed"):
            raise Conflict("The seats are drawn: posts do not change any more")
        for what, value in wanted.items():
            new = _value(code, what, value)
            old = str(getattr(posts[code], what))
            if new != old:
                yield _post(ctx, posts[code], change, Item("post", code, what, old, new))


def _value(code: str, what: str, value: str | int) -> str:
    if what == "vacancies":
        if type(value) is not int or not 1 <= value <= MOST_VACANCIES:
            raise Invalid("Post %(code)s: vacancies are a whole number from 1", code=code)
        return str(value)
    if what not in CONDITIONS:
        raise Invalid("Post %(code)s: this cannot be changed", code=code)
    return reason_line(str(value), LONGEST) if str(value).strip() else ""


def _post(ctx: Context, post: Post, change: Change, item: Item) -> Item:
    """The difference of one column, if it may be."""
    if item.what == "vacancies":
        return _vacancies(change, item)
    texts = {key: getattr(post, key) for key in CONDITIONS} | {item.what: item.new}
    read_conditions(texts)
    applied = select(func.count()).where(
        Application.post_id == post.id, Application.state.in_(_OPEN)
    )
    if ctx.session.scalars(applied).one() and not change.treatment.strip():
        raise Conflict(
            "Post %(code)s: people have applied; the notice must say how they are treated",
            code=post.code,
        )
    return item


def _vacancies(change: Change, item: Item) -> Item:
    if int(item.new) < int(item.old):
        return item
    if not change.rise_basis.strip():
        raise Invalid(
            "Post %(code)s: more vacancies than announced need their legal basis in the notice",
            code=item.of,
        )
    return Item(item.kind, item.of, item.what, item.old, item.new, "rise")


def _sites(ctx: Context, exam: Exam, change: Change) -> Iterator[Item]:
    query = select(District.code, Site).join(Site, Site.district_id == District.id)
    rows = ctx.session.execute(query.where(District.exam_id == exam.id))
    known = {(district, site.code): site for district, site in rows}
    for place, wanted in change.sites.items():
        if place not in known or not set(wanted) <= set(SITE):
            raise Invalid("There is no such site in this exam").about("site")
        for what, value in wanted.items():
            old, new = getattr(known[place], what), reason_line(value, 120, "value")
            if new != old:
                yield Item("site", f"{place[0]}-{place[1]}", what, old, new)


def _require_payment_first(ctx: Context, exam: Exam, items: Sequence[Item]) -> None:
    """Sessions begin after payment closes, in the changed exam as in the announced one."""
    changed = {(item.kind, item.of or item.what): item.new for item in items}
    payment = changed.get(("time", "payment_closes"))
    if payment is None:
        return
    query = select(ExamSession.subject, ExamSession.starts_at).where(ExamSession.exam_id == exam.id)
    for subject, starts in ctx.session.execute(query):
        span = changed.get(("session", subject))
        first = parse_rfc3339(span.split("/")[0]) if span else starts
        if first <= parse_rfc3339(payment):
            raise Invalid(
                "Payment would close after a session begins: put off the sessions in the same "
                "notice"
            )


def rules_after(exam: Exam, items: Sequence[Item]) -> str:
    """The text of rules.json with the items in it; no other rule is touched."""
    document: dict[str, Any] = json.loads(exam.rules)
    for item in items:
        if item.kind == "time":
            document[item.what]["value"] = item.new
    parse_rules(document)
    return jcs(document).decode()


def columns_after(post: Post, items: Sequence[Item]) -> dict[str, Any]:
    """The columns of a post that the items change, with what the program reads out of them."""
    mine = {item.what: item.new for item in items if item.kind == "post" and item.of == post.code}
    values: dict[str, Any] = {key: new for key, new in mine.items() if key != "vacancies"}
    if values:
        texts = {key: getattr(post, key) for key in CONDITIONS} | values
        read = read_conditions(texts)
        del read["education_max"]
        values |= read | {"major_codes": " ".join(read["major_codes"])}
    return values | ({"vacancies": int(mine["vacancies"])} if "vacancies" in mine else {})


def cancelled_posts(items: Sequence[Item]) -> set[str]:
    """The codes of the posts that the items cancel."""
    return {item.of for item in items if item.kind == "cancelled"}
