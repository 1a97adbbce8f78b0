from __future__ import annotations

from tests.smollm2.card import card

FIT = {"fvu": 0.1234, "l0": 47.31, "tokens": 9876}
FIGURES = {
    "recipe": {"layer": 15, "d_sae": 4096, "k": 48, "tokens": 6_000_000, "rate": 4e-4, "seed": 0},
    "tokens": {"chats of smollm2": 254321, "docstrings of numpy": 190000},
    "held_out_tokens": {"chats of smollm2": 31000},
    "own_answers": 151515,
    "chats": FIT,
    "general": FIT,
    "trained": FIT,
    "dead": 0.0312,
    "losses": {"clean": 2.51, "spliced": 2.72, "zero": 11.0, "recovered": 0.9753},
}


def test_the_card_says_what_was_used_and_measured() -> None:
    said = card(FIGURES, "make smollm2-sae")
    assert "| chats of smollm2 | written by the model itself (Apache-2.0) | 254,321 | 31,000 |" in said
    assert "| docstrings of numpy | BSD-3-Clause | 190,000 | 0 |" in said
    assert "| held-out chats | 0.123 | 47.3 | 9,876 |" in said
    assert "zeros: 0.975 (2.51 as it is" in said and "3.1%" in said and "`make smollm2-sae`, seed 0" in said
    assert "{" not in said
