"""What a file of the lake was made from, as its footer says, and what was made from a file.

Files of earlier versions say nothing: where a name is to be given again they count as made from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import EVERY_TABLE, RESPONSES
from persona_assets.lake.wholeness import READING_ERRORS

if TYPE_CHECKING:
    from persona_assets.lake.lake import Lake
    from persona_assets.lake.lake_file import LakeFile

INPUTS_NOTE = b"persona.inputs"  # in a file's footer: the paths, below the root, of what it was made from

_told: dict[tuple[str, int, float], frozenset[str] | None] = {}  # files never change

_MADE_FROM = {
    name: [table for table in EVERY_TABLE.values() if name in table.made_from] for name in EVERY_TABLE
}


def is_claimed(lake: Lake, path: str) -> bool:
    """Return whether a file is there that was made from a file at `path`, or may have been."""
    return any(inputs is None or path in inputs for _, inputs in _candidates(lake, path))


def made_of(lake: Lake, paths: set[str]) -> list[LakeFile]:
    """Return every file that was made from one at `paths`, or from what was made from it, and so on."""
    found: dict[str, LakeFile] = {}
    ahead = list(paths)
    while ahead:
        path = ahead.pop()
        for file, inputs in _candidates(lake, path):
            if inputs is not None and path in inputs and file.path not in found:
                found[file.path] = file
                ahead.append(file.path)
    return [found[path] for path in sorted(found) if path not in paths]


def _candidates(lake: Lake, path: str) -> Iterator[tuple[LakeFile, frozenset[str] | None]]:
    """The files that may have been made from the one at `path`, each with its inputs if it tells them."""
    study, name, *keys = path.split("/")[:-1]
    partition = dict(key.split("=", 1) for key in keys if "=" in key)
    sae, role = partition.get("sae"), partition.get("role")
    for table in _MADE_FROM.get(name, []):
        narrowed = {
            "sae": sae if table.per_sae else None,
            "role": role if table.per_role and (sae or not table.per_sae) else None,
        }
        for of_study in lake.studies() if name == RESPONSES.name else [study]:
            for file in lake.of(of_study).files(table, **narrowed):
                if not table.per_role or file.partition.get("role") == role:
                    yield file, _inputs(lake, file)


def _inputs(lake: Lake, file: LakeFile) -> frozenset[str] | None:
    """Return the paths of what the file was made from; None where it does not tell, or cannot be read."""
    key = lake.uri(file.path), file.size, file.modified
    if key not in _told:
        try:
            with lake.open(key[0]) as parquet:
                note = (parquet.metadata.metadata or {}).get(INPUTS_NOTE)
            _told[key] = None if note is None else frozenset(json.loads(note))
        except (StudyError, *READING_ERRORS):
            return None
    return _told[key]
