"""What a scorer asks a model about one label and a batch of excerpts, and how its answers are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from persona_assets.generate.asked import after_thoughts
from persona_assets.scoring.items import Item


@lru_cache
def asked(scorer: str) -> str:
    """Return the text of `prompts/<scorer>.txt`, its places in braces still to be filled in."""
    return (Path(__file__).with_name("prompts") / f"{scorer}.txt").read_text(encoding="utf-8").strip()


def question(scorer: str, label: str, batch: Sequence[Item]) -> str:
    """Return what is asked about a label and a batch; what stands in braces within these stays as it is."""
    texts = {
        "{label}": " ".join(label.split()),
        "{n}": str(len(batch)),
        "{excerpts}": "\n".join(f"{number}. {item.text}" for number, item in enumerate(batch, start=1)),
    }
    return re.sub("|".join(map(re.escape, texts)), lambda found: texts[found[0]], asked(scorer))


def answers_in(text: str, n: int) -> list[bool] | None:
    """Return the `n` answers that a text gives, after its thoughts if it has some; None where it does not.

    They are read from the first list in square brackets, or from all of the text where it has none; whatever
    is not just `n` times 0 or 1, as a list that is numbered, is no answer.
    """
    said = after_thoughts(text)
    listed = re.search(r"\[([^\[\]]*)\]", said)
    numbers = re.split(r"[\s,;]+", (listed[1] if listed else said.strip().removesuffix(".")).strip())
    if len(numbers) != n or not set(numbers) <= {"0", "1"}:
        return None
    return [number == "1" for number in numbers]
