from __future__ import annotations

import re

import pytest

from persona_assets.base.queries import orders, query


@pytest.mark.parametrize("macro", ["top_features", "contrast", "compare_roles"])
def test_the_orders_that_a_macro_names_are_those_it_knows(macro: str) -> None:
    _, order = query(f"macros/{macro}").rsplit("order by", 1)
    assert re.findall(r"when '(\w+)' then", order) == orders(macro)
