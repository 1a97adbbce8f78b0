"""Tiny models with random weights, a tokenizer with a chat template, random SAEs: real parts, only small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    PreTrainedTokenizerFast,
)

from tests.extract.families import tiny_config
from tests.extract.tiny import SPECIAL, random_sae

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
) -> Callable[..., str]:
    """The directory of a tiny random model of a family, made once a session; `head` is its heads' width."""
    made: dict[tuple[str, int | None], str] = {}

    def directory(family: str, head: int | None = None) -> str:
        if (family, head) not in made:
            torch.manual_seed(0)
            model = AutoModelForCausalLM.from_config(tiny_config(family, len(tokenizer), head))
            with torch.no_grad():
                for weight in model.parameters():
                    # Large enough that layers, norms' gains and biases all matter.
                    weight.add_(torch.randn_like(weight) * (0.3 if weight.ndim == 1 else 0.15))
            path = tmp_path_factory.mktemp(family)
            model.save_pretrained(path)
            tokenizer.save_pretrained(path)
            made[family, head] = str(path)
        return made[family, head]

    return directory


@pytest.fixture(scope="session")
def multimodal(tmp_path_factory: pytest.TempPathFactory, model_directory: Callable[[str], str]) -> str:
    """A multimodal Gemma 3 whose text model is that of `model_directory("gemma3")`."""
    text = AutoModelForCausalLM.from_pretrained(model_directory("gemma3"))
    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Gemma3Config(
        text_config=text.config.to_dict(),
        vision_config={**vision, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
    )
    model = Gemma3ForConditionalGeneration(config)
    model.model.language_model.load_state_dict(text.model.state_dict())
    path = tmp_path_factory.mktemp("multimodal")
    model.save_pretrained(path)
    return str(path)


@pytest.fixture
def make_sae(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """`make_sae(name, **options of random_sae)` gives the study's settings of a new random SAE."""
    return lambda name="sae", **options: {"path": random_sae(tmp_path / name, **options)}
