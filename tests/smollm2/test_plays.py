from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.smollm2.plays import ANCHOR, played, read_answers, table

WORDS = [f"word{n}" for n in range(60)]


def write(lake: Path, role: str, own: list[str], seed: int) -> None:
    drawn = np.random.default_rng(seed)
    rows = [
        {
            "response": " ".join([*drawn.choice(WORDS, 20), *drawn.choice([*WORDS, *own * 9], 6)]),
            "variant": variant,
            "question_id": question,
        }
        for variant in range(5)
        for question in range(8)
    ]
    folder = lake / "responses" / f"role={role}"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "stem.parquet")


def test_a_role_with_words_of_its_own_is_played_and_one_that_talks_as_the_default_is_not(
    tmp_path: Path,
) -> None:
    write(tmp_path, ANCHOR, [], 1)
    write(tmp_path, "pirate", ["arr", "ship", "rum"], 2)
    write(tmp_path, "clerk", [], 3)
    found = {one.role: one for one in played(read_answers(tmp_path))}
    assert found.keys() == {"pirate", "clerk"}
    assert found["pirate"].is_played
    assert found["pirate"].accuracy > 0.8
    assert not found["clerk"].is_played
    assert found["clerk"].low < found["clerk"].accuracy
    lines = table(list(found.values())).splitlines()
    assert lines[2].startswith("| pirate | ") and lines[2].endswith("| yes |")
    assert lines[3].endswith("| no |")
