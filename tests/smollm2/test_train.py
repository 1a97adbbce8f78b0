from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sae_lens import SAE

from tests.smollm2 import train as training
from tests.smollm2.measure import fit
from tests.smollm2.residuals import Halfs
from tests.smollm2.train import BATCH, NORM_BATCHES, Recipe, save, train

RECIPE = Recipe(layer=7, d_sae=48, k=3, tokens=60 * BATCH, rate=3e-3)


@pytest.fixture(scope="module")
def residuals() -> list[Halfs]:
    """Sums of three of 32 directions around a mean, in two files."""
    drawn = np.random.default_rng(0)
    directions = drawn.normal(size=(32, 16))
    chosen = drawn.random((6000, 32)).argsort(1)[:, :3]
    weights = drawn.uniform(1, 3, (6000, 3))
    values = 2 + (directions[chosen] * weights[..., None]).sum(1)
    return [values[:2500].astype(np.float16), values[2500:].astype(np.float16)]


def test_a_killed_training_goes_on_as_if_nothing_had_been(
    residuals: list[Halfs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(RECIPE, residuals, tmp_path / "whole")
    at = training._Batches.at

    def killed(self: Any, place: int) -> torch.Tensor:
        if place == NORM_BATCHES + 33:
            raise KeyboardInterrupt
        return at(self, place)

    monkeypatch.setattr(training._Batches, "at", killed)
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, residuals, tmp_path / "halved")
    monkeypatch.undo()
    newest = training._newest(tmp_path / "halved")
    assert newest is not None and [file.name for file in newest.parent.iterdir()] == [newest.name]
    resumed = train(RECIPE, residuals, tmp_path / "halved")
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], weight, rtol=0, atol=0)


def test_what_is_saved_reads_sparsely_and_says_where_it_hooks(residuals: list[Halfs], tmp_path: Path) -> None:
    save(train(RECIPE, residuals, tmp_path), tmp_path / "sae")
    sae = SAE.load_from_disk(tmp_path / "sae")
    assert (sae.cfg.architecture(), sae.cfg.metadata.hook_name) == ("jumprelu", "blocks.7.hook_resid_post")
    measured = fit(sae, residuals)
    assert measured.fvu < 0.7
    assert 1 < measured.l0 < 12
    assert (measured.tokens, measured.fired.shape) == (6000, (48,))


def test_every_row_is_seen_once_in_each_pass(residuals: list[Halfs]) -> None:
    batches = training._Batches(residuals, seed=1)
    passes = [torch.cat([batches.at(turn * 2), batches.at(turn * 2 + 1)]) for turn in (0, 1)]
    assert batches.per_pass == 2
    for seen in passes:
        assert len(seen.unique(dim=0)) == len(seen) == 2 * BATCH
    assert not torch.equal(passes[0], passes[1])
