"""Candidates who go their whole way over HTTP, each with a cookie and time to think."""

from __future__ import annotations

import multiprocessing
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks.crowd_clients import FORM, Answer
from tests.registration.setting import CODE, photo
from tests.world import PASSWORD

COMING = 20.0  # seconds in which all come
THINKS = (2.0, 6.0)  # seconds between an answer and the next request
AGREE = re.compile(r'name="agree" value="([^"]+)"')
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
FIELDS = {
    "district": "1",
    "education": "bachelor",
    "major": "法学 030101K",
    "school": "测试大学",
    "employer": "",
}


@dataclass(slots=True)
class Walker:
    """One candidate in front of a browser."""

    port: int
    name: str
    start: float
    rest: random.Random
    cookie: str = ""
    page: str = ""
    answers: list[Answer] = field(default_factory=list)

    def walk(self) -> None:
        """Log in, agree to the texts, look, apply, add the photo, submit, look again."""
        time.sleep(self.rest.uniform(0, COMING))
        self.get("/login")
        texts = self.post("/login", {"login": self.name, "password": PASSWORD}, 302)
        self.get(texts)
        self.post(texts, {"agree": AGREE.findall(self.page)}, 302)
        self.get(f"/exams/{CODE}")
        self.get(f"/exams/{CODE}/apply")
        own = self.post(f"/exams/{CODE}/apply", {**FIELDS, "post": "101"}, 302)
        self.get(own)
        self.photo(f"{own}/photo")
        self.get(own)
        self.post(f"{own}/submit", {}, 302)
        self.get("/applications")

    def get(self, path: str) -> None:
        """Look at a page."""
        self._ask("GET", path, None, "", 200)

    def post(self, path: str, fields: dict[str, Any], status: int) -> str:
        """Send the form of the page that is open; where it leads to."""
        form = urlencode({**fields, "csrf_token": self._token()}, doseq=True).encode()
        return self._ask("POST", path, form, FORM, status)

    def photo(self, path: str) -> None:
        """Send a photo."""
        parts = [("csrf_token", "", self._token().encode()), ("photo", "a.jpg", photo())]
        body = b"".join(
            f'--edge\r\nContent-Disposition: form-data; name="{name}"'.encode()
            + (f'; filename="{file}"\r\nContent-Type: image/jpeg' if file else "").encode()
            + b"\r\n\r\n"
            + data
            + b"\r\n"
            for name, file, data in parts
        )
        kind = "multipart/form-data; boundary=edge"
        self._ask("POST", path, body + b"--edge--\r\n", kind, 302)

    def _token(self) -> str:
        found = TOKEN.search(self.page)
        return found.group(1) if found else ""

    def _ask(self, how: str, path: str, body: bytes | None, kind: str, status: int) -> str:
        begun = time.perf_counter()
        link = HTTPConnection("127.0.0.1", self.port, timeout=60)
        head = {"Cookie": self.cookie} | ({"Content-Type": kind} if kind else {})
        link.request(how, path, body, head)
        answer = link.getresponse()
        text = answer.read()
        took = time.perf_counter() - begun
        link.close()
        good = answer.status == status or (status, answer.status) == (302, 303)
        self.answers.append(Answer(answer.status if good else -answer.status, begun, took))
        for line in answer.headers.get_all("Set-Cookie") or []:
            if line.startswith("exam="):
                self.cookie = line.partition(";")[0]
        if how == "GET":
            self.page = text.decode(errors="replace")
        time.sleep(self.rest.uniform(*THINKS))
        return answer.headers.get("Location", "")


def _walk_all(pipe: object, port: int, names: list[str]) -> None:
    start = time.perf_counter()
    walkers = [Walker(port, name, start, random.Random(name)) for name in names]
    threads = [threading.Thread(target=_safely(one.walk)) for one in walkers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send([answer for one in walkers for answer in one.answers])  # type: ignore[attr-defined]


def _safely(walk: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            walk()
        except OSError:  # counted: its answers are fewer
            return

    return run


def walk(port: int, names: list[str]) -> list[Answer]:
    """Every answer; the status is negative where another one was expected."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_walk_all, args=(there, port, names))
    process.start()
    found: list[Answer] = here.recv()
    process.join()
    return found
