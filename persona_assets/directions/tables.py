"""What the weights of a model and an SAE say of each feature, as the tables of the stage `directions`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import torch

from persona_assets.base.progress import Progress
from persona_assets.directions.geometry import Nearest, cosines, nearest
from persona_assets.directions.head import Head, NoLogitsError
from persona_assets.directions.logits import strongest
from persona_assets.directions.tokens import spelled
from persona_assets.directions.weights import Weights
from persona_assets.lake.schema import DECODER_NEIGHBORS, DECODERS, FEATURE_GEOMETRY, FEATURE_LOGITS
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import load_tokenizer, text_config
from persona_assets.models.sae import load_sae
from persona_assets.study.settings import ExtractionSettings

N_TOKENS = 10  # of either sign
N_NEIGHBORS = 10

# What is the residual stream, or added to it as it is. Other streams reach the logits through more weights.
_RESIDUAL = ("hook_resid_pre", "hook_resid_mid", "hook_resid_post")
_ADDED = ("hook_attn_out", "hook_mlp_out")


def directions_tables(
    settings: ExtractionSettings, name: str, device: str, progress: Progress
) -> dict[str, pa.Table]:
    """Return the content of `DIRECTIONS_TABLES` of the SAE called `name`, by their names.

    Raises StudyError where the weights are not to be had on this machine.
    """
    weights = Weights.of(settings.model, settings.revision)  # before the SAE, which a hub may have to send
    sae = load_sae(settings.saes[name], device)
    directions, writes = sae.directions(), sae.writes
    encoders = sae.encoders() if writes == sae.point else None
    encoder_cosine = None if encoders is None else cosines(encoders, directions)
    del sae, encoders
    about: dict[str, Any] = dict.fromkeys(DECODERS.schema.names) | {"writes": writes and str(writes)}
    try:
        head = _head(weights, settings, writes, directions.shape[1])
        logits, n_tokens = _logits(head, settings, directions, progress)
        norm = "LayerNorm" if head.centers else "RMSNorm"
        about |= {"n_tokens": n_tokens, "norm": norm, "tied": head.tied, "softcap": head.softcap}
    except NoLogitsError as error:
        logits, about["why_no_logits"] = FEATURE_LOGITS.schema.empty_table(), str(error)
    norms = directions.norm(dim=1)
    near = nearest(directions.div_(norms.clamp(min=1e-30)[:, None]), N_NEIGHBORS, progress)
    return {
        FEATURE_LOGITS.name: logits,
        DECODER_NEIGHBORS.name: _neighbors(near),
        FEATURE_GEOMETRY.name: _geometry(norms, encoder_cosine, near),
        DECODERS.name: DECODERS.of({key: [value] for key, value in about.items()}),
    }


def _head(weights: Weights, settings: ExtractionSettings, writes: HookPoint | None, width: int) -> Head:
    """Return the model's head. Raises NoLogitsError where what the SAE writes comes to it changed."""
    config = text_config(settings.model, settings.revision)
    if writes is None:
        raise NoLogitsError("its metadata do not name the stream that it writes to")
    if writes.site not in (*_RESIDUAL, *_ADDED) or width != config.hidden_size:
        raise NoLogitsError(f"it writes to {writes}, which is not added to the residual stream as it is")
    if writes.site in _ADDED and getattr(config, "residual_multiplier", 1) != 1:
        raise NoLogitsError(f"its model adds {writes} to the residual stream times residual_multiplier")
    return Head.of(weights, config)


def _logits(
    head: Head, settings: ExtractionSettings, directions: torch.Tensor, progress: Progress
) -> tuple[pa.Table, int]:
    """Return the content of `FEATURE_LOGITS`, and among how many tokens they are the strongest."""
    tokenizer = load_tokenizer(settings.model, settings.revision)
    n_tokens = len(tokenizer)  # rows beyond are padding
    both = strongest(directions, head.readers(n_tokens), N_TOKENS, lambda done: progress(done, n_tokens))
    n_features, n = both[0].values.shape
    values, ids = (
        torch.stack([getattr(one, of) for one in both], dim=1).flatten().cpu().numpy()
        for of in ("values", "token_ids")
    )
    signs = np.tile(np.repeat([1, -1], n), n_features)
    there = ids >= 0
    rows = {
        "feature_id": np.repeat(np.arange(n_features), 2 * n),
        "sign": signs,
        "rank": np.tile(np.arange(1, n + 1), 2 * n_features),
        "token_id": ids,
        "value": values * signs,
    }
    kept = {name: column[there] for name, column in rows.items()}
    return FEATURE_LOGITS.of({**kept, "piece": spelled(tokenizer, kept["token_id"].tolist())}), n_tokens


def _neighbors(near: Nearest) -> pa.Table:
    n_features, n = near.ids.shape
    return DECODER_NEIGHBORS.of(
        {
            "feature_id": np.repeat(np.arange(n_features), n),
            "rank": np.tile(np.arange(1, n + 1), n_features),
            "neighbor_id": near.ids.flatten().numpy(),
            "cosine": near.cosines.flatten().numpy(),
        }
    )


def _geometry(norms: torch.Tensor, encoder_cosine: torch.Tensor | None, near: Nearest) -> pa.Table:
    unknown = torch.full_like(norms, torch.nan)
    return FEATURE_GEOMETRY.of(
        {
            "feature_id": np.arange(len(norms)),
            "decoder_norm": norms.cpu().numpy(),
            "encoder_cosine": (unknown if encoder_cosine is None else encoder_cosine).cpu().numpy(),
            "opposed_id": near.opposed.numpy(),
            "opposed_cosine": near.opposed_cosines.numpy(),
        }
    )
