from __future__ import annotations

import numpy as np
import pytest
import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM

from persona_assets.drift.codes import pool_ranges
from persona_assets.drift.encode import encode_layout, encode_responses
from persona_assets.drift.layout import lay_out
from persona_assets.extract.stage import ExtractionStage
from persona_assets.lake.schema import ACTIVATIONS, RESPONSES
from persona_assets.models.chat import ChatFormat
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.drift.made import conversation
from tests.extract.supports import STORED, STREAM, Bounds
from tests.places import PROJECT

TALK = conversation(
    [
        ("Who are you?", "I am a toy, made of word lists."),
        ("Hm", "Ahoy!"),
        ("Why?", "The wind said so, matey."),
    ],
    system="You are a pirate.",
)


@torch.no_grad()
def dense_bounds(token_ids: np.ndarray) -> Bounds:
    """What every feature may be on every token, from the whole model."""
    model = AutoModelForCausalLM.from_pretrained(PROJECT / "tests/toy/data/model", dtype=torch.float32)
    sae = SAE.load_from_disk(PROJECT / "tests/toy/data/sae", device="cpu", dtype="float32")
    streams = []
    model.model.layers[3].register_forward_hook(lambda _module, _args, output: streams.append(output))
    model(input_ids=torch.from_numpy(token_ids.astype(np.int64))[None])
    stream = streams[0][0] if isinstance(streams[0], tuple) else streams[0]
    return Bounds.of(sae, stream.reshape(-1, stream.shape[-1]), STREAM)


@pytest.mark.parametrize("how", ["mean", "max"])
def test_turn_vectors_equal_the_dense_computation_on_the_same_spans(model: ExtractionStage, how: str) -> None:
    extractor = model.extractor
    layout = lay_out(TALK, ChatFormat(extractor.tokenizer), extractor.context)
    codes = encode_layout(layout, extractor, "demo", 2048)
    dense = dense_bounds(layout.token_ids)
    pooled = pool_ranges(codes.values, [[bounds] for bounds in codes.ranges], how).toarray()  # type: ignore[arg-type]
    for row, (start, stop) in zip(pooled, layout.spans, strict=True):
        least, most = (getattr(side[start:stop], how)(axis=0) for side in (dense.low, dense.high))
        assert (least <= row * (1 + STORED)).all() and (row <= most * (1 + STORED)).all()
        assert (row > 0).any()
    assert codes.token_ids.tolist() == [t for a, b in layout.spans for t in layout.token_ids[a:b]]


def test_a_roles_responses_pool_to_what_extraction_has_of_them(landed: Study, model: ExtractionStage) -> None:
    files = RoleFiles(landed, "default")
    responses, activations = files.responses, files.activations("demo")
    assert responses is not None and activations is not None
    codes = encode_responses(landed.lake.read(RESPONSES, responses), model.extractor, "demo", 2048)
    expected = np.zeros((len(codes.spans), 2048))
    for row in landed.lake.read(ACTIVATIONS, activations).to_pylist():
        expected[codes.spans.tolist().index(row["response_id"]), row["feature_id"]] = row["mean"]
    pooled = pool_ranges(codes.values, [[bounds] for bounds in codes.ranges], "mean").toarray()
    np.testing.assert_allclose(pooled, expected, atol=1e-5, rtol=1e-5)
