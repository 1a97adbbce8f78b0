from __future__ import annotations

import numpy as np
import pytest
import torch
from sae_lens import SAE

from persona_assets.base.errors import StudyError
from persona_assets.extract.encode import GeneralEncoder, encoder
from persona_assets.extract.screen import ScreenedEncoder, found_on_device
from persona_assets.models.sae import load_sae
from persona_assets.study.settings import SaeSettings
from tests.extract.families import D_MODEL
from tests.extract.supports import Bounds
from tests.gpu.hard import cancelling, worst_case

SCREENED = ["standard", "jumprelu", "transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder"]
OWN = ["gated", "topk", "matching_pursuit"]
TRANSCODER = {"d_out": 8, "apply_b_dec_to_input": False}
OPTIONS = {
    "topk": {"k": 6},
    "matching_pursuit": {"max_iterations": 5},
    **{name: TRANSCODER for name in SCREENED if "transcoder" in name},
}
DTYPES = [torch.bfloat16, torch.float32]


def make(make_sae, architecture: str, **options):
    """The SAE as extraction loads it, and as SAELens does by itself."""
    source = make_sae(architecture=architecture, **OPTIONS.get(architecture, {}), **options)
    return load_sae(SaeSettings(**source)), SAE.load_from_disk(source["path"])


def rows(n: int, d_in: int = D_MODEL, seed: int = 0) -> torch.Tensor:
    """Rows of unequal norms around a common offset, as a residual stream's."""
    generator = torch.Generator().manual_seed(seed)
    scale = torch.exp(torch.randn(n, 1, generator=generator))
    return scale * (torch.randn(n, d_in, generator=generator) + 0.5)


def as_dense(codes, n: int, d_sae: int) -> torch.Tensor:
    dense = torch.zeros(n, d_sae)
    assert len(set(zip(codes.row.tolist(), codes.feature.tolist(), strict=True))) == len(codes.row)
    dense[codes.row, codes.feature] = codes.value
    return dense


def assert_encodes(encode, reference, x) -> None:
    dense = as_dense(encode(x), len(x), reference.cfg.d_sae)
    Bounds.of(reference, x).assert_hold(dense.double().numpy())
    assert 0 < int((dense > 0).sum()) < dense.numel() / 2


@pytest.mark.parametrize("architecture", SCREENED + OWN)
def test_every_architecture_encodes_as_saelens_does(architecture, make_sae) -> None:
    sae, reference = make(make_sae, architecture)
    encode = encoder(sae, "sae")
    assert isinstance(encode, ScreenedEncoder if architecture in SCREENED else GeneralEncoder)
    assert_encodes(encode, reference, rows(300))


@pytest.mark.parametrize(
    "options",
    [
        {"apply_b_dec_to_input": False},
        {"apply_b_dec_to_input": True},
        {"normalize_activations": "layer_norm"},
        {"normalize_activations": "constant_norm_rescale"},
    ],
)
@pytest.mark.parametrize("architecture", ["jumprelu", "topk"])
def test_what_an_sae_does_to_its_input_is_done(architecture, options, make_sae) -> None:
    sae, reference = make(make_sae, architecture, **options)
    x = rows(50) * 3 + 1
    plain = encoder(make(lambda **o: make_sae("plain", **o), architecture)[0], "sae")(x)
    assert_encodes(encoder(sae, "sae"), reference, x)
    if options != {"apply_b_dec_to_input": True}:
        same = as_dense(plain, 50, 96).allclose(reference.encode(x), rtol=1e-3, atol=1e-3)
        assert not same, "the option should matter, or this test proves nothing"


