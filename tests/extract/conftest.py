"""Tiny models with random weights, a tokenizer with a chat template, random SAEs: real parts, only small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny import SPECIAL, random_sae, tiny_config
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
CORPUS = [
    "Ahoy! The sea is wide, and my ship sails where the wind will carry her.",
    "A ghost walks the halls at night; who hears the café's old door, naïve 日本 ☃?",
    "<start_of_turn>user\nWhat is your trade?<end_of_turn>\n<start_of_turn>model\nI bake bread.",
] * 5


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE(byte_fallback=False))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    bpe.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        additional_special_tokens=["<start_of_turn>", "<end_of_turn>"],
        chat_template=TEMPLATE,
    )


@pytest.fixture(scope="session")
def model_directory(
    tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast
) -> Callable[[str], str]:
    """The directory of a tiny random model of a family, made once a session."""
    made: dict[str, str] = {}

    def directory(family: str) -> str:
        if family not in made:
            torch.manual_seed(0)
            model = AutoModelForCausalLM.from_config(tiny_config(family, len(tokenizer)))
            with torch.no_grad():
                for weight in model.parameters():
                    # Large enough that layers, norms' gains and biases all matter.
                    weight.add_(torch.randn_like(weight) * (0.3 if weight.ndim == 1 else 0.15))
            path = tmp_path_factory.mktemp(family)
            model.save_pretrained(path)
            tokenizer.save_pretrained(path)
            made[family] = str(path)
        return made[family]

    return directory


@pytest.fixture
def make_sae(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """`make_sae(name, **options of random_sae)` gives the study's settings of a new random SAE."""
    return lambda name="sae", **options: {"path": random_sae(tmp_path / name, **options)}
