"""All roles' activations in one reading, block by block of features."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pytest

from persona_assets.analysis import reading
from persona_assets.analysis.statistics import analyse
from tests.analysis.dense import D_SAE, make_roles, with_holes, write


def assert_alike(known: pa.Table, found: pa.Table) -> None:
    """Equal but for the rounding of sums."""
    assert found.schema == known.schema and found.num_rows == known.num_rows
    for name in known.schema.names:
        one, other = known[name].to_pandas(), found[name].to_pandas()
        if one.dtype.kind == "f":
            np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-12, err_msg=name)
        else:
            assert other.equals(one), name


@pytest.mark.parametrize(("aligned", "strategy"), [(True, "mean"), (True, "max"), (False, "mean")])
def test_statistics_are_the_same_however_many_features_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aligned: bool, strategy: Literal["mean", "max"]
) -> None:
    random = np.random.default_rng(20)
    sources = write(tmp_path, with_holes(random, make_roles(random)))

    whole = analyse(sources, D_SAE, aligned=aligned, split_seed=0, strategy=strategy)
    monkeypatch.setattr(reading, "MAX_FEATURES", 5)
    heard: list[tuple[int, int]] = []
    parts = analyse(
        sources,
        D_SAE,
        aligned=aligned,
        split_seed=0,
        strategy=strategy,
        progress=lambda done, of: heard.append((done, of)),
    )
    assert heard == [(5, D_SAE), (10, D_SAE), (D_SAE, D_SAE)]
    pairs = [(whole.role_contrasts, parts.role_contrasts), (whole.features, parts.features)]
    pairs += list(zip(whole.length_contrasts, parts.length_contrasts, strict=True))
    for one, other in pairs:
        assert_alike(one, other)
    np.testing.assert_allclose(parts.raw.cosines, whole.raw.cosines, rtol=1e-12)
    assert (parts.centred is None) == (whole.centred is None) == (not aligned or strategy == "max")
