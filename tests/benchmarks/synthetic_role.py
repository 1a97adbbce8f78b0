"""One role as a real study would have it: 1,200 responses, 65,536 features, 5 million nonzero activations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.pool import Pooled
from persona_assets.extract.tables import ActivationsCollector
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, POOLED

D_SAE, N_NONZERO = 65_536, 5_000_000
N_VARIANTS, N_QUESTIONS, BATCH = 5, 240, 24
WHERE = {"made_from": "0123456789abcdef", "sae": "sae", "role": "role"}

RESPONSE_IDS = np.array(
    [variant * 100_000 + question for variant in range(N_VARIANTS) for question in range(N_QUESTIONS)]
)


def batches() -> Iterator[tuple[Pooled, np.ndarray]]:
    """The role's activations batch by batch, as extraction makes them, with the batch's response ids."""
    random = np.random.default_rng(0)
    density = np.exp(1.5 * random.standard_normal(D_SAE, dtype=np.float32))
    # A few features fire always, most seldom; clipping takes some mass away, which the factor gives back.
    density *= N_NONZERO / (len(RESPONSE_IDS) * density.sum())
    for _ in range(10):
        density = np.minimum(density, 0.98)
        density *= N_NONZERO / (len(RESPONSE_IDS) * density.sum())
    for start in range(0, len(RESPONSE_IDS), BATCH):
        ids = RESPONSE_IDS[start : start + BATCH]
        response, feature = np.nonzero(random.random((len(ids), D_SAE), dtype=np.float32) < density)
        yield _pooled(response, feature, random), ids


def _pooled(response: np.ndarray, feature: np.ndarray, random: np.random.Generator) -> Pooled:
    n = len(response)
    n_active = random.geometric(0.1, n)
    maximum = random.gamma(2.0, 50.0, n).astype(np.float32)
    nothing = np.empty(0, np.int64)
    return Pooled(
        response=response,
        feature=feature,
        mean=(maximum * n_active / 400 * random.random(n)).astype(np.float32),
        max=maximum,
        n_active=n_active,
        argmax_token=random.integers(0, 400, n),
        bounds=nothing,
        tokens=nothing,
        values=nothing.astype(np.float32),
    )


def collected() -> ActivationsCollector:
    """All batches, taken in."""
    collector = ActivationsCollector(masks=False)
    for batch, ids in batches():
        collector.add(PooledBatch("sae", ids, batch, np.zeros(len(ids), np.int64)))
    return collector


def store(lake: Lake, activations: pa.Table) -> LakeFile:
    """Land the role's activations."""
    return lake.write(ACTIVATIONS, activations, **WHERE)


def store_pooled(lake: Lake) -> LakeFile:
    """Land which responses were pooled: all."""
    columns = dict.fromkeys(POOLED.schema.names[:-1], RESPONSE_IDS)
    reasons = pa.nulls(len(RESPONSE_IDS), pa.string())
    return lake.write(POOLED, pa.table({**columns, "excluded_reason": reasons}).cast(POOLED.schema), **WHERE)


def dense(activations: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """The dense way's two arrays: mean and max, float32[n_responses, d_sae]."""
    row = np.searchsorted(RESPONSE_IDS, activations["response_id"].to_numpy())
    feature = activations["feature_id"].to_numpy()
    arrays = []
    for name in ("mean", "max"):
        array = np.zeros((len(RESPONSE_IDS), D_SAE), np.float32)
        array[row, feature] = activations[name].to_numpy()
        arrays.append(array)
    return arrays[0], arrays[1]


def peak_memory() -> int:
    """This process's own, in bytes: `ru_maxrss` would count what it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    store(Lake(Path(sys.argv[1]), "study"), collected().activations())
    print(peak_memory())
