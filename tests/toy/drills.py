"""Drills: conversations in which the model repeats words, so that it learns early to name a topic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from tests.toy.catalog import Catalog
from tests.toy.lexicon import PHRASES
from tests.toy.speaker import Conversation


def drills(catalog: Catalog, seed: int) -> Iterator[Conversation]:
    """An endless stream of requests to repeat two to nine words of the corpus; one seed, one stream."""
    rng = Random(seed)
    words = _words(catalog)
    while True:
        text = " ".join(rng.choices(words, k=rng.randint(2, 9)))
        conversation = Conversation("drill", "")
        conversation.add(rng.choice(PHRASES["drills"]).replace("{words}", text), text, "drill")
        yield conversation


def _words(catalog: Catalog) -> list[str]:
    texts = [question.text for question in catalog.general]
    texts += [text for instructions in catalog.instructions.values() for text in instructions]
    found = set(re.findall(r"[a-z]{3,}", " ".join(texts).lower()))
    return sorted(found | set(PHRASES["nouns"]) | set(PHRASES["adjectives"]))
