from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from sae_lens import SAE
from safetensors.torch import load_file, save_file

from persona_assets.base.errors import StudyError
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import read_conversations
from persona_assets.extract.extractor import Extractor
from persona_assets.lake import schema
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from tests.extract.dense import bounds, residuals, whole_model
from tests.extract.families import CONTEXT, D_MODEL, N_LAYERS
from tests.extract.supports import STREAM, Bounds, assert_first_pooled, assert_pooled
from tests.extract.tiny import questions_as_answers, response_row, response_table, settings
from tests.places import TOY

# One-token responses among them, in batches of unequal lengths.
LENGTHS = [1, 2, 3, 17, 40, 5, 33, 60, 1, 21]


@pytest.fixture(scope="module")
def responses(tokenizer) -> pa.Table:
    return response_table(tokenizer, LENGTHS)


@pytest.mark.parametrize("selection", ["response_only", "response_to_end", "all"])
@pytest.mark.parametrize("architecture", ["jumprelu", "standard", "topk", "gated"])
def test_pooled_values_equal_the_dense_computation(
    architecture, selection, model_directory, make_sae, tokenizer, responses
) -> None:
    options = {"k": 7} if architecture == "topk" else {}
    sae = make_sae(architecture=architecture, **options)
    model = model_directory("gemma3")
    first = None if selection == "all" else 5  # some responses have fewer
    options = {"token_selection": selection, "first_tokens": first}
    extractor = Extractor.open(settings(model, {"sae": sae}, **options))
    extraction = extractor.extract(responses)["sae"]
    conversations = read_conversations(responses, ChatFormat(tokenizer), selection, CONTEXT)
    dense = bounds(whole_model(model), SAE.load_from_disk(sae["path"]), 2, conversations)
    assert_pooled(extraction, dense, conversations)
    if first is not None:
        assert_first_pooled(extraction, dense, conversations, first)


def test_the_demos_own_model_and_sae_equal_the_dense_computation() -> None:
    model, sae = (str(TOY / part) for part in ("model", "sae"))
    tokenizer = load_tokenizer(model)
    responses = questions_as_answers(tokenizer, 12)
    extraction = Extractor.open(settings(model, {"sae": {"path": sae}})).extract(responses)["sae"]
    conversations = read_conversations(responses, ChatFormat(tokenizer), "response_only", None)
    reference = SAE.load_from_disk(sae, dtype="float32")
    layer = int(reference.cfg.metadata.hook_name.split(".")[1])
    assert_pooled(extraction, bounds(whole_model(model), reference, layer, conversations), conversations)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "gemma2"])
def test_two_saes_on_two_layers_are_read_in_one_pass(
    family, model_directory, make_sae, tokenizer, responses
) -> None:
    saes = {
        "low": make_sae("low", hook="blocks.0.hook_resid_post", gain=4.0),
        "last": make_sae("last", hook=f"blocks.{N_LAYERS - 1}.hook_resid_post", gain=4.0, seed=1),
    }
    model = model_directory(family)
    extractor = Extractor.open(settings(model, saes))
    passes: list[int] = []
    hook = extractor._backend.backbone.model.register_forward_pre_hook(lambda *_: passes.append(1))
    both = extractor.extract(responses)
    hook.remove()
    conversations = read_conversations(responses, ChatFormat(tokenizer), "response_only", CONTEXT)
    assert len(passes) == len(list(batches(conversations, 150)))
    for name, layer in [("low", 0), ("last", N_LAYERS - 1)]:
        dense = bounds(whole_model(model), SAE.load_from_disk(saes[name]["path"]), layer, conversations)
        assert_pooled(both[name], dense, conversations)
    hook = extractor._backend.backbone.model.register_forward_pre_hook(lambda *_: passes.append(1))
    extractor.fits(responses)
    hook.remove()
    assert len(passes) == 2 * len(list(batches(conversations, 150)))
    alone = extractor.extract(responses, saes=["low"])
    assert list(alone) == ["low"]
    assert alone["low"].activations.equals(both["low"].activations)


