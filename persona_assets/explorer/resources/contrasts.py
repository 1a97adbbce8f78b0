"""The page of the study's own contrasts."""

from __future__ import annotations

from persona_assets.explorer.problems import not_found
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json

N_FEATURES = 60  # of either group


def contrasts(source: Source, sae: str) -> list[Json]:
    """`{sae}/contrasts.json`."""
    source.sae(sae)
    return source.rows("own_contrasts", sae=sae)


def contrast(source: Source, sae: str, contrast: str) -> list[Json]:
    """`{sae}/contrast/{contrast}.json`. Raises the problem 404 where there is no such contrast."""
    if all(one["contrast"] != contrast for one in contrasts(source, sae)):
        raise not_found(f"no contrast {contrast!r} in this study")
    return source.rows("own_contrast", sae=sae, contrast=contrast, limit=N_FEATURES)
