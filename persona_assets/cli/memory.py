"""GPU memory as `persona estimate` tells of it: the terms, the card that has it, and what needs less."""

from __future__ import annotations

from persona_assets.base.counts import count
from persona_assets.base.errors import StudyError
from persona_assets.cli.units import size
from persona_assets.health.memory import Need, memory_needs
from persona_assets.study.study import Study

CARDS = (24, 40, 80)  # GB
_SPREADS = (2, 4, 8, 16)


def print_memory(study: Study) -> None:
    """Print what answering and reading need on GPUs, or why that is not known."""
    try:
        needs = memory_needs(study)
    except StudyError as error:
        print(f"GPU memory: not known: {error}")
        return
    for need in needs:
        print("\n".join(told(need)))


def told(need: Need) -> list[str]:
    """Return the lines about a stage: the sum, its terms, and in one line a card and what would need less."""
    of_each = f" on each of {need.n_cards} cards" if need.n_cards > 1 else ""
    terms = [*need.terms, *([need.answer] if need.answer else [])]
    how = f"({need.backend}, {need.dtype}), estimated, not measured"
    return [
        f"GPU memory of {need.stage} {how}: {size(need.each)}{of_each}",
        *(f"  {term.what} {size(term.n_bytes)}: {term.how}" for term in terms),
        f"  {_advice(need)}",
    ]


def _advice(need: Need) -> str:
    """Return the smallest of the common cards that has so much, and what a smaller one would take."""
    if need.leaves_nothing:
        remedy = "lower extraction.engine.gpu_memory_utilization"
        return f"vLLM takes cards whole and leaves the SAEs nothing: {remedy}"
    each = "each a card" if need.n_cards > 1 else "a card"
    fitting = [card for card in CARDS if need.card() <= card * 1e9]
    if not fitting:
        return f"more than {each} of {CARDS[-1]} GB has: {_remedies(need, CARDS[-1])}"
    card = fitting[0]
    fits = f"{each} of {card} GB has it"
    if need.answer is not None:
        n, all_of = need.answers_on(card * 1e9), size(need.with_answers(need.at_once))
        fits += f", and room for {count(n)} answers at once ({need.at_once} need {all_of})"
    if card == CARDS[0]:
        return fits
    smaller = CARDS[CARDS.index(card) - 1]
    return f"{fits}; for {smaller} GB: {_remedies(need, smaller)}"


def _remedies(need: Need, card: int) -> str:
    """Return what would have the stage fit cards of `card` GB, best first."""
    block, room = "generation" if need.stage == "responses" else "extraction", card * 1e9
    found = []
    if need.card(less=need.of_batch) <= room:
        found.append(f"a smaller {need.batch}")
    if need.dtype == "float32" and need.card(less=need.typed // 2) <= room:
        found.append(f"{block}.dtype: bfloat16, which gives other results")
    spread = next((n for n in _SPREADS if need.n_heads % n == 0 and need.card(n) <= room), None)
    if spread is not None and spread > need.n_cards:
        other = "" if need.backend == "vllm" else f"{block}.backend: vllm with "
        found.append(f"{other}{block}.engine: {{tensor_parallel_size: {spread}}}")
    return ", or ".join(found) or "nothing here helps: take a smaller model"
