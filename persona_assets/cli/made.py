"""What `persona run` would make (`--dry-run`); and what it says at its end: what it made, what to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from persona_assets.cli.chosen import (
    PER_ROLE_BY_NAME,
    PER_STUDY_BY_NAME,
    chosen_assets,
    chosen_roles,
    lacking,
    not_fresh,
)
from persona_assets.cli.estimate import print_expected
from persona_assets.cli.table import table_lines
from persona_assets.cli.units import count, counted, size
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import Part, Stage
from persona_assets.stages.table import stage as stage_of
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

_MEASURED = "select distinct role from lake_files where table_name = 'role_features' order by role"
_FIRST_FEATURE = "select feature_id from top_features(?) limit 1"

Made = dict[str, list[str]]  # the roles, or the SAEs, of each asset


def print_plan(
    study: Study, roles: Sequence[str] | None, select: Sequence[str] | None, overwrite: bool
) -> None:
    """Print what a run of these words would make and how much of it a model does; make nothing.

    Raises StudyError as the run would before it began.
    """
    planned = plan(study, roles, select, overwrite)
    if not any(planned.values()):
        print("everything chosen is fresh; nothing would be made (--overwrite makes fresh roles again)")
        return
    rows = [
        [asset, _how_many(asset, parts), _n_prompts(study, asset, parts)] for asset, parts in planned.items()
    ]
    print("\n".join(table_lines(["asset", "would be made", "prompts or answers"], rows)))
    print_expected(study, len(planned.get("responses", [])))
    print(f"`persona estimate {study.name}` measures what that takes on this machine")


def plan(study: Study, roles: Sequence[str] | None, select: Sequence[str] | None, overwrite: bool) -> Made:
    """Return the roles (or SAEs) that a run would make each asset for, what follows from others included.

    The lake's files alone decide; Dagster's history, which may be fresh, is neither asked nor made.
    """
    chosen, planned = chosen_roles(study, roles), Made()
    for asset in chosen_assets(study, study_definitions(study), select):
        by_name = select is not None and asset in select
        if asset in PER_ROLE_BY_NAME:
            above = {part for need in PER_ROLE_BY_NAME[asset].needs for part in planned.get(need, [])}
            todo = chosen if overwrite else not_fresh(study, asset, chosen, by_name)
            planned[asset] = [role for role in chosen if role in above or role in todo]
        elif asset in PER_STUDY_BY_NAME:
            follows = any(planned.get(need) for need in PER_STUDY_BY_NAME[asset].needs)
            saes = list(study.settings.extraction.saes)
            planned[asset] = saes if follows else lacking(study, asset)
    return planned


def said_of(study: Study, made: Mapping[str, Sequence[str]]) -> str:
    """Return the line that tells of what a run made, and how much of the lake that is."""
    files = StudyFiles.of(study)
    told = [f"{asset} of {_how_many(asset, parts)}" for asset, parts in made.items() if parts]
    n_bytes = sum(
        held.file.size
        for asset, parts in made.items()
        for part in _parts(study, stage_of(asset), parts)
        for held in files.held(stage_of(asset), part)
    )
    return f"made: {', '.join(told)}; {size(n_bytes)}"


def questions(study: Study, roles: Sequence[str]) -> list[str]:
    """Return two commands that ask the snapshot: for what marks one of `roles`, and who else has that."""
    with connect(study) as connection:
        here = [role for (role,) in connection.execute(_MEASURED).fetchall()]
        asked = [role for role in here if role in roles and role != study.settings.analysis.anchor] or here
        if not asked:
            return [f'persona sql {study.name} "from roles"']
        [(feature,)] = connection.execute(_FIRST_FEATURE, [asked[0]]).fetchall() or [(0,)]
    return [
        f"persona top-features {study.name} {asked[0]} --limit 5",
        f'persona sql {study.name} "from which_roles({feature}) limit 5"',
    ]


def _parts(study: Study, stage: Stage, names: Sequence[str]) -> list[Part]:
    if stage.per == "study":
        return [Part(sae=sae) for sae in names]
    saes = list(study.settings.extraction.saes) if stage.mark.per_sae else [None]
    return [Part(role, sae) for role in names for sae in saes]


def _how_many(asset: str, parts: Sequence[str]) -> str:
    if not parts:
        return "fresh"
    return counted(len(parts), "role" if asset in PER_ROLE_BY_NAME else "SAE")


def _n_prompts(study: Study, asset: str, parts: Sequence[str]) -> str | None:
    """Return how many prompts are answered, or answers read; None of a stage that runs no model over them."""
    stage = PER_ROLE_BY_NAME.get(asset)
    if stage is None or not stage.uses_model or not parts:
        return None
    owner, n_variants = study.responses_owner, len(study.generation.prompt_indices)
    return count(sum(n_variants * len(owner.questions(owner.role(role))) for role in parts))
