"""The stage `role_features`: features over all of a role's responses, aggregated in SQL and landed."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ROLE_FEATURES
from persona_assets.lake.wholeness import damaged
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study


def aggregate(study: Study, role: str, sae: str, *, overwrite: bool = False) -> LakeFile:
    """Return the role's fresh aggregates: those that are there, or, computed now, those that were missing.

    Raises StudyError where the role has no fresh activations, or one of its files is damaged.
    """
    files = RoleFiles(study, role)
    made_from = files.role_features_fingerprint(sae)
    activations, pooled = files.activations(sae), files.pooled(sae)
    if made_from is None or activations is None or pooled is None:
        raise StudyError(
            f"{study.name}: role {role} has no fresh activations under SAE {sae} to aggregate; "
            f"run `persona run {study.name} --roles {role} --select activations` first"
        )
    current = files.role_features(sae)
    if current is not None and not overwrite:
        return current
    content = aggregated(study.lake, activations, pooled)
    inputs = [activations, pooled]
    return study.lake.write(ROLE_FEATURES, content, made_from, sae=sae, role=role, inputs=inputs)


def aggregated(lake: Lake, activations: LakeFile, pooled: LakeFile) -> pa.Table:
    """Return `schema.ROLE_FEATURES` of one role, by feature_id, over all its pooled responses."""
    sql = query("stages/role_features")
    with lake.readable([activations, pooled]) as (entries, responses), lake.connection() as connection:
        parameters = {"activations": [entries], "pooled": [responses]}
        try:
            return connection.execute(sql, parameters).to_arrow_table()
        except duckdb.Error as error:
            raise damaged(lake.uri(activations.path), error) from error
