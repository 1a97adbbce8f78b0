"""The command that makes what a study lacks for something, and no more than that."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.table import stage as stage_of
from persona_assets.study.study import Study


def makes(study: Study, roles: Collection[RoleFiles], sae: str, stages: Sequence[str]) -> str:
    """Return what runs `stages`, in their order; of those per role the ones that some of `roles` lack.

    Answers may be another study's, which gives them first.
    """
    lacking = [name for name in stages if _is_lacking(roles, sae, name)]
    owner, own = study.responses_owner, [name for name in lacking if name != "responses"]
    if owner.name == study.name or len(own) == len(lacking):
        return _run(study, lacking)
    return " and then ".join([_run(owner, ["responses"]), *([_run(study, own)] if own else [])])


def _is_lacking(roles: Collection[RoleFiles], sae: str, name: str) -> bool:
    stage = stage_of(name)
    of = sae if stage.mark.per_sae else None
    return stage.per != "role" or not all(files.has(stage, of) for files in roles)


def _run(study: Study, stages: Sequence[str]) -> str:
    return f"`persona run {study.name} --select {','.join(stages)}`"
