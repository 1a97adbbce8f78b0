"""Statistics made by hand, so that the atlas can be asked about any roles and features."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from persona_assets.analysis.halves import Matrices, half_cosines
from persona_assets.analysis.role_test import RoleTest
from persona_assets.analysis.statistics import Statistics
from persona_assets.study.settings import AtlasSettings

SETTINGS = AtlasSettings(question_centering=False)


def role_names(n_roles: int) -> list[str]:
    """The second is the anchor that the tests use."""
    return ["analyst", "default", *(f"role_{number:02}" for number in range(n_roles))][:n_roles]


def made(
    whole: np.ndarray,
    halves: np.ndarray | None = None,
    *,
    centred: np.ndarray | None = None,
    roles: list[str] | None = None,
    test: RoleTest | None = None,
) -> Statistics:
    """Of role means float64[n_roles, d_sae]; unless given, both halves are as the whole; no test."""
    agree = np.ones(whole.shape[1])
    apart = None if centred is None else Matrices(centred, half_cosines(_halves(centred)), agree)
    of_halves = _halves(whole) if halves is None else halves.astype(np.float32)
    raw = Matrices(whole, half_cosines(of_halves), agree)
    return Statistics(roles or role_names(len(whole)), pa.table({}), pa.table({}), raw, apart, test)


def random_means(seed: int, n_roles: int, d_sae: int) -> np.ndarray:
    """Role means, a third of them zero, and three levels of how much features vary."""
    random = np.random.default_rng(seed)
    means = random.exponential(size=(n_roles, d_sae)) * random.choice([0.1, 1.0, 5.0], d_sae)
    return means * (random.random(means.shape) > 1 / 3)


def centre(means: np.ndarray) -> np.ndarray:
    return means - means.mean(axis=0)


def _halves(whole: np.ndarray) -> np.ndarray:
    return np.stack([whole, whole]).astype(np.float32)
