"""What `persona run` says at its end: what it made, and what to ask."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from persona_assets.base.counts import counted
from persona_assets.base.given import one_line
from persona_assets.cli.chosen import PER_ROLE_BY_NAME
from persona_assets.cli.units import size
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import Part, Stage
from persona_assets.stages.table import stage as stage_of
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

_MEASURED = "select distinct role from lake_files where table_name = 'role_features' order by role"
_FIRST_FEATURE = "select feature_id from top_features(?) limit 1"

Made = dict[str, list[str]]  # the roles, or the SAEs, of each asset


def how_many(asset: str, parts: Sequence[str]) -> str:
    """Return of how many roles or SAEs something is made."""
    return counted(len(parts), "role" if asset in PER_ROLE_BY_NAME else "SAE")


def said_of(study: Study, made: Mapping[str, Sequence[str]]) -> str:
    """Return the line that tells of what a run made, and how much of the lake that is."""
    files = StudyFiles.of(study)
    told = [f"{asset} of {how_many(asset, parts)}" for asset, parts in made.items() if parts]
    n_bytes = sum(
        held.file.size
        for asset, parts in made.items()
        for part in _parts(study, stage_of(asset), parts)
        for held in files.held(stage_of(asset), part)
    )
    return f"made: {', '.join(told)}; {size(n_bytes)}"


def questions(study: Study, roles: Sequence[str], named: str | None = None) -> list[str]:
    """Return two commands that ask the snapshot: for what marks one of `roles`, and who else has that.

    They call the study by its name, or as it is `named`.
    """
    named = named or study.name
    with connect(study) as connection:
        here = [role for (role,) in connection.execute(_MEASURED).fetchall()]
        asked = [role for role in here if role in roles and role != study.settings.analysis.anchor] or here
        if not asked:
            return [f'persona sql {named} "from roles"']
        [(feature,)] = connection.execute(_FIRST_FEATURE, [asked[0]]).fetchall() or [(0,)]
    return [
        f"persona top-features {named} {shlex.quote(one_line(asked[0], 120))} --limit 5",
        f'persona sql {named} "from which_roles({feature}) limit 5"',
    ]


def _parts(study: Study, stage: Stage, names: Sequence[str]) -> list[Part]:
    if stage.per == "study":
        return [Part(sae=sae) for sae in names]
    saes = list(study.settings.extraction.saes) if stage.mark.per_sae else [None]
    return [Part(role, sae) for role in names for sae in saes]
