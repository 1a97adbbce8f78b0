"""What was made from a file, table by table."""

from __future__ import annotations

import pytest

from persona_assets.lake.lineage import is_claimed, made_of
from persona_assets.lake.schema import STEERED_RESPONSES, STEERING_TABLES, Table
from persona_assets.study.study import Study


@pytest.mark.parametrize("table", STEERING_TABLES, ids=lambda table: table.name)
def test_effects_of_answers_given_anew_are_made_of_these(study: Study, table: Table) -> None:
    lake = study.lake
    steered = lake.write(STEERED_RESPONSES, STEERED_RESPONSES.schema.empty_table(), "0" * 16, sae="demo")
    made = lake.write(table, table.schema.empty_table(), "1" * 16, sae="demo", inputs=[steered])
    assert made_of(lake, {steered.path}) == [made]
    lake.remove(steered)
    assert is_claimed(lake, steered.path), "another file may have its name"
