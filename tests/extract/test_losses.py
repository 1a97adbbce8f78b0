"""How much of the model's loss an SAE keeps, against the arithmetic that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
import torch
from sae_lens import SAE
from transformers import PreTrainedTokenizerFast

from persona_assets.base.errors import StudyError
from persona_assets.extract.conversation import Conversation, read_conversations
from persona_assets.extract.extractor import Extractor
from persona_assets.extract.losses import Losses, through
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.study.settings import ExtractionSettings
from tests.extract.dense import whole_model
from tests.extract.families import CONTEXT, D_MODEL, HEAD, N_HEADS, N_LAYERS
from tests.extract.tiny import questions_as_answers, response_table, settings
from tests.places import TOY

LENGTHS = [1, 12, 30, 7]
LAST = f"blocks.{N_LAYERS - 1}.hook_resid_post"
Maker = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def responses(tokenizer: PreTrainedTokenizerFast) -> pa.Table:
    return response_table(tokenizer, LENGTHS)


@pytest.fixture(scope="module")
def conversations(responses: pa.Table, tokenizer: PreTrainedTokenizerFast) -> list[Conversation]:
    return read_conversations(responses, ChatFormat(tokenizer), "response_only", CONTEXT)


class Double:
    """In place of an SAE: gives back twice what it reads."""

    def encode(self, rows: torch.Tensor) -> torch.Tensor:
        return rows

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return 2 * codes


def measuring(model: str, saes: dict[str, dict[str, str]], **options: Any) -> ExtractionSettings:
    return settings(model, saes, fit={"loss_recovered": True}, **options)


def losses(extractor: Extractor, conversations: list[Conversation], sae: str = "sae") -> Losses | None:
    backend: Any = extractor._backend
    return backend.losses(conversations, [sae]).get(sae)


def dense(model: Any, conversations: list[Conversation], change: Any) -> float:
    """The mean loss of the responses' tokens if `change` is made to what the last layer gives out."""
    total, n_tokens = 0.0, 0
    for one in conversations:
        ids = torch.tensor(one.token_ids.tolist())
        kept: list[torch.Tensor] = []
        hook = model.model.layers[-1].register_forward_hook(lambda _m, _a, out, kept=kept: kept.append(out))
        with torch.inference_mode():
            model(input_ids=ids[None])
            hook.remove()
            logits = model.lm_head(model.model.norm(change(kept[0])))[0, one.start - 1 : one.stop - 1]
        total += torch.nn.functional.cross_entropy(logits, ids[one.start : one.stop], reduction="sum").item()
        n_tokens += one.n_selected
    return total / n_tokens


def test_losses_equal_the_dense_computation(
    model_directory: Callable[..., str], make_sae: Maker, conversations: list[Conversation]
) -> None:
    model, sae = model_directory("llama"), make_sae(hook=LAST)
    found = losses(Extractor.open(measuring(model, {"sae": sae})), conversations)
    whole, reference = whole_model(model), SAE.load_from_disk(sae["path"])

    def spliced(stream: torch.Tensor) -> torch.Tensor:
        return torch.cat([stream[:, :1], reference.decode(reference.encode(stream[:, 1:]))], dim=1)

    assert found is not None
    assert found.clean == pytest.approx(dense(whole, conversations, lambda stream: stream), rel=1e-5)
    assert found.spliced == pytest.approx(dense(whole, conversations, spliced), rel=1e-5)
    assert found.zero == pytest.approx(dense(whole, conversations, torch.zeros_like), rel=1e-5)


@pytest.mark.parametrize(
    ("site", "can_be"),
    [
        ("hook_resid_pre", True),
        ("hook_attn_out", True),
        ("hook_mlp_out", True),
        ("attn.hook_z", True),
        ("hook_resid_mid", False),
        ("ln2.hook_normalized", False),
    ],
)
def test_a_stream_that_no_module_takes_or_gives_alone_is_not_measured(
    site: str,
    can_be: bool,
    model_directory: Callable[..., str],
    make_sae: Maker,
    conversations: list[Conversation],
) -> None:
    sae = make_sae(hook=f"blocks.2.{site}", d_in=N_HEADS * HEAD if site == "attn.hook_z" else D_MODEL)
    found = losses(Extractor.open(measuring(model_directory("gemma3"), {"sae": sae})), conversations)
    assert (found is not None) == can_be
    if found is not None:
        assert len({round(found.clean, 4), round(found.spliced, 4), round(found.zero, 4)}) == 3


def test_what_goes_into_a_layer_is_what_came_out_of_the_one_below(
    model_directory: Callable[..., str], make_sae: Maker, conversations: list[Conversation]
) -> None:
    hooks = {"above": "blocks.2.hook_resid_pre", "below": "blocks.1.hook_resid_post"}
    saes = {name: make_sae(name, hook=hook) for name, hook in hooks.items()}
    extractor = Extractor.open(measuring(model_directory("qwen3"), saes))
    above, below = (losses(extractor, conversations, name) for name in hooks)
    assert above == below is not None


def test_a_multimodal_models_losses_are_those_of_its_text_model(
    model_directory: Callable[..., str], multimodal: str, make_sae: Maker, conversations: list[Conversation]
) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_directory("gemma3"))
    tokenizer.save_pretrained(multimodal)
    text, whole = (
        losses(Extractor.open(measuring(model, {"sae": make_sae()})), conversations)
        for model in (model_directory("gemma3"), multimodal)
    )
    assert text == whole is not None


@pytest.mark.parametrize("mask", [False, True])
def test_extraction_lands_it_and_the_whole_model_reads_as_its_first_layers_do(
    mask: bool,
) -> None:
    model, sae = str(TOY / "model"), {"path": str(TOY / "sae")}
    responses = questions_as_answers(load_tokenizer(model), 6)
    extractor = Extractor.open(measuring(model, {"sae": sae}, mask_norm_outliers=mask))
    first, again = (extractor.extract(responses)["sae"] for _ in range(2))
    backend: Any = extractor._backend
    assert backend.backbone.causal is not None
    assert first.tables == again.tables
    [row] = first.sae_fit.to_pylist()
    assert row == vars(extractor.fits(responses)["sae"])
    assert 0.2 < row["loss_recovered"] < 1
    plain = Extractor.open(settings(model, {"sae": sae})).extract(responses)["sae"]
    assert plain.sae_fit.to_pylist()[0]["loss_recovered"] is None


def test_a_backend_that_cannot_measure_it_says_so(tokenizer: PreTrainedTokenizerFast) -> None:
    asked = measuring("m", {"sae": {"path": "p"}}, backend="vllm").model_copy(update={"engine": {}})
    backend: Any = object()
    with pytest.raises(StudyError, match=r"loss_recovered is not served by extraction.backend vllm; use tra"):
        Extractor(asked, ChatFormat(tokenizer), backend)


def test_the_first_token_and_outliers_are_left_as_they_are() -> None:
    stream = torch.ones(1, 6, 4)
    stream[0, 3] = 100
    changed = through(Double())(stream)[0]
    assert [row[0].item() for row in changed] == [1, 2, 2, 100, 2, 2]


def test_a_model_that_does_as_well_with_zeros_has_nothing_to_recover() -> None:
    assert Losses(clean=2.0, spliced=2.5, zero=4.0).recovered == 0.75
    assert Losses(clean=2.0, spliced=2.5, zero=2.0).recovered is None
