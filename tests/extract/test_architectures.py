"""The table of architectures against its source, against transformers' hidden states and TransformerLens."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.losses import Predicted, losses_through
from persona_assets.models.architectures import architecture, architectures
from persona_assets.models.hooks import HookPoint, check_site
from persona_assets.models.loading import text_config
from tests.models.architectures import (
    FAMILIES,
    N_LAYERS,
    TABLE,
    adapter,
    quiet,
    served,
    tiny_config,
    tiny_model,
    written,
)

CLOSE = {"rtol": 1e-4, "atol": 1e-4}
IDS = np.random.default_rng(0).integers(3, 64, size=(1, 40)).astype(np.int32)
# One of each kind of wiring; TransformerLens is slow to build its models.
COMPARED = [
    "gpt2",
    "gpt_neox",
    "gemma",
    "gemma3_text",
    "mistral",
    "mixtral",
    "olmo2",
    "gpt_oss",
    "phi3",
    "opt",
]


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Any:
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Save a family's tiny model and return its folder."""

    def save(family: str) -> Path:
        folder = tmp_path_factory.getbasetemp() / f"tiny-{family}"
        if not folder.exists():
            tiny_model(family).save_pretrained(folder)
        return folder

    return save


def streams(folder: Path, layer: int, sites: list[str]) -> dict[str, torch.Tensor]:
    config = text_config(str(folder))
    cut = Backbone.load(str(folder), None, config, layer + 1, "float32", "cpu")
    points = {site: HookPoint(layer, site) for site in sites}
    rows = cut.selected_rows([Conversation(1, IDS[0], 0, IDS.shape[1])], list(points.values()))
    return {site: rows[point] for site, point in points.items()}


def test_the_table_is_what_the_adapters_and_tiny_models_say() -> None:
    assert TABLE.read_text() == written({family: served(family) for family in FAMILIES})


@pytest.mark.parametrize("family", FAMILIES)
def test_a_truncated_models_residual_is_the_whole_models_hidden_state(family: str, saved: Any) -> None:
    whole = tiny_model(family)
    with torch.inference_mode():
        hidden = whole(input_ids=torch.from_numpy(IDS).long(), output_hidden_states=True).hidden_states
    for layer in (0, N_LAYERS - 2):  # the last layer's hidden state is normed
        read = streams(saved(family), layer, ["hook_resid_pre", "hook_resid_post"])
        torch.testing.assert_close(read["hook_resid_pre"], hidden[layer][0], **CLOSE)
        torch.testing.assert_close(read["hook_resid_post"], hidden[layer + 1][0], **CLOSE)


class Same:
    """In place of an SAE: gives back what it reads."""

    def encode(self, rows: torch.Tensor) -> torch.Tensor:
        return rows

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return codes


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_model_reads_as_its_first_layers_do_and_loses_nothing_where_nothing_is_changed(
    family: str, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(tiny_config(family))
    model.base_model.load_state_dict(tiny_model(family).state_dict())
    model.save_pretrained(tmp_path)
    folder, layer, conversation = str(tmp_path), 1, Conversation(1, IDS[0], 5, IDS.shape[1])
    points = [HookPoint(layer, "hook_resid_post"), HookPoint(layer, "hook_resid_pre")]
    cut, whole = (
        Backbone.load(folder, None, text_config(folder), layer + 1, "float32", "cpu", whole=whole)
        for whole in (False, True)
    )
    ran: list[int] = []
    whole.layers[layer + 1].register_forward_hook(lambda *_: ran.append(1))
    expected, read = (one.selected_rows([conversation], points) for one in (cut, whole))
    assert not ran
    for point in points:
        assert torch.equal(read[point], expected[point])
        place = whole.place(point)
        assert place is not None
        texts = [Predicted(conversation.token_ids, conversation.start, conversation.stop)]
        found = losses_through(whole.causal, {"same": (place, Same())}, texts)["same"]
        assert found.spliced == pytest.approx(found.clean, abs=1e-6)
        assert found.zero != found.clean
    assert ran


@pytest.mark.parametrize("family", COMPARED)
def test_every_site_is_what_transformer_lens_calls_so(family: str, saved: Any) -> None:
    from transformer_lens.model_bridge.bridge import TransformerBridge
    from transformers import AutoModelForCausalLM

    layer, known = 2, architecture(family)
    model = AutoModelForCausalLM.from_pretrained(saved(family), attn_implementation="eager").eval()
    bridge = TransformerBridge(model, adapter(family), tokenizer=None)
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(torch.from_numpy(IDS).long())
    read = streams(saved(family), layer, list(known.sites))
    for site, stream in read.items():
        theirs = cache[f"blocks.{layer}.{site}"]
        torch.testing.assert_close(stream, theirs.reshape(stream.shape).float(), **CLOSE, msg=site)


def test_a_site_of_sublayers_that_are_wired_otherwise_is_refused_by_name() -> None:
    config = tiny_config("opt")
    check_site(HookPoint(1, "hook_attn_out"), config, "sae")
    config.do_layer_norm_before = False
    check_site(HookPoint(1, "hook_resid_post"), config, "sae")
    with pytest.raises(StudyError, match="do_layer_norm_before is False"):
        check_site(HookPoint(1, "hook_attn_out"), config, "sae")


@pytest.mark.parametrize(
    ("family", "site"),
    [("granite", "hook_mlp_out"), ("gpt_neox", "hook_resid_mid"), ("phi", "hook_resid_mid")],
)
def test_what_a_family_computes_inline_is_refused_by_name(family: str, site: str) -> None:
    with pytest.raises(StudyError, match=rf"{site}.*is not served on architecture '{family}'"):
        check_site(HookPoint(0, site), tiny_config(family), "sae")


def test_reading_the_table_does_not_import_transformer_lens() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from persona_assets.models.architectures import architectures; "
        "assert architectures(); sys.exit('transformer_lens' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
    assert len(architectures()) == len(FAMILIES)
