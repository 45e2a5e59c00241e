"""Draws on the page: further contributors, a beacon, and algorithms that it does not recompute."""

from __future__ import annotations

import copy
from typing import Any
from unittest import mock

import pytest
from playwright.sync_api import Page

from tests.verify import builder
from tests.verify.builder import DrawMaker, Office, bundle
from tests.verify_page.asked import ask, refused
from tests.verify_page.made import Files, in_folder

pytestmark = pytest.mark.browser
AFAR = ("rotation/v1", "match/v1", "lottery/v1")


def case(maker: DrawMaker) -> Files:
    return {**in_folder(maker.name, bundle(maker)), "keys.txt": maker.office.keys}


def said(run: Any, language: str) -> str:
    return " ".join(one[language] for one in run["objects"])


def test_what_the_page_says_of_a_beacon(page: Page) -> None:
    further = ("candidate", "guest-1")
    cases = [case(DrawMaker(Office(), further=further, beacon=on)) for on in (False, True)]
    without, beacon = ask(page, cases)
    assert refused(without) == refused(beacon) == []
    assert "BLS" not in said(without, "en")
    assert "of a beacon that is NOT drand quicknet" in said(beacon, "en")
    assert "the BLS signature itself was not: exam verify does that" in said(beacon, "en")
    assert "BLS签名本身本页不核验" in said(beacon, "zh")


def test_a_round_known_before_the_last_commitment(page: Page) -> None:
    cases = [case(DrawMaker(Office(), beacon=True, early=early)) for early in (1, -3)]
    assert [refused(run) for run in ask(page, cases)] == [["V50"], ["V50"]]


@pytest.mark.parametrize("algorithm", AFAR)
def test_an_algorithm_that_is_looked_at_from_afar(page: Page, algorithm: str) -> None:
    honest = builder.BY_SEED[algorithm]

    def swapped(*given: Any) -> Any:
        """Somebody in a place twice: in a session, in two panels."""
        result = copy.deepcopy(honest(*given))
        one, other = result[0]["slots"][:2]
        other["labels"][0] = one["labels"][0]
        return result

    def short(*given: Any) -> Any:
        result = copy.deepcopy(honest(*given))
        result[0]["slots"][0]["labels"].pop()
        return result

    cases = [case(DrawMaker(Office(), algorithm=algorithm))]
    for lie in (swapped, short):
        with mock.patch.dict(builder.BY_SEED, {algorithm: lie}):
            cases.append(case(DrawMaker(Office(), algorithm=algorithm)))
    lacking = copy.deepcopy(builder.SAMPLES[algorithm]())
    del lacking[0]["people"]
    with mock.patch.dict(builder.BY_SEED, {algorithm: lambda *_given: honest_of(algorithm)}):
        cases.append(case(DrawMaker(Office(), algorithm=algorithm, changes={"groups": lacking})))
    runs = ask(page, cases)
    assert f"does not recompute who stands where by {algorithm}" in said(runs[0], "en")
    assert [refused(run) for run in runs] == [[], ["V21"], ["V21"], ["V21"]]


def honest_of(algorithm: str) -> Any:
    """A result of the sample, whatever the seed."""
    return ENGINES[algorithm](builder.SAMPLES[algorithm](), "0" * 64, "seat")


ENGINES = dict(builder.BY_SEED)
