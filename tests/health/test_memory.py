"""GPU memory by formula: of real weights, of Gemma 3 27B by hand, and against what torch holds live."""

from __future__ import annotations

import json
import math
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import Gemma2Config, Gemma3TextConfig, LlamaConfig
from typer.testing import CliRunner

from persona_assets.base.errors import StudyError
from persona_assets.cli.app import app
from persona_assets.cli.memory import told
from persona_assets.health.memory import Need, Term, batch_of, keys_and_values, memory_needs, parameters
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from tests.conftest import StudyMaker
from tests.gpu.models import conversations, random_backbone
from tests.places import PROJECT

MODEL, SAE = PROJECT / "tests/toy/data/model", PROJECT / "tests/toy/data/sae"
GEMMA_27B = Gemma3TextConfig(
    vocab_size=262_208,
    hidden_size=5_376,
    intermediate_size=21_504,
    num_hidden_layers=62,
    num_attention_heads=32,
    num_key_value_heads=16,
    head_dim=128,
    sliding_window=1_024,
    dtype="bfloat16",
)
# By hand. A layer: q and o 5,376 × 4,096 each, k and v 5,376 × 2,048 each, three of 5,376 × 21,504 in the
# MLP, four norms of 5,376 and two of 128. Beside them the embeddings, which are the head, and the last norm.
LAYER = 2 * 5_376 * 4_096 + 2 * 5_376 * 2_048 + 3 * 5_376 * 21_504 + 4 * 5_376 + 2 * 128
EMBEDDINGS = 262_208 * 5_376
FULL, SLIDING = 10, 52  # layers: every sixth of the 62 attends to all tokens
OF_A_TOKEN = 2 * 16 * 128 * 2  # keys and values of a layer in bfloat16, bytes


def test_parameters_are_those_of_the_real_weights_and_of_gemma_3_27b_by_hand() -> None:
    with safe_open(MODEL / "model.safetensors", "pt") as weights:
        real = sum(math.prod(weights.get_slice(key).get_shape()) for key in weights.keys())  # noqa: SIM118
    assert parameters(text_config(str(MODEL))) == real
    smollm2 = LlamaConfig(
        vocab_size=49_152,
        hidden_size=576,
        intermediate_size=1_536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        tie_word_embeddings=True,
    )
    assert parameters(smollm2) == 134_515_008  # as its model.safetensors has
    assert parameters(GEMMA_27B) == EMBEDDINGS + 62 * LAYER + 5_376 == 27_009_346_304


def test_keys_and_values_are_kept_of_all_tokens_or_of_a_window() -> None:
    of_2048 = keys_and_values(GEMMA_27B, 2_048, 2)
    assert of_2048.n_bytes == (FULL * 2_048 + SLIDING * 1_024) * OF_A_TOKEN
    assert of_2048.how == "2 × (10 layers × 2,048 tokens and 52 × 1,024) × 16 heads × 128 × 2 B"
    assert keys_and_values(GEMMA_27B, 512, 2).n_bytes == 62 * 512 * OF_A_TOKEN
    hybrid = LlamaConfig(num_hidden_layers=2)
    hybrid.layer_types = ["linear_attention", "full_attention"]
    with pytest.raises(StudyError, match="llama keep something else than keys and values"):
        keys_and_values(hybrid, 512, 2)


class Live(TorchDispatchMode):
    """Counts the bytes of the tensors that are alive at once while it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        made = function(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            if isinstance(one, torch.Tensor) and (key := one.untyped_storage()._cdata) not in self.known:
                storage = one.untyped_storage()
                self.known.add(key)
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._forget, key, storage.nbytes())
        return made

    def _forget(self, key: int, n_bytes: int) -> None:
        self.known.discard(key)
        self.now -= n_bytes


@pytest.mark.parametrize(
    "config",
    [
        LlamaConfig(
            vocab_size=1_024,
            hidden_size=576,
            intermediate_size=1_536,
            num_hidden_layers=2,
            num_attention_heads=9,
            num_key_value_heads=3,
        ),
        Gemma3TextConfig(
            vocab_size=1_024,
            hidden_size=256,
            intermediate_size=1_536,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=1,
            head_dim=64,
            sliding_window=64,
        ),
        Gemma2Config(
            vocab_size=1_024,
            hidden_size=256,
            intermediate_size=1_024,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
        ),
    ],
    ids=lambda config: config.model_type,
)
def test_a_forward_pass_holds_less_than_the_formula_says_and_not_much_less(config: Any) -> None:
    backbone = random_backbone(config, torch.device("cpu"), torch.bfloat16)
    texts = conversations(8, 1_024, (40, 60), (150, 156))
    longest = max(len(one.token_ids) for one in texts)
    with Live() as live:
        backbone.selected_rows(texts, [HookPoint(1, "hook_resid_post")])
    said = batch_of(config, 8 * longest, longest, 2).n_bytes
    assert 0.8 * said < live.peak < said


@pytest.fixture
def gemma(tmp_path: Path) -> dict[str, Any]:
    """Settings of a study that answers and reads with Gemma 3 27B's shape, an SAE after layer 40."""
    GEMMA_27B.save_pretrained(tmp_path / "gemma")
    config = json.loads((SAE / "cfg.json").read_text())
    config |= {"d_in": 5_376, "d_sae": 65_536}
    config["metadata"]["hook_name"] = "blocks.40.hook_resid_post"
    (tmp_path / "sae").mkdir()
    (tmp_path / "sae/cfg.json").write_text(json.dumps(config))
    return {
        "generation.model": str(tmp_path / "gemma"),
        "generation.backend": "vllm",
        "generation.dtype": "auto",
        "generation.max_model_len": 2_048,
        "extraction.model": str(tmp_path / "gemma"),
        "extraction.dtype": "bfloat16",
        "extraction.saes": {"l40": {"path": str(tmp_path / "sae")}},
    }


