"""Weights are held in the type that this machine multiplies well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from persona_assets.models import dtypes
from persona_assets.models.dtypes import best_dtype, faster_on_cpu


def model_stored_in(folder: Path, stored: str) -> str:
    config = json.loads(Path("tests/toy/data/model/config.json").read_text()) | {"dtype": stored}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


@pytest.mark.parametrize(
    ("stored", "faster", "device", "best"),
    [
        ("bfloat16", torch.bfloat16, "cpu", "bfloat16"),
        ("bfloat16", torch.float32, "cpu", "float32"),
        ("float16", torch.bfloat16, "cpu", "float32"),
        ("float32", torch.bfloat16, "cpu", "float32"),
        ("bfloat16", torch.float32, "cuda:1", "bfloat16"),
        ("float16", torch.float32, "cuda", "float16"),
        ("float32", torch.float32, "cuda", "float32"),
    ],
)
def test_a_cpu_holds_float32_unless_it_multiplies_stored_bfloat16_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: str, faster: torch.dtype, device: str, best: str
) -> None:
    monkeypatch.setattr(dtypes, "faster_on_cpu", lambda: faster)
    assert best_dtype(model_stored_in(tmp_path / "model", stored), None, device) == best


def test_the_weights_of_a_model_that_is_not_at_hand_are_taken_for_bfloat16() -> None:
    assert best_dtype("nobody/nothing", None, "cuda") == "bfloat16"


def test_this_processor_is_faster_in_one_of_the_two() -> None:
    assert faster_on_cpu() in (torch.bfloat16, torch.float32)
