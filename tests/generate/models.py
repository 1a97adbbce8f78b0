"""Copies of the demo's model that are wrong, or unusual, in one way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from persona_assets.base.project import in_project
from tests.extract.families import tiny_config

Change = Callable[[dict[str, Any]], Any]


def copy_of_model(folder: Path, **changes: Change) -> str:
    """Copy the demo's model into `folder`; `config=change` changes what `config.json` says, and so on."""
    shutil.copytree(in_project("tests/toy/data/model"), folder)
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


def that_thinks(folder: Path) -> str:
    """The demo's model with tokens for thinking, `<think>` and `</think>`, in place of its last two words."""

    def change(tokenizer: dict[str, Any]) -> None:
        words, model = ("<think>", "</think>"), tokenizer["model"]
        del model["merges"][-len(words) :]
        last = sorted(model["vocab"], key=model["vocab"].__getitem__)[-len(words) :]
        ids = [model["vocab"].pop(word) for word in last]
        model["vocab"] |= dict(zip(words, ids, strict=True))
        like = tokenizer["added_tokens"][0]
        for word, id_ in zip(words, ids, strict=True):
            tokenizer["added_tokens"].append({**like, "content": word, "id": id_, "special": False})

    return copy_of_model(folder, tokenizer=change)


def random_model_of(family: str, folder: Path) -> str:
    """Save a random model of `family` with the demo's tokenizer, windows shorter than the prompts."""
    tokenizer = AutoTokenizer.from_pretrained(in_project("tests/toy/data/model"))
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(tiny_config(family, len(tokenizer)))
    for name, weight in model.named_parameters():
        weight.data *= 10 if ".layers." in name and weight.ndim > 1 else 1  # no token is always the likeliest
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
