"""Answers given under an edit, as the model reads them without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import load_tokenizer, text_config
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.answers import Answers, Towards
from persona_assets.steering.measuring import Measured, measured
from tests.conftest import StudyMaker
from tests.generate.models import that_thinks
from tests.places import TOY


def test_answers_of_several_lengths_are_measured_without_logits_for_their_prompts() -> None:
    config = text_config(str(TOY / "model"), None)
    backbone = Backbone.load(
        str(TOY / "model"), None, config, config.num_hidden_layers, "float32", "cpu", whole=True
    )
    lengths, random = [(30, 5), (40, 8), (33, 1), (20, 0)], np.random.default_rng(0)
    answers = [
        Conversation(0, random.integers(9, 200, n + of).astype(np.int32), n, n + of) for n, of in lengths
    ]
    towards = Towards(torch.randn(config.hidden_size, generator=torch.Generator().manual_seed(1)), 0.5)
    asked: list[int] = []
    hook = backbone.causal.get_output_embeddings().register_forward_pre_hook(
        lambda _, given: asked.append(given[0].shape[1])
    )
    found = measured(backbone, answers, towards)
    hook.remove()
    assert max(asked) <= 48 - 30 + 1
    assert found[3] == Measured()
    last = HookPoint(len(backbone.layers) - 1, "hook_resid_post")
    for one, of in zip(answers[:3], found, strict=False):
        ids = torch.from_numpy(one.token_ids).long()
        with torch.inference_mode():
            lost = -backbone.causal(input_ids=ids[None]).logits[0].log_softmax(-1)
        expected = [float(lost[place - 1, ids[place]]) for place in range(one.start, one.stop)]
        assert of.loss == pytest.approx(np.mean(expected), abs=1e-4)
        top = backbone.selected_rows([one], [last])[last].float().mean(dim=0)
        assert of.readout == pytest.approx(towards.of(top), abs=1e-3)


def test_of_a_model_that_thinks_the_answer_alone_is_measured_as_of_the_roles(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    model = that_thinks(tmp_path / "thinker")
    settings = {"generation.model": model, "extraction.model": model, "extraction.spans": "answer"}
    study = make_study("thinking", settings)
    tokenizer = load_tokenizer(model)
    said = ["<think>The wind and the sea.</think>\n\nAhoy, the sea.", "<think>The wind and", "Ahoy, the sea."]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in said]
    prompt = tokenizer("What do you see?")["input_ids"]
    whole, cut, plain = Answers(AcrossRoles.of(study), "demo", None).given([prompt] * 3, ids)
    assert tokenizer.decode(whole.selected) == tokenizer.decode(plain.selected) == "Ahoy, the sea."
    assert cut.n_selected == 0
