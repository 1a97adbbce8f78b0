"""The fast way to encode with a ReLU or JumpReLU SAE: screen in bfloat16, compute what passed in float32.

A feature is active on a row x if fl(x·w + b) > θ, θ >= 0. The screen must let every such pair pass, so it
asks for the sign of an upper bound of x·w + b − θ. With x̃, w̃ for x, w rounded to bfloat16, Δx = x − x̃ and
Δw = w − w̃,

    x·w = x̃·w̃ + Δx·w̃ + x·Δw  <=  x̃·w̃ + |Δx||w̃| + |x||Δw|            (Cauchy–Schwarz)

where the norms are those of the actual rounding errors, about half of what bfloat16 guarantees. The bound is
itself one inner product, of [x̃, |Δx|, |x|, 1, 1] and [w̃, |w̃|, |Δw|, high, low] with high + low >= b − θ: one
bfloat16 product screens. What else is rounded:

- the extra numbers, to bfloat16: upwards.
- The product's sum of K terms, in float32: by at most K·2^-23·Σ|terms| even where the hardware truncates; and
  the float32 pre-activation, by (d_in + 2)·2^-24·(|x||w| + |b|). 4K·2^-24 times |x||w|, |b| and |b − θ| is
  added for both; for |Δx||w̃| and |x||Δw| the 2^-8 won by rounding them upwards pays, as K < 2^15.
- The product, to bfloat16 when stored: rounding keeps the sign, and zero passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from persona_assets.extract.pool import Codes, joined
from persona_assets.extract.scan import LANES, Scanner

_RELU = {"standard", "transcoder", "skip_transcoder"}
_JUMP_RELU = {"jumprelu", "jumprelu_transcoder", "jumprelu_skip_transcoder"}
_EXTRA = 4  # terms of the bound beside x̃·w̃
_NEVER = -1e30

# Of a block: (row, feature of the block, activation), from the product, the rows and the block.
Found = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Block:
    """`n` features from `first` on; `screen` holds the bound's terms, a column each, padded to LANES."""

    first: int
    screen: torch.Tensor  # bfloat16[K, n padded]
    weights: torch.Tensor  # float32[n, d_in]
    bias: torch.Tensor  # float32[n]
    threshold: torch.Tensor  # float32[n]


def can_screen(sae: Any) -> bool:
    """Whether the SAE's `encode` is a float32 linear map followed by ReLU or JumpReLU."""
    plain = isinstance(sae.activation_fn, torch.nn.ReLU) and sae.W_enc.dtype == torch.float32
    return plain and sae.cfg.architecture() in _RELU | _JUMP_RELU


class ScreenedEncoder:
    """Rows `float[n, d_in]` on the SAE's device to the features active on them.

    Works on blocks of rows and features, on a CPU small enough for its cache, in buffers that it keeps: one
    object serves one thread.
    """

    def __init__(self, sae: Any) -> None:
        self._sae = sae
        device = sae.W_enc.device
        on_cpu = device.type == "cpu"
        self._n_rows, n_features = (2048, 1024) if on_cpu else (8192, 16384)
        self._blocks = list(_blocks(sae, n_features))
        self._products = torch.empty(0, dtype=torch.bfloat16, device=device)
        self._find: Callable[[torch.Tensor, torch.Tensor, Block], Found] = (
            _found_by(Scanner()) if on_cpu else found_on_device
        )

    @torch.inference_mode()
    def __call__(self, rows: torch.Tensor) -> Codes:
        """The active (row, feature, activation) triples of `rows`."""
        starts = range(0, len(rows), self._n_rows)
        return joined([part for at in starts for part in self._encode(rows[at : at + self._n_rows], at)])

    def _encode(self, rows: torch.Tensor, first_row: int) -> Iterator[Codes]:
        rows = self._sae.process_sae_in(rows).contiguous()
        screen = screen_rows(rows)
        for block in self._blocks:
            product = self._buffer(len(rows), block.screen.shape[1])
            with _summed_in_float32():
                torch.mm(screen, block.screen, out=product)
            row, feature, value = self._find(product, rows, block)
            yield Codes(row + first_row, feature + block.first, value)

    def _buffer(self, n: int, m: int) -> torch.Tensor:
        if self._products.numel() < n * m:
            self._products = self._products.new_empty(n * m)
        return self._products[: n * m].view(n, m)