def test_the_tables_have_the_lakes_schema_and_order(model_directory, make_sae, responses) -> None:
    extraction = Extractor.open(settings(model_directory("llama"), {"sae": make_sae()})).extract(responses)[
        "sae"
    ]
    assert extraction.pooled.schema == schema.POOLED.schema
    assert extraction.evidence.schema == schema.EVIDENCE.schema
    assert extraction.activations.schema == schema.ACTIVATIONS.schema
    assert extraction.sae_fit.schema == schema.SAE_FIT.schema
    with_first = Extractor.open(
        settings(model_directory("llama"), {"sae": make_sae()}, first_tokens=2)
    ).extract(responses)["sae"]
    first = with_first.first_activations
    assert first.schema == schema.FIRST_ACTIVATIONS.schema and first.num_rows > 0
    for table in (extraction.activations, first):
        columns = table.select(["feature_id", "response_id"]).to_pydict().values()
        keys = list(zip(*columns, strict=True))
        assert keys == sorted(set(keys))
    assert extraction.tables.keys() == with_first.tables.keys() - {"first_activations"}
    assert all(table.equals(with_first.tables[name]) for name, table in extraction.tables.items())


def test_pooled_has_a_row_for_every_response_and_a_reason_for_the_excluded(
    model_directory, make_sae, tokenizer
) -> None:
    responses = pa.concat_tables(
        [
            response_table(tokenizer, [4, 0, 9]),
            pa.Table.from_pylist([response_row(0, 77, [2, 5], [6] * CONTEXT)], schema.RESPONSES.schema),
        ]
    )
    progress: list[tuple[int, int]] = []
    extractor = Extractor.open(settings(model_directory("llama"), {"sae": make_sae()}))
    extraction = extractor.extract(responses, progress=lambda *done: progress.append(done))["sae"]
    pooled = extraction.pooled.to_pylist()
    for column in ("response_id", "variant", "question_id"):
        assert [row[column] for row in pooled] == responses[column].to_pylist()
    assert [row["n_tokens"] for row in pooled] == [4, 0, 9, 0]
    too_long = f"longer than the model's context of {CONTEXT} tokens"
    assert [row["excluded_reason"] for row in pooled] == [None, "empty response", None, too_long]
    fired = extraction.activations["response_id"].to_pylist()
    assert [row["n_active_features"] for row in pooled] == [fired.count(row["response_id"]) for row in pooled]
    assert progress[-1] == (4, 4)


def test_a_role_of_excluded_responses_gives_empty_tables(model_directory, make_sae, tokenizer) -> None:
    extractor = Extractor.open(settings(model_directory("llama"), {"sae": make_sae()}))
    extraction = extractor.extract(response_table(tokenizer, [0, 0]))["sae"]
    assert {name: table.num_rows for name, table in extraction.tables.items() if table.num_rows} == {
        "pooled": 2
    }
    assert extraction.activations.schema == schema.ACTIVATIONS.schema
    with pytest.raises(StudyError, match=r"measure its fit on; all 1 are excluded: empty response \(1\)"):
        extractor.fits(response_table(tokenizer, [0]))


def test_the_order_of_responses_does_not_matter_and_reruns_agree(
    model_directory, make_sae, responses
) -> None:
    extractor = Extractor.open(settings(model_directory("gemma3"), {"sae": make_sae()}))
    first = extractor.extract(responses)["sae"]
    turned = extractor.extract(responses.take(pa.array(range(len(LENGTHS))[::-1])))["sae"]
    assert first.activations.equals(extractor.extract(responses)["sae"].activations)
    assert first.activations.equals(turned.activations)
    assert first.evidence.equals(turned.evidence)


def test_the_size_of_a_batch_changes_nothing_but_rounding(
    model_directory, make_sae, tokenizer, responses
) -> None:
    sae, model = make_sae(), model_directory("gemma3")
    conversations = read_conversations(responses, ChatFormat(tokenizer), "response_only", CONTEXT)
    dense = bounds(whole_model(model), SAE.load_from_disk(sae["path"]), 2, conversations)
    for budget in (1, 100_000):
        engine = {"device": "cpu", "tokens_per_batch": budget}
        extractor = Extractor.open(settings(model, {"sae": sae}, engine=engine))
        assert_pooled(extractor.extract(responses)["sae"], dense, conversations)


