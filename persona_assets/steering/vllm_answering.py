"""vLLM's engine as what answers while a stream is edited: thousands of answers at a time.

A request says which its edit is, and which of its tokens is the first that is edited; the worker edits the
rows of all requests of a step together (`vllm_worker`). `generation.engine` goes to `vllm.LLM` as it is, less
what `_FIXED` decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.vllm import VllmBackend
from persona_assets.models.hooks import HookPoint, output_layer
from persona_assets.models.loading import text_config
from persona_assets.models.vllm_engine import V1_RUNNER, Request, environment, plain_failures, run_requests
from persona_assets.steering.edit_table import packed
from persona_assets.steering.edits import Edit
from persona_assets.steering.vllm_worker import EDIT, SteeringWorker
from persona_assets.study.backends import extraction_backend
from persona_assets.study.settings import GenerationSettings, SaeSettings

_ELSEWHERE = "let the intervention say `answer_backend: transformers`"

# Without these the worker would not edit each token once: compiled graphs run no hooks, a layer may lie in
# another process, and tokens that are drafted are read and thrown away.
_FIXED = {
    "enforce_eager": True,
    "worker_extension_cls": f"{SteeringWorker.__module__}.{SteeringWorker.__qualname__}",
}
_SINGLE = ("pipeline_parallel_size", "data_parallel_size")
_UNSERVED = ("speculative_config", "worker_extension_cls")
# The SAE is loaded when vLLM has taken its share of the GPU.
_DEFAULTS = {"gpu_memory_utilization": 0.8}


class SteeredEngine:
    """An offline engine with the stream at `point` edited, which the SAE of `sae` reads; see `Steered`.

    Raises StudyError where that stream is none between layers, or an option cannot be served.
    """

    def __init__(self, generation: GenerationSettings, point: HookPoint, sae: SaeSettings) -> None:
        self._layer, self._sae, self._n_calls = _layer(generation, point), sae, 0
        _check_options(generation.engine)
        engine = {**_DEFAULTS, **generation.engine, **_FIXED}
        with ExitStack() as opened:
            opened.enter_context(environment(V1_RUNNER))
            self._backend = VllmBackend(generation.model_copy(update={"engine": engine}))
            self._opened = opened.pop_all()

    def answers(
        self,
        edits: Sequence[Edit],
        prompts: Sequence[Prompt],
        *,
        whole_conversation: bool,
        done: Collection[tuple[int, int]] = (),
    ) -> Iterator[list[tuple[int, Completion]]]:
        """Yield answers as the engine finishes them, some of all edits at a time (`Steered.answers`)."""
        given = (packed(edits), self._layer, self._sae.model_dump(mode="json"))
        wrong = [one for one in self._backend.llm.collective_rpc("persona_edits", args=given) if one]
        if wrong:
            raise StudyError(wrong[0])
        self._n_calls += 1
        asked = {
            f"{place} {prompt.response_id}": (place, prompt)
            for place in range(len(edits))
            for prompt in prompts
            if (place, prompt.response_id) not in done
        }
        requests = {name: self._request(*one, whole_conversation) for name, one in asked.items()}
        with plain_failures("generation"), closing(run_requests(self._backend.llm, requests)) as steps:
            for finished in steps:
                yield [
                    (place, self._backend.completion(prompt, output))
                    for output in finished
                    for place, prompt in [asked[output.request_id]]
                ]

    def close(self) -> None:
        """End the engine, so that its memory is free."""
        self._backend.close()
        self._opened.close()

    def _request(self, place: int, prompt: Prompt, whole_conversation: bool) -> Request:
        """Return what is asked of the engine.

        Keys and values are shared where the same tokens are edited alike: among requests of the same edit
        whose edited tokens begin at the same place.
        """
        first = 0 if whole_conversation else len(prompt.token_ids)
        sampling = self._backend.sampling(prompt)
        sampling.extra_args = {EDIT: [place, first]}
        return Request(prompt.token_ids, sampling, f"{self._n_calls} {place} {first}")


def _layer(generation: GenerationSettings, point: HookPoint) -> int:
    """Return the layer whose output is edited. Raises StudyError where the stream is not served."""
    known, layer = extraction_backend("vllm"), output_layer(point)
    model_type = text_config(generation.model, generation.revision).model_type
    if layer is None or not known.reads(point.site, model_type):
        raise StudyError(
            f"vLLM edits {known.reading}, and the SAE reads {point} of {model_type}; {_ELSEWHERE}"
        )
    return layer


def _check_options(options: dict[str, Any]) -> None:
    refused = [name for name in _SINGLE if options.get(name, 1) != 1]
    refused += [name for name in _UNSERVED if options.get(name) is not None]
    if refused:
        raise StudyError(f"generation.engine.{refused[0]}: no stream is edited under it; {_ELSEWHERE}")
