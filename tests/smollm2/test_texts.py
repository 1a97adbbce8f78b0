from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from transformers import AutoTokenizer

from tests.places import TOY
from tests.smollm2 import texts
from tests.smollm2.texts import HELD_OUT_QUESTIONS, LENGTH, chats, docstrings, general

LONG = " ".join(["A sentence about nothing at all."] * 120)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package with docstrings, one of them in its tests."""
    folder = tmp_path / "wordy"
    (folder / "tests").mkdir(parents=True)
    (folder / "__init__.py").write_text(f'"""First. {LONG}"""\ndef f():\n    """Short."""\n')
    (folder / "again.py").write_text(f'"""First. {LONG}"""\nclass A:\n    """Second. {LONG}"""\n')
    (folder / "tests" / "test_it.py").write_text(f'"""Third. {LONG}"""\n')
    monkeypatch.syspath_prepend(tmp_path)
    return "wordy"


def test_chats_to_held_out_questions_are_in_blocks_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "responses" / "role=pirate"
    folder.mkdir(parents=True)
    asked = [0, min(HELD_OUT_QUESTIONS), 1]
    rows = [
        {"response_id": n, "question_id": n, "prompt_token_ids": [1, n], "response_token_ids": [7, 8, 9]}
        for n in asked
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "stem.parquet")
    trained, held_out = chats(tmp_path / "mine")
    assert [text.ids.tolist() for text in trained.texts] == [[1, 0, 7, 8, 9], [1, 1, 7, 8, 9]]
    assert [text.ids.tolist() for text in held_out.texts] == [[1, min(HELD_OUT_QUESTIONS), 7, 8, 9]]
    assert (trained.held_out, held_out.held_out) == (False, True)
    assert (trained.n_tokens, trained.n_answered) == (10, 6)
    assert trained.key != held_out.key


def test_long_docstrings_are_taken_once_and_none_of_tests(package: str) -> None:
    assert [text.split()[0] for text in docstrings(package)] == ["First.", "Second."]


def test_general_text_is_cut_evenly_and_a_part_of_it_held_out(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "PACKAGES", (package,))
    monkeypatch.setattr(texts, "HELD_OUT_SHARE", 3)
    tokenizer = AutoTokenizer.from_pretrained(TOY / "model")
    blocks = list(general(tokenizer, 3 * LENGTH))
    assert [(block.held_out, len(block.texts)) for block in blocks] == [(False, 2), (True, 1)]
    assert {len(text.ids) for block in blocks for text in block.texts} == {LENGTH}
    assert sum(block.n_answered for block in blocks) == 0
    whole = np.concatenate([text.ids for block in blocks for text in block.texts])
    assert "about nothing" in tokenizer.decode(whole)
