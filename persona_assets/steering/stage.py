"""The stage `interventions`: what features and directions do to given answers, landed in the lake."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    INTERVENTION_EFFECTS,
    INTERVENTION_READOUTS,
    RESPONSES,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    STEERING,
    STEERING_TABLES,
    Table,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.effects import effects
from persona_assets.steering.kept import Kept
from persona_assets.steering.reading import Interventions

Row = dict[str, Any]


def land_interventions(
    across: AcrossRoles, sae: str, *, progress: Progress | None = None
) -> dict[str, LakeFile]:
    """Return the files of `STEERING_TABLES`: found, or made now. What a killed run has read is taken up.

    `progress` counts the answers that are read. Raises StudyError where the roles are not compared yet, a
    stream cannot be edited, or the model or the SAE is not to be had.
    """
    lacks, select = "the roles are not compared yet", "responses,activations,role_features,statistics"
    made_from = across.made_from(INTERVENTION_EFFECTS, sae, lacks=lacks, select=select)
    if (found := across.files(STEERING_TABLES, sae)) is None:
        found = _land(across, sae, made_from, progress or (lambda done, of: None))
    across.study.lake.clear(STEERING, sae=sae)
    return found


def _land(across: AcrossRoles, sae: str, made_from: str, progress: Progress) -> dict[str, LakeFile]:
    rows = _readouts(across, sae, progress)
    contents: dict[Table, pa.Table] = {
        INTERVENTION_READOUTS: INTERVENTION_READOUTS.of(_columns(INTERVENTION_READOUTS, rows)),
        INTERVENTION_EFFECTS: INTERVENTION_EFFECTS.of(_columns(INTERVENTION_EFFECTS, effects(rows))),
    }
    return across.land(contents, made_from, sae, _inputs(across, sae))


def _readouts(across: AcrossRoles, sae: str, progress: Progress) -> list[Row]:
    """Return the rows of all interventions: those that earlier runs have, and the others, read now."""
    interventions, settings = Interventions(across, sae), across.study.settings.interventions
    earlier, done, rows = list(_earlier(across, sae)), 0, list[Row]()
    units = {name: interventions.answers(name) for name in settings}
    n_units = sum(map(len, units.values()))
    for name, answers in units.items():
        hash_ = str(across.intervention(sae, name))
        with Kept(across.study.lake, sae, hash_, earlier) as kept:
            for role, answer in answers:
                if not (found := kept.of_answer(role, answer.response_id)):
                    found = [row | {"asked": hash_} for row in interventions.read(name, role, answer)]
                    kept.add(found)
                rows += [row | {"intervention": name} for row in found]
                done += 1
                progress(done, n_units)
    return rows


def _earlier(across: AcrossRoles, sae: str) -> Iterable[Row]:
    for file in across.all(INTERVENTION_READOUTS, sae):
        with suppress(StudyError):
            yield from across.study.lake.read(INTERVENTION_READOUTS, file).to_pylist()


def _columns(table: Table, rows: list[Row]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in table.schema.names}


def _inputs(across: AcrossRoles, sae: str) -> list[LakeFile]:
    """Return the files that the tables are made from."""
    compared = across.compared(sae)
    files = [file for pair in compared.values() for file in pair]
    of_roles = [across.roles[role].file(RESPONSES) for role in compared]
    of_roles += [across.roles[role].file(ROLE_FEATURES, sae) for role in compared]
    return [file for file in (*files, *of_roles, across.file(ROLE_CONTRASTS, sae)) if file is not None]
