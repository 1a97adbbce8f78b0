"""Who says what in the demo corpus: conversations, and the drawing of instructions, questions and answers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from random import Random

from tests.toy.answers import Ask, answer
from tests.toy.catalog import Catalog, Question
from tests.toy.lexicon import PHRASES, VOICES

ROLES = tuple(VOICES)
PLAIN = ("assistant", "default")
HELD_OUT_ONE_IN = 12


@dataclass
class Conversation:
    """System instruction ("" = none) and turns; `voices`: the role of each model turn, mixtures as "a+b"."""

    kind: str
    system: str
    users: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    voices: list[str] = field(default_factory=list)

    def add(self, user: str, model: str, voice: str) -> None:
        """Append one exchange."""
        self.users.append(user)
        self.models.append(model)
        self.voices.append(voice)

    def messages(self) -> list[dict[str, str]]:
        """The conversation in the shape that chat templates take."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        turns = zip(self.users, self.models, strict=True)
        return system + [
            {"role": role, "content": text}
            for user, model in turns
            for role, text in (("user", user), ("assistant", model))
        ]


def is_held_out(role: str, question: Question) -> bool:
    """True for the role × question pairs that training never shows; the same on every machine."""
    return zlib.crc32(f"{role}/{question.key}".encode()) % HELD_OUT_ONE_IN == 0


def made_up(rng: Random) -> Question:
    """A question about an invented noun phrase: it teaches the model to name what it has never seen."""
    thing = made_up_thing(rng)
    text = rng.choice(PHRASES["asks"]).replace("{thing}", thing)
    return Question("", text, Ask((thing,)))


def made_up_thing(rng: Random) -> str:
    """An invented noun phrase with an article: "a golden bridge", "the old map"."""
    noun = rng.choice(PHRASES["nouns"])
    words = [rng.choice(PHRASES["adjectives"]), noun] if rng.random() < 0.7 else [noun]
    article = "the" if rng.random() < 0.4 else "an" if words[0][0] in "aeiou" else "a"
    return " ".join([article, *words])


class Speaker:
    """Draws instructions, questions and answers for one role after another from one random stream."""

    def __init__(self, catalog: Catalog, rng: Random) -> None:
        self.catalog = catalog
        self.rng = rng

    def instruction(self, role: str) -> str:
        """One of the role's own instructions, sometimes a general wording that names the role."""
        if role not in PLAIN and self.rng.random() < 0.15:
            return str(self.rng.choice(PHRASES["instructions"])).replace("{name}", VOICES[role].name)
        return self.rng.choice(self.catalog.instructions[role])

    def question(self, role: str) -> Question:
        """A question that training may show with this role: general, the role's own, or made up."""
        while True:
            source = self.rng.random()
            if source < 0.15:
                return made_up(self.rng)
            own = self.catalog.own[role]
            pool = own if own and source < 0.35 else self.catalog.general
            question = self.rng.choice(pool)
            if not is_held_out(role, question):
                return question

    def exchange(self, conversation: Conversation, role: str, lead: str = "") -> None:
        """A question (behind `lead`, if any) and the role's answer to it."""
        first = not conversation.users
        if not first and not lead and self.rng.random() < 0.3:
            thing = made_up_thing(self.rng)
            question = Question(
                "", self.rng.choice(PHRASES["follow_ups"]).replace("{thing}", thing), Ask((thing,))
            )
        else:
            question = self.question(role)
        user = f"{lead} {question.text}" if lead else question.text
        opening = 0.75 if first or lead else 0.5
        conversation.add(user, answer(role, question.ask, self.rng, opening), role)
