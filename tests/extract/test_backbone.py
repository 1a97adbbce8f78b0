from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from persona_assets.extract import backbone
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from tests.extract.families import FAMILIES

POINTS = [HookPoint(1, "hook_resid_pre"), HookPoint(2, "hook_resid_post")]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("chunk", [7, 20])
def test_a_long_conversation_read_piece_by_piece_is_read_as_whole(
    model_directory: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, family: str, chunk: int
) -> None:
    model = model_directory(family)
    loaded = Backbone.load(model, None, text_config(model), 3, "float32", "cpu")
    rng = np.random.default_rng(0)
    conversations = [
        Conversation(number, rng.integers(5, 300, size=length).astype(np.int32), start, length)
        for number, (length, start) in enumerate([(61, 3), (60, 55), (9, 0)])
    ]
    whole = loaded.selected_rows(conversations, POINTS)
    monkeypatch.setattr(backbone, "CHUNK", chunk)
    pieces = loaded.selected_rows(conversations, POINTS)
    for point in POINTS:
        assert whole[point].shape == (58 + 5 + 9, loaded.model.config.hidden_size)
        torch.testing.assert_close(pieces[point], whole[point], atol=1e-4, rtol=1e-4)
