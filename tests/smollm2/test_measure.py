from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM

from tests.places import TOY
from tests.smollm2.measure import fit, losses
from tests.smollm2.texts import Text


class Scaling:
    """In place of an SAE: puts out its input, times a factor."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def encode(self, values: torch.Tensor) -> torch.Tensor:
        return values

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return self.factor * codes


@pytest.fixture(scope="module")
def sae() -> SAE[Any]:
    return SAE.load_from_disk(TOY / "sae")


def test_the_fit_over_chunks_is_that_over_all_tokens(sae: SAE[Any]) -> None:
    values = np.random.default_rng(0).normal(1, 2, (5000, sae.cfg.d_in)).astype(np.float16)
    measured = fit(sae, [values[:4500], values[4500:]])
    whole = torch.from_numpy(values).float()
    with torch.inference_mode():
        codes = sae.encode(whole)
        error = (whole - sae.decode(codes)).pow(2).sum() / (whole - whole.mean(0)).pow(2).sum()
    assert measured.fvu == pytest.approx(float(error), rel=1e-4)
    assert measured.l0 == pytest.approx(float((codes > 0).sum()) / 5000)
    assert torch.equal(measured.fired, (codes > 0).any(0))


def test_the_loss_is_recovered_whole_where_nothing_is_changed() -> None:
    model = AutoModelForCausalLM.from_pretrained(TOY / "model", dtype=torch.float32)
    texts = [Text(np.arange(20, 60, dtype=np.int32), 12), Text(np.arange(90, 120, dtype=np.int32), 30)]
    same, half = (losses(model, cast(Any, Scaling(factor)), 2, texts) for factor in (1.0, 0.3))
    assert same.spliced == pytest.approx(same.clean, abs=1e-4)
    assert same.clean == half.clean
    assert same.zero == half.zero != same.clean
    assert half.spliced != pytest.approx(half.clean, abs=1e-3)
