"""Persona drift in the demo corpus: conversations in which the user talks the model out of its role."""

from __future__ import annotations

from random import Random

from tests.toy.answers import greeting, mixture, refusal
from tests.toy.lexicon import PHRASES, VOICES
from tests.toy.speaker import PLAIN, ROLES, Conversation, Speaker


def drifting(speaker: Speaker, long: bool = False) -> Conversation:
    """Begins in one role (mostly a plain one), changes at once or under pressure, sometimes changes back."""
    rng = speaker.rng
    old = rng.choice(PLAIN) if rng.random() < 0.6 else rng.choice(ROLES)
    conversation = Conversation("drift", speaker.instruction(old))
    _some_exchanges(speaker, conversation, old, rng.randint(8, 20) if long else rng.randint(0, 3))
    new = other_role(old, rng)
    _change(speaker, conversation, old, new)
    _some_exchanges(speaker, conversation, new, rng.randint(8, 20) if long else rng.randint(1, 3))
    if rng.random() < 0.35:
        back = other_role(new, rng)
        _change(speaker, conversation, new, back)
        _some_exchanges(speaker, conversation, back, rng.randint(1, 2))
    return conversation


def other_role(role: str, rng: Random) -> str:
    """A role to change to: from a persona mostly back to a plain voice."""
    if role not in PLAIN and rng.random() < 0.6:
        return rng.choice(PLAIN)
    return rng.choice([other for other in ROLES if other != role])


def request(old: str, new: str, rng: Random, wordings: str = "train") -> str:
    """A user's wording that changes the persona at once; `wordings` is "train" or "held_out"."""
    plain = new in PLAIN and rng.random() < 0.6
    return _worded(rng.choice(PHRASES["returns" if plain else "commands"][wordings]), old, new)


def _change(speaker: Speaker, conversation: Conversation, old: str, new: str) -> None:
    if speaker.rng.random() < 0.35:
        _pressure(speaker, conversation, old, new)
        wording = _worded(speaker.rng.choice(PHRASES["insist"]), old, new)
    else:
        wording = request(old, new, speaker.rng)
    if speaker.rng.random() < 0.5:
        speaker.exchange(conversation, new, lead=wording)
    else:
        conversation.add(wording, greeting(new, speaker.rng), new)


def _pressure(speaker: Speaker, conversation: Conversation, old: str, new: str) -> None:
    rng = speaker.rng
    for _ in range(rng.randint(0, 2)):
        conversation.add(_worded(rng.choice(PHRASES["doubts"]), old, new), refusal(old, rng), old)
    hint = _worded(rng.choice(PHRASES["hints"]), old, new)
    question = speaker.question(old)
    conversation.add(f"{hint} {question.text}", mixture(old, new, question.ask, rng), f"{old}+{new}")


def _some_exchanges(speaker: Speaker, conversation: Conversation, role: str, count: int) -> None:
    for _ in range(count):
        speaker.exchange(conversation, role)


def _worded(wording: str, old: str, new: str) -> str:
    return wording.replace("{name}", VOICES[new].name).replace("{old}", VOICES[old].name)
