"""Encoding and the screen on a device, against float64."""

from __future__ import annotations

import pytest
import torch

from persona_assets.extract.encode import GeneralEncoder, encoder
from persona_assets.extract.screen import ScreenedEncoder
from persona_assets.models.hooks import HookPoint
from tests.gpu.bounds import assert_codes
from tests.gpu.hard import cancelling, worst_case
from tests.gpu.saes import KINDS, Random, random_sae

DTYPES = [torch.float32, torch.bfloat16]
CPU = torch.device("cpu")
POINT = HookPoint(0, "hook_resid_post")
# More rows than are compared, on a GPU beyond one block of rows and features.
SIZES = {"cpu": (1_100, 96, 640), "cuda": (9_000, 1_152, 17_000)}  # rows, d_in, d_sae


def rows_on(device: torch.device, n: int, d_in: int) -> torch.Tensor:
    """Rows of unequal norms around a common offset, as a residual stream's."""
    generator = torch.Generator(device).manual_seed(0)
    make = {"generator": generator, "device": device}
    return torch.exp(torch.randn(n, 1, **make)) * (torch.randn(n, d_in, **make) + 0.5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sae_encodes_as_float64_does(
    device: torch.device, kind: str, dtype: torch.dtype
) -> None:
    n, d_in, d_sae = SIZES[device.type]
    sae = random_sae(kind, d_in, d_sae, POINT, device, dtype)
    rows, encode = rows_on(device, n, d_in).to(dtype), encoder(sae, "sae")
    assert isinstance(encode, GeneralEncoder if kind == "topk" else ScreenedEncoder)
    assert_codes(encode(rows), sae, rows)


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_size_that_a_gpu_is_given_the_bounds_are_narrow_enough_too(kind: str) -> None:
    _, d_in, d_sae = SIZES["cuda"]
    sae = random_sae(kind, d_in, d_sae, POINT, CPU, torch.float32)
    rows = rows_on(CPU, 24, d_in)
    assert_codes(encoder(sae, "sae")(rows), sae, rows)


@pytest.mark.parametrize("screened_in", DTYPES)
@pytest.mark.parametrize("kind", ["relu", "jumprelu"])
def test_the_screen_in_either_type_loses_nothing(
    device: torch.device, kind: str, screened_in: torch.dtype
) -> None:
    n, d_in, d_sae = SIZES[device.type]
    sae = random_sae(kind, d_in, d_sae, POINT, device, torch.float32)
    rows, affine = rows_on(device, n, d_in), sae.affine()
    assert affine is not None
    assert_codes(ScreenedEncoder(affine, screened_in)(rows), sae, rows)


@pytest.mark.parametrize("screened_in", DTYPES)
@pytest.mark.parametrize("case", [worst_case, cancelling])
def test_what_fires_barely_passes_the_screen_however_it_is_rounded(
    device: torch.device, case, screened_in: torch.dtype
) -> None:
    d_sae = 300
    rows, weights = case(d_sae)
    directions, bias = weights.t().contiguous(), torch.linspace(-3, 3, d_sae)
    pre = rows.double() @ directions.double().t() + bias.double()
    error = (
        2 * (rows.shape[1] + 8) * 2**-24 * (rows.abs().double() @ directions.abs().double().t() + bias.abs())
    )
    for nth in range(1, 5):
        at, row = torch.where(pre > 2 * error, pre, torch.inf).kthvalue(nth, dim=0)
        features = at.isfinite().nonzero().squeeze(1)
        assert len(features) > d_sae / 2
        threshold = (at - error[row, torch.arange(d_sae)]).nan_to_num(posinf=1e30).float()
        sae = Random(directions, bias, threshold, POINT).to(device)
        affine = sae.affine()
        assert affine is not None
        codes = ScreenedEncoder(affine, screened_in)(rows.to(device))
        found = torch.zeros(len(rows), d_sae, dtype=torch.bool)
        found[codes.row.cpu(), codes.feature.cpu()] = True
        assert found[row[features], features].all()
