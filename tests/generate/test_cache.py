from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from transformers import Gemma3TextConfig, LlamaConfig, LlamaForCausalLM, PreTrainedModel
from transformers.cache_utils import DynamicCache

from persona_assets.generate.cache import attend_by_groups, keeps_all_tokens, roomy_cache, shared_beginnings

N_TOKENS, N_NEW = 9, 6


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    """A random model in which three heads share each key."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def grouped(model: PreTrainedModel) -> Iterator[PreTrainedModel]:
    attend_by_groups(model)
    yield model
    model.set_attn_implementation("sdpa")


@torch.inference_mode()
def logits(model: PreTrainedModel, cache: DynamicCache, ids: torch.Tensor, n_first: int) -> torch.Tensor:
    """The logits of every token, `n_first` of them read at once and the others one by one."""
    mask = torch.ones_like(ids)
    mask[0, :2] = 0  # the first row begins later
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    found = []
    for start, end in [(0, n_first), *((at, at + 1) for at in range(n_first, ids.shape[1]))]:
        answer = model(
            input_ids=ids[:, start:end],
            attention_mask=mask[:, :end],
            position_ids=positions[:, start:end],
            past_key_values=cache,
        )
        found.append(answer.logits)
    return torch.cat(found, 1)[:, 2:]


def test_steps_of_grouped_heads_in_a_roomy_cache_give_what_transformers_gives(model, request) -> None:
    ids = torch.randint(50, (3, N_TOKENS + N_NEW), generator=torch.Generator().manual_seed(1))
    expected = logits(model, DynamicCache(config=model.config), ids, N_TOKENS)
    grouped = request.getfixturevalue("grouped")
    cache = roomy_cache(grouped, N_TOKENS + N_NEW)
    found = logits(grouped, cache, ids, N_TOKENS)
    assert keeps_all_tokens(grouped)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_beginning_that_was_read_once_serves_every_row(grouped: PreTrainedModel) -> None:
    ids = torch.randint(50, (1, N_TOKENS), generator=torch.Generator().manual_seed(2))
    rows = torch.cat([ids.expand(3, -1), torch.tensor([[7], [8], [9]])], 1)
    cache = roomy_cache(grouped, N_TOKENS + 1)
    with torch.inference_mode():
        expected = grouped(rows).logits[:, -1]
        grouped.base_model(input_ids=ids, past_key_values=cache)
        cache.batch_select_indices(torch.zeros(3, dtype=torch.long))
        found = grouped(
            rows[:, N_TOKENS:], attention_mask=torch.ones_like(rows), past_key_values=cache
        ).logits
    torch.testing.assert_close(found[:, -1], expected, atol=1e-5, rtol=1e-5)


def test_layers_of_a_sliding_window_stay_transformers_own() -> None:
    config = Gemma3TextConfig(num_hidden_layers=6, sliding_window=8)
    model = torch.nn.Module()
    model.config = config  # type: ignore[assignment]
    cache = roomy_cache(model, 32)  # type: ignore[arg-type]
    assert not keeps_all_tokens(model)  # type: ignore[arg-type]
    assert [layer.is_sliding for layer in cache.layers] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("prompts", "groups", "expected"),
    [
        ([[1, 2, 3], [1, 2, 4, 5], [9, 9]], [0, 0, 1], [2, 2, 1]),
        ([[1, 2, 3], [1, 2, 3]], [0, 0], [2, 2]),
        ([[1, 2, 3], [1, 2]], [0, 0], [1, 1]),
        ([[1, 2], [3, 2]], [0, 0], [0, 0]),
        ([[4]], [0], [0]),
    ],
)
def test_what_prompts_of_a_group_begin_with_leaves_each_its_last_token(prompts, groups, expected) -> None:
    assert shared_beginnings(prompts, groups) == expected