def test_of_gemma_3_27b_the_terms_and_the_card_are_told(
    make_study: StudyMaker, gemma: dict[str, Any]
) -> None:
    study = make_study(changes=gemma)
    answering, reading = memory_needs(study)
    weights, passed = 27_009_346_304 * 2, 8_192 * (5 * 5_376 + 3 * 21_504) * 2
    of_answer = (FULL * 2_048 + SLIDING * 1_024) * OF_A_TOKEN
    assert answering.least == weights + passed + of_answer
    n_at_once = int((0.9 * 80e9 - weights - passed) // of_answer)
    last = told(answering)[-1]
    assert f"a card of 80 GB has it, and room for {n_at_once} answers at once (256 need 210 GB)" in last
    assert last.endswith("for 40 GB: generation.engine: {tensor_parallel_size: 2}")
    of_41 = EMBEDDINGS + 41 * LAYER + 5_376
    assert [term.n_bytes for term in reading.terms[:3]] == [
        of_41 * 2,
        65_536 * 5_376 * 10,
        16_384 * (5 * 5_376 + 3 * 21_504) * 2,
    ]
    said = CliRunner().invoke(app, ["estimate", str(study.file), "--pilot", "0"]).output
    assert "GPU memory of activations (transformers, bfloat16), estimated, not measured: 44.6 GB\n" in said
    assert f"  weights 36.7 GB: 41 of 62 layers, {of_41:,} parameters × 2 B\n" in said


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        (
            {"generation.dtype": "float32"},
            "has: generation.dtype: bfloat16, which gives other results, or "
            "generation.engine: {tensor_parallel_size: 2}",
        ),
        (
            {"generation.engine": {"tensor_parallel_size": 4}},
            "each a card of 24 GB has it, and room for 51 answers at once (256 need 210 GB)",
        ),
        (
            {"generation.backend": "transformers", "generation.engine": {"batch_size": 64}},
            "more than a card of 80 GB has: a smaller generation.engine.batch_size, or generation.backend: "
            "vllm with generation.engine: {tensor_parallel_size: 2}",
        ),
    ],
)
def test_what_is_too_much_for_a_card_comes_with_what_helps(
    make_study: StudyMaker, gemma: dict[str, Any], changes: dict[str, Any], advice: str
) -> None:
    assert advice in told(memory_needs(make_study(changes=gemma | changes))[0])[-1]


def test_another_type_is_advised_where_what_is_in_the_models_type_is_large() -> None:
    def advice(weights: int, sae: int) -> str:
        terms = [Term("weights", weights, "", typed=True), Term("SAE", sae, "")]
        return told(Need("activations", "transformers", "float32", terms, "batch", n_heads=1))[-1]

    assert "for 40 GB: extraction.dtype: bfloat16" in advice(65 * 10**9, 5 * 10**9)
    assert "bfloat16" not in advice(10 * 10**9, 65 * 10**9)


def test_saes_in_vllms_worker_lie_whole_on_every_card_beside_its_share(
    make_study: StudyMaker, gemma: dict[str, Any]
) -> None:
    spread = {"extraction.backend": "vllm", "extraction.engine": {"tensor_parallel_size": 4}}
    _, need = memory_needs(make_study(changes=gemma | spread))
    saes = 65_536 * 5_376 * 10
    assert need.each == (need.least - saes) // 4 + saes
    assert need.card() == max((need.least - saes) / 4 / 0.8, saes / (1 - 0.8))


def test_options_that_vllm_is_left_to_choose_and_those_that_it_refuses_are_no_traceback(
    make_study: StudyMaker, gemma: dict[str, Any]
) -> None:
    left = {
        "generation.engine": dict.fromkeys(
            ("max_num_seqs", "max_num_batched_tokens", "tensor_parallel_size")
        ),
        "extraction.backend": "vllm",
    }
    plain = {"generation.engine": {}, "extraction.backend": "vllm"}
    assert memory_needs(make_study("a", gemma | left)) == memory_needs(make_study("b", gemma | plain))
    whole = plain | {"extraction.engine": {"gpu_memory_utilization": 1.0}}
    _, need = memory_needs(make_study("c", gemma | whole))
    assert told(need)[-1].strip() == (
        "vLLM takes cards whole and leaves the SAEs nothing: lower extraction.engine.gpu_memory_utilization"
    )
    for key, value in (
        ("max_num_seqs", "many"),
        ("max_num_batched_tokens", math.inf),
        ("tensor_parallel_size", 0),
        ("tensor_parallel_size", True),
        ("gpu_memory_utilization", "all"),
        ("gpu_memory_utilization", 0.0),
        ("gpu_memory_utilization", 1.5),
        ("gpu_memory_utilization", math.nan),
    ):
        study = make_study("d", gemma | {"generation.engine": {key: value}})
        with pytest.raises(StudyError, match=rf"^generation\.engine: {key}: .* is no number above 0"):
            memory_needs(study)


def test_of_a_model_that_is_elsewhere_and_of_a_server_nothing_is_made_up(make_study: StudyMaker) -> None:
    study = make_study(changes={"generation.model": "nobody/nothing"})
    said = CliRunner().invoke(app, ["estimate", str(study.file), "--pilot", "0"]).output
    assert "GPU memory: not known: cannot load model 'nobody/nothing'" in said
    served = {"generation.backend": "openai", "generation.engine": {"base_url": "http://127.0.0.1:1/v1"}}
    assert [need.stage for need in memory_needs(make_study("served", served))] == ["activations"]