def test_heads_reshaped_by_saelens_are_read_flat(make_sae) -> None:
    options = {"hook": "blocks.1.attn.hook_z", "reshape_activations": "hook_z", "d_in": 48}
    sae, reference = make(make_sae, "jumprelu", **options)
    x = rows(40, 48)
    expected = reference.encode(x.view(40, 4, 12))
    torch.testing.assert_close(as_dense(encoder(sae, "sae")(x), 40, 96), expected.detach())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_screen_equals_the_dense_encode_for_any_shape(dtype, seed, make_sae) -> None:
    rng = np.random.default_rng(seed)
    n, d_in, d_sae = (int(rng.integers(1, high)) for high in (3000, 250, 1300))
    architecture = ["standard", "jumprelu"][seed % 2]
    sae, reference = make(make_sae, architecture, d_in=d_in, d_sae=d_sae, seed=seed)
    x = rows(n, d_in, seed) * float(10 ** rng.normal())
    encode = ScreenedEncoder(sae.affine(), dtype)
    dense = as_dense(encode(x), n, d_sae)
    Bounds.of(reference, x).assert_hold(dense.double().numpy())


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_torch_only_screen_finds_the_same(dtype, make_sae) -> None:
    sae, reference = make(make_sae, "jumprelu", d_sae=500)
    encode = ScreenedEncoder(sae.affine(), dtype)
    encode._find = found_on_device  # what runs on a GPU
    assert_encodes(encode, reference, rows(300))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("find", ["cpu", "device"])
@pytest.mark.parametrize("case", [worst_case, cancelling])
def test_an_activation_just_above_its_threshold_survives_any_rounding(case, find, dtype, make_sae) -> None:
    """And one that is exactly at it does not."""
    d_sae = 300
    x, weights = case(d_sae)
    sae, _ = make(make_sae, "jumprelu", d_in=len(weights), d_sae=d_sae, apply_b_dec_to_input=False)
    sae.sae.W_enc.data = weights
    sae.sae.b_enc.data = torch.linspace(-3, 3, d_sae)

    def encode(threshold: torch.Tensor) -> torch.Tensor:
        sae.sae.threshold.data = threshold
        screened = ScreenedEncoder(sae.affine(), dtype)
        if find == "device":
            screened._find = found_on_device
        return as_dense(screened(x), len(x), d_sae)

    pre = encode(torch.zeros(d_sae))
    pre[pre == 0] = torch.inf
    for nth in range(1, 5):
        at, row = pre.kthvalue(nth, dim=0)
        features = at.isfinite().nonzero().squeeze(1)
        assert len(features) == d_sae
        assert (encode(torch.nextafter(at, torch.zeros(1)))[row, features] > 0).all()
        assert (encode(at)[row, features] == 0).all()


def test_a_negative_threshold_leaves_the_relu_to_decide(make_sae) -> None:
    sae, reference = make(make_sae, "jumprelu")
    for one in (sae.sae, reference):
        one.threshold.data -= 3
    assert (reference.threshold < 0).any()
    assert_encodes(ScreenedEncoder(sae.affine()), reference, rows(100))


def test_negative_activations_are_refused(make_sae) -> None:
    sae, _ = make(make_sae, "topk")
    sae.sae.activation_fn = torch.nn.Identity()
    with pytest.raises(StudyError, match="negative activations"):
        GeneralEncoder(sae, "sae")(rows(10))


def test_rows_too_large_for_the_screen_are_an_error_and_not_inactive(make_sae) -> None:
    sae, _ = make(make_sae, "jumprelu")
    with pytest.raises(StudyError, match="too large for float32"):
        ScreenedEncoder(sae.affine())(rows(3) * 1e30)


def test_weights_too_large_for_the_screen_are_not_screened(make_sae) -> None:
    sae, reference = make(make_sae, "jumprelu")
    for one in (sae.sae, reference):
        one.W_enc.data[:, 3] *= 1e25
    assert_encodes(encoder(sae, "sae"), reference, rows(50))


def test_an_activation_function_other_than_relu_is_not_screened(make_sae) -> None:
    sae, reference = make(make_sae, "standard")
    for one in (sae.sae, reference):
        one.activation_fn = torch.nn.ReLU6()
    encode = encoder(sae, "sae")
    assert isinstance(encode, GeneralEncoder)
    assert_encodes(encode, reference, rows(50) * 10)
