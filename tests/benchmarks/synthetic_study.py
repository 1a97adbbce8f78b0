"""Several roles as a real study has them: 1,200 responses, 65,536 features, about 4,000 active in each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from persona_assets.analysis.design import RoleSource
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS, POOLED

D_SAE, N_ROLES, N_ACTIVE = 65_536, 24, 4_000
RESPONSE_IDS = np.array([variant * 100_000 + question for variant in range(5) for question in range(240)])
BLOCK = 4_096  # features drawn at a time


def densities(random: np.random.Generator) -> np.ndarray:
    """float32[d_sae]: how often each feature fires: a few always, most seldom, `N_ACTIVE` in sum."""
    density = np.exp(1.5 * random.standard_normal(D_SAE, dtype=np.float32))
    for _ in range(20):
        density = np.minimum(density * (N_ACTIVE / density.sum()), 0.98)
    return density


def activations(density: np.ndarray, random: np.random.Generator) -> pa.Table:
    """One role's `schema.ACTIVATIONS`; `density` float32[d_sae]."""
    features, responses = [], []
    for start in range(0, D_SAE, BLOCK):
        fired = (
            random.random((BLOCK, len(RESPONSE_IDS)), dtype=np.float32) < density[start : start + BLOCK, None]
        )
        feature, response = np.divmod(np.flatnonzero(fired), len(RESPONSE_IDS))
        features.append((feature + start).astype(np.int32))
        responses.append(RESPONSE_IDS[response].astype(np.int32))
    n = sum(map(len, features))
    maximum = random.standard_gamma(2.0, n, dtype=np.float32) * 50
    n_active = random.integers(1, 30, n, dtype=np.int32)
    mean = maximum * n_active * random.random(n, dtype=np.float32) / 400
    argmax = random.integers(0, 400, n, dtype=np.int32)
    columns = [np.concatenate(features), np.concatenate(responses), mean, maximum, n_active, argmax]
    return pa.table(columns, schema=ACTIVATIONS.schema)


def pooled(random: np.random.Generator) -> pa.Table:
    """One role's `schema.POOLED`: all its responses."""
    variant, question = np.divmod(RESPONSE_IDS, 100_000)
    lengths = random.integers(50, 500, len(RESPONSE_IDS))
    active = np.full(len(RESPONSE_IDS), N_ACTIVE)
    reasons = pa.nulls(len(RESPONSE_IDS), pa.string())
    columns = [RESPONSE_IDS, variant, question, lengths, active, np.zeros_like(lengths)]
    arrays = [*(pa.array(column, pa.int32()) for column in columns), reasons]
    return pa.table(arrays, schema=POOLED.schema)


def sources(folder: Path) -> list[RoleSource]:
    """Where the roles' files lie below `folder`."""
    return [
        RoleSource(
            f"role_{number:03}", str(folder / f"{number}-activations"), str(folder / f"{number}-pooled")
        )
        for number in range(N_ROLES)
    ]


def write_study(folder: Path) -> list[RoleSource]:
    """Write the roles' files below `folder`, about 50 MB each. Each role prefers features of its own."""
    random = np.random.default_rng(0)
    common = densities(random)
    for source in sources(folder):
        own = np.exp(0.5 * random.standard_normal(D_SAE, dtype=np.float32) - 0.125)
        write_parquet(ACTIVATIONS, activations(np.minimum(common * own, 1), random), Path(source.activations))
        write_parquet(POOLED, pooled(random), Path(source.pooled))
    return sources(folder)
