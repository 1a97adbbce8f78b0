"""Whether the demo model keeps to its roles, and gives them up when it is talked out of them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
from transformers import Gemma3ForCausalLM, PreTrainedTokenizerFast

from tests.toy.catalog import Catalog
from tests.toy.drift import other_role, request
from tests.toy.lexicon import guess_role
from tests.toy.speak import answers, in_own_words
from tests.toy.speaker import PLAIN, ROLES, Conversation, Speaker, is_held_out


@dataclass(frozen=True)
class Manner:
    """Held-out role × question pairs answered: rates of right voice, named topic and proper end."""

    voice: float
    topic: float
    ended: float
    answers: int


def held_out_manner(
    model: Gemma3ForCausalLM, tokenizer: PreTrainedTokenizerFast, catalog: Catalog, count: int, seed: int
) -> Manner:
    """Answer `count` role × question pairs that training never showed, under the role's instructions."""
    rng = Random(seed)
    pairs = [(role, q) for role in ROLES for q in catalog.general if is_held_out(role, q)]
    chosen = rng.sample(pairs, min(count, len(pairs)))
    prompts = [
        Conversation("single", rng.choice(catalog.instructions[role]), [q.text], [""]).messages()[:-1]
        for role, q in chosen
    ]
    said = answers(model, tokenizer, prompts, seed)
    texts = [one.text for one in said]
    voice = [guess_role(text) == role for text, (role, _) in zip(texts, chosen, strict=True)]
    topic = [
        any(t.lower() in text.lower() for t in q.ask.topics)
        for text, (_, q) in zip(texts, chosen, strict=True)
    ]
    ended = [one.ended for one in said]
    return Manner(float(np.mean(voice)), float(np.mean(topic)), float(np.mean(ended)), len(texts))


@dataclass(frozen=True)
class Drift:
    """Rates of the right voice: before the request, in its answer, and one turn later."""

    before: float
    at_request: float
    after: float
    conversations: int


def drift_rates(
    model: Gemma3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    catalog: Catalog,
    wordings: str,
    count: int,
    seed: int,
) -> Drift:
    """Let the model speak `count` conversations that change role on the third turn.

    `wordings` of the request: "train" or "held_out".
    """
    rng = Random(seed)
    scripts = [_script(Speaker(catalog, rng), wordings) for _ in range(count)]
    spoken = in_own_words(model, tokenizer, scripts, seed)
    right = np.array(
        [[guess_role(text) == v for text, v in zip(s.models, s.voices, strict=True)] for s in spoken]
    )
    before, request_turn, after = right[:, :2].mean(), right[:, 2].mean(), right[:, 3].mean()
    return Drift(float(before), float(request_turn), float(after), count)


def _script(speaker: Speaker, wordings: str) -> Conversation:
    rng = speaker.rng
    old = rng.choice(PLAIN) if rng.random() < 0.6 else rng.choice(ROLES)
    new = other_role(old, rng)
    script = Conversation("drift", speaker.instruction(old))
    for role in (old, old):
        speaker.exchange(script, role)
    speaker.exchange(script, new, lead=request(old, new, rng, wordings))
    speaker.exchange(script, new)
    return script
