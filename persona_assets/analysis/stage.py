"""The stage `statistics`: roles compared with each other by their activations, landed in the lake."""

from __future__ import annotations

from persona_assets.analysis.design import role_sources
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    FEATURES,
    LENGTH_CONTRASTS,
    ROLE_CONTRASTS,
    ROLE_MATRIX,
    STATISTICS_TABLES,
)
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles


def compare_roles(across: AcrossRoles, sae: str, *, progress: Progress | None = None) -> dict[str, LakeFile]:
    """Return the files of `STATISTICS_TABLES` over all roles with fresh activations: found, or made now.

    Roles named in `analysis.exclude` take no part. `progress` is told how many features are done. Raises
    StudyError where fewer than two roles take part, or a file is damaged.
    """
    made_from = across.made_from_two(ROLE_CONTRASTS, sae)
    return across.files(STATISTICS_TABLES, sae) or _made(across, sae, made_from, progress)


def _made(across: AcrossRoles, sae: str, made_from: str, progress: Progress | None) -> dict[str, LakeFile]:
    from persona_assets.analysis.contrasts import role_contrasts
    from persona_assets.analysis.role_matrix import RoleMatrix, with_selection
    from persona_assets.analysis.selection import role_matrix_mode, select
    from persona_assets.analysis.statistics import analyse

    study, lake, atlas = across.study, across.study.lake, across.study.settings.atlas
    role_matrix_mode(atlas, aligned=across.aligned)  # before the work: refuse
    inputs = [file for files in across.compared(sae).values() for file in files]
    lake.check(inputs)
    statistics = analyse(
        role_sources(lake, across.compared(sae)),
        sae_width(study.settings.extraction.saes[sae]),
        aligned=across.aligned,
        split_seed=atlas.split_seed,
        strategy=atlas.strategy,
        smallest_effect=study.settings.analysis.smallest_effect,
        progress=progress,
    )
    selection = select(statistics, atlas)
    features = with_selection(statistics.features, selection)
    compared, lengths = statistics.compared, statistics.length_contrasts
    del statistics  # it holds large matrices, as `selection` does, and the contrasts need neither
    of_features = {FEATURES: features, ROLE_MATRIX: RoleMatrix(selection)}
    files = across.land(of_features, made_from, sae, inputs)
    del selection, of_features
    of_roles = {LENGTH_CONTRASTS: lengths, ROLE_CONTRASTS: role_contrasts(compared)}
    return files | across.land(of_roles, made_from, sae, inputs)
