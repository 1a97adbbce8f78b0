"""Snapshots that are kept under a name while newer ones are published."""

from __future__ import annotations

import shutil
from pathlib import Path

from persona_assets.base.atomic import placed, turn
from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.lake.storage import bucket
from persona_assets.study.settings import NAME, NAMED_BY
from persona_assets.study.study import Study
from persona_assets.warehouse.reading import KEPT, kept_path, published_path


def keep(study: Study, name: str) -> Path:
    """Copy the published snapshot to where `name` is kept; gc leaves its files as long as it lies there.

    Raises StudyError where the name is taken or no name, nothing is published, or the lake is in a bucket.
    """
    if not NAME.fullmatch(name):
        raise StudyError(f"{shown(name)} is not a name: use {NAMED_BY}")
    if bucket(study.lake.storage) is not None:
        raise StudyError(
            f"{study.lake.root}: a snapshot of a lake in a bucket cannot be kept, for gc on another machine "
            "would not see it; copy the lake and the snapshot"
        )
    source, target = published_path(study), kept_path(study, name)
    with turn(source.parent):
        if target.exists():
            raise StudyError(f"{target}: is kept already; take another name, or delete the file")
        with placed(target) as beside:
            shutil.copyfile(source, beside)
    return target


def kept(folder: Path) -> list[Path]:
    """Return the snapshots that are kept of the study in `folder`, by name."""
    return sorted((folder / KEPT).glob("*.duckdb"))
