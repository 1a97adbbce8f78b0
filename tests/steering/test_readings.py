"""Answers read again with a stream edited, against a plain pass of the whole model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, BloomConfig, FalconConfig, GPTJConfig, GPTNeoConfig

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone, place_of
from persona_assets.extract.conversation import Conversation
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from persona_assets.models.places import changed
from persona_assets.steering.edits import Edit, along
from persona_assets.steering.readings import AnswerReader, Moved
from tests.extract.families import D_MODEL, N_LAYERS

POINT = HookPoint(2, "hook_resid_post")
ONE = Conversation(7, np.arange(3, 43, dtype=np.int32), 25, 40)
DEEP = 6  # layers
READOUT = torch.linspace(-1, 1, D_MODEL)


def backbone(model: str) -> Backbone:
    config = text_config(model)
    return Backbone.load(model, None, config, config.num_hidden_layers, "float32", "cpu", whole=True)


def edit(level: float, seed: int = 0) -> Edit:
    return Edit(along(torch.randn(D_MODEL, generator=torch.Generator().manual_seed(seed))), "add", level)


def plainly(whole: Backbone, made: dict[HookPoint, Any], first: int) -> Moved:
    """The whole conversation in one pass without any cache, twice: the second time edited."""
    ids = torch.from_numpy(ONE.token_ids).long()[None]
    runs = []

    def some(edit: Any, stream: torch.Tensor) -> torch.Tensor:
        return torch.cat([stream[:, :first], edit(stream[:, first:])], dim=1)

    for edits in ({}, made):
        with torch.inference_mode(), ExitStack() as open_:
            for point, one in edits.items():
                open_.enter_context(changed(place_of(whole, point), partial(some, one)))
            tops: list[torch.Tensor] = []
            hook = whole.layers[-1].register_forward_hook(
                lambda _m, _a, out, tops=tops: tops.append(out[0] if isinstance(out, tuple) else out)
            )
            logits = whole.causal(input_ids=ids).logits[0, ONE.start : ONE.stop]
            hook.remove()
        runs.append((logits.log_softmax(-1), tops[0][0, ONE.start : ONE.stop].mean(dim=0)))
    (clean, top), (edited, moved) = runs
    answer = ids[0, ONE.start + 1 : ONE.stop, None]
    return Moved(
        float(torch.nn.functional.kl_div(edited, clean, log_target=True, reduction="batchmean")),
        float((moved - top) @ READOUT),
        float((clean - edited)[:-1].gather(1, answer).mean()),
    )


@pytest.mark.parametrize("whole_conversation", [False, True])
@pytest.mark.parametrize("site", ["hook_resid_post", "hook_resid_pre", "hook_mlp_out"])
@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_an_edit_does_to_an_answer_what_it_does_in_a_plain_pass(
    family: str, site: str, whole_conversation: bool, model_directory: Callable[..., str]
) -> None:
    whole, point = backbone(model_directory(family)), HookPoint(2, site)
    reader = AnswerReader(whole, [point], whole_conversation)
    edits = [edit(3.0, 0), edit(-2.0, 1), Edit(edit(1, 2).written, "ablate", 0)]
    found = list(reader.moved(ONE, READOUT, [[one] for one in edits]))
    for one, made in zip(found, edits, strict=True):
        expected = plainly(whole, {point: made}, 0 if whole_conversation else ONE.start)
        assert vars(one) == pytest.approx(vars(expected), rel=1e-3, abs=1e-5)
        assert one.kl > 1e-3


@pytest.mark.parametrize(
    "config",
    [
        BloomConfig(hidden_size=D_MODEL, n_layer=DEEP, n_head=4, vocab_size=64),
        GPTJConfig(n_embd=D_MODEL, n_layer=DEEP, n_head=4, vocab_size=64, n_positions=64, rotary_dim=4),
        GPTNeoConfig(
            hidden_size=D_MODEL, num_layers=DEEP, num_heads=4, vocab_size=64, max_position_embeddings=64,
            attention_types=[[["global", "local"], DEEP // 2]],
        ),
        FalconConfig(hidden_size=D_MODEL, num_hidden_layers=DEEP, num_attention_heads=4, vocab_size=64),
    ],
    ids=lambda config: config.model_type,
)  # fmt: skip
def test_layers_that_give_tuples_are_passed_over_too(config: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    point = HookPoint(DEEP - 1, "hook_resid_post")
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    whole, edits = backbone(str(tmp_path)), [edit(3.0, 0), edit(-2.0, 1)]
    found = list(AnswerReader(whole, [point], False).moved(ONE, READOUT, [[one] for one in edits]))
    for one, made in zip(found, edits, strict=True):
        expected = plainly(whole, {point: made}, ONE.start)
        assert vars(one) == pytest.approx(vars(expected), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("points", [(1, 3), (3, 1)])
def test_streams_of_several_layers_are_edited_together(
    points: tuple[int, int], model_directory: Callable[..., str]
) -> None:
    whole, at = backbone(model_directory("llama")), [HookPoint(one, "hook_resid_post") for one in points]
    edits = [[edit(3.0, 0), edit(-2.0, 1)], [edit(0.0), edit(2.0, 2)]]
    found = list(AnswerReader(whole, at, False).moved(ONE, READOUT, edits))
    for one, made in zip(found, edits, strict=True):
        expected = plainly(whole, dict(zip(at, made, strict=True)), ONE.start)
        assert vars(one) == pytest.approx(vars(expected), rel=1e-3, abs=1e-5)
        assert one.kl > 1e-3


def test_at_strength_0_nothing_moves_not_by_a_bit(model_directory: Callable[..., str]) -> None:
    reader = AnswerReader(backbone(model_directory("llama")), [POINT], False)
    assert list(reader.moved(ONE, READOUT, [[edit(0.0)]])) == [Moved(0.0, 0.0, 0.0)]


def test_edits_that_are_read_together_do_not_touch_each_other(
    model_directory: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = AnswerReader(backbone(model_directory("llama")), [POINT], False)
    edits = [edit(2.0, seed) for seed in range(5)]
    together = [vars(one) for one in reader.moved(ONE, READOUT, [[one] for one in edits])]
    monkeypatch.setattr("persona_assets.steering.readings._LOGITS", 1)
    alone = [vars(one) for one in reader.moved(ONE, READOUT, [[one] for one in edits])]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-5)


def test_layers_run_as_before_when_an_answer_is_read(model_directory: Callable[..., str]) -> None:
    whole = backbone(model_directory("llama"))
    list(AnswerReader(whole, [POINT], False).moved(ONE, READOUT, [[edit(1.0)]]))
    assert all("forward" not in vars(layer) for layer in whole.layers)
    assert len(whole.layers) == N_LAYERS


def test_a_stream_that_cannot_be_changed_is_refused(model_directory: Callable[..., str]) -> None:
    with pytest.raises(StudyError, match=r"blocks\.2\.hook_resid_mid cannot be changed"):
        AnswerReader(backbone(model_directory("llama")), [HookPoint(2, "hook_resid_mid")], False)
