"""What features' activations do to an answer's log-probability, by the gradient: sparse, answer by answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse

from persona_assets.attribution.gradients import Traced
from persona_assets.extract.outliers import outliers
from persona_assets.extract.pool import Codes, only
from persona_assets.extract.reader import Reader

_AT_ONCE = 2**22  # numbers of directions that are gathered


@dataclass(frozen=True)
class Contributions:
    """Activation x gradient summed over an answer's tokens, float64[n_answers, d_sae] in nats.

    `own` of the activations after the role's prompt, `beside` of those after the anchor's; the gradient is
    that after the role's in both. A feature has an entry where it is active.
    """

    own: sparse.csr_matrix
    beside: sparse.csr_matrix


def contributions(
    reader: Reader, directions: torch.Tensor, here: Traced, beside: torch.Tensor, lengths: Sequence[int]
) -> tuple[Contributions, list[Codes]]:
    """Return what the features of `reader`, which write along `directions` float32[d_sae, width], contribute.

    `here` is the stream after the role's prompt, `beside` float[n, width] that on the same tokens after the
    anchor's. With them come the codes of each answer after the role's prompt, from row 0. Tokens that the
    study leaves out of pooling, after either prompt, are left out.
    """
    n_tokens = torch.tensor(lengths, device=here.rows.device)
    codes, other = reader.encode(here.rows), reader.encode(beside)
    if reader.masks:
        kept = ~(outliers(here.rows, n_tokens) | outliers(beside, n_tokens))
        codes, other = only(codes, kept), only(other, kept)
    answer_of = torch.arange(len(lengths), device=n_tokens.device).repeat_interleave(n_tokens)

    def summed(of: Codes) -> sparse.csr_matrix:
        effects = of.value.double() * along(of, here.gradients, directions)
        where = answer_of[of.row].cpu().numpy(), of.feature.cpu().numpy()
        shape = len(lengths), len(directions)
        return sparse.coo_matrix((effects.cpu().numpy(), where), shape, np.float64).tocsr()

    return Contributions(summed(codes), summed(other)), _parted(codes, answer_of, n_tokens)


def _parted(codes: Codes, answer_of: torch.Tensor, n_tokens: torch.Tensor) -> list[Codes]:
    starts, of_entry = n_tokens.cumsum(0) - n_tokens, answer_of[codes.row]
    parts = []
    for answer, start in enumerate(starts.tolist()):
        here = of_entry == answer
        parts.append(Codes(codes.row[here] - start, codes.feature[here], codes.value[here]))
    return parts


def along(codes: Codes, gradients: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """float64[n_active]: the gradient on each entry's token, along its feature's direction."""
    step = max(1, _AT_ONCE // directions.shape[1])
    parts = [
        (gradients[row] * directions[feature]).sum(dim=1, dtype=torch.float64)
        for row, feature in zip(codes.row.split(step), codes.feature.split(step), strict=True)
    ]
    return torch.cat(parts) if parts else codes.value.double()
