from __future__ import annotations

import itertools

import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.spans import Span, SpanCollector

# A row's number is position + 100 * response_id, so that one sees whose it is.
FIRST = {"response_id": 1, "selected_from": 3, "selected_to": 7, "n_tokens": 8}
SECOND = {"response_id": 2, "selected_from": 0, "selected_to": 2, "n_tokens": 2}


def step(*reads: tuple[dict[str, int], int, int]) -> tuple[torch.Tensor, list[Span]]:
    """An engine's step that reads positions [first, stop) of each conversation, with a row of padding."""
    spans, rows = [], []
    for conversation, first, stop in reads:
        spans.append(Span(**conversation, row=len(rows), first=first, stop=stop))
        rows += [100 * conversation["response_id"] + position for position in range(first, stop)]
    return torch.tensor([*rows, -1]).float()[:, None], spans


def test_a_step_gives_the_selected_rows_of_the_conversations_that_it_ends() -> None:
    selected = SpanCollector().add(*step((SECOND, 0, 2), (FIRST, 0, 8)))
    assert selected is not None
    assert selected.lengths == [(2, 2), (1, 4)]
    assert selected.rows.flatten().tolist() == [200, 201, 103, 104, 105, 106]


@pytest.mark.parametrize("cuts", [[4], [1, 2, 5], [3], [7], [1, 2, 3, 4, 5, 6, 7]])
def test_a_conversation_read_in_parts_is_put_together_beside_others(cuts) -> None:
    collector = SpanCollector()
    edges = [0, *cuts, 8]
    for first, stop in itertools.pairwise(edges[:-1]):
        stream, spans = step((FIRST, first, stop))
        assert collector.add(stream, spans) is None
        stream.fill_(-7)  # the engine uses its memory again
    selected = collector.add(*step((SECOND, 0, 2), (FIRST, edges[-2], 8)))
    assert selected is not None
    assert selected.lengths == [(2, 2), (1, 4)]
    assert selected.rows.flatten().tolist() == [200, 201, 103, 104, 105, 106]


def test_a_conversation_that_is_computed_again_counts_once() -> None:
    collector = SpanCollector()
    collector.add(*step((FIRST, 0, 5)))
    collector.add(*step((FIRST, 0, 4)))
    selected = collector.add(*step((FIRST, 4, 8)))
    assert selected is not None
    assert selected.rows.flatten().tolist() == [103, 104, 105, 106]
    assert collector.add(*step((FIRST, 0, 8))) is None


@pytest.mark.parametrize("first", [3, 6])
def test_positions_that_are_missing_or_come_twice_name_the_response(first) -> None:
    collector = SpanCollector()
    collector.add(*step((FIRST, 0, 5)))
    with pytest.raises(StudyError, match=f"response 1: vLLM went on at token {first} after 5;"):
        collector.add(*step((FIRST, first, 8)))
