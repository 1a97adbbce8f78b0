"""The SAE's card: what it was made of, how, and what was measured."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

CARD = Path(__file__).with_name("card.md")
LICENCES = {
    "docstrings": "BSD-3-Clause",
    "chats": "written by the model itself (Apache-2.0)",
}
PARTS = {
    "held-out chats": "chats",
    "held-out general text": "general",
    "what it was trained on": "trained",
}
WITH = ("sae-lens", "torch", "transformers")  # whose versions decide the last digits


def card(figures: dict[str, Any], command: str) -> str:
    """Return the card as Markdown, from what `python -m tests.smollm2` measured."""
    recipe = figures["recipe"]
    return CARD.read_text(encoding="utf-8").format(
        **recipe,
        **figures["losses"],
        seen=recipe["tokens"],
        own_answers=figures["own_answers"],
        dead=figures["dead"],
        sources="\n".join(_sources(figures["tokens"], figures["held_out_tokens"])),
        fits="\n".join(_fit(name, figures[key]) for name, key in PARTS.items()),
        command=command,
        versions=", ".join(f"{name} {version(name)}" for name in WITH),
        machine=platform.machine(),
    )


def _sources(trained: dict[str, int], held_out: dict[str, int]) -> list[str]:
    return [
        f"| {source} | {LICENCES[source.split()[0]]} | {n_tokens:,} | {held_out.get(source, 0):,} |"
        for source, n_tokens in trained.items()
    ]


def _fit(name: str, fit: dict[str, float]) -> str:
    return f"| {name} | {fit['fvu']:.3f} | {fit['l0']:.1f} | {fit['tokens']:,} |"
