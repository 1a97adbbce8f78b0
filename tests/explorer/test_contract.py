"""That the reader of the contract refuses what the contract does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.explorer.contract import CONTRACT, Contract

LABEL = {"description": "a", "source": "api", "model": None}
ENTRY = {"role": "a", "status": "fresh", "n_responses": 1, "n_prompts": 1, "excluded": False}


def test_the_contracts_own_types_are_read():
    CONTRACT.check("Label", LABEL)
    CONTRACT.check("RoleEntry", ENTRY)
    CONTRACT.check("Problem", {"error": "no", "line": 3})


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Label", LABEL | {"model": 3}),
        ("Label", LABEL | {"more": 3}),
        ("Label", {"description": "a", "source": "api"}),
        ("RoleEntry", ENTRY | {"status": "ripe"}),
        ("RoleEntry", ENTRY | {"excluded": 0}),
        ("RoleEntry", ENTRY | {"n_prompts": True}),
        ("Problem", {"error": "no", "line": None}),
        ("Histogram", {"edges": [0, None], "counts": [1], "n_silent": 0}),
        ("ResponseHit", {"kind": "progress", "done": 1}),
    ],
)
def test_an_answer_of_another_type_is_refused(name: str, answer: Any):
    with pytest.raises(AssertionError):
        CONTRACT.check(name, answer)


def test_columns_of_different_lengths_are_refused():
    contract = Contract("export interface A { b: Columns<{ c: number; d: string | null; }>; }")
    contract.check("A", {"b": {"c": [1], "d": [None]}})
    with pytest.raises(AssertionError, match="rows"):
        contract.check("A", {"b": {"c": [1], "d": []}})
