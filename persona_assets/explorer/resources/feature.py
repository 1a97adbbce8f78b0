"""The page of one feature."""

from __future__ import annotations

from urllib.parse import urlsplit

from persona_assets.errors import StudyError
from persona_assets.explorer.asking import Json
from persona_assets.explorer.numbers import rounded
from persona_assets.explorer.problems import not_found
from persona_assets.explorer.resources.source import Source
from persona_assets.labels.neuronpedia import SourceId

N_ROLES_SHOWN = 3  # whose responses stand on the page at once
N_RESPONSES = 5  # of each of them
N_BINS = 30

_HOSTS = ("www.neuronpedia.org", "neuronpedia.org")


def feature(source: Source, sae: str, feature_id: int) -> Json:
    """`{sae}/feature/{feature_id}.json`. Raises the problem 404 for a feature that the SAE does not have."""
    known = source.sae(sae)
    statistics = source.row("feature", sae=sae, feature_id=feature_id)
    roles = source.rows("feature_roles", sae=sae, feature_id=feature_id)
    firing = [role for role in roles if role["n_active_responses"]]
    alive = bool(firing) if statistics is None else statistics.pop("alive")
    if statistics is None:
        _refuse_beyond(known, feature_id, bool(firing))
    strongest = sorted(firing, key=lambda role: -role["mean"])[:N_ROLES_SHOWN]
    return {
        "feature_id": feature_id,
        "labels": source.rows("feature_labels", sae=sae, feature_id=feature_id),
        "url": page_elsewhere(known["neuronpedia_id"], feature_id),
        "alive": alive,
        "statistics": statistics or dict.fromkeys(_STATISTICS),
        "roles": roles,
        "related": source.rows("related", sae=sae, feature_id=feature_id),
        "examples": [_examples(source, sae, feature_id, role["role"]) for role in strongest],
    }


def examples(source: Source, sae: str, feature_id: int, role: str) -> Json:
    """`{sae}/feature/{feature_id}/{role}.json`."""
    source.sae(sae), source.role(role)
    return _examples(source, sae, feature_id, role)


def histogram(source: Source, sae: str, feature_id: int) -> Json:
    """`{sae}/histogram/{feature_id}.json`: equal bins from the smallest to the largest mean."""
    source.sae(sae)
    found = source.row("histogram", sae=sae, feature_id=feature_id, n_bins=N_BINS)
    assert found is not None
    n_silent = found["n_pooled"] - found["n_fired"]
    if not found["n_fired"]:
        return {"edges": [], "counts": [], "n_silent": n_silent}
    low, high = found["low"], found["high"]
    n_bins = 1 if low == high else N_BINS
    counts = dict(zip(found["bins"], found["counts"], strict=True))
    return {
        "edges": [rounded(low + (high - low) * edge / n_bins) for edge in range(n_bins + 1)],
        "counts": [counts.get(bin_, 0) for bin_ in range(n_bins)],
        "n_silent": n_silent,
    }


def page_elsewhere(neuronpedia_id: str | None, feature_id: int) -> str | None:
    """The feature's page at Neuronpedia; None where the SAE is not there."""
    if neuronpedia_id is None:
        return None
    try:
        url = SourceId.parse(neuronpedia_id, "neuronpedia_id").page(f"https://{_HOSTS[0]}", feature_id)
    except StudyError:
        return None
    return url if urlsplit(url).scheme == "https" and urlsplit(url).hostname in _HOSTS else None


def _examples(source: Source, sae: str, feature_id: int, role: str) -> Json:
    found = source.rows("examples", sae=sae, feature_id=feature_id, role=role, limit=N_RESPONSES)
    return {"role": role, "responses": found}


def _refuse_beyond(sae: Json, feature_id: int, fires: bool) -> None:
    """Raise the problem 404 where the feature is beyond the SAE's width, or nothing shows that it exists."""
    if feature_id >= sae["d_sae"] if sae["d_sae"] is not None else not fires:
        raise not_found(f"no feature {feature_id} in SAE {sae['sae']!r}")


_STATISTICS = (
    "firing_rate", "mean", "sd", "entropy", "preferred_role", "length_correlation",
    "variance_role", "variance_question", "variance_variant", "variance_residual",
    "score", "stability", "rank",
)  # fmt: skip
