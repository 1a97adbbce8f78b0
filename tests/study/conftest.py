"""A small dataset of the assistant-axis shape, to be imported or spoiled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PIRATE = {
    "instruction": [{"pos": "You are a pirate."}, {"pos": "Speak like a pirate."}],
    "questions": ["Where is the treasure?"],
    "eval_prompt": "Rate {answer} to {question}.",
}
DEFAULT = {"instruction": [{"pos": ""}, {"pos": "You are {model_name}."}]}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    instructions = root / "roles" / "instructions"
    instructions.mkdir(parents=True)
    (instructions / "pirate.json").write_text(json.dumps(PIRATE))
    (instructions / "default.json").write_text(json.dumps(DEFAULT))
    (instructions / "1984.json").write_text(json.dumps({"instruction": [{"pos": "You are a year."}]}))
    lines = [json.dumps({"question": f"What is {number}?", "id": number}) for number in range(3)]
    (root / "extraction_questions.jsonl").write_text("\n".join(lines) + "\n")
    return root
