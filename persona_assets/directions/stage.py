"""The stage `directions`: what each feature of an SAE writes, landed in the lake. No answer is read."""

from __future__ import annotations

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import DECODERS, DIRECTIONS_TABLES
from persona_assets.stages.across_roles import AcrossRoles


def land_directions(across: AcrossRoles, sae: str, progress: Progress) -> dict[str, LakeFile]:
    """Return the files of `DIRECTIONS_TABLES`: found, or made now of the model's and the SAE's weights.

    Raises StudyError where these are not to be had on this machine.
    """
    made_from = across.fingerprint(DECODERS, sae)
    if made_from is None:
        raise StudyError("the model's or the SAE's folder is not on this machine")
    return across.files(DIRECTIONS_TABLES, sae) or _made(across, sae, made_from, progress)


def _made(across: AcrossRoles, sae: str, made_from: str, progress: Progress) -> dict[str, LakeFile]:
    import torch

    from persona_assets.directions.tables import directions_tables

    settings, device = across.study.settings.extraction, "cuda" if torch.cuda.is_available() else "cpu"
    contents = directions_tables(settings, sae, device, progress)
    return across.land({table: contents[table.name] for table in DIRECTIONS_TABLES}, made_from, sae)
