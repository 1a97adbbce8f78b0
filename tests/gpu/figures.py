"""`python -m tests.gpu.figures gpu.jsonl` prints what `make gpu` measured as health/gpu.toml has it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.health.gpu import Measured
from tests.gpu.shapes import GEMMA_1B, GEMMA_27B, SMOLLM2

BEGIN, END = "<!-- begin: gpu.toml, by make generated -->\n", "<!-- end: gpu.toml -->\n"
NONE = "No GPU has been measured yet: here its table will stand.\n"
HEAD = (
    "| card | model | SAE, screen | tokens per batch | tokens/s (of single repetitions) "
    "| dense way, tokens/s "
    "| SAE, pooling and evidence over the forward pass | forward pass of the matrix peak "
    "| peak memory | bytes per response |\n" + "| --- " * 10 + "|\n"
)


def as_toml(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows of screened reading as tables, each with the dense way's speed beside it.

    Raises StudyError where no row names a GPU.
    """
    card = next((row["card"] for row in rows if row.get("card", "CPU") != "CPU"), None)
    if card is None:
        raise StudyError("no line names a GPU's card: figures of a CPU are not kept; run `make gpu` on a GPU")
    dense = {
        (row["model"], row["sae"]): row["tokens_per_second"] for row in rows if row.get("way") == "dense"
    }
    names = {shape.name: list(shape.stands_for) for shape in (GEMMA_27B, GEMMA_1B, SMOLLM2)}
    tables = []
    for row in rows:
        if row.get("way") != "screened":
            continue
        model = row["model"]
        beside = {"card": card, "stands_for": names.get(model, [])}
        beside["dense_tokens_per_second"] = dense.get((model, row["sae"]), 0.0)
        lines = [f"{one.name} = {json.dumps((row | beside)[one.name])}" for one in fields(Measured)]
        tables.append("\n".join(["[[measured]]", *lines]) + "\n")
    return "\n".join(tables)


def page(text: str, measured: Sequence[Measured]) -> str:
    """Return the text of docs/performance.md with its table of what was measured, or that nothing was."""
    before, rest = text.split(BEGIN)
    rows = [
        f"| {one.card} | {one.model}, {one.read} | {one.d_sae:,} in {one.sae}, {one.screen} "
        f"| {one.tokens_per_batch:,} | {one.tokens_per_second:,.0f} "
        f"({one.lowest_tokens_per_second:,.0f}–{one.highest_tokens_per_second:,.0f} of {one.repetitions}) "
        f"| {one.dense_tokens_per_second:,.0f} "
        f"| {one.sae_pooling_evidence_of_forward:.2f} | {one.of_matrix_peak:.2f} "
        f"| {one.peak_memory_gb:.1f} GB | {one.bytes_per_response:,.0f} |\n"
        for one in measured
    ]
    shown = HEAD + "".join(rows) if rows else NONE
    return before + BEGIN + "\n" + shown + "\n" + END + rest.split(END)[1]


def main(path: Path) -> int:
    """Print the tables of the file, or in one line why there are none."""
    try:
        print(as_toml([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]))
    except (OSError, ValueError, StudyError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2] or ["gpu.jsonl"])))
