"""Tokens whose stream is far longer than that of their response's other tokens: attention sinks, mostly.

Such a token draws attention and says nothing of the text. In most models it is the first; in some, others in
the middle of a text (Sun et al. 2024, "Massive Activations in Large Language Models").
"""

from __future__ import annotations

import torch

TIMES_MEDIAN = 10


@torch.inference_mode()
def outliers(rows: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Return bool[n]: is the row's norm over `TIMES_MEDIAN` times the median norm of its response?

    `rows`: float[n, width], of responses of `lengths` int64[n_responses] rows each, one after another. Of an
    even number of rows the lower of the two in the middle is the median, so at most half are outliers.
    """
    norms = torch.linalg.vector_norm(rows, dim=1, dtype=torch.float32)
    response = torch.arange(len(lengths), device=rows.device).repeat_interleave(
        lengths, output_size=len(rows)
    )
    order = norms.argsort()
    order = order[response[order].argsort(stable=True)]  # by response, then by norm
    middle = lengths.cumsum(0) - lengths + (lengths - 1) // 2
    return norms > TIMES_MEDIAN * norms[order[middle]][response]
