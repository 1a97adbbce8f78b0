"""Files that a data set's settings name: they lie with whoever wrote it.

What lies there on the reader's machine may be another template, model or SAE, and nothing would tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, shown
from persona_assets.base.project import in_project
from persona_assets.study.dataset import read_dataset
from persona_assets.study.settings import StudySettings


def refuse_named_files(settings: StudySettings, folder: Path) -> None:
    """Raise StudyError where the data set in `folder` names files; those that its reader names are right."""
    listed = read_dataset(folder).settings
    for key, written in _named(settings):
        if written == _at(listed, key):
            raise StudyError(
                f"{folder / 'defs.yaml'}: {'.'.join(key)}: {shown(written)} lies with whoever wrote the data "
                "set, and on this machine it may be another; write the absolute path of your own copy there"
            )


def _named(settings: StudySettings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield by its key each file or folder that reading and answering would open."""
    generation, extraction = settings.generation, settings.extraction
    if generation is not None and generation.chat_template.file is not None:
        yield ("generation", "chat_template", "file"), generation.chat_template.file
    for name, sae in extraction.saes.items():
        if sae.path is not None:
            yield ("extraction", "saes", name, "path"), sae.path
    models = {"generation": generation, "extraction": extraction}
    for block, one in models.items():
        if one is not None and is_folder(in_project(one.model)):  # else it is a hub's
            yield (block, "model"), one.model


def _at(settings: Any, key: tuple[str, ...]) -> Any:
    for part in key:
        settings = settings.get(part) if isinstance(settings, dict) else None
    return settings
