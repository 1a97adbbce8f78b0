"""The view role_answers, of answers that repeat one another."""

from __future__ import annotations

import duckdb

from persona_assets.base.queries import query


def test_equal_answers_to_a_question_count_as_one_and_to_another_do_not() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table responses(role text, question_id int, response text, finish_reason text)"
        )
        connection.execute("alter table responses add column response_id int")
        connection.execute("create table response_spans(role text, response_id int, kind text)")
        said = [("parrot", 0, "Aye"), ("parrot", 0, "Aye"), ("parrot", 1, "Aye"), ("parrot", 1, "No")]
        said += [("poet", 0, "O"), ("poet", 1, "O")]
        connection.executemany("insert into responses values (?, ?, ?, null, 0)", said)
        found = connection.execute(
            f"select role, n_distinct, share_distinct, n_effective from {query('views/role_answers')} "
            "order by role"
        ).fetchall()
    assert found == [("parrot", 3, 0.75, 16 / 6), ("poet", 2, 1, 2)]