@pytest.mark.parametrize("hook", ["attn.hook_z", "mlp.hook_in", "hook_mlp_out", "ln2.hook_normalized"])
def test_an_sae_is_fed_the_stream_that_it_names(
    hook, model_directory, make_sae, responses, tokenizer
) -> None:
    """Not the residual stream that happens to have the same layer and width."""
    d_in, gain = (48, 20.0) if hook == "attn.hook_z" else (D_MODEL, 2.0)
    sae = make_sae(hook=f"blocks.1.{hook}", d_in=d_in, gain=gain)
    model = model_directory("gemma3")
    extractor = Extractor.open(settings(model, {"sae": sae}))
    extraction = extractor.extract(responses)["sae"]
    whole = whole_model(model)
    name, is_input = {
        "attn.hook_z": ("self_attn.o_proj", True),
        "mlp.hook_in": ("mlp", True),
        "hook_mlp_out": ("post_feedforward_layernorm", False),
        "ln2.hook_normalized": ("pre_feedforward_layernorm", True),
    }[hook]
    kept: list[torch.Tensor] = []
    module = whole.model.layers[1].get_submodule(name)
    module.register_forward_hook(lambda _m, args, output: kept.append(args[0] if is_input else output))
    conversations = read_conversations(responses, ChatFormat(tokenizer), "response_only", CONTEXT)
    reference = SAE.load_from_disk(sae["path"])
    dense = []
    for one in conversations:
        kept.clear()
        with torch.inference_mode():
            whole(input_ids=torch.tensor([one.token_ids.tolist()]))
            stream = kept[0][0, one.start : one.stop]
            if hook == "ln2.hook_normalized":
                stream = stream / (stream.pow(2).mean(dim=1, keepdim=True) + 1e-6).sqrt()
            dense.append(Bounds.of(reference, stream.clone(), STREAM))
    assert_pooled(extraction, dense, conversations)


def test_fit_equals_the_dense_computation(model_directory, make_sae, responses, tokenizer) -> None:
    sae, model = make_sae(apply_b_dec_to_input=True), model_directory("gemma3")
    fit = Extractor.open(settings(model, {"sae": sae})).fits(responses)["sae"]
    whole, reference = whole_model(model), SAE.load_from_disk(sae["path"])
    conversations = read_conversations(responses, ChatFormat(tokenizer), "response_only", CONTEXT)
    with torch.inference_mode():
        x = torch.cat([residuals(whole, 2, one) for one in conversations])
        acts = reference.encode(x)
        error = (reference.decode(acts) - x).square().sum()
    variance = (x - x.mean(dim=0)).square().sum()
    assert fit.n_tokens == sum(LENGTHS)
    assert fit.n_responses == len(LENGTHS)
    assert fit.l0 == pytest.approx((acts > 0).sum().item() / len(x), rel=1e-5)
    assert fit.fvu == pytest.approx((error / variance).item(), rel=1e-4)


def test_fit_is_measured_on_a_sample_that_does_not_depend_on_order(
    model_directory, make_sae, responses
) -> None:
    options = {"fit": {"responses": 4}}
    extractor = Extractor.open(settings(model_directory("gemma3"), {"sae": make_sae()}, **options))
    turned = responses.take(pa.array(range(len(LENGTHS))[::-1]))
    fit = extractor.fits(responses)["sae"]
    assert fit.n_responses == 4
    assert fit.n_tokens < sum(LENGTHS)
    assert fit == extractor.fits(turned)["sae"]


def test_extraction_measures_the_fit_that_a_pass_of_its_own_measures(
    model_directory, make_sae, responses
) -> None:
    saes = {name: make_sae(name, seed=seed) for seed, name in enumerate(("one", "two"))}
    extractor = Extractor.open(settings(model_directory("gemma3"), saes, fit={"responses": 6}))
    for name, extraction in extractor.extract(responses).items():
        [landed] = extraction.sae_fit.to_pylist()
        alone = dict(vars(extractor.fits(responses, [name])[name]))
        assert landed.pop("loss_recovered") is alone.pop("loss_recovered") is None  # nobody asked for it
        assert landed == pytest.approx(alone, rel=1e-5)
        assert landed["fvu"] > 0


