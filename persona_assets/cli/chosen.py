"""What a run is to make: of which assets, for which roles, and what of it is not fresh."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.cli.arguments import check_role
from persona_assets.orchestration.checks import is_stopped
from persona_assets.orchestration.keys import key
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.stages.table import PER_ROLE, PER_STUDY
from persona_assets.study.study import Study

PER_ROLE_BY_NAME = {stage.name: stage for stage in PER_ROLE}
PER_STUDY_BY_NAME = {stage.name: stage for stage in PER_STUDY}


def chosen_roles(study: Study, roles: Sequence[str] | None) -> list[str]:
    """Return the roles named, or all. Raises StudyError where the study has no such role."""
    for role in roles or []:
        check_role(study, role)
    return study.role_names if roles is None else sorted(set(roles))


def chosen_assets(study: Study, definitions: dg.Definitions, select: Sequence[str] | None) -> list[str]:
    """Return the assets named, or all, in the order in which they are made. Raises StudyError as above."""
    graph = definitions.resolve_asset_graph()
    ordered = [
        asset.path[-1]
        for asset in graph.toposorted_asset_keys
        if asset in graph.materializable_asset_keys
        and not isinstance(graph.get(asset).partitions_def, dg.DynamicPartitionsDefinition)  # persona drift
    ]
    unknown = set(select or []) - set(ordered)
    if "drift" in unknown:
        raise StudyError(f"drift is made by conversation, not by role: `persona drift {study.name}`")
    if unknown:
        raise StudyError(f"{study.name} has no asset {min(unknown)!r}; its assets: {', '.join(ordered)}")
    return [asset for asset in ordered if select is None or asset in select]


def not_fresh(study: Study, asset: str, chosen: Sequence[str], selected: bool) -> list[str]:
    """Return the chosen roles whose files of `asset` are not fresh; no history is asked.

    Of an asset that is `selected` by name those too that lack what a later version added.
    """
    stage, files = PER_ROLE_BY_NAME[asset], look_at_roles(study)
    return [
        role
        for role in chosen
        if not all(files[role].has(stage, sae, selected=selected) for sae in files[role].saes_of(stage))
    ]


def to_look_at_again(
    study: Study, instance: dg.DagsterInstance, asset: str, fresh: Sequence[str]
) -> list[str]:
    """Return the roles, of those whose files are `fresh`, that Dagster does not know or a check stopped."""
    files, known = look_at_roles(study), instance.get_materialized_partitions(key(study, asset))
    return [role for role in fresh if role not in known or is_stopped(files[role], instance, asset)]


def lacking(study: Study, asset: str) -> list[str]:
    """Return the SAEs under which the stage of all roles together is not fresh."""
    files, stage = StudyFiles.of(study), PER_STUDY_BY_NAME[asset]
    parts = files.parts(stage)
    return [part.sae for part in parts if part.sae is not None and files.state(stage, part) != "fresh"]
