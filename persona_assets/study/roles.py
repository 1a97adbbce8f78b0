"""Role files: `{"instruction": [{"pos": "…"}], "questions": ["…"], "eval_prompt": "…"}`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, read_json, shown, shown_path
from persona_assets.base.jsonl import checked_text
from persona_assets.study.settings import NAME, NAMED_BY

_NO_ROLES = {"import"}  # what an import notes beside its folders
_INSTRUCTIONS = ("instructions", "roles/instructions", "data/roles/instructions")


@dataclass(frozen=True)
class Role:
    """A persona: its instruction variants, the questions made for it, and a judge's prompt."""

    name: str
    instructions: tuple[str, ...]
    questions: tuple[str, ...] = ()
    eval_prompt: str | None = None


def fill(instruction: str, model_name: str) -> str | None:
    """The system prompt an instruction becomes: `{model_name}` replaced literally, None if it is blank."""
    filled = instruction.replace("{model_name}", model_name)
    return filled if filled.strip() else None


def role_files(directory: Path) -> dict[str, Path]:
    """Role name -> file, sorted by name. Raises StudyError for a missing or empty directory or a bad name."""
    if not is_folder(directory):
        raise StudyError(
            f"{shown_path(directory)}: no role files here yet; "
            "bring them in with `persona roles import SOURCE`"
        )
    files = {file.stem: file for file in sorted(directory.glob("*.json"))}
    if not files.keys() - _NO_ROLES and (below := _below(directory)) is not None:
        raise StudyError(f"{directory}: holds no role files itself; name the folder that does: {below}")
    if not files:
        raise StudyError(
            f"{directory}: holds no role files (*.json); get some by `persona roles import SOURCE`"
        )
    for name, file in files.items():
        check_name(name, str(file))
    return files


def _below(directory: Path) -> Path | None:
    """Return the folder of role files below `directory`, laid out as an import is; None without one."""
    folders = [directory / below for below in _INSTRUCTIONS]
    return next((folder for folder in folders if any(folder.glob("*.json"))), None)


def check_name(name: str, where: str) -> None:
    """Raise StudyError unless `name` can name a role."""
    if not NAME.fullmatch(name):
        raise StudyError(f"{where}: role name {shown(name)} is not allowed; use {NAMED_BY}")


def read_role(file: Path) -> Role:
    """Read one role file. Raises StudyError, naming the file and the key, where its shape is wrong."""
    content = read_json(file)
    if not isinstance(content, dict):
        raise StudyError(f"{file}: must be a JSON object with an `instruction` list")
    return Role(
        name=file.stem,
        instructions=_instructions(content, file),
        questions=tuple(_texts(content.get("questions", []), f"{file}: questions")),
        eval_prompt=_eval_prompt(content, file),
    )


def _instructions(content: dict[str, Any], file: Path) -> tuple[str, ...]:
    entries = content.get("instruction")
    if not isinstance(entries, list) or not entries:
        raise StudyError(f'{file}: has no instruction; add "instruction": [{{"pos": "You are …"}}]')
    if not all(isinstance(entry, dict) and isinstance(entry.get("pos"), str) for entry in entries):
        raise StudyError(f'{file}: every entry of `instruction` must be {{"pos": "some text"}}')
    traits = [number for number, entry in enumerate(entries) if "neg" in entry]
    if traits:  # asked for its `pos` alone, half of what the file says would be dropped
        raise StudyError(
            f"{file}: instruction {traits[0]} has a `neg` beside its `pos`: this is a trait, not a role; "
            "write each of the two as a role of its own, or remove `neg`"
        )
    return tuple(checked_text(entry["pos"], f"{file}: instruction {n}") for n, entry in enumerate(entries))


def _texts(values: Any, where: str) -> list[str]:
    if not isinstance(values, list):
        raise StudyError(f"{where} must be a list of texts")
    return [checked_text(value, f"{where}: entry {n}") for n, value in enumerate(values)]


def _eval_prompt(content: dict[str, Any], file: Path) -> str | None:
    prompt = content.get("eval_prompt")
    return None if prompt is None else checked_text(prompt, f"{file}: eval_prompt")
