"""What was measured on GPUs, from the measurement's lines to the page and to estimates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from persona_assets.base.errors import StudyError
from persona_assets.cli import estimate
from persona_assets.cli.app import app
from persona_assets.cli.units import duration
from persona_assets.health.gpu import fastest, measured_on_gpus
from tests.conftest import StudyMaker
from tests.gpu.figures import BEGIN, END, NONE, as_toml, main, page

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
            "screen": "bfloat16",
            "tokens_per_batch": budget,
            "tokens_per_second": speed,
            "lowest_tokens_per_second": 0.9 * speed,
            "highest_tokens_per_second": 1.1 * speed,
            "repetitions": 3,
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
        "| 65,536 in float32, bfloat16 | 16,384 | 12,000 (10,800–13,200 of 3) | 3,000 | 0.12 | 0.50 "
        "| 45.0 GB | 1,000,000 |" in shown
    )
    assert NONE in page(shown, []) and "Card X" not in page(shown, [])


@pytest.mark.parametrize(
    "text",
    ["measured = []\n" + as_toml(ROWS), as_toml(ROWS).replace("read = ", "road = "), "", "measured = 1"],
)
def test_a_file_of_other_content_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(StudyError, match=r"gpu\.toml: .*: put there, in place of `measured = \[\]`"):
        measured_on_gpus(text)


def test_lines_that_give_no_table_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gpu.jsonl"
    failed = [{"part": "machine", "failed": "RuntimeError: a"}, *ROWS[1:]]
    on_cpu = [{"part": "machine", "card": "CPU"}, *ROWS[1:]]
    for rows in (failed, on_cpu):
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert main(file) == 2
        assert capsys.readouterr().err.startswith(f"{file}: no line names a GPU's card")
    file.write_text('{"part": "mach')  # ended in the middle of a line
    assert main(file) == 2 and main(tmp_path / "none") == 2
    assert capsys.readouterr().err.count("\n") == 2


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
