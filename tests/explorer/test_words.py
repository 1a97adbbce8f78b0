"""Words in responses, as lines."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from persona_assets.explorer.snapshot.opened import OpenSnapshot
from persona_assets.explorer.snapshot.words import _files, _lines, around
from tests.explorer.contract import check
from tests.explorer.served import Served
from tests.warehouse.world import EXCLUDED, RESPONSE_IDS, ROLES


def lines_of(live: Served, query: str) -> list[dict]:
    answer = live.get(f"api/responses?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    for line in lines:
        check("ResponseHit", line)
    return lines


def test_words_are_found_role_by_role_with_progress(live: Served):
    lines = lines_of(live, "q=ANSWERS")
    hits = [line for line in lines if line["kind"] == "hit"]
    assert {(hit["role"], hit["response_id"]) for hit in hits} == {
        (role, identity)
        for role in ROLES
        for place, identity in enumerate(RESPONSE_IDS.tolist())
        if place != EXCLUDED
    }
    progress = [line for line in lines if line["kind"] == "progress"]
    assert [line["done"] for line in progress] == [1, 2, 3, 4]
    assert lines[-1] == {"kind": "end", "truncated": False}
    for hit in hits:
        assert hit["snippet"][hit["at"] : hit["at"] + hit["length"]] == "answers"


def test_a_role_alone_is_searched_where_one_is_named(live: Served):
    lines = lines_of(live, "q=pirate%20answers&role=pirate")
    assert {line["role"] for line in lines if line["kind"] == "hit"} == {"pirate"}
    assert lines[-2] == {"kind": "progress", "done": 1, "of": 1}
    assert lines_of(live, "q=pirate%20answers&role=ghost")[0]["kind"] == "progress"


@pytest.mark.parametrize(("query", "status"), [("q=", 400), ("q=x&role=nobody", 404), ("q=x&role=..", 404)])
def test_what_cannot_be_searched_is_refused(live: Served, query: str, status: int):
    assert live.get(f"api/responses?{query}").status_code == status


def test_who_stops_listening_stops_the_reading(snapshot: OpenSnapshot):
    async def listen() -> list[str]:
        files = _files(snapshot, None) * 1000
        lines = _lines(snapshot, files, "answers", AsyncExitStack())
        first = [await anext(lines), await anext(lines)]
        await lines.aclose()
        return first

    assert len(asyncio.run(listen())) == 2


def test_a_thousand_hits_are_enough_and_more_are_told_of(snapshot: OpenSnapshot):
    async def listen() -> list[dict]:
        lines = _lines(snapshot, _files(snapshot, None) * 40, "answers", AsyncExitStack())
        return [json.loads(line) async for several in lines for line in several.splitlines()]

    lines = asyncio.run(listen())
    assert sum(line["kind"] == "hit" for line in lines) == 1000
    assert lines[-1] == {"kind": "end", "truncated": True}


@pytest.mark.parametrize(
    ("response", "text", "hit"),
    [
        ("a Storm at sea", "storm", "Storm"),
        ("x" * 500 + "NEEDLE" + "y" * 500, "needle", "NEEDLE"),
        ("🦜 cried the Parrot", "parrot", "Parrot"),
        ("İstanbul and the Sea", "sea", "Sea"),
        ("<b>bold</b>", "<b>", "<b>"),
    ],
)
def test_a_snippet_is_marked_where_javascript_counts(response: str, text: str, hit: str):
    snippet, at, length = around(response, text)
    units = snippet.encode("utf-16-le")
    assert units[2 * at : 2 * (at + length)].decode("utf-16-le") == hit
    assert len(snippet) <= 160 + len(text)
