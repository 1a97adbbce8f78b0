"""Roles simulated with wordings that differ, and what the package says of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from persona_assets.analysis.statistics import Statistics, analyse
from tests.analysis.dense import DenseRole, grid, write

N_ROLES, N_WORDINGS, N_QUESTIONS, N_FEATURES = 12, 5, 60, 150


def draw(
    random: np.random.Generator,
    wording: float | np.ndarray = 0.0,
    interaction: float = 0.0,
    shape: tuple[int, int, int, int] = (N_ROLES, N_WORDINGS, N_QUESTIONS, N_FEATURES),
) -> np.ndarray:
    """float[n_roles, n_wordings, n_questions, n_features]: no role differs from another.

    `wording` (of all roles, or of each) and `interaction` (role x question) are variances; the rest has 1.
    """
    roles, wordings, questions, features = shape
    values = random.normal(size=shape)
    of_wording = np.sqrt(np.broadcast_to(wording, roles))[:, None, None, None]
    values += of_wording * random.normal(size=(roles, wordings, 1, features))
    values += np.sqrt(interaction) * random.normal(size=(roles, 1, questions, features))
    return values + random.normal(size=(1, 1, questions, features)) * 0.3


def fired(values: np.ndarray, density: float | np.ndarray = 1.0) -> np.ndarray:
    """Activations: what exceeds a threshold; nearly all of them with density 1."""
    from scipy.special import ndtri

    return np.maximum(values + np.where(np.asarray(density) < 1, ndtri(np.minimum(density, 0.999)), 6), 0)


def statistics(activations: np.ndarray, lengths: np.ndarray | None = None) -> Statistics:
    """What the package says of float[n_roles, n_wordings, n_questions, n_features]."""
    n_roles, wordings, questions, features = activations.shape
    ids = grid(tuple(range(wordings)), tuple(range(questions)))
    flat = activations.reshape(n_roles, -1, features).astype(np.float32)
    tokens = np.full((n_roles, len(ids)), 50) if lengths is None else lengths.reshape(n_roles, -1)
    roles = [DenseRole(f"role_{at:02}", ids, own, own, tokens[at]) for at, own in enumerate(flat)]
    with tempfile.TemporaryDirectory() as folder:
        return analyse(write(Path(folder), roles), features, aligned=True, split_seed=0)


def contrasts(activations: np.ndarray) -> pd.DataFrame:
    """Return role_contrasts of it."""
    return statistics(activations).role_contrasts.to_pandas()
