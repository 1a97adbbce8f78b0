"""How many features an SAE has, read from its configuration without loading weights."""

from __future__ import annotations

from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, read_json
from persona_assets.base.project import in_project
from persona_assets.models.foreign_sae import CONFIG, refuse_foreign
from persona_assets.study.settings import SaeSettings


def sae_width(settings: SaeSettings) -> int:
    """d_sae. Raises StudyError where the SAE is of another form, or its configuration does not say."""
    name = settings.path or f"{settings.release}/{settings.id}"
    if settings.path is not None and in_project(settings.path).is_dir():
        refuse_foreign(in_project(settings.path))
    try:
        return int(_config(settings)["d_sae"])
    except Exception as error:  # the hub's client and SAELens let through whatever they meet
        kind = "" if isinstance(error, StudyError) else f"{type(error).__name__}: "
        reason = f"{kind}{' '.join(str(error).split())[:300]}"
        raise StudyError(
            f"cannot read the width of SAE {name}: {reason}; check its path, or its release and id"
        ) from error


def width_on_disk(settings: SaeSettings) -> int | None:
    """d_sae of an SAE in a folder; None where the folder is gone, or a hub would have to tell.

    Raises StudyError where the SAE's configuration does not say.
    """
    there = settings.path is not None and is_file(in_project(settings.path) / "cfg.json")
    return sae_width(settings) if there else None


def _config(settings: SaeSettings) -> dict[str, Any]:
    if settings.path is not None:
        return dict(read_json(in_project(settings.path) / CONFIG))
    from sae_lens.loading.pretrained_sae_loaders import load_sae_config_from_huggingface

    return load_sae_config_from_huggingface(settings.release, settings.id)
