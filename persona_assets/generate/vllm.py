"""The backend that runs a model in vLLM's engine: what the full size is generated with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from persona_assets.base.errors import EngineError
from persona_assets.generate.backend import Completion, by_text
from persona_assets.generate.prompts import Prompt
from persona_assets.models.chat import stop_token
from persona_assets.models.loading import load_tokenizer, weights_of
from persona_assets.models.vllm_engine import (
    Request,
    close_engine,
    open_engine,
    plain_failures,
    run_requests,
)
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.vllm_options import check_generation

if TYPE_CHECKING:
    from vllm import CompletionOutput, RequestOutput, SamplingParams


class VllmBackend:
    """One offline engine; its prefix cache holds a variant's system prompt over all questions."""

    n_likeliest = 0

    def __init__(self, generation: GenerationSettings) -> None:
        check_generation(generation.engine)
        self.generation = generation
        self.tokenizer = load_tokenizer(generation.model, generation.revision)
        stop = stop_token(self.tokenizer)  # beside the model's own, which the engine knows
        self._stop_ids = [] if stop is None else [stop]
        weights_of(generation.model, generation.revision)  # refuses what the others would refuse
        self.llm = open_engine(
            generation.model,
            generation.revision,
            dtype=generation.dtype,
            max_model_len=generation.max_model_len,
            options={"enable_prefix_caching": True, **generation.engine},
        )

    def complete(self, prompts: Sequence[Prompt], done: Collection[int] = ()) -> Iterator[Completion]:
        """Answer the prompts as the engine finishes them; prompts that share a prefix go in together."""
        waiting = {str(prompt.response_id): prompt for prompt in prompts if prompt.response_id not in done}
        requests = {
            name: Request(prompt.token_ids, self.sampling(prompt)) for name, prompt in waiting.items()
        }
        with plain_failures("generation"), closing(run_requests(self.llm, requests)) as steps:
            for finished in steps:
                for output in finished:
                    yield self.completion(waiting[output.request_id], output)

    def close(self) -> None:
        """End the engine, so that its memory is free."""
        close_engine(self.llm)
        del self.llm

    def sampling(self, prompt: Prompt) -> SamplingParams:
        """Return how the answer to a prompt is sampled."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(
            temperature=self.generation.temperature,
            top_p=self.generation.top_p,
            max_tokens=min(self.generation.max_tokens, self.generation.max_model_len - len(prompt.token_ids)),
            seed=prompt.seed,
            stop_token_ids=self._stop_ids,
            logprobs=self.n_likeliest or None,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    def completion(self, prompt: Prompt, output: RequestOutput) -> Completion:
        """Return the answer that the engine has finished. Raises EngineError where it gave up."""
        answer = output.outputs[0]
        if answer.finish_reason not in ("stop", "length"):  # the engine gave up, told to end for one
            raise EngineError(f"{prompt.where}: vLLM ended it by itself ({answer.finish_reason}); run again")
        stopped = answer.finish_reason == "stop"
        ids = list(answer.token_ids)[: -1 if stopped else None]  # without the token that ended it
        return Completion(
            response_id=prompt.response_id,
            token_ids=ids,
            text=self.tokenizer.decode(ids, skip_special_tokens=True),
            finish_reason="stop" if stopped else "length",
            likeliest=self._likeliest(answer),
        )

    def _likeliest(self, answer: CompletionOutput) -> dict[str, float] | None:
        if not answer.logprobs:
            return None
        return by_text((self.tokenizer.decode([id_]), one.logprob) for id_, one in answer.logprobs[0].items())