def screen_rows(rows: torch.Tensor) -> torch.Tensor:
    """The rows' side of the bound, bfloat16[n, K], for `rows` float32[n, d_in]."""
    rounded = rows.bfloat16()
    error, norm = (rows - rounded.float()).norm(dim=1), rows.norm(dim=1)
    ones = torch.ones_like(norm, dtype=torch.bfloat16)
    return torch.cat([rounded, torch.stack([_up(error), _up(norm), ones, ones], dim=1)], dim=1)


def screen_weights(weights: torch.Tensor, bias: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
    """The features' side of the bound, bfloat16[K, m], for `weights` float32[m, d_in]."""
    rounded = weights.bfloat16()
    slack = 4 * (weights.shape[1] + _EXTRA) * 2**-24
    error = (weights - rounded.float()).norm(dim=1) + slack * weights.norm(dim=1)
    shift = bias.double() - threshold.double()
    high = shift.bfloat16()
    rest = shift - high.double()
    low = rest + rest.abs() * 2**-7 + slack * (shift.abs() + bias.abs()) + 1e-30
    extra = [_up(rounded.float().norm(dim=1)), _up(error), high, low.bfloat16()]
    return torch.cat([rounded.t(), torch.stack(extra)])


def found_on_device(product: torch.Tensor, rows: torch.Tensor, block: Block) -> Found:
    """What passed the screen and is active, by torch alone."""
    row, feature = torch.nonzero(product >= 0, as_tuple=True)
    step = max(1, 2**26 // rows.shape[1])
    parts = zip(row.split(step), feature.split(step), strict=True)
    dots = [(rows[part] * block.weights[features]).sum(dim=1) for part, features in parts]
    value = torch.cat(dots) + block.bias[feature] if dots else rows.new_empty(0)
    active = value > block.threshold[feature]
    return row[active], feature[active], value[active]


def _found_by(scanner: Scanner) -> Callable[[torch.Tensor, torch.Tensor, Block], Found]:
    def find(product: torch.Tensor, rows: torch.Tensor, block: Block) -> Found:
        arrays = (part.numpy() for part in (rows, block.weights, block.bias, block.threshold))
        row, feature, value = scanner.find(product.view(torch.int16).numpy(), *arrays)
        return torch.from_numpy(row), torch.from_numpy(feature), torch.from_numpy(value)

    return find


def _blocks(sae: Any, n_features: int) -> Iterator[Block]:
    weights = sae.W_enc.data.t().contiguous()
    sae.W_enc.data = weights.t()  # one copy serves both layouts
    bias = sae.b_enc.data
    jumps = sae.cfg.architecture() in _JUMP_RELU
    threshold = sae.threshold.data.clamp(min=0) if jumps else torch.zeros_like(bias)
    for first in range(0, len(weights), n_features):
        parts = [whole[first : first + n_features] for whole in (weights, bias, threshold)]
        yield Block(first, _padded(screen_weights(*parts)), *parts)


def _padded(screen: torch.Tensor) -> torch.Tensor:
    """Columns that never pass, up to a multiple of LANES."""
    padding = screen.new_zeros(screen.shape[0], -screen.shape[1] % LANES)
    padding[-2] = _NEVER
    return torch.cat([screen, padding], dim=1).contiguous()


def _up(values: torch.Tensor) -> torch.Tensor:
    """Non-negative `values` in bfloat16, rounded upwards: the factor is twice what rounding can take."""
    return (values * (1 + 2**-7)).bfloat16()


@contextmanager
def _summed_in_float32() -> Iterator[None]:
    """CUDA may add partial sums in bfloat16, which the bound does not cover."""
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_bf16_reduced_precision_reduction
    matmul.allow_bf16_reduced_precision_reduction = False
    try:
        yield
    finally:
        matmul.allow_bf16_reduced_precision_reduction = before
