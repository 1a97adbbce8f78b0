"""How well an SAE fits the demo model, and how well its features tell the roles apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sae_lens import SAE
from sklearn.metrics import roc_auc_score

from tests.toy.residuals import Residuals
from tests.toy.speaker import ROLES


@dataclass(frozen=True)
class Fit:
    """How an SAE fits: fraction of variance unexplained, active features a token (L0), tokens seen."""

    fvu: float
    l0: float
    tokens: int


@torch.inference_mode()
def sae_fit(sae: SAE, values: torch.Tensor) -> Fit:
    """Fit on `values` float32[n_tokens, d_in]: squared error over the variance about the mean token."""
    error, active = 0.0, 0
    for chunk in values.split(4096):
        codes = sae.encode(chunk)
        error += float((chunk - sae.decode(codes)).pow(2).sum())
        active += int((codes > 0).sum())
    return Fit(error / float((values - values.mean(0)).pow(2).sum()), active / len(values), len(values))


@torch.inference_mode()
def mean_codes(sae: SAE, found: Residuals) -> np.ndarray:
    """float32[n_documents, d_sae]: each feature's mean over the document's response tokens."""
    values, document = found.values[found.said], found.document[found.said]
    pooled = torch.zeros(int(found.document.max()) + 1, sae.cfg.d_sae)
    for rows, chunk in zip(document.split(4096), values.split(4096), strict=True):
        pooled.index_add_(0, rows, sae.encode(chunk))
    counts = torch.bincount(document, minlength=len(pooled)).clamp(min=1).unsqueeze(1)
    return (pooled / counts).numpy()


@torch.inference_mode()
def dead_share(sae: SAE, values: torch.Tensor) -> float:
    """Share of the features that fire on none of the tokens (values: float32[n_tokens, d_in])."""
    fired = torch.zeros(sae.cfg.d_sae, dtype=torch.bool)
    for chunk in values.split(4096):
        fired |= (sae.encode(chunk) > 0).any(dim=0)
    return 1 - float(fired.float().mean())


def role_aurocs(codes: np.ndarray, roles: list[str]) -> dict[str, float]:
    """For each role the AUROC of the single feature that best tells its documents from all others."""
    labels = np.array(roles)
    return {role: _best_auroc(codes, labels == role) for role in ROLES if role in roles}


def _best_auroc(codes: np.ndarray, is_role: np.ndarray) -> float:
    lead = codes[is_role].mean(0) - codes[~is_role].mean(0)
    candidates = np.argsort(lead)[-20:]  # the best single feature is among those with the largest lead
    return max(float(roc_auc_score(is_role, codes[:, feature])) for feature in candidates)
