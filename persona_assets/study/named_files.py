"""Files that a data set's settings name: they lie with whoever wrote it.

What lies there on the reader's machine may be another template, model or SAE. A folder of the reader's own
project is taken for the writer's where it holds the very files that the data set was made with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, shown
from persona_assets.base.project import in_project
from persona_assets.lake.fingerprint import directory_hash, hash_of_others
from persona_assets.study.dataset import DataSet, Folder, read_dataset
from persona_assets.study.settings import StudySettings


def refuse_named_files(settings: StudySettings, folder: Path) -> None:
    """Raise StudyError where the data set in `folder` names files that are not known to be here.

    Those are right that its reader names.
    """
    listed = read_dataset(folder)
    for key, written in _named(settings, listed):
        if written != _at(listed.settings, key):
            continue
        why = _why_not(written, listed.identities.get(".".join(key)))
        if why is not None:
            raise StudyError(
                f"{folder / 'defs.yaml'}: {'.'.join(key)}: {shown(written)} lies with whoever wrote the data "
                f"set, and {why}; write the absolute path of your own copy there"
            )


def _why_not(written: str, made_with: Folder | None) -> str | None:
    """Return why a folder of the reader's project is not the one that was read; None where it is."""
    path = Path(written)
    if made_with is None or path.is_absolute() or ".." in path.parts or written.startswith("~"):
        return "on this machine it may be another"
    try:
        here = in_project(path)
        if not is_folder(here):
            return "this project has none"
        same = directory_hash(here) == made_with.files and hash_of_others(here) == made_with.others
    except StudyError as error:  # no project, or nothing of a model
        return f"here it is not ({error})"
    return None if same else "this project has another there"


def _named(settings: StudySettings, listed: DataSet) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield by its key each file or folder that reading and answering would open."""
    generation, extraction = settings.generation, settings.extraction
    if generation is not None and generation.chat_template.file is not None:
        yield ("generation", "chat_template", "file"), generation.chat_template.file
    for name, sae in extraction.saes.items():
        if sae.path is not None:
            yield ("extraction", "saes", name, "path"), sae.path
    models = {"generation": generation, "extraction": extraction}
    for block, one in models.items():
        if one is None:
            continue
        was_a_folder = f"{block}.model" in listed.identities  # a hub may have another of the same name
        if was_a_folder or is_folder(in_project(one.model)):
            yield (block, "model"), one.model


def _at(settings: Any, key: tuple[str, ...]) -> Any:
    for part in key:
        settings = settings.get(part) if isinstance(settings, dict) else None
    return settings
