"""The page of one feature."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from persona_assets.base.errors import StudyError
from persona_assets.explorer.contract.claims import BY_FEWER
from persona_assets.explorer.contract.pages import FeatureStatistics
from persona_assets.explorer.problems import not_found
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.labels.neuronpedia import SourceId
from persona_assets.lake.schema import ROLE_CONTRASTS

N_SILENT, CUT = 3, 600  # pairs of answers, and characters of each

_HOSTS = ("www.neuronpedia.org", "neuronpedia.org")


def feature(source: Source, sae: str, feature_id: int) -> Json:
    """`{sae}/feature/{feature_id}.json`, as whoever asks live sees it before any response is read.

    Raises the problem 404 for a feature that the SAE does not have.
    """
    known = source.sae(sae)
    statistics = _statistics(source, sae, feature_id)
    roles = _roles(source, sae, feature_id)
    firing = [role for role in roles if role["n_active_responses"]]
    if statistics is None:
        refuse_unknown(known, feature_id, bool(firing))
        statistics = {"alive": bool(firing)} | dict.fromkeys(FeatureStatistics.__annotations__)
    return {
        "feature_id": feature_id,
        "labels": _labels(source, sae, feature_id),
        "url": page_elsewhere(known["neuronpedia_id"], feature_id),
        "alive": statistics.pop("alive"),
        "statistics": statistics,
        "roles": roles,
        "related": source.rows("related", sae=sae, feature_id=feature_id),
        "logits": source.rows("feature_logits", sae=sae, feature_id=feature_id),
        "written_alike": source.rows("written_alike", sae=sae, feature_id=feature_id),
        "effects": source.rows("effects_of_feature", sae=sae, feature_id=feature_id),
        "examples": [],
    }


def _labels(source: Source, sae: str, feature_id: int) -> list[Json]:
    return [
        label
        | {"model": source.told(label["model"])}
        | {"scores": [one | {"scored_by": source.told(one["scored_by"])} for one in label["scores"]]}
        for label in source.rows("feature_labels", sae=sae, feature_id=feature_id)
    ]


def label_worths(source: Source, sae: str) -> list[Json]:
    """`{sae}/label_worths.json`: read once, whatever lists the features."""
    source.sae(sae)
    return source.rows("label_worths", sae=sae)


def lengths(source: Source, sae: str, feature_id: int) -> list[Json]:
    """`{sae}/lengths/{feature_id}.json`: apart from the page, for it reads a file of every role."""
    source.sae(sae)
    return source.records("lengths", sae=sae, feature_id=feature_id)


def peaks(source: Source, sae: str, feature_id: int) -> Json:
    """`{sae}/peaks/{feature_id}.json`: apart from the page, too."""
    known, asked = source.sae(sae), {"sae": sae, "feature_id": feature_id}
    fired = source.records("role_features_of_feature", **asked)
    if not fired and source.row("feature", **asked) is None:
        refuse_unknown(known, feature_id)
    strongest = strongest_role(fired)
    return {
        "shape": source.row("shape", **asked),
        "density": source.rows("density", **asked),
        "tokens": source.rows("token_histogram", **asked),
        "over_range": source.rows("evidence_over_range", **asked, cut=CUT),
        "fires_in": strongest,
        "silent": source.rows("silent", **asked, role=strongest, limit=N_SILENT, cut=CUT) if fired else [],
        "echoes": source.rows("echoes_of_feature", **asked),
    }


def strongest_role(fired: Sequence[Json]) -> str | None:
    """Return the role that fires a feature most; None where none does."""
    return max(fired, key=lambda row: row["mean"], default={"role": None})["role"]


def page_elsewhere(neuronpedia_id: str | None, feature_id: int) -> str | None:
    """Return the feature's page at Neuronpedia; None where the SAE is not there."""
    if neuronpedia_id is None:
        return None
    try:
        url = SourceId.parse(neuronpedia_id, "neuronpedia_id").page(f"https://{_HOSTS[0]}", feature_id)
    except StudyError:
        return None
    return url if urlsplit(url).scheme == "https" and urlsplit(url).hostname in _HOSTS else None


def _statistics(source: Source, sae: str, feature_id: int) -> Json | None:
    found = source.row("feature", sae=sae, feature_id=feature_id)
    rank = source.row("rank", sae=sae, feature_id=feature_id)
    return None if found is None else found | (rank or {"rank": None})


def _roles(source: Source, sae: str, feature_id: int) -> list[Json]:
    """Return the contract's `RoleOfFeature` of every role that was measured, silent or not."""
    asked = {"sae": sae, "feature_id": feature_id}
    fired = {row["role"]: row for row in source.records("role_features_of_feature", **asked)}
    contrasts = {row["role"]: row for row in source.records("contrasts_of_feature", **asked)}
    roles = [
        row | _SILENT | fired.get(row["role"], {}) | contrasts.get(row["role"], _NOT_COMPARED)
        for row in source.known("measured_roles", sae=sae)
    ]
    return sorted(roles, key=lambda role: (-role["firing_rate"], -role["mean"], role["role"]))


def refuse_unknown(sae: Json, feature_id: int, fires: bool = False) -> None:
    """Raise the problem 404 where the feature is beyond the SAE's width, or nothing shows that it exists."""
    if feature_id >= sae["d_sae"] if sae["d_sae"] is not None else not fires:
        raise not_found(f"no feature {feature_id} in SAE {sae['sae']!r}")


_SILENT = {"firing_rate": 0.0, "n_active_responses": 0, "mean": 0.0, "max": 0.0}
_CONTRAST = [
    column.name for column in ROLE_CONTRASTS.columns if column.name not in ("role", "feature_id", "p")
]
_NOT_COMPARED = dict.fromkeys((*_CONTRAST, *BY_FEWER))
