"""The tokens whose logits a direction raises and lowers most, without the whole of features by tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

_FEATURES = 8192  # at once, by as many tokens as the head reads


@dataclass
class Strongest:
    """For each feature the tokens of the largest values so far, the largest first: both [n_features, n]."""

    values: torch.Tensor  # float32
    token_ids: torch.Tensor  # int64

    @classmethod
    def of_none(cls, n_features: int, n: int, device: torch.device) -> Strongest:
        """Return what is known before any token: nothing."""
        return cls(
            torch.full((n_features, n), -torch.inf, device=device),
            torch.full((n_features, n), -1, device=device),
        )

    def hear(self, start: int, values: torch.Tensor, first_token: int) -> None:
        """Take note of the `values`, float32[n, n_tokens], of features from `start` and further tokens."""
        kept, ids = (whole[start : start + len(values)] for whole in (self.values, self.token_ids))
        [better] = torch.where(values.amax(dim=1) > kept[:, -1])
        new = values[better].topk(min(kept.shape[1], values.shape[1]), dim=1)
        both = torch.cat([kept[better], new.values], dim=1)
        of_both = torch.cat([ids[better], new.indices + first_token], dim=1)
        best = both.topk(kept.shape[1], dim=1)
        kept[better], ids[better] = best.values, of_both.gather(1, best.indices)


@torch.inference_mode()
def strongest(
    directions: torch.Tensor, readers: Iterator[torch.Tensor], n: int, heard: Callable[[int], None]
) -> tuple[Strongest, Strongest]:
    """Return for each of `directions`, float32[n_features, width], the `n` tokens that it promotes most, and
    the `n` that it suppresses most, whose values are negated.

    `readers` give the tokens' rows in turn, float32[n_tokens, width]; `heard` is told how many are done.
    """
    up, down = (Strongest.of_none(len(directions), n, directions.device) for _ in range(2))
    n_done = 0
    for rows in readers:
        across = rows.to(directions.device).T
        for start in range(0, len(directions), _FEATURES):
            values = directions[start : start + _FEATURES] @ across
            up.hear(start, values, n_done)
            down.hear(start, values.neg_(), n_done)
        n_done += len(rows)
        heard(n_done)
    return up, down
