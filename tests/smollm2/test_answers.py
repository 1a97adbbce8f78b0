"""The answers that data/smollm2 ships are those that the study asks for."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from persona_assets.lake.schema import RESPONSES
from persona_assets.study.roles import fill
from persona_assets.study.study import load_study
from tests.places import PROJECT

SHIPPED = PROJECT / "data" / "smollm2" / "lake" / "smollm2" / "responses"
STUDY = load_study("smollm2")


@pytest.mark.parametrize("role", STUDY.role_names)
def test_every_prompt_of_a_role_is_answered_in_the_shipped_file(role: str) -> None:
    (file,) = (SHIPPED / f"role={role}").glob("*.parquet")
    table = pq.read_table(file, partitioning=None)
    assert table.schema.equals(RESPONSES.schema)
    generation, asked = STUDY.settings.generation, STUDY.role(role)
    assert generation is not None
    rows = {(row["variant"], row["question_id"]): row for row in table.to_pylist()}
    assert len(rows) == table.num_rows == 90
    for variant in generation.prompt_indices:
        for question in STUDY.questions(asked):
            row = rows[variant, question.id]
            said = (row["system_prompt"], row["question"])
            assert said == (fill(asked.instructions[variant], generation.spoken_name), question.text)
            assert len(row["response_token_ids"]) == row["n_response_tokens"] <= generation.max_tokens
            assert (row["finish_reason"] == "length") == (row["n_response_tokens"] == generation.max_tokens)
            assert row["origin"] == "transformers" and row["response"]


def test_the_shipped_answers_are_few_megabytes() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.rglob("*.parquet")) < 2_000_000
