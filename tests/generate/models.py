"""Copies of the demo's model that are wrong, or unusual, in one way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from persona_assets.base.project import in_project

Change = Callable[[dict[str, Any]], Any]


def copy_of_model(folder: Path, **changes: Change) -> str:
    """Copy the demo's model into `folder`; `config=change` changes what `config.json` says, and so on."""
    shutil.copytree(in_project("data/demo/model"), folder)
    for name, change in changes.items():
        file = folder / f"{name}.json"
        content = json.loads(file.read_text())
        change(content)
        file.write_text(json.dumps(content))
    return str(folder)


def without_end_of_turn(folder: Path) -> str:
    """The demo's model as a fine-tune saved from a base model's configuration: `<eos>` alone ends answers."""
    ends = {
        "config": lambda c: c.update(eos_token_id=1),
        "generation_config": lambda c: c.update(eos_token_id=1),
    }
    return copy_of_model(folder, **ends)
