"""From the catalog to ``tests/toy/data``: corpus, tokenizer, model, SAE, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from sae_lens import SAE
from transformers import AutoTokenizer, Gemma3ForCausalLM, PreTrainedTokenizerFast

from tests.toy.catalog import Catalog, load_catalog
from tests.toy.corpus import conversations
from tests.toy.drills import drills
from tests.toy.encoding import encode
from tests.toy.evaluate import Measured, measure
from tests.toy.residuals import residuals
from tests.toy.speak import in_own_words
from tests.toy.speaker import Conversation
from tests.toy.tokenizer import train_tokenizer
from tests.toy.train_model import Report, new_model, train_model
from tests.toy.train_sae import LAYER, save_sae, train_sae

MAX_SCRIPT_TURNS = 10


@dataclass(frozen=True)
class Size:
    """How much to make; the defaults are those of the committed demo, smaller ones serve tests."""

    conversations: int = 20_000
    drills: int = 5000
    model_steps: int = 1800
    sae_steps: int = 2000
    spoken: int = 1500  # conversations that the model speaks itself, for the SAE
    evaluated: int = 600


def build(data: Path, out: Path, size: Size, seed: int, report: Report) -> Measured:
    """Make ``out/model`` and ``out/sae`` from the catalog under `data`; measure them as saved."""
    catalog = load_catalog(data)
    make_model(catalog, out / "model", size, seed, report)
    model, tokenizer = load_model(out / "model")
    make_sae(catalog, model, tokenizer, out / "sae", size, seed, report)
    report("measuring")
    sae = SAE.load_from_disk(out / "sae")
    fresh = spoken(catalog, model, tokenizer, size.evaluated, seed + 2)
    return measure(catalog, model, tokenizer, sae, fresh, LAYER, seed + 3)


def make_model(catalog: Catalog, directory: Path, size: Size, seed: int, report: Report) -> None:
    """Train tokenizer and model on the corpus; save them as a Hugging Face directory in bfloat16."""
    corpus = list(islice(conversations(catalog, seed), size.conversations))
    tokenizer = train_tokenizer(_texts(corpus))
    documents = [encode(conversation, tokenizer) for conversation in corpus]
    practice = [encode(drill, tokenizer) for drill in islice(drills(catalog, seed), size.drills)]
    report(f"corpus: {len(corpus)} conversations, {sum(len(d.ids) for d in documents)} tokens")
    model = new_model(tokenizer, seed)
    train_model(model, documents, practice, size.model_steps, seed, report)
    model.to(torch.bfloat16).save_pretrained(directory)
    tokenizer.save_pretrained(directory)


def load_model(directory: Path) -> tuple[Gemma3ForCausalLM, PreTrainedTokenizerFast]:
    """The saved model, computing in float32, and its tokenizer."""
    model = Gemma3ForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(directory)


def make_sae(
    catalog: Catalog,
    model: Gemma3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    directory: Path,
    size: Size,
    seed: int,
    report: Report,
) -> None:
    """Train the SAE on conversations that the model spoke itself, and on as many of the corpus; save it."""
    own = spoken(catalog, model, tokenizer, size.spoken, seed + 1)
    written = list(islice(conversations(catalog, seed + 1), size.spoken))
    documents = [encode(conversation, tokenizer) for conversation in own + written]
    values = residuals(model, documents, LAYER).values
    report(f"SAE: {len(values)} tokens of {len(documents)} conversations, layer {LAYER}")
    save_sae(train_sae(values, size.sae_steps, seed), directory)


def spoken(
    catalog: Catalog, model: Gemma3ForCausalLM, tokenizer: PreTrainedTokenizerFast, count: int, seed: int
) -> list[Conversation]:
    """`count` conversations drawn like the corpus, but answered by the model; the very long ones left out."""
    drawn = (one for one in conversations(catalog, seed) if len(one.users) <= MAX_SCRIPT_TURNS)
    return in_own_words(model, tokenizer, list(islice(drawn, count)), seed)


def _texts(corpus: list[Conversation]) -> Iterator[str]:
    return (message["content"] for conversation in corpus for message in conversation.messages())
