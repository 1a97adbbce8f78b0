"""Very many prompts are counted, and few of them held."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import ref

import pytest

from persona_assets.generate.counting import PromptLengths, drawn
from persona_assets.generate.prompts import Prompt


def made(n: int) -> Iterator[Prompt]:
    return (Prompt(0, number, None, "", [0] * (number % 7), seed=0, about="") for number in range(n))


def test_few_prompts_are_held_while_all_are_counted() -> None:
    seen, most = list[ref[Prompt]](), 0

    def watched() -> Iterator[Prompt]:
        nonlocal most
        for prompt in made(500):
            seen.append(ref(prompt))
            most = max(most, sum(one() is not None for one in seen))
            yield prompt

    lengths = PromptLengths()
    kept = drawn(lengths.counted(watched()), 5)
    assert len(kept) == 5 and most < 10
    assert (lengths.n, lengths.longest, lengths.total) == (500, 6, sum(n % 7 for n in range(500)))
    none = PromptLengths()
    assert drawn(none.counted(made(500)), 0) == [] and none == lengths


def test_any_prompt_is_as_likely_and_they_keep_their_order() -> None:
    numbers = [prompt.question_id for prompt in drawn(made(10_000), 1000)]
    assert numbers == sorted(set(numbers)) and len(numbers) == 1000
    assert sum(numbers) / 1000 == pytest.approx(5000, abs=4 * 10_000 / 12**0.5 / 1000**0.5)
    assert len(drawn(made(3), 5)) == 3
