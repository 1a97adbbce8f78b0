"""The settings of a data set's study, as they may be read: nothing in them names a module to import."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from persona_assets.base.errors import StudyError
from persona_assets.study.dataset import DataSet
from persona_assets.study.settings import StudySettings
from persona_assets.study.settings.block import Block
from persona_assets.study.study import study_from

ROLES, QUESTIONS = "roles", "questions.jsonl"
_MODULES = ("backend", "library")  # a block's keys that may name a module to import


def attributes(dataset: DataSet) -> dict[str, Any]:
    """Return the settings of the study that is only read: nothing in them names a module to import.

    Raises StudyError where this version cannot read them, or they lean on another study.
    """
    settings = _without_code(dataset.settings, StudySettings)
    try:
        settings["roles"] = {**settings["roles"], "directory": ROLES}
        settings["questions"] = {**settings["questions"], "file": QUESTIONS}
        if settings["questions"].get("mode") != "general":
            settings["questions"].pop("file")
        read = study_from(settings, Path(dataset.study) / "defs.yaml").settings
    except (StudyError, KeyError, TypeError) as error:
        raise StudyError(
            f"the data set's settings are not those of a study of this version ({error}); it was written by "
            f"{dataset.made_by}"
        ) from error
    if read.responses_from is not None:  # a study of the reader's own may have this name
        raise StudyError(
            f"the data set's responses are those of another study, {read.responses_from}, and it does not "
            "say how they were sampled; ask whoever wrote it for one of this version"
        )
    return settings


def _without_code(value: Any, kind: Any) -> Any:
    """Return what stands in a block without its engine's options, and without what is loaded of a module.

    A name of the user's own, such as that of a judge, is no key of a block.
    """
    block, inner = _block(kind), _of_each(kind)
    if isinstance(value, Mapping) and block is not None:
        fields = block.model_fields
        return {
            key: _without_code(one, fields[key].annotation if key in fields else None)
            for key, one in value.items()
            if key not in fields or not _is_code(key, one)
        }
    if isinstance(value, Mapping):
        return {key: _without_code(one, inner) for key, one in value.items()}
    return [_without_code(one, inner) for one in value] if isinstance(value, list) else value


def _is_code(key: str, value: Any) -> bool:
    return key == "engine" or (key in _MODULES and isinstance(value, str) and ":" in value)


def _block(kind: Any) -> type[Block] | None:
    """Return the block that a field of this type holds, if it holds one."""
    kinds = (kind, *get_args(kind)) if get_origin(kind) not in (dict, list) else ()
    return next((one for one in kinds if isinstance(one, type) and issubclass(one, Block)), None)


def _of_each(kind: Any) -> Any:
    """Return the type of each value in a field of mappings or lists."""
    for one in (kind, *get_args(kind)):
        if get_origin(one) in (dict, list):
            return get_args(one)[-1]
    return None
