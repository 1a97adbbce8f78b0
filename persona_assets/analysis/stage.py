"""Stage 4: the roles compared with each other, computed from their activations and landed in the lake."""

from __future__ import annotations

from persona_assets.analysis.design import RoleSource
from persona_assets.errors import StudyError
from persona_assets.freshness import AcrossRoles
from persona_assets.interchange.width import sae_width
from persona_assets.lake import LakeFile
from persona_assets.schema import FEATURES, ROLE_CONTRASTS


def compare_roles(across: AcrossRoles, sae: str) -> tuple[LakeFile, LakeFile]:
    """The files of `role_contrasts` and `features` over all roles with fresh activations: found, or made now.

    Roles named in `analysis.exclude` take no part. Raises StudyError where fewer than two roles do, or a file
    is damaged.
    """
    made_from = across.statistics_fingerprint(sae)
    if made_from is None:
        study = across.study
        raise StudyError(
            f"{study.name}: fewer than two roles have fresh activations under SAE {sae}, so there is nothing "
            f"to compare; run `persona run {study.name} --select responses,activations` first"
        )
    contrasts, features = across.role_contrasts(sae), across.features(sae)
    if contrasts is None or features is None:
        contrasts, features = _made(across, sae, made_from)
    return contrasts, features


def _made(across: AcrossRoles, sae: str, made_from: str) -> tuple[LakeFile, LakeFile]:
    from persona_assets.analysis.statistics import analyse

    study, lake = across.study, across.study.lake
    statistics = analyse(
        [
            RoleSource(role, lake.uri(activations.path), lake.uri(pooled.path))
            for role, (activations, pooled) in across.compared(sae).items()
        ],
        sae_width(study.settings.extraction.saes[sae]),
        aligned=study.responses_owner.settings.questions.mode == "general",
        split_seed=study.settings.atlas.split_seed,
    )
    features = lake.write(FEATURES, statistics.features, made_from, sae=sae)
    return lake.write(ROLE_CONTRASTS, statistics.role_contrasts, made_from, sae=sae), features
