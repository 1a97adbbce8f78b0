from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.toy.build import Size, build, load_model
from tests.toy.card import write_card
from tests.toy.catalog import load_catalog
from tests.toy.corpus import conversations
from tests.toy.encoding import encode

DATA = Path(__file__).parents[2] / "data"
TINY = Size(conversations=60, drills=10, model_steps=3, sae_steps=4, spoken=3, evaluated=4)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    torch.set_num_threads(2)
    out = tmp_path_factory.mktemp("demo")
    measured = build(DATA, out, TINY, 0, lambda _: None)
    write_card(out, TINY, 0, measured)
    return out


def test_a_tiny_build_leaves_a_model_an_sae_and_a_card(made):
    assert load_model(made / "model")[0].config.max_position_embeddings == 32_768
    assert load_file(made / "model" / "model.safetensors")["model.norm.weight"].dtype == torch.bfloat16
    assert load_file(made / "sae" / "sae_weights.safetensors")["W_enc"].dtype == torch.float16
    assert load_file(made / "sae" / "sae_weights.safetensors")["threshold"].dtype == torch.float32
    assert "variance unexplained" in (made / "README.md").read_text(encoding="utf-8")


def test_encoding_equals_the_rendered_template_and_marks_the_responses(made):
    _, tokenizer = load_model(made / "model")
    stream = conversations(load_catalog(DATA), 3)
    for conversation in (next(stream) for _ in range(40)):
        document = encode(conversation, tokenizer)
        whole = tokenizer.apply_chat_template(conversation.messages(), return_dict=True)["input_ids"]
        assert document.ids == whole
        said = [token for token, said in zip(document.ids, document.said, strict=True) if said]
        assert tokenizer.decode(said) == "".join(f"{text}<end_of_turn>" for text in conversation.models)
