from __future__ import annotations

from persona_assets.components.metadata import column_schema, preview
from persona_assets.schema import RESPONSES


def test_text_in_a_preview_cannot_become_markup() -> None:
    hostile = "<script>alert(1)</script> | [link](javascript:x)\n![image](y) *bold*"
    table = preview(("text",), [(hostile,)]).value
    assert "<script>" not in table
    assert table.count("\n") == 2
    assert "\\| \\[link\\]\\(javascript:x\\) \\!\\[image\\]" in table


def test_a_long_cell_is_cut_before_it_is_escaped() -> None:
    cell = preview(("text",), [("&" * 200,)]).value.splitlines()[-1]
    assert cell == f"| {'&amp;' * 119}… |"


def test_the_column_list_names_every_column_and_its_type() -> None:
    columns = {column.name: column.type for column in column_schema(RESPONSES).columns}
    assert columns["response_token_ids"] == "list<int32>"
    assert list(columns) == RESPONSES.schema.names
