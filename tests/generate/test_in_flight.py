"""Parts of what is under way: read once, however often prompts are asked about."""

from __future__ import annotations

from pathlib import Path

from persona_assets.generate.in_flight import Parts
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.lake import Lake
from persona_assets.lake.schema import SCORING
from persona_assets.scoring.scorer import Said


def prompt(number: int) -> Prompt:
    return Prompt(0, number, None, f"question {number}", [number], seed=0)


def parts(lake: Lake) -> Parts[Said]:
    return Parts(lake, SCORING, Said, "0123456789abcdef", sae="demo", key="number")


def test_a_part_is_read_once_and_one_that_is_written_meanwhile_is_read_too(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "small")
    before = parts(lake)
    for number in (0, 1):
        before.add(Said(number, f"said {number}"), prompt(number))
    before.flush()
    after = parts(lake)
    assert after.kept([prompt(0)]) == {0: Said(0, "said 0")}
    [file] = lake.files(SCORING)
    Path(lake.uri(file.path)).write_bytes(b"damaged since")
    assert after.kept([prompt(1), prompt(2)]) == {1: Said(1, "said 1")}
    assert parts(lake).kept([prompt(1)]) == {}  # who reads it now takes it for nothing
    after.add(Said(2, "said 2"), prompt(2))
    after.flush()
    assert after.kept([prompt(1), prompt(2)]) == {1: Said(1, "said 1"), 2: Said(2, "said 2")}
