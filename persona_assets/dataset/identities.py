"""Which folders of models and SAEs a study's files were made with, so that a reader's own copy is known."""

from __future__ import annotations

import json
from collections import defaultdict

import duckdb

from persona_assets.base.queries import query
from persona_assets.lake.fingerprint import MADE_FROM_NOTE, NO_OTHERS
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, RESPONSES
from persona_assets.study.dataset import Folder
from persona_assets.study.study import Study


def identities(connection: duckdb.DuckDBPyConnection, study: Study) -> dict[str, Folder]:
    """Return by its key in the settings what each folder held from which the snapshot's files were made.

    Their footers tell. A key is left out whose files were imported, or made with different folders.
    """
    found: dict[str, set[Folder]] = defaultdict(set)
    tables = [RESPONSES.name, ACTIVATIONS.name]
    for name, path, size, modified in connection.execute(query("dataset/view_files"), [tables]).fetchall():
        file = LakeFile(path, size, modified)
        is_answer = name == RESPONSES.name
        sae = file.partition.get("sae")
        keys = {"model": "generation.model"} if is_answer else {"model": "extraction.model"}
        if not is_answer:
            keys["sae"] = f"extraction.saes.{sae}.path"
        lake = study.responses_owner.lake if is_answer else study.lake
        noted = json.loads(lake.note(file, MADE_FROM_NOTE) or "{}")
        for part, key in keys.items():
            if f"{part}.files" in noted:
                found[key].add(_folder(lake, noted, part))
    return {key: folders.pop() for key, folders in found.items() if len(folders) == 1}


def _folder(lake: Lake, noted: dict[str, str], part: str) -> Folder:
    files = json.loads(noted[f"{part}.files"])
    others = json.loads(noted.get(f"{part}.others", "null"))
    return Folder(files=files, others=others or lake.notes.noted(files, NO_OTHERS))
