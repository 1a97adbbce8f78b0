"""The backend that runs a model with Hugging Face transformers: on any machine, and reproducibly.

Every response draws from its own seeded stream, and batches are made from the role's prompts alone,
so the same study gives the same text whenever and in whatever order its roles are run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import torch
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.models.chat import stop_ids
from persona_assets.models.loading import load_tokenizer, loading, weights_of
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.transformers_options import checked_options


class SeededSampling(LogitsProcessor):
    """Draws each row's next token by inverting its distribution at the row's own next uniform number.

    `uniforms`: float64[n_rows, max_new_tokens]. Leaves only the drawn token possible.
    """

    def __init__(self, uniforms: torch.Tensor, n_prompt_tokens: int) -> None:
        self.uniforms = uniforms
        self.n_prompt_tokens = n_prompt_tokens

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores `float[n_rows, n_vocabulary]` that leave each row its drawn token only."""
        step = input_ids.shape[1] - self.n_prompt_tokens
        cumulative = scores.double().softmax(-1).cumsum(-1)  # [n_rows, n_vocabulary]
        level = self.uniforms[:, step : step + 1] * cumulative[:, -1:]
        drawn = torch.searchsorted(cumulative, level, right=True)  # right: never a token of probability 0
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn, 0.0)


class TransformersBackend:
    """A causal language model in this process, answering in fixed batches."""

    def __init__(self, generation: GenerationSettings) -> None:
        options = checked_options(generation.engine)
        self.generation = generation
        self.batch_size = options.batch_size
        self.device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = load_tokenizer(generation.model, generation.revision)
        with loading(generation.model):
            self.model = (
                AutoModelForCausalLM.from_pretrained(
                    **weights_of(generation.model, generation.revision),
                    dtype=getattr(torch, generation.dtype),
                )
                .to(self.device)
                .eval()
            )
        self.stop_ids = stop_ids(self.model.generation_config.eos_token_id, self.tokenizer)
        self.model.generation_config = GenerationConfig()  # the study's sampling holds, not the model's own

    def complete(self, prompts: Sequence[Prompt], done: Collection[int] = ()) -> Iterator[Completion]:
        """Answer the prompts in batches of like length.

        The batches are made from all prompts, whichever are `done`: one that is half done runs whole again,
        so that what a resumed role says is bit for bit what it would have said.
        """
        by_length = sorted(prompts, key=lambda prompt: (len(prompt.token_ids), prompt.response_id))
        for start in range(0, len(by_length), self.batch_size):
            batch = by_length[start : start + self.batch_size]
            if any(prompt.response_id not in done for prompt in batch):
                completions = self._complete_batch(batch)
                yield from (one for one in completions if one.response_id not in done)

    def close(self) -> None:
        """Drop the model."""
        del self.model
        if self.device != "cpu":
            torch.cuda.empty_cache()

    @torch.inference_mode()
    def _complete_batch(self, prompts: Sequence[Prompt]) -> Iterator[Completion]:
        input_ids, attention_mask = self._pad_left(prompts)
        width = input_ids.shape[1]
        longest = min(self.generation.max_tokens, self.generation.max_model_len - width)
        output = self.model.generate(
            input_ids=input_ids,
            attention_mask=attention_mask,
            generation_config=self._config(longest),
            logits_processor=self._sampler(prompts, width, longest),
        )
        rows = output[:, width:].tolist()
        return (self._completion(prompt, row) for prompt, row in zip(prompts, rows, strict=True))

    def _config(self, max_new_tokens: int) -> GenerationConfig:
        return GenerationConfig(
            do_sample=False,  # the sampler below draws; what it drew is then the only, so the best token
            max_new_tokens=max_new_tokens,
            eos_token_id=sorted(self.stop_ids),
            pad_token_id=min(self.stop_ids),
        )

    def _sampler(self, prompts: Sequence[Prompt], width: int, steps: int) -> LogitsProcessorList:
        if self.generation.temperature == 0:
            return LogitsProcessorList()
        uniforms = torch.stack([_uniforms(prompt.seed, steps) for prompt in prompts])
        return LogitsProcessorList(
            [
                TemperatureLogitsWarper(self.generation.temperature),
                TopPLogitsWarper(self.generation.top_p),
                SeededSampling(uniforms.to(self.device), width),
            ]
        )

    def _pad_left(self, prompts: Sequence[Prompt]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(prompt.token_ids) for prompt in prompts)
        input_ids = torch.full((len(prompts), width), min(self.stop_ids))
        attention_mask = torch.zeros_like(input_ids)
        for row, prompt in enumerate(prompts):
            input_ids[row, width - len(prompt.token_ids) :] = torch.tensor(prompt.token_ids)
            attention_mask[row, width - len(prompt.token_ids) :] = 1
        return input_ids.to(self.device), attention_mask.to(self.device)

    def _completion(self, prompt: Prompt, row: list[int]) -> Completion:
        end = next((place for place, token in enumerate(row) if token in self.stop_ids), None)
        ids = row[:end]
        return Completion(
            response_id=prompt.response_id,
            token_ids=ids,
            text=self.tokenizer.decode(ids, skip_special_tokens=True),
            finish_reason="length" if end is None else "stop",
        )


def _uniforms(seed: int, steps: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(steps, generator=generator, dtype=torch.float64)
