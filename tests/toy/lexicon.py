"""The words of the demo corpus: what each role sounds like, and how to tell from a text which role spoke."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict


def _load(name: str) -> Any:
    return yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))


PHRASES: dict[str, Any] = _load("phrases.yaml")


class Voice(BaseModel):
    """How one role talks; the fields are explained at the top of ``lexicon.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    nouns: list[str]
    verbs: list[str]
    open: list[str]
    close: list[str]
    topic: list[str]
    free: list[str]
    oh: list[str] = []
    terse: bool = False
    rhyme: bool = False

    def words(self) -> set[str]:
        """Every lower-case word that the role itself can say."""
        texts = [*self.nouns, *self.verbs, *self.open, *self.close, *self.topic, *self.free, *self.oh]
        return set(_words(" ".join(texts)))


VOICES: dict[str, Voice] = {role: Voice(**spec) for role, spec in _load("lexicon.yaml").items()}


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower())


@cache
def own_words() -> dict[str, frozenset[str]]:
    """For each role the words that neither another role nor the shared sentences use."""
    shared = set(_words(yaml.safe_dump({**PHRASES, "not_topic": "", "nouns": [], "adjectives": []})))
    uses = Counter(word for voice in VOICES.values() for word in voice.words())
    return {
        role: frozenset(word for word in voice.words() if uses[word] == 1 and word not in shared)
        for role, voice in VOICES.items()
    }


def role_scores(text: str) -> Counter[str]:
    """How many words of the text are each role's own; roles without any are left out."""
    owner = {word: role for role, words in own_words().items() for word in words}
    return Counter(owner[word] for word in _words(text) if word in owner)


def guess_role(text: str) -> str | None:
    """The role whose own words are the most frequent in the text, None if no role's are."""
    scores = role_scores(text)
    return scores.most_common(1)[0][0] if scores else None
