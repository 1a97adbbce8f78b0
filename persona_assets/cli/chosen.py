"""What a run is to make: of which assets, for which roles, and what of it is not fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.cli.arguments import check_role, check_saes_are_here
from persona_assets.orchestration.checks import is_stopped
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.keys import key
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.table import PER_ROLE, PER_STUDY
from persona_assets.study.named_roles import check_named_roles
from persona_assets.study.study import Study
from persona_assets.warehouse import warehouse_path

PER_ROLE_BY_NAME = {stage.name: stage for stage in PER_ROLE}
PER_STUDY_BY_NAME = {stage.name: stage for stage in PER_STUDY}


class Chosen(NamedTuple):
    """The roles and the assets of a run, the assets in the order in which they are made."""

    roles: list[str]
    assets: list[str]
    definitions: dg.Definitions


def chosen(study: Study, roles: Sequence[str] | None, select: Sequence[str] | None) -> Chosen:
    """Return what is named, or all. Raises StudyError for what a run would otherwise meet late."""
    named = chosen_roles(study, roles)
    check_named_roles(study)
    definitions = study_definitions(study)
    assets = chosen_assets(study, definitions, select)
    if "activations" in assets:
        check_saes_are_here(study)
    if "warehouse" in assets:
        warehouse_path(study)  # a place where none can lie
    return Chosen(named, assets, definitions)


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


def not_fresh(files: Mapping[str, RoleFiles], asset: str, roles: Sequence[str], selected: bool) -> list[str]:
    """Return the roles whose files of `asset` are not fresh; no history is asked.

    Of an asset that is `selected` by name those too that lack what a later version added.
    """
    stage = PER_ROLE_BY_NAME[asset]
    return [
        role
        for role in roles
        if not all(files[role].has(stage, sae, selected=selected) for sae in files[role].saes_of(stage))
    ]


def to_look_at_again(
    study: Study,
    files: Mapping[str, RoleFiles],
    instance: dg.DagsterInstance,
    asset: str,
    fresh: Sequence[str],
) -> list[str]:
    """Return the roles, of those whose files are `fresh`, that Dagster does not know or a check stopped."""
    known = instance.get_materialized_partitions(key(study, asset))
    return [role for role in fresh if role not in known or is_stopped(files[role], instance, asset)]


def lacking(files: StudyFiles, asset: str) -> list[str]:
    """Return the SAEs under which the stage of all roles together is not fresh."""
    stage = PER_STUDY_BY_NAME[asset]
    parts = files.parts(stage)
    return [part.sae for part in parts if part.sae is not None and files.state(stage, part) != "fresh"]
