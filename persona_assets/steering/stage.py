"""The stage `interventions`: what features and directions do to answers, landed in the lake."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    INTERVENTION_EFFECTS,
    INTERVENTION_READOUTS,
    STEERED_RESPONSES,
    STEERING,
    STEERING_TABLES,
    Table,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.effects import effects
from persona_assets.steering.kept import Kept, columns, earlier_rows, inputs_of
from persona_assets.steering.measuring import ANSWER_METRICS, pairs
from persona_assets.steering.reading import Interventions

Row = dict[str, Any]


def land_interventions(
    across: AcrossRoles, sae: str, *, progress: Progress | None = None
) -> dict[str, LakeFile]:
    """Return the files of `STEERING_TABLES`: found, or made now. What a killed run has read is taken up.
    Effects on steered responses are among them where these are there.

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
    rows, steered = _readouts(across, sae, progress), across.file(STEERED_RESPONSES, sae)
    found, inputs = effects(rows), inputs_of(across, sae)
    if steered is not None:
        answers = across.study.lake.read(STEERED_RESPONSES, steered).to_pylist()
        found += effects(pairs(answers), ANSWER_METRICS)
        inputs.append(steered)
    contents: dict[Table, pa.Table] = {
        INTERVENTION_READOUTS: INTERVENTION_READOUTS.of(columns(INTERVENTION_READOUTS, rows)),
        INTERVENTION_EFFECTS: INTERVENTION_EFFECTS.of(columns(INTERVENTION_EFFECTS, found)),
    }
    return across.land(contents, made_from, sae, inputs)


def _readouts(across: AcrossRoles, sae: str, progress: Progress) -> list[Row]:
    """Return the rows of all interventions: those that earlier runs have, and the others, read now."""
    interventions, settings = Interventions(across, sae), across.study.settings.interventions
    earlier, done, rows = list(earlier_rows(across, INTERVENTION_READOUTS, sae)), 0, list[Row]()
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
