"""The stage `first_tokens`: roles compared by the first tokens of each response, all equally many."""

from __future__ import annotations

from persona_assets.analysis.design import role_sources
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import FIRST_CONTRASTS
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles


def compare_first(across: AcrossRoles, sae: str, *, progress: Progress | None = None) -> dict[str, LakeFile]:
    """Return the file of `FIRST_CONTRASTS`: found, or made now.

    Raises StudyError where fewer than two roles are pooled over their first tokens, or a file is damaged.
    """
    study, lake = across.study, across.study.lake
    lacks = "fewer than two roles are pooled over their first tokens"
    made_from = across.made_from(FIRST_CONTRASTS, sae, lacks=lacks, select="activations")
    if (found := across.files([FIRST_CONTRASTS], sae)) is not None:
        return found
    from persona_assets.analysis.statistics import compare

    compared = across.compared_first(sae)
    inputs = [file for files in compared.values() for file in files]
    lake.check(inputs)
    contrasts = compare(
        role_sources(lake, compared),
        sae_width(study.settings.extraction.saes[sae]),
        aligned=across.aligned,
        smallest_effect=study.settings.analysis.smallest_effect,
        progress=progress,
    )
    return across.land({FIRST_CONTRASTS: contrasts}, made_from, sae, inputs)
