"""The backend that runs a model with Hugging Face transformers: on any machine, and reproducibly.

Every response draws from its own seeded stream. Batches are made from a role's prompts, or, where these do
not fill one, from those of several whole roles. Which roles share a batch touches the last digits of sums.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedTokenizerBase,
)
from transformers.cache_utils import DynamicCache

from persona_assets.generate.backend import Completion, by_text
from persona_assets.generate.cache import (
    attend_by_groups,
    keeps_all_tokens,
    roomy_cache,
    shared_beginnings,
)
from persona_assets.generate.packed import pack_linear_layers
from persona_assets.generate.prompts import Prompt
from persona_assets.models.chat import stop_ids
from persona_assets.models.loading import load_tokenizer, loading, weights_of
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.transformers_options import checked_options

_LIKELIEST = 256  # tokens looked at first: they nearly always hold the mass that is asked for


class SeededSampling(LogitsProcessor):
    """Draws each row's next token by inverting its distribution at the row's own next uniform number.

    The distribution is that of the fewest likeliest tokens that hold `top_p` of the mass at `temperature`, in
    the order of their ids. `uniforms`: float64[n_rows, max_new_tokens]. Leaves only the drawn token possible.
    """

    def __init__(
        self, uniforms: torch.Tensor, n_prompt_tokens: int, temperature: float = 1.0, top_p: float = 1.0
    ) -> None:
        self.uniforms = uniforms
        self.n_prompt_tokens = n_prompt_tokens
        self.temperature, self.top_p = temperature, top_p

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores `float[n_rows, n_vocabulary]` that leave each row its drawn token only."""
        step = input_ids.shape[1] - self.n_prompt_tokens
        scaled = scores / self.temperature
        kept, ids = self._nucleus(scaled)
        cumulative = kept.double().softmax(-1).cumsum(-1)  # [n_rows, n_kept]
        level = self.uniforms[:, step : step + 1] * cumulative[:, -1:]
        drawn = torch.searchsorted(cumulative, level, right=True)  # right: never a token of probability 0
        if ids is not None:
            drawn = ids.gather(1, drawn)
        return scaled.fill_(-torch.inf).scatter_(1, drawn, 0.0)

    def _nucleus(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return scores and ids `[n_rows, n_kept]` by id; where a row keeps fewer -inf.

        Ids are None where all stay.
        """
        if self.top_p >= 1:
            return scores, None
        probability = scores.softmax(-1)
        for n in (min(_LIKELIEST, scores.shape[1]), scores.shape[1]):
            likeliest, ids = probability.topk(n)
            before = likeliest.cumsum(-1) - likeliest
            if n == scores.shape[1] or bool((before[:, -1] >= self.top_p).all()):
                break
        kept = scores.gather(1, ids).masked_fill(before >= self.top_p, -torch.inf)
        ids, order = ids.sort(-1)
        return kept.gather(1, order), ids


class FirstTokens(LogitsProcessor):
    """Notes the `n` likeliest first tokens of each row, `[n_rows, n]`, and changes nothing."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.noted: tuple[torch.Tensor, torch.Tensor] | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores as they are."""
        if self.noted is None:
            logprobs, ids = scores.float().log_softmax(-1).topk(min(self.n, scores.shape[1]))
            self.noted = logprobs, ids
        return scores

    def by_row(self, tokenizer: PreTrainedTokenizerBase) -> list[dict[str, float] | None]:
        """Return each row's probabilities by the tokens' text."""
        assert self.noted is not None
        logprobs, ids = (noted.tolist() for noted in self.noted)
        return [
            by_text(zip(map(tokenizer.decode, row), of_row, strict=True))
            for row, of_row in zip(ids, logprobs, strict=True)
        ]


class TransformersBackend:
    """A causal language model in this process, answering in fixed batches.

    `model` is one that is loaded already, on the study's device and of its type; it goes on being read by
    others, its linear layers packed (`pack_linear_layers`).
    """

    n_likeliest = 0

    def __init__(self, generation: GenerationSettings, model: Any = None) -> None:
        options = checked_options(generation.engine)
        self.generation = generation
        self.batch_size = options.batch_size
        self.device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = load_tokenizer(generation.model, generation.revision)
        self.model = _loaded(generation).to(self.device).eval() if model is None else model
        attend_by_groups(self.model)
        pack_linear_layers(self.model, self.batch_size)
        self.shares = keeps_all_tokens(self.model)
        self._own_config = self.model.generation_config
        self.stop_ids = stop_ids(self._own_config.eos_token_id, self.tokenizer)
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
                completions = self._complete_batch([(0, prompt) for prompt in batch])
                yield from (one for one in completions if one.response_id not in done)

    def complete_together(self, roles: Sequence[Sequence[Prompt]]) -> Iterator[tuple[int, Completion]]:
        """Answer the prompts of several roles in one batch; yield each answer with its role's place."""
        batch = [(place, prompt) for place, prompts in enumerate(roles) for prompt in prompts]
        return zip((place for place, _ in batch), self._complete_batch(batch), strict=True)

    def close(self) -> None:
        """Drop the model."""
        self.model.generation_config = self._own_config  # whoever else holds it may have it answer again
        del self.model
        if self.device != "cpu":
            torch.cuda.empty_cache()

    @torch.inference_mode()
    def _complete_batch(self, batch: Sequence[tuple[int, Prompt]]) -> Iterator[Completion]:
        """Answer the prompts, each beside the place of its role."""
        prompts = [prompt for _, prompt in batch]
        rows = [prompt.token_ids for prompt in prompts]
        beginnings = (
            shared_beginnings(rows, [(role, prompt.variant) for role, prompt in batch])
            if self.shares
            else [0] * len(rows)
        )
        parts = [(row[:n], row[n:]) for row, n in zip(rows, beginnings, strict=True)]
        widths = [max(len(part[place]) for part in parts) for place in (0, 1)]
        longest = min(self.generation.max_tokens, self.generation.max_model_len - max(map(len, rows)))
        padded = [self._pad_left([part[place] for part in parts], widths[place]) for place in (0, 1)]
        input_ids, attention_mask = (torch.cat(both, 1) for both in zip(*padded, strict=True))
        width = sum(widths)
        first = [FirstTokens(self.n_likeliest)] if self.n_likeliest else []
        output = self.model.generate(
            input_ids=input_ids,
            attention_mask=attention_mask,
            past_key_values=self._begun(*padded[0], width + longest),
            generation_config=self._config(longest),
            logits_processor=LogitsProcessorList([*first, *self._sampler(prompts, width, longest)]),
        )
        answers = output[:, width:].tolist()
        likeliest = first[0].by_row(self.tokenizer) if first else [None] * len(rows)
        return map(self._completion, prompts, answers, likeliest)

    def _begun(self, beginnings: torch.Tensor, mask: torch.Tensor, room: int) -> DynamicCache:
        """Return a cache that has read each row's beginning, `[n_rows, width]`, those that are alike once."""
        cache = roomy_cache(self.model, room)
        if beginnings.shape[1]:
            both, rows = torch.stack([beginnings, mask], -1).unique(dim=0, return_inverse=True)
            ids, seen = both.unbind(-1)
            positions = (seen.cumsum(-1) - 1).clamp(min=0)
            self.model.base_model(
                input_ids=ids, attention_mask=seen, position_ids=positions, past_key_values=cache
            )
            cache.batch_select_indices(rows)
        return cache

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
        uniforms = torch.stack([_uniforms(prompt.seed, steps) for prompt in prompts]).to(self.device)
        temperature, top_p = self.generation.temperature, self.generation.top_p
        return LogitsProcessorList([SeededSampling(uniforms, width, temperature, top_p)])

    def _pad_left(self, rows: Sequence[Sequence[int]], width: int) -> tuple[torch.Tensor, torch.Tensor]:
        input_ids = torch.full((len(rows), width), min(self.stop_ids))
        attention_mask = torch.zeros_like(input_ids)
        for place, row in enumerate(rows):
            input_ids[place, width - len(row) :] = torch.tensor(row, dtype=input_ids.dtype)
            attention_mask[place, width - len(row) :] = 1
        return input_ids.to(self.device), attention_mask.to(self.device)

    def _completion(self, prompt: Prompt, row: list[int], likeliest: dict[str, float] | None) -> Completion:
        end = next((place for place, token in enumerate(row) if token in self.stop_ids), None)
        ids = row[:end]
        return Completion(
            response_id=prompt.response_id,
            token_ids=ids,
            text=self.tokenizer.decode(ids, skip_special_tokens=True),
            finish_reason="length" if end is None else "stop",
            likeliest=likeliest,
        )


def _loaded(generation: GenerationSettings) -> Any:
    with loading(generation.model):
        return AutoModelForCausalLM.from_pretrained(
            **weights_of(generation.model, generation.revision), dtype=generation.dtype
        )


def _uniforms(seed: int, steps: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(steps, generator=generator, dtype=torch.float64)
