"""An SAE ready to read a model: loaded, found to fit, its hook point and encoder known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from persona_assets.base.arrays import Singles
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.encode import Encode, encoder
from persona_assets.extract.outliers import outliers
from persona_assets.extract.pool import only, pool
from persona_assets.extract.quality import FitSums, fit_sums
from persona_assets.models.hooks import HookPoint, check_fits, check_site
from persona_assets.models.sae import Sae, load_sae, sae_name

if TYPE_CHECKING:
    from persona_assets.study.settings import ExtractionSettings, SaeSettings


@dataclass(frozen=True)
class Reader:
    """The SAE that a study calls `name`, where it reads, and how it encodes.

    `masks`: tokens that are outliers are left out of pooling. `keeps_vectors`: the mean of what it reads is
    kept of each response.
    """

    name: str
    sae: Sae
    encode: Encode
    masks: bool = False
    keeps_vectors: bool = False

    @property
    def point(self) -> HookPoint:
        """Where it reads."""
        return self.sae.point

    @torch.inference_mode()
    def pooled(
        self, rows: torch.Tensor, of: Sequence[tuple[int, int]], measured: Collection[int] = ()
    ) -> PooledBatch:
        """Encode rows `float[n, d_in]` and pool them.

        `of` holds a response_id and how many rows are its, for one response after another. The fit is
        measured on the responses that are `measured`.
        """
        response_ids, n_rows = np.array(of, dtype=np.int64).reshape(-1, 2).T
        lengths = torch.from_numpy(n_rows.copy()).to(rows.device)
        long = outliers(rows, lengths)
        n_outliers = torch.zeros_like(lengths).index_add_(
            0, torch.arange(len(lengths), device=rows.device).repeat_interleave(lengths), long.long()
        )
        codes, n_pooled = self.encode(rows), lengths
        if self.masks:
            codes, n_pooled = only(codes, ~long), lengths - n_outliers
        return PooledBatch(
            sae=self.name,
            response_ids=response_ids,
            pooled=pool(codes, lengths, self.sae.d_sae, n_pooled),
            n_outliers=n_outliers.cpu().numpy(),
            fit=self._fit(rows, of, long, measured),
            vectors=self._means(rows, lengths, long, n_pooled) if self.keeps_vectors else None,
        )

    def _means(
        self, rows: torch.Tensor, lengths: torch.Tensor, long: torch.Tensor, n_pooled: torch.Tensor
    ) -> Singles:
        """float32[n, d_in]: the mean of each response's pooled rows, summed in their order."""
        kept = rows.float().masked_fill(long[:, None], 0) if self.masks else rows.float()
        sums = torch.segment_reduce(kept, "sum", lengths=lengths, axis=0, unsafe=True)
        means: Singles = (sums / n_pooled[:, None]).cpu().numpy()
        return means

    def _fit(
        self, rows: torch.Tensor, of: Sequence[tuple[int, int]], long: torch.Tensor, measured: Collection[int]
    ) -> FitSums | None:
        """Sum up the fit on the rows of the responses that are measured, as far as they are pooled."""
        chosen = [one in measured for one, _ in of]
        if not any(chosen):
            return None
        wanted = torch.from_numpy(np.repeat(chosen, [n_rows for _, n_rows in of])).to(rows.device)
        kept = wanted & ~long if self.masks else wanted
        return fit_sums(self.sae, rows[kept], sum(chosen), int((wanted & long).sum()))


def load_readers(settings: ExtractionSettings, config: Any, device: str) -> dict[str, Reader]:
    """Return the SAEs that `settings` name, for their model, whose text configuration is `config`.

    Raises StudyError where one cannot be had or does not fit.
    """
    readers = {}
    for name, of_sae in settings.saes.items():
        sae = load_fitting(of_sae, config, settings.model, device)
        readers[name] = Reader(
            name,
            sae,
            encoder(sae, sae_name(of_sae)),
            settings.mask_norm_outliers,
            settings.vectors is not None,
        )
    return readers


def load_fitting(settings: SaeSettings, config: Any, model: str, device: str = "cpu") -> Sae:
    """Return the SAE that `settings` name, on `device`. Raises StudyError as `load_readers` does."""
    sae, name = load_sae(settings, device), sae_name(settings)
    check_site(sae.point, config, name)
    check_fits(sae.point, sae.d_in, name, config, model)
    return sae
