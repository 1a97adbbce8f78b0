"""Removing what is damaged, and everything that was made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_assets.base.atomic import turn
from persona_assets.health.snapshots import published
from persona_assets.health.verify import Verified
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.lineage import made_of
from persona_assets.study.study import Study
from persona_assets.warehouse import warehouse_path


@dataclass(frozen=True)
class Removed:
    """The files that are gone, `damaged` or `derived` from such, and the snapshots that stood on them."""

    damaged: list[str]
    derived: list[LakeFile]
    snapshots: list[str]


def remove_damaged(study: Study, verified: Verified) -> Removed:
    """Remove the files that `verified` found damaged or at odds, what was made from them, and every snapshot
    that names one of these; their names stay taken. Nobody on this machine publishes meanwhile.

    What is damaged goes last: where this is broken off, it is found again. Raises StudyError where the disk
    or the store refuses, or a snapshot cannot be read.
    """
    lake = study.lake
    damaged = sorted({path for problem in verified.problems for path in problem.paths})
    if not damaged:
        return Removed([], [], [])
    folder = warehouse_path(study).parent
    folder.mkdir(parents=True, exist_ok=True)
    with turn(folder):
        derived = made_of(lake, set(damaged))
        gone = {*damaged, *(file.path for file in derived)}
        snapshots = [one.where for one in published(lake) if not one.paths.isdisjoint(gone)]
        _remove_snapshots(study, snapshots)
        for path in [*(file.path for file in derived), *damaged]:
            lake.remove(LakeFile(path, 0, 0))
    return Removed(damaged, derived, snapshots)


def _remove_snapshots(study: Study, snapshots: Sequence[str]) -> None:
    lake = study.lake
    for where in snapshots:
        if where.startswith(f"{lake.root}/") and lake.storage.folder is None:
            lake.storage.remove(where.removeprefix(f"{lake.root}/"))
        else:
            Path(where).unlink(missing_ok=True)
