"""The comparison itself: what may differ between processors passes, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sae_lens import SAE

from tests.extract.families import D_MODEL
from tests.extract.supports import Bounds

ROWS = torch.randn(200, D_MODEL, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", ["jumprelu", "standard", "topk", "gated"])
def test_float32_holds_and_a_clear_entry_that_is_dropped_or_added_does_not(architecture, make_sae) -> None:
    options = {"k": 6} if architecture == "topk" else {}
    sae = SAE.load_from_disk(make_sae(architecture=architecture, **options)["path"])
    bounds, codes = Bounds.of(sae, ROWS), sae.encode(ROWS).detach().double().numpy()
    bounds.assert_hold(codes)
    fires = np.argwhere(bounds.low > 0.5)
    for row, feature in fires[:: len(fires) // 5]:
        for wrong in (0.0, codes[row, feature] * 1.001):
            with pytest.raises(AssertionError, match=f"row {row}, feature {feature}"):
                bounds.assert_hold(np.where(codes == codes[row, feature], wrong, codes))
    row, feature = np.argwhere(bounds.high == 0)[0]
    codes[row, feature] = 1.0
    with pytest.raises(AssertionError, match=f"row {row}, feature {feature}"):
        bounds.assert_hold(codes)


def test_an_entry_at_its_threshold_may_fire_or_not_and_one_above_a_lower_threshold_may_not(make_sae) -> None:
    sae = SAE.load_from_disk(make_sae()["path"]).requires_grad_(False)
    codes = sae.encode(ROWS)
    row, feature = (codes > 0).nonzero()[0].tolist()
    sae.threshold[feature] = codes[row, feature]
    bounds = Bounds.of(sae, ROWS)
    silent = sae.encode(ROWS)
    fires = silent.clone()
    fires[row, feature] = codes[row, feature]
    assert silent[row, feature] == 0 < codes[row, feature]
    for right in (silent, fires):
        bounds.assert_hold(right.double().numpy())
    sae.threshold.sub_(0.01)
    with pytest.raises(AssertionError, match="is not in"):
        bounds.assert_hold(sae.encode(ROWS).double().numpy())
