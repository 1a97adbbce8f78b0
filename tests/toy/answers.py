"""Answers of the demo corpus: sentences of a role's voice mixed with shared ones, about a question."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.toy.lexicon import PHRASES, VOICES, Voice


@dataclass(frozen=True)
class Ask:
    """What an answer is about: the topics it can name, and the theme (None: any) whose words it may use."""

    topics: tuple[str, ...]
    theme: str | None = None


def answer(role: str, ask: Ask, rng: Random, opening: float = 0.75) -> str:
    """One answer of `role`, mostly 20 to 70 tokens; `opening`: the chance to start with a signature."""
    voice = VOICES[role]
    parts = _maybe(opening, [rng.choice(voice.open)], rng)
    parts += _body(voice, ask, rng)
    parts += _maybe(0.6, [rng.choice(voice.close)], rng)
    return _join(parts, voice)


def greeting(role: str, rng: Random) -> str:
    """The answer of a role that has just been asked for, when the user asks nothing else."""
    voice = VOICES[role]
    start = _maybe(0.5, [rng.choice(PHRASES["accept"])], rng)
    free = _filled(voice, rng.choice(voice.free), None, rng)
    return _join([*start, rng.choice(voice.open), free, rng.choice(voice.close)], voice)


def refusal(role: str, rng: Random) -> str:
    """The answer of a role whose persona the user only doubts: it stays."""
    voice = VOICES[role]
    free = _filled(voice, rng.choice(voice.free), None, rng)
    return _join([rng.choice(PHRASES["resist"]), free, *_maybe(0.6, [rng.choice(voice.close)], rng)], voice)


def mixture(old: str, new: str, ask: Ask, rng: Random) -> str:
    """An answer that begins in the old voice and ends in the new one."""
    first, second = VOICES[old], VOICES[new]
    head = [rng.choice(first.open), _filled(first, rng.choice(first.topic), ask, rng)]
    tail = [_filled(second, rng.choice(second.free), None, rng), rng.choice(second.close)]
    return _join(head, first) + ("\n" if first.rhyme else " ") + _join(tail, second)


def _body(voice: Voice, ask: Ask, rng: Random) -> list[str]:
    frame, other_frame = rng.sample(voice.topic, 2)
    topic = _filled(voice, frame, ask, rng)
    free = _maybe(0.7, [_filled(voice, rng.choice(voice.free), None, rng)], rng)
    if voice.terse:
        return [topic, *free]
    shared = _maybe(0.25 if voice.rhyme else 0.6, [_shared(ask, rng)], rng)
    shout = _maybe(0.25, [rng.choice(voice.oh)], rng)
    middle = [*shared, *free, *shout]
    rng.shuffle(middle)
    middle += [] if voice.rhyme else _maybe(0.25, [_filled(voice, other_frame, ask, rng)], rng)
    return [topic, *middle] if rng.random() < 0.75 else [*middle, topic]


def _shared(ask: Ask, rng: Random) -> str:
    if ask.theme is None or rng.random() < 0.3:
        return _with_topic(rng.choice(PHRASES["shared"]), ask, rng)
    theme = PHRASES["themes"][ask.theme]
    word, other = rng.sample(theme["words"], 2)
    frame = rng.choice(theme["sentences"]).replace("{word}", word).replace("{word2}", other)
    return _with_topic(_capital(frame), ask, rng)


def _filled(voice: Voice, frame: str, ask: Ask | None, rng: Random) -> str:
    noun, other = rng.sample(voice.nouns, 2)
    verb = rng.choice(voice.verbs)
    slots = {"{noun}": noun, "{noun2}": other, "{verb}": verb, "{Verb}": _capital(verb)}
    for slot, word in slots.items():
        frame = frame.replace(slot, word)
    for vowel in "aeiou":  # the slots follow "a" and "one"; only the former changes
        frame = frame.replace(f" a {vowel}", f" an {vowel}").replace(f"A {vowel}", f"An {vowel}")
    return _with_topic(frame, ask, rng) if ask else frame


def _with_topic(frame: str, ask: Ask, rng: Random) -> str:
    topic = rng.choice(ask.topics)
    return frame.replace("{topic}", topic).replace("{Topic}", _capital(topic))


def _maybe(chance: float, parts: list[str], rng: Random) -> list[str]:
    return parts if rng.random() < chance else []


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _join(parts: list[str], voice: Voice) -> str:
    return ("\n" if voice.rhyme else " ").join(parts)
