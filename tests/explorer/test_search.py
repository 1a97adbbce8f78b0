"""Search: the best come first, whatever is typed."""

from __future__ import annotations

import pytest

from persona_assets.explorer.resources import Source
from persona_assets.explorer.snapshot.search import found_for
from tests.explorer.served import Served
from tests.warehouse.world import OF_PIRATE_ALONE


def ids(source: Source, text: str) -> list[int]:
    return [feature["feature_id"] for feature in found_for(source, "first", text)["features"]]


def test_labels_are_found_in_any_case_a_words_beginning_before_its_middle(source: Source):
    # "the Sea", "seaside towns", "the open sea, and voyages over it": the beginning first, then words
    assert ids(source, "SEA")[0] == 3
    assert set(ids(source, "sea")) == {2, 3, OF_PIRATE_ALONE}
    assert ids(source, "ärger") == [7]
    assert ids(source, "ships") == []  # no preferred label


def test_an_id_is_found_before_longer_ones(source: Source):
    assert ids(source, "3")[0] == 3
    assert ids(source, "#3")[0] == 3
    assert {3, 30, 39} <= set(ids(source, "3"))
    assert ids(source, "12345678901234567890") == []


def test_roles_are_found_by_part_of_their_names(source: Source):
    assert found_for(source, "first", "Irat")["roles"] == ["pirate"]
    assert found_for(source, "first", "1984")["roles"] == ["1984"]


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "<script>", "' or 1=1 --", "\u202e", "*", "🦜"])
def test_whatever_is_typed_is_text(source: Source, text: str):
    assert found_for(source, "first", text) == {"features": [], "roles": []}


@pytest.mark.parametrize("query", ["q=&sae=first", "sae=first", "q=%20&sae=first", "q=" + "x" * 201])
def test_a_search_for_nothing_or_too_much_is_refused(live: Served, query: str):
    assert live.get(f"api/search?{query}").status_code == 400


def test_a_search_in_no_sae_is_refused(live: Served):
    assert live.get("api/search?q=sea&sae=third").status_code == 404
