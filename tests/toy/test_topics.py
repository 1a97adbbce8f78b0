from __future__ import annotations

import pytest

from tests.toy.topics import MAX_TOPICS, NO_TOPIC, topics_of


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("How does a bridge carry a weight greater than its own?", ["a bridge", "a weight"]),
        ("What is the best way to sharpen a knife?", ["a knife"]),
        ("What makes a good gift?", ["a gift"]),
        ("Why do we worry so much?", [NO_TOPIC]),
        ("What about an old map, a boat and a storm?", ["a map", "a boat"]),
    ],
)
def test_topics_are_the_first_noun_phrases_with_their_article(question, topics):
    assert topics_of(question) == topics
    assert len(topics) <= MAX_TOPICS
