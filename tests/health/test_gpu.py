"""What was measured on GPUs, from the measurement's lines to the page and to estimates."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from persona_assets.cli import estimate
from persona_assets.cli.app import app
from persona_assets.cli.units import duration
from persona_assets.health.gpu import fastest, measured_on_gpus
from tests.conftest import StudyMaker
from tests.gpu.figures import BEGIN, END, NONE, as_toml, page

MODEL = "tests/toy/data/model"
ROWS = [
    {"part": "machine", "card": "Card X", "memory_gb": 80.0},
    *(
        {
            "model": "Gemma 3 27B",
            "read": "41 of 62 layers",
            "d_sae": 65_536,
            "sae": "float32",
            "way": "screened",
            "screen": "fastest",
            "tokens_per_batch": budget,
            "tokens_per_second": speed,
            "forward_share": 0.9,
            "sae_pooling_evidence_of_forward": 0.12,
            "of_matrix_peak": 0.5,
            "peak_memory_gb": 45.0,
            "bytes_per_response": 1e6,
        }
        for budget, speed in ((16_384, 12_000.0), (65_536, 14_000.0))
    ),
    {"model": "Gemma 3 27B", "sae": "float32", "way": "dense", "tokens_per_second": 3_000.0},
    {"model": "Gemma 3 27B", "kernels": ["1 ms  a"]},
]


def test_what_the_measurement_writes_becomes_the_pages_table_and_the_fastest_is_found() -> None:
    found = measured_on_gpus(as_toml(ROWS))
    assert [one.tokens_per_second for one in found] == [12_000, 14_000]
    assert {(one.card, one.dense_tokens_per_second) for one in found} == {("Card X", 3_000)}
    assert fastest("google/gemma-3-27b-it", found) == found[1]
    assert fastest("nobody/nothing", found) is None
    empty = f"a\n{BEGIN}{END}b\n"
    shown = page(empty, found)
    assert (
        "| 65,536 in float32, fastest | 16,384 | 12,000 | 3,000 | 0.12 | 0.50 | 45.0 GB | 1,000,000 |"
        in shown
    )
    assert NONE in page(shown, []) and "Card X" not in page(shown, [])


def test_without_a_pilot_an_estimate_tells_what_was_measured_of_the_model_on_a_gpu(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(changes={"questions.limit": 4, "generation.max_tokens": 12})
    asked = ["estimate", str(study.file), "--pilot", "0"]
    none = CliRunner().invoke(app, asked).output
    assert "no pilot was made, so nothing is known of time and size" in none
    assert f"no measurement of {MODEL} on a GPU is on record" in none
    text = as_toml(ROWS).replace("google/gemma-3-27b-it", MODEL)
    monkeypatch.setattr(estimate, "measured_on_gpus", lambda: measured_on_gpus(text))
    told = CliRunner().invoke(app, asked).output
    assert "reading on a GPU: 14,000 tokens/s were measured on Card X (Gemma 3 27B, 41 of 62 layers" in told
    assert "on record" not in told
    assert ": 0 s for 24 answers of at most 12 tokens and their prompts" in told
    slow = text.replace("14000.0", "0.5").replace("12000.0", "0.25")
    monkeypatch.setattr(estimate, "measured_on_gpus", lambda: measured_on_gpus(slow))
    told = CliRunner().invoke(app, asked).output
    assert f": {duration((24 * 12 + _prompt_tokens(told)) / 0.5)} for 24 answers" in told


def _prompt_tokens(told: str) -> int:
    """How many tokens the prompts have in all, as the estimate says."""
    line = next(line for line in told.splitlines() if line.startswith("prompts: "))
    return int(line.rsplit(", ", 1)[1].split()[0].replace(",", ""))
