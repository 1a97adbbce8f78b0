"""Encoding: rows of a stream to the features active on them, without ever holding `[n, d_sae]`."""

from __future__ import annotations

from collections.abc import Callable

import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.pool import Codes, active, joined
from persona_assets.extract.screen import ScreenedEncoder, can_screen
from persona_assets.models.sae import Sae

Encode = Callable[[torch.Tensor], Codes]

# Dense codes a chunk: 64 MB in float32.
_CHUNK = 2**24


def encoder(sae: Sae, name: str) -> Encode:
    """Return a function from rows `float[n, d_in]` on the SAE's device to the features active on them."""
    affine = sae.affine()
    if affine is not None and can_screen(affine):
        return ScreenedEncoder(affine)
    return GeneralEncoder(sae, name)


class GeneralEncoder:
    """The SAE's own `encode` on chunks of rows: right for all that see one token at a time."""

    def __init__(self, sae: Sae, name: str) -> None:
        self._sae = sae
        self._name = name
        self._rows = max(1, _CHUNK // sae.d_sae)

    @torch.inference_mode()
    def __call__(self, rows: torch.Tensor) -> Codes:
        """The active (row, feature, activation) triples of `rows`."""
        starts = range(0, len(rows), self._rows)
        return joined([self._chunk(rows[at : at + self._rows], at) for at in starts])

    def _chunk(self, rows: torch.Tensor, first_row: int) -> Codes:
        codes = self._sae.encode(rows)
        if bool((codes < 0).any()):
            raise StudyError(f"SAE {self._name}: gives negative activations, which are not served")
        return active(codes, first_row)
