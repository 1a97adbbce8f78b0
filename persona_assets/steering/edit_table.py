"""Many edits of a stream as one: each row is changed by its own, all rows together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import torch

from persona_assets.models.sae import Affine, Sae
from persona_assets.steering.edits import Edit, added, more
from persona_assets.study.settings.steering import Operation

_OPERATIONS: tuple[Operation, ...] = get_args(Operation)
_ADD = _OPERATIONS.index("add")
_NO_FEATURE = -1
_AT_ONCE = 1_024  # rows whose every feature is encoded: 256 MiB of 65,536 in float32


def packed(edits: Sequence[Edit]) -> bytes:
    """Return edits as bytes that `EditTable.unpacked` reads, in any process."""
    from safetensors.torch import save

    features = [one.written.feature_id for one in edits]
    return save(
        {
            "rows": torch.stack([one.written.row.float().cpu() for one in edits]),
            "features": torch.tensor([_NO_FEATURE if one is None else one for one in features]),
            "operations": torch.tensor([_OPERATIONS.index(one.operation) for one in edits]),
            "levels": torch.tensor([one.level for one in edits], dtype=torch.float32),
        }
    )


def reads_features(content: bytes) -> bool:
    """Return whether any of the packed edits reads a feature, so that it takes an SAE to make them."""
    from safetensors.torch import load

    return bool((load(content)["features"] != _NO_FEATURE).any())


@dataclass(frozen=True)
class EditTable:
    """Edits on their device: what a unit of each writes, `rows` float32[n_edits, width], the `features` that
    amounts are of, int64[n_edits], -1 where they are along the row, the operations and the levels, [n_edits].
    """

    rows: torch.Tensor
    features: torch.Tensor
    operations: torch.Tensor
    levels: torch.Tensor
    sae: Sae | None

    @classmethod
    def unpacked(cls, content: bytes, sae: Sae | None, device: torch.device | str) -> EditTable:
        """Return packed edits on a device; their features are the `sae`'s, which lies there."""
        from safetensors.torch import load

        return cls(**{name: one.to(device) for name, one in load(content).items()}, sae=sae)

    def __call__(self, stream: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Return the rows of a stream float[n, width], each under the edit `which` int64[n] says.

        As `Edit` does: computed in float32, and rows whose amount stays keep their very bits.
        """
        amounts, levels = self._amounts(stream.float(), which), self.levels[which]
        operations, change = self.operations[which], torch.zeros_like(amounts)
        for number, operation in enumerate(_OPERATIONS):  # of all rows: picking some would wait for a GPU
            change = torch.where(operations == number, more(operation, amounts, levels), change)
        return added(stream, change, self.rows[which])

    def _amounts(self, rows: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        along = (rows * self.rows[which]).sum(dim=-1)
        if self.sae is None:
            return along
        features, affine = self.features[which], self.sae.affine()
        reads = (features != _NO_FEATURE) & (self.operations[which] != _ADD)
        if affine is not None:
            return torch.where(reads, _active(affine, rows, features.clamp(min=0)), along)
        for at in reads.nonzero()[:, 0].split(_AT_ONCE):
            along[at] = self.sae.encode(rows[at]).float().gather(1, features[at, None])[:, 0]
        return along


def _active(affine: Affine, rows: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Return each row's activation of its own feature, float32[n]."""
    code = (affine.inputs(rows) * affine.weights[features]).sum(dim=-1) + affine.bias[features]
    return torch.where(code > affine.threshold[features], code, 0.0)
