"""Streams read on a device in padded batches, against one conversation at a time on the CPU."""

from __future__ import annotations

import pytest
import torch

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.encode import encoder
from persona_assets.extract.passes import Passes
from persona_assets.extract.reader import Reader
from persona_assets.models.hooks import HookPoint, captured, width
from tests.extract.families import FAMILIES, N_LAYERS, tiny_config
from tests.gpu.models import conversations, random_backbone, roughened
from tests.gpu.saes import random_sae

VOCABULARY = 200
# How far rows may be from the CPU's in float32 on average, over their norms: rounding in four layers.
TOLERANCE = {torch.float32: 2e-5, torch.bfloat16: 0.06}
CPU = torch.device("cpu")


def model(family: str, device: torch.device, dtype: torch.dtype) -> Backbone:
    """The same weights on every device, rounded to `dtype`."""
    made = roughened(random_backbone(tiny_config(family, VOCABULARY), CPU, torch.float32))
    made.model.to(dtype).to(device)
    return Backbone(made.model, made.architecture, device, made.n_layers)


def cut(whole: Backbone, n_layers: int) -> Backbone:
    del whole.layers[n_layers:]
    whole.model.config.num_hidden_layers = n_layers
    return Backbone(whole.model, whole.architecture, whole.device, n_layers)


def selected(whole: Backbone, one: Conversation, points: list[HookPoint]) -> dict[HookPoint, torch.Tensor]:
    """The rows of the selected tokens, of a conversation that is read alone and whole."""
    ids = torch.from_numpy(one.token_ids).long()[None].to(whole.device)
    with captured(whole.layers, whole.architecture, points) as streams, torch.inference_mode():
        whole.model(input_ids=ids, use_cache=False)
    return {point: stream[0, one.start : one.stop].float().cpu() for point, stream in streams.items()}


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("family", FAMILIES)
def test_every_site_of_a_family_is_read_as_the_cpu_reads_it(
    device: torch.device, family: str, dtype: torch.dtype
) -> None:
    layer = N_LAYERS - 2
    asked = conversations(9, VOCABULARY, (3, 20), (1, 40))
    reference = model(family, CPU, dtype)
    points = [HookPoint(layer, site) for site in reference.architecture.sites]
    assert len(points) >= 8
    reference.model.float()  # of the same, rounded weights
    alone = [selected(reference, one, points) for one in asked]
    found = cut(model(family, device, dtype), layer + 1).selected_rows(asked, points)
    for point in points:
        rows = found[point].float().cpu()
        assert rows.shape == (sum(one.n_selected for one in asked), width(point, reference.model.config))
        expected = torch.cat([one[point] for one in alone])
        off = (rows - expected).norm(dim=1) / expected.norm(dim=1)
        assert off.mean() < TOLERANCE[dtype], f"{point}: {off.mean():.2g}"


@pytest.mark.parametrize("kind", ["jumprelu", "topk"])
def test_what_is_pooled_equals_dense_codes_of_one_conversation_at_a_time(
    device: torch.device, kind: str
) -> None:
    asked, whole = conversations(9, VOCABULARY, (3, 20), (1, 40)), model("gemma3", device, torch.float32)
    point = HookPoint(1, "hook_resid_post")
    sae = random_sae(kind, whole.model.config.hidden_size, 400, point, device, torch.float32)
    reader = Reader("sae", sae, encoder(sae, "sae"))
    means = {}
    for batch in Passes(whole, 150).pooled(asked, [reader]):
        for index, response_id in enumerate(batch.response_ids.tolist()):
            of = batch.pooled.response == index
            mean = torch.zeros(sae.d_sae)
            mean[torch.from_numpy(batch.pooled.feature[of])] = torch.from_numpy(batch.pooled.mean[of])
            means[response_id] = mean
    for one in asked:
        dense = sae.to(CPU).encode(selected(whole, one, [point])[point]).mean(dim=0)
        assert (dense > 0).sum() > 5
        # An entry at its threshold may fire in one and not in the other.
        off = (means[one.response_id] - dense).abs() > 1e-3 * dense.max()
        assert off.sum() <= 2
    assert len(means) == len(asked)
