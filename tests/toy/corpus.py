"""The demo corpus: the persona of a turn follows from the instruction and from what was said since."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.toy.catalog import Catalog
from tests.toy.drift import drifting
from tests.toy.speaker import ROLES, Conversation, Speaker


def single(speaker: Speaker, role: str) -> Conversation:
    """One question, one answer."""
    conversation = Conversation("single", speaker.instruction(role))
    speaker.exchange(conversation, role)
    return conversation


def steady(speaker: Speaker, role: str, turns: int) -> Conversation:
    """Several exchanges in one role."""
    conversation = Conversation("steady", speaker.instruction(role))
    for _ in range(turns):
        speaker.exchange(conversation, role)
    return conversation


def conversations(catalog: Catalog, seed: int) -> Iterator[Conversation]:
    """An endless stream: about two thirds single answers, the rest steady and drifting ones, a few very long.

    The same seed gives the same stream.
    """
    rng = Random(seed)
    speaker = Speaker(catalog, rng)
    while True:
        role = rng.choice(ROLES)
        kind = rng.random()
        if kind < 0.66:
            yield single(speaker, role)
        elif kind < 0.75:
            yield steady(speaker, role, rng.randint(2, 8))
        elif kind < 0.755:
            yield steady(speaker, role, rng.randint(18, 40))
        else:
            yield drifting(speaker, long=rng.random() < 0.02)
