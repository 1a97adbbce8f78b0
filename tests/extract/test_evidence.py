from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch

from persona_assets.extract.conversation import Conversation
from persona_assets.extract.evidence import EvidenceCollector
from persona_assets.extract.pool import active, pool
from persona_assets.lake.schema import EVIDENCE

D_SAE = 40


def some_responses(seed: int) -> tuple[list[Conversation], list[np.ndarray]]:
    """Conversations in a random order of ids, with dense codes of few distinct values: ties abound."""
    rng = np.random.default_rng(seed)
    conversations, codes = [], []
    for response_id in rng.permutation(60)[: int(rng.integers(1, 30))].tolist():
        n_prompt, n = int(rng.integers(0, 5)), int(rng.integers(1, 20))
        ids = rng.integers(5, 300, size=n_prompt + n).astype(np.int32)
        conversations.append(Conversation(response_id, ids, n_prompt, n_prompt + n))
        codes.append(np.maximum(rng.integers(-9, 4, size=(n, D_SAE)), 0).astype(np.float32) / 2)
    return conversations, codes


def collect(conversations, codes, top: int, window: int, tokenizer, batch: int = 4) -> pa.Table:
    collector = EvidenceCollector(D_SAE, top, window)
    for at in range(0, len(conversations), batch):
        part = torch.from_numpy(np.concatenate(codes[at : at + batch]))
        lengths = torch.tensor([len(one) for one in codes[at : at + batch]])
        ids = np.array([one.response_id for one in conversations[at : at + batch]])
        collector.add(pool(active(part), lengths, D_SAE), ids)
    return collector.table({one.response_id: one for one in conversations}, tokenizer)


def brute_force(conversations, codes, top: int, window: int) -> list[tuple]:
    rows = []
    for feature in range(D_SAE):
        peaks = [
            (-dense[:, feature].max(), one.response_id, one, dense[:, feature])
            for one, dense in zip(conversations, codes, strict=True)
            if dense[:, feature].max() > 0
        ]
        for rank, (_, response_id, one, column) in enumerate(
            sorted(peaks, key=lambda peak: peak[:2])[:top], 1
        ):
            peak = int(column.argmax())
            start = max(peak - window, 0)
            tokens = one.selected[start : peak + window + 1].tolist()
            activations = column[start : peak + window + 1].tolist()
            rows.append((feature, rank, response_id, start, tokens, activations))
    return rows


@pytest.mark.parametrize(("top", "window"), [(1, 0), (3, 2), (3, 12), (50, 5)])
@pytest.mark.parametrize("seed", range(4))
def test_evidence_equals_brute_force_ties_included(seed, top, window, tokenizer) -> None:
    conversations, codes = some_responses(seed)
    table = collect(conversations, codes, top, window, tokenizer)
    assert table.schema == EVIDENCE.schema
    names = ["feature_id", "rank", "response_id", "start", "token_ids", "activations"]
    found = [tuple(row.values()) for row in table.select(names).to_pylist()]
    assert found == brute_force(conversations, codes, top, window)


def test_evidence_does_not_depend_on_how_responses_are_batched(tokenizer) -> None:
    conversations, codes = some_responses(7)
    tables = [collect(conversations, codes, 3, 4, tokenizer, batch) for batch in (1, 3, 30)]
    turned = collect(conversations[::-1], codes[::-1], 3, 4, tokenizer)
    assert all(table.equals(tables[0]) for table in [*tables, turned])


def test_a_character_that_tokens_split_stands_at_the_one_that_fires_most(tokenizer) -> None:
    text, mark = "ahoy 海!", "\N{REPLACEMENT CHARACTER}"
    ids = np.array(tokenizer(text, add_special_tokens=False)["input_ids"], dtype=np.int32)
    first = next(at for at in range(len(ids)) if mark in tokenizer.decode(ids[at : at + 1]))
    codes = np.zeros((len(ids), D_SAE), dtype=np.float32)
    codes[first : first + 3, 7] = [1, 3, 2]
    codes[first, 9] = 1
    table = collect([Conversation(1, ids, 0, len(ids))], [codes], 1, 2, tokenizer)
    windows = {row["feature_id"]: row for row in table.to_pylist()}
    assert windows[7]["pieces"][windows[7]["activations"].index(3)].strip() == "海"
    assert windows[9]["pieces"][windows[9]["activations"].index(1)].strip() == "海"
    alone = collect([Conversation(1, ids, 0, len(ids))], [codes], 1, 0, tokenizer)
    assert [piece.strip() for row in alone.to_pylist() for piece in row["pieces"]] == ["海", "海"]


def test_no_activation_gives_no_evidence(tokenizer) -> None:
    conversations, codes = some_responses(0)
    table = collect(conversations, [one * 0 for one in codes], 3, 4, tokenizer)
    assert table.num_rows == 0
    assert table.schema == EVIDENCE.schema
