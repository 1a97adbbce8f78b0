from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from persona_assets.analysis.statistics import Statistics, analyse
from tests.analysis.dense import D_SAE, DenseRole, make_roles, with_holes, write

SPLIT_SEED = 42


@dataclass(frozen=True)
class Case:
    """Dense roles and what the package says of them; `contrasts` is indexed by role and feature."""

    roles: list[DenseRole]
    statistics: Statistics

    @property
    def contrasts(self) -> pd.DataFrame:
        return self.statistics.role_contrasts.to_pandas().set_index(["role", "feature_id"])

    @property
    def features(self) -> pd.DataFrame:
        return self.statistics.features.to_pandas().set_index("feature_id")


@pytest.fixture(scope="session", params=["complete", "with holes"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    random = np.random.default_rng(1)
    roles = make_roles(random)
    if request.param == "with holes":
        roles = with_holes(random, roles)
    sources = write(tmp_path_factory.mktemp("roles"), roles)
    return Case(roles, analyse(sources, D_SAE, aligned=True, split_seed=SPLIT_SEED))
