"""What features write, against the straightforward way over all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from persona_assets.directions.logits import strongest
from persona_assets.directions.tables import N_NEIGHBORS, N_TOKENS, directions_tables
from persona_assets.directions.tokens import spelled
from persona_assets.models.sae import Sae, load_sae
from persona_assets.models.saelens import SaeLens
from persona_assets.study.settings import ExtractionSettings
from tests.extract.dense import whole_model
from tests.extract.tiny import random_sae

ModelDirectory = Callable[..., str]


def settings_of(model: str, sae: str) -> ExtractionSettings:
    return ExtractionSettings.model_validate(
        {"model": model, "dtype": "float32", "saes": {"one": {"path": sae}}}
    )


def made(model: str, sae: str) -> dict[str, list[dict[str, Any]]]:
    told: list[tuple[int, int]] = []
    content = directions_tables(settings_of(model, sae), "one", "cpu", lambda *step: told.append(step))
    assert told[-1][0] == told[-1][1]
    return {name: table.to_pylist() for name, table in content.items()}


@pytest.mark.parametrize("family", ["gemma3", "llama"])
def test_the_strongest_tokens_and_the_nearest_features_are_those_of_the_whole_matrix(
    family: str,
    model_directory: ModelDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("persona_assets.directions.head._ROWS", 64)
    monkeypatch.setattr("persona_assets.directions.logits._FEATURES", 40)
    monkeypatch.setattr("persona_assets.directions.geometry._FEATURES", 25)
    path = model_directory(family)
    sae = random_sae(tmp_path / "sae")
    content = made(path, sae)
    decoder = load_sae(settings_of(path, sae).saes["one"]).directions()
    model = whole_model(path)
    gain = model.model.norm.weight + (1 if family == "gemma3" else 0)
    values = (decoder @ (model.lm_head.weight * gain).T).detach().numpy()

    by_feature = np.array([row["value"] for row in content["feature_logits"]]).reshape(96, 2, N_TOKENS)
    assert by_feature[:, 0] == pytest.approx(-np.sort(-values, axis=1)[:, :N_TOKENS], abs=1e-5)
    assert by_feature[:, 1] == pytest.approx(np.sort(values, axis=1)[:, :N_TOKENS], abs=1e-5)
    for row in content["feature_logits"]:
        assert row["value"] == pytest.approx(values[row["feature_id"], row["token_id"]], abs=1e-5)
    first = content["feature_logits"][: 2 * N_TOKENS]
    assert [row["rank"] for row in first] == [*range(1, 11)] * 2
    assert [row["sign"] for row in first] == [1] * N_TOKENS + [-1] * N_TOKENS

    unit = (decoder / decoder.norm(dim=1, keepdim=True)).numpy()
    cosine = unit @ unit.T
    opposed = cosine.argmin(axis=1)
    np.fill_diagonal(cosine, -np.inf)
    nearest = np.argsort(-cosine, axis=1)[:, :N_NEIGHBORS]
    assert [row["neighbor_id"] for row in content["decoder_neighbors"]] == nearest.flatten().tolist()
    assert [row["opposed_id"] for row in content["feature_geometry"]] == opposed.tolist()
    encoder = load_sae(settings_of(path, sae).saes["one"]).sae.W_enc.T.numpy()  # type: ignore[attr-defined]
    both = (unit * encoder).sum(axis=1) / np.linalg.norm(encoder, axis=1)
    assert [row["encoder_cosine"] for row in content["feature_geometry"]] == pytest.approx(both, abs=1e-5)
    [about] = content["decoders"]
    assert about["why_no_logits"] is None
    assert (about["norm"], about["writes"]) == ("RMSNorm", "blocks.2.hook_resid_post")


def test_a_planted_direction_promotes_its_token_and_has_its_opposite(
    model_directory: ModelDirectory,
    tmp_path: Path,
) -> None:
    path = model_directory("llama")
    folder = Path(random_sae(tmp_path / "sae"))
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "sae_weights.safetensors")
    head = whole_model(path).lm_head.weight.detach()
    weights["W_dec"][7] = head[123] * 5
    weights["W_dec"][8] = -head[123] * 2
    save_file(weights, folder / "sae_weights.safetensors")
    content = made(path, str(folder))
    tops = {(r["feature_id"], r["sign"]): r["token_id"] for r in content["feature_logits"] if r["rank"] == 1}
    assert (tops[7, 1], tops[8, -1]) == (123, 123)
    geometry = content["feature_geometry"]
    assert (geometry[7]["opposed_id"], geometry[8]["opposed_id"]) == (8, 7)
    assert geometry[7]["opposed_cosine"] == pytest.approx(-1, abs=1e-5)


@pytest.mark.parametrize("site", ["attn.hook_z", "mlp.hook_in"])
def test_an_sae_of_another_stream_has_neighbors_and_no_logits_and_says_why(
    site: str,
    model_directory: ModelDirectory,
    tmp_path: Path,
) -> None:
    sae = random_sae(tmp_path / "sae", hook=f"blocks.2.{site}", d_in=48 if "hook_z" in site else 32)
    content = made(model_directory("qwen3"), sae)
    assert content["feature_logits"] == []
    assert len(content["decoder_neighbors"]) == 96 * N_NEIGHBORS
    [about] = content["decoders"]
    assert about["why_no_logits"] == (
        f"it writes to blocks.2.{site}, which is not added to the residual stream as it is"
    )


def test_a_transcoder_has_the_logits_of_what_it_writes(
    model_directory: ModelDirectory,
    tmp_path: Path,
) -> None:
    options = {"d_out": 32, "apply_b_dec_to_input": False}
    hook, out = "blocks.2.ln2.hook_normalized", {"hook_name_out": "blocks.2.hook_mlp_out"}
    sae = random_sae(tmp_path / "a", "transcoder", hook, metadata=out, **options)
    content = made(model_directory("llama"), sae)
    assert content["decoders"][0]["writes"] == "blocks.2.hook_mlp_out"
    assert len(content["feature_logits"]) == 96 * 2 * N_TOKENS
    assert {row["encoder_cosine"] for row in content["feature_geometry"]} == {None}
    unnamed = random_sae(tmp_path / "b", "transcoder", hook, **options)
    why = made(model_directory("llama"), unnamed)["decoders"][0]["why_no_logits"]
    assert why == "its metadata do not name the stream that it writes to"


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("standard", {}),
        ("standard", {"apply_b_dec_to_input": False}),
        ("gated", {}),
        ("topk", {"k": 5}),
        ("topk", {"k": 5, "rescale_acts_by_decoder_norm": True}),
        ("jumprelu", {}),
    ],
)
def test_what_a_feature_writes_is_what_decoding_it_adds(
    architecture: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_sae(tmp_path / "sae", architecture, **options)
    sae = load_sae(settings_of("x", str(tmp_path / "sae")).saes["one"])
    assert isinstance(sae, SaeLens)
    sae.sae.W_dec.data *= 1 + torch.arange(96)[:, None] / 10
    codes = torch.rand(3, 96)
    expected = sae.decode(codes) - sae.decode(torch.zeros(3, 96))
    monkeypatch.setattr("persona_assets.models.sae._AT_ONCE", 40)
    for directions in (sae.directions(), Sae.directions(sae)):  # a library's own, and any other's
        assert torch.allclose(codes @ directions, expected, rtol=1e-4, atol=1e-4)


def test_fewer_tokens_than_are_asked_for_are_all_told() -> None:
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    up, down = strongest(torch.eye(2), iter(rows.split(2)), 5, lambda _: None)
    assert up.token_ids[0].tolist() == [0, 1, 2, -1, -1]
    assert down.token_ids[0].tolist() == [2, 1, 0, -1, -1]


def test_tokens_that_are_parts_of_characters_are_shown_as_bytes(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    ids = tokenizer("日", add_special_tokens=False)["input_ids"]
    sea = tokenizer(" sea", add_special_tokens=False)["input_ids"]
    texts = spelled(tokenizer, [*ids, *sea, ids[0], tokenizer.eos_token_id])
    joined = "".join(texts[: len(ids)])
    assert "\N{REPLACEMENT CHARACTER}" not in joined
    shown = joined.encode("latin-1", "backslashreplace").decode("unicode_escape")
    assert shown.encode("latin-1").decode() == "日"
    assert "".join(texts[len(ids) : len(ids) + len(sea)]) == " sea"
    assert texts[-2:] == [texts[0], "<eos>"]
