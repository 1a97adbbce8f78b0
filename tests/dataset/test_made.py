"""What the card says of how responses were made is counted of each role, and of what was noted."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from persona_assets.base.queries import query
from persona_assets.dataset.made import checks, how_made
from persona_assets.health.verify import Verified
from persona_assets.study.dataset import DataSet
from tests.dataset.test_manifest import parsed

SETTINGS = {"extraction": {"model": "base"}, "generation": {"model": "chat", "temperature": 0.5}}
VERIFIED = Verified(1, 1, 0, [])


def facts(questions: str) -> dict[str, Any]:
    """What the query answers of two roles of six responses each: of one role nobody noted how they ended."""
    with duckdb.connect() as connection:
        connection.execute(f"""
            create table roles as select role, 'fresh' as status, 6 as n_responses, false as excluded
            from (values ('a'), ('b')) as t(role);
            create table instructions as select 0 as variant;
            create table questions as {questions};
            create table responses as
            select role, 'x' as origin, if(role = 'a', 'length', null) as finish_reason from roles, range(6);
            create table role_answers as
            select role, if(role = 'a', 6, null) as n_cut_off, 0 as n_without_answer from roles;
        """)
        answer = connection.execute(query("dataset/facts"))
        return dict(zip([name for name, *_ in answer.description], answer.fetchall()[0], strict=True))


def dataset() -> DataSet:
    return parsed({"settings": json.loads(json.dumps(SETTINGS))})


@pytest.mark.parametrize(
    ("questions", "told"),
    [
        ("select null::varchar as role, n as question_id from range(6) as t(n)", "1 wordings × 6 questions:"),
        (
            "select role, n as question_id from roles, range(6) as t(n)",
            "1 wordings × 6 questions of the roles' own:",
        ),
        (
            "select role, n as question_id from roles, range(6) as t(n) where role = 'a' or n < 4",
            "1 wordings × 4 to 6 questions of the roles' own:",
        ),
    ],
)
def test_questions_are_counted_of_each_role(questions: str, told: str) -> None:
    said = how_made(dataset(), facts(questions), [], None)
    assert f"2 roles × {told} 12 responses of `chat`" in said
    assert "temperature 0.5" in said and "Read by `base`" in said


def test_answers_that_were_cut_off_are_a_share_of_those_whose_end_was_noted() -> None:
    said = checks(facts("select null::varchar as role, 0 as question_id"), [], VERIFIED)
    assert "6 of 6 responses were cut off at the greatest length. Of 6 nobody noted it." in said


def test_roles_that_are_left_out_because_they_are_stale_are_counted() -> None:
    known = facts("select null::varchar as role, 0 as question_id") | {"n_fresh": 0, "n_stale": 2}
    told = "0 of 2 roles are complete under the study's settings (the table `roles` says which are not; some "
    told += "files of 2 of these were made under other settings or by an earlier version, and are left out)."
    assert told in checks(known, [], VERIFIED)
    assert "earlier" not in checks(known | {"n_fresh": 2, "n_stale": 0}, [], VERIFIED)
