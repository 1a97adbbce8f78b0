from __future__ import annotations

import pytest
import torch

from persona_assets.generate.packed import PackedLinear, pack_linear_layers


class Scaled(torch.nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 24), (64, 1, 24), (3, 500, 24)])
def test_packed_layers_give_what_linear_layers_give(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Linear(24, 56), torch.nn.Linear(56, 10, bias=False)).to(dtype)
    x = torch.randn(shape, dtype=dtype)
    with torch.inference_mode():
        expected = plain(x)
        pack_linear_layers(plain, n_rows=64)
        if dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported():
            assert all(type(layer) is PackedLinear for layer in plain)
        torch.testing.assert_close(plain(x), expected)


def test_layers_of_a_class_or_dtype_of_their_own_stay_as_they_are() -> None:
    model = torch.nn.Sequential(Scaled(8, 8), torch.nn.Linear(8, 8, dtype=torch.float64))
    layers = list(model)
    pack_linear_layers(model, n_rows=64)
    assert list(model) == layers
