"""What the fixtures and tests of extraction are made of: tiny models, random SAEs, random responses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedTokenizerFast

from persona_assets.lake import schema
from persona_assets.study.questions import read_questions
from persona_assets.study.settings import ExtractionSettings
from tests.extract.families import D_MODEL
from tests.places import PROJECT

SPECIAL = ["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]


def random_sae(
    path: Path,
    architecture: str = "jumprelu",
    hook: str = "blocks.2.hook_resid_post",
    d_in: int = D_MODEL,
    d_sae: int = 96,
    seed: int = 0,
    gain: float = 1.0,
    **options: Any,
) -> str:
    """Save a random SAE of `architecture` in SAELens's format; about a tenth of its features fire a token.

    That is on a stream of unit scale: `gain` makes up for a weaker one.
    """
    from sae_lens.registry import get_sae_class
    from sae_lens.saes.sae import SAEMetadata

    sae_class, config_class = get_sae_class(architecture)
    metadata = SAEMetadata(hook_name=hook, model_name="tiny", **options.pop("metadata", {}))
    sae = sae_class(config_class(d_in=d_in, d_sae=d_sae, metadata=metadata, **options))
    generator = torch.Generator().manual_seed(seed)
    for name, weight in sae.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if name == "W_enc":
            weight.data = noise * gain / d_in**0.5
        elif name == "W_dec":
            weight.data = noise / noise.norm(dim=1, keepdim=True)
        elif name == "threshold":
            weight.data = 1 + noise.abs()
        elif name in ("b_enc", "b_gate", "b_mag"):
            weight.data = noise * 0.3 - (1.5 if name != "b_mag" else 0)
        else:
            weight.data = noise * 0.1
    sae.save_model(path)
    return str(path)


def response_table(tokenizer: PreTrainedTokenizerFast, lengths: list[int], seed: int = 0) -> pa.Table:
    """Responses of these many random tokens after prompts of unequal length; ids are not in order."""
    rng = np.random.default_rng(seed)
    rows = []
    for index, length in enumerate(lengths):
        question = " ".join(["sea", "wind", "ship"] * int(rng.integers(1, 6)))
        messages = [{"role": "user", "content": question}]
        prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
        ids = rng.integers(len(SPECIAL), len(tokenizer), size=length).tolist()
        rows.append(response_row(variant=(7 * index) % 5, question_id=index, prompt=prompt, response=ids))
    return pa.Table.from_pylist(rows, schema=schema.RESPONSES.schema)


def questions_as_answers(tokenizer: PreTrainedTokenizerFast, n: int) -> pa.Table:
    """Responses of real text: each of the first `n` questions but the first answers the one before it."""
    rows = []
    for asked, said in pairwise(read_questions(PROJECT / "data" / "extraction_questions.jsonl")[:n]):
        messages = [{"role": "user", "content": asked.text}]
        prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
        rows.append(
            response_row(0, asked.id, prompt, tokenizer(said.text, add_special_tokens=False).input_ids)
        )
    return pa.Table.from_pylist(rows, schema=schema.RESPONSES.schema)


def response_row(variant: int, question_id: int, prompt: list[int], response: list[int]) -> dict[str, Any]:
    return {
        "response_id": schema.response_id(variant, question_id),
        "variant": variant,
        "question_id": question_id,
        "prompt_token_ids": prompt,
        "response_token_ids": response,
    }


def settings(model: str, saes: dict[str, dict[str, str]], **options: Any) -> ExtractionSettings:
    """A study's `extraction` block: float32 on the CPU, with small batches."""
    engine = {"device": "cpu", "tokens_per_batch": 150}
    return ExtractionSettings.model_validate(
        {"model": model, "saes": saes, "dtype": "float32", "engine": engine, **options}
    )
