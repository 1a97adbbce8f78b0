from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from persona_assets.extract.conversation import Conversation
from persona_assets.extract.evidence import DrawnCollector, EvidenceCollector
from persona_assets.extract.evidence_tables import drawn_table, evidence_table
from persona_assets.extract.pool import active, pool
from persona_assets.lake.schema import DRAWN_EVIDENCE, EVIDENCE

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
    fill(collector, conversations, codes, batch)
    return evidence_table(collector.kept(), {one.response_id: one for one in conversations}, tokenizer)


def draw(conversations, codes, number: int, tokenizer, evidence=None, batch: int = 4) -> pa.Table:
    collector = DrawnCollector(D_SAE, number, 3, conversations)
    fill(collector, conversations, codes, batch)
    by_id = {one.response_id: one for one in conversations}
    known = EVIDENCE.schema.empty_table() if evidence is None else evidence
    return drawn_table(collector.kept(), by_id, tokenizer, known)


def fill(collector, conversations, codes, batch: int) -> None:
    for at in range(0, len(conversations), batch):
        part = torch.from_numpy(np.concatenate(codes[at : at + batch]))
        lengths = torch.tensor([len(one) for one in codes[at : at + batch]])
        ids = np.array([one.response_id for one in conversations[at : at + batch]])
        collector.add(pool(active(part), lengths, D_SAE), ids)


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


def pairs(table: pa.Table) -> list[tuple[int, int]]:
    return list(zip(table["feature_id"].to_pylist(), table["response_id"].to_pylist(), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_drawn_fires_and_is_shown_as_evidence_shows_it(seed, tokenizer) -> None:
    conversations, codes = some_responses(seed)
    every = collect(conversations, codes, 60, 3, tokenizer)
    shown = dict(zip(pairs(every), every.to_pylist(), strict=True))
    drawn = draw(conversations, codes, 4, tokenizer)
    assert drawn.schema == DRAWN_EVIDENCE.schema
    n_firing = np.array([sum(one[:, feature].any() for one in codes) for feature in range(D_SAE)])
    counts = np.bincount(drawn["feature_id"].to_numpy(), minlength=D_SAE)
    assert (counts == np.minimum(n_firing, 4)).all()
    for key, row in zip(pairs(drawn), drawn.to_pylist(), strict=True):
        assert row == {name: shown[key][name] for name in row}
    evidence = collect(conversations, codes, 2, 3, tokenizer)
    others = draw(conversations, codes, 4, tokenizer, evidence)
    assert pairs(others) == [key for key in pairs(drawn) if key not in set(pairs(evidence))]


def test_what_is_drawn_does_not_depend_on_order_and_batches_but_on_what_the_role_was_told(tokenizer) -> None:
    conversations, codes = some_responses(7)
    drawn = [draw(conversations, codes, 3, tokenizer, batch=batch) for batch in (1, 3, 30)]
    drawn.append(draw(conversations[::-1], codes[::-1], 3, tokenizer))
    assert all(table.equals(drawn[0]) for table in drawn)
    told = [replace(one, token_ids=np.r_[np.int32(7), one.token_ids]) for one in conversations]
    told = [replace(one, start=one.start + 1, stop=one.stop + 1) for one in told]
    assert set(pairs(draw(told, codes, 3, tokenizer))) != set(pairs(drawn[0]))


def test_each_firing_response_is_drawn_as_often(tokenizer) -> None:
    n_responses, number, rounds = 12, 4, 60
    counts = np.zeros(n_responses)
    for at in range(rounds):
        ids = np.arange(at * 20, at * 20 + 5, dtype=np.int32)
        conversations = [Conversation(one, ids + one, 0, 5) for one in range(n_responses)]
        codes = [np.full((5, D_SAE), 1 + one, np.float32) for one in range(n_responses)]
        drawn = draw(conversations, codes, number, tokenizer)["response_id"].to_numpy()
        counts += np.bincount(drawn, minlength=n_responses)
    n, share = rounds * D_SAE, number / n_responses
    z = (counts - n * share) / np.sqrt(n * share * (1 - share))
    assert abs(z).max() < 4


def test_characters_that_tokens_split_and_text_from_right_to_left_are_whole_in_what_is_drawn(
    tokenizer,
) -> None:
    text, conversations, codes = "海 שלום ☃", [], []
    ids = np.array(tokenizer(text, add_special_tokens=False)["input_ids"], dtype=np.int32)
    assert len(ids) > len(text)  # every letter is split
    for place in range(len(ids)):
        conversations.append(Conversation(place, ids, 0, len(ids)))
        codes.append(np.eye(len(ids), D_SAE, dtype=np.float32)[[place]].repeat(len(ids), 0) * 0)
        codes[-1][place, 7] = 1
    for row in draw(conversations, codes, len(ids), tokenizer).to_pylist():
        lit = row["pieces"][row["activations"].index(1)]
        assert "\N{REPLACEMENT CHARACTER}" not in lit and lit.strip() in text and lit
