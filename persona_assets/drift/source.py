"""What a study's drift can be made of: conversations as they were, and scripts to be answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, read_json
from persona_assets.drift.script import Script, read_script
from persona_assets.drift.transcript import SEE, Transcript, read_transcript
from persona_assets.study.study import Study

Source = Transcript | Script


def read_source(file: Path) -> Source:
    """Return the conversation in `file`, or the script: that has `user`, or is a list of texts.

    Raises StudyError where it is neither.
    """
    content = read_json(file, SEE)
    scripted = "user" in content if isinstance(content, dict) else _is_texts(content)
    return read_script(file) if scripted else read_transcript(file)


def source_files(folder: Path) -> list[Path]:
    """Return the `.json` files of a folder, by name: none of one that is not there."""
    return sorted(folder.glob("*.json")) if is_folder(folder) else []


def study_sources(study: Study) -> Iterator[tuple[Path, Source | StudyError]]:
    """The `.json` files in the folder of `drift.directory`, by name: what each is, or why it is nothing.

    A folder that is not there holds none.
    """
    for file in source_files(study.path(study.settings.drift.directory)):
        try:
            yield file, read_source(file)
        except StudyError as error:
            yield file, error


def _is_texts(content: object) -> bool:
    return isinstance(content, list) and bool(content) and all(isinstance(text, str) for text in content)
