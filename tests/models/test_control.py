from __future__ import annotations

from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from persona_assets.base.errors import StudyError
from persona_assets.models.control import answer_ids, control_tokens
from tests.places import PROJECT


class Careless(PreTrainedTokenizerFast):
    """A tokenizer that takes what looks like a control token for one, as slow ones do."""

    def __call__(self, text: str, **options: Any) -> Any:
        return super().__call__(text, **options | {"split_special_tokens": False})


@pytest.mark.parametrize("kind", [PreTrainedTokenizerFast, Careless])
def test_a_turn_s_end_in_an_answer_is_text_or_is_refused(kind: type[PreTrainedTokenizerFast]) -> None:
    tokenizer = kind.from_pretrained(PROJECT / "tests/toy/data/model")
    [first, *_] = control_tokens(tokenizer).values()
    if kind is Careless:
        with pytest.raises(StudyError, match="response 7: the response holds template-like text"):
            answer_ids(tokenizer, f"Ahoy {first}", "response 7")
    else:
        ids = answer_ids(tokenizer, f"Ahoy {first}", "response 7")
        assert tokenizer.decode(ids) == f"Ahoy {first}" and control_tokens(tokenizer).keys().isdisjoint(ids)
    assert answer_ids(tokenizer, "Ahoy", "response 7")