def test_a_transcoder_explains_no_variance_of_what_it_reads(model_directory, make_sae, responses) -> None:
    options = {"d_out": D_MODEL, "apply_b_dec_to_input": False, "hook": "blocks.2.mlp.hook_in"}
    sae = make_sae(architecture="jumprelu_transcoder", **options)
    fit = Extractor.open(settings(model_directory("gemma3"), {"sae": sae})).fits(responses)["sae"]
    assert fit.fvu is None
    assert fit.l0 > 0


def test_activations_that_are_not_finite_name_the_response(model_directory, make_sae, responses) -> None:
    extractor = Extractor.open(settings(model_directory("llama"), {"sae": make_sae()}))
    rows = responses.to_pylist()
    poisoned = 7
    rows[3]["response_token_ids"][2] = poisoned
    for row in rows:
        row["response_token_ids"] = [
            8 if token == poisoned and row is not rows[3] else token for token in row["response_token_ids"]
        ]
        row["prompt_token_ids"] = [8 if token == poisoned else token for token in row["prompt_token_ids"]]
    with torch.no_grad():
        extractor._backend.backbone.model.embed_tokens.weight[poisoned] = float("nan")
    table = pa.Table.from_pylist(rows, schema=schema.RESPONSES.schema)
    name = rows[3]["response_id"]
    with pytest.raises(StudyError, match=rf"response {name}: .*blocks\.2\.hook_resid_post are not finite"):
        extractor.extract(table)


def test_an_infinite_activation_names_response_and_feature(model_directory, make_sae, responses) -> None:
    sae = make_sae()
    file = Path(sae["path"]) / "sae_weights.safetensors"
    weights = load_file(file)
    weights["W_enc"][:, 7] = 3e38
    save_file(weights, file)
    extractor = Extractor.open(settings(model_directory("llama"), {"sae": sae}))
    with pytest.raises(StudyError, match=r"response \d+: SAE sae gives feature 7 an infinite activation"):
        extractor.extract(responses)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": {"tokens_per_batch": 0}}, "engine.tokens_per_batch"),
        (
            {"engine": {"tensor_parallel_size": 2}},
            "'tensor_parallel_size' for transformers; it takes device",
        ),
        ({"engine": {"device": "abacus"}}, "'abacus' is no device"),
    ],
)
def test_settings_that_cannot_be_served_are_one_clear_line(
    options, message, model_directory, make_sae
) -> None:
    with pytest.raises(StudyError, match=message) as error:
        Extractor.open(settings(model_directory("llama"), {"sae": make_sae()}, **options))
    assert "\n" not in str(error.value)


def test_a_missing_model_is_one_clear_line(make_sae, tmp_path) -> None:
    with pytest.raises(StudyError, match="no such model directory"):
        Extractor.open(settings(str(tmp_path / "nowhere"), {"sae": make_sae()}))


def test_an_unknown_sae_is_named_with_those_that_exist(model_directory, make_sae, responses) -> None:
    extractor = Extractor.open(settings(model_directory("llama"), {"first": make_sae()}))
    with pytest.raises(StudyError, match="no SAE 'second'.*there are: first"):
        extractor.extract(responses, saes=["second"])


def test_bfloat16_is_close_to_float32(model_directory, make_sae, responses) -> None:
    sae, model = make_sae(), model_directory("gemma3")
    exact, rough = (
        Extractor.open(settings(model, {"sae": sae}, dtype=dtype)).extract(responses)["sae"].activations
        for dtype in ("float32", "bfloat16")
    )
    keys = [
        set(zip(*table.select(["feature_id", "response_id"]).to_pydict().values(), strict=True))
        for table in (exact, rough)
    ]
    assert len(keys[0] & keys[1]) > 0.9 * len(keys[0] | keys[1])
    assert not exact["max"].equals(rough["max"])


@pytest.mark.parametrize("module", ["extract", "models.sae", "extract.conversation"])
def test_what_a_code_location_imports_loads_no_torch(module) -> None:
    check = f"import sys, persona_assets.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
