"""The stage `contrasts`: the study's own contrasts of roles, wordings or questions, landed in the lake."""

from __future__ import annotations

from persona_assets.analysis.design import role_sources
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import CONTRAST_TABLES, CONTRASTS
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.contrasts import groups_of


def compare_groups(across: AcrossRoles, sae: str, *, progress: Progress | None = None) -> dict[str, LakeFile]:
    """Return the files of `CONTRAST_TABLES`: found, or made now in one reading of the roles that take part.

    Raises StudyError where no role that takes part has fresh activations, a contrast's groups are not right,
    or a file is damaged.
    """
    study, lake = across.study, across.study.lake
    lacks = "no role of its contrasts has fresh activations"
    made_from = across.made_from(CONTRASTS, sae, lacks=lacks, select="responses,activations")
    if (found := across.files(CONTRAST_TABLES, sae)) is not None:
        return found
    from persona_assets.analysis.own_contrasts import own_contrasts

    taking_part = across.contrasted(sae)
    inputs = [file for files in taking_part.values() for file in files]
    lake.check(inputs)
    contents = own_contrasts(
        groups_of(study),
        role_sources(lake, taking_part),
        sae_width(study.settings.extraction.saes[sae]),
        aligned=across.aligned,
        smallest_effect=study.settings.analysis.smallest_effect,
        progress=progress,
    )
    return across.land({table: contents[table.name] for table in CONTRAST_TABLES}, made_from, sae, inputs)
