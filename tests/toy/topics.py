"""The topics of a question: the noun phrases that an answer can name."""

from __future__ import annotations

import re

from tests.toy.lexicon import PHRASES

NO_TOPIC = "this question"
MAX_TOPICS = 2
MAX_WORDS = 3

_STOP = frozenset(PHRASES["not_topic"].split())
# The word after one of these is a verb ("to mend a roof", "do you bear boredom"), whatever the list says.
_BEFORE_VERB = frozenset({"to", "you", "i", "we", "ye"})
# Adjectives too plain to name, behind which the article may stand ("a good gift" -> "a gift").
_PLAIN = frozenset(PHRASES["plain_adjectives"])


def topics_of(question: str) -> list[str]:
    """The question's first noun phrases, at most `MAX_TOPICS`, in its own words; `[NO_TOPIC]` if it has none.

    A crude rule (runs of words that are no function words or common verbs, with their article), but a fixed
    one, so that a small model can learn it.
    """
    found: list[str] = []
    for clause in re.split(r"[^\w\s'-]+", question):
        found += [phrase for phrase in _phrases(clause.split()) if phrase not in found]
    return found[:MAX_TOPICS] or [NO_TOPIC]


def _phrases(words: list[str]) -> list[str]:
    phrases: list[str] = []
    run: list[str] = []
    for index, word in enumerate([*words, "the"]):  # the last word closes the last run
        after_verb_marker = index > 0 and words[index - 1].lower() in _BEFORE_VERB
        if index < len(words) and word.lower() not in _STOP and not after_verb_marker:
            run.append(word)
            continue
        if run:
            phrases.append(_with_article(words, index - len(run), run[:MAX_WORDS]))
        run = []
    return phrases


def _with_article(words: list[str], start: int, run: list[str]) -> str:
    before = [word.lower() for word in words[max(start - 2, 0) : start]]
    if len(before) == 2 and before[1] in _PLAIN:
        before.pop()
    article = before[-1] if before else ""
    if article in {"a", "an"}:
        return " ".join(["an" if run[0][0].lower() in "aeiou" else "a", *run])
    if article == "the":
        return " ".join(["the", *run])
    return " ".join(run) if start > 0 else " ".join([run[0].lower(), *run[1:]])
