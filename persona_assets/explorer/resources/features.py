"""What a static site has of many features: the answers of their pages, asked for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from persona_assets.explorer.resources import feature, histogram, registry
from persona_assets.explorer.resources.examples import examples_of_many
from persona_assets.explorer.resources.source import Memory, Source, question
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.explorer.snapshot.narrowed import narrowed
from persona_assets.explorer.snapshot.together import together

N_ROLES = 3  # whose responses come with a feature's page

# What is asked of the SAE and the feature alone.
_ASKED = (
    "feature",
    "rank",
    "feature_labels",
    "related",
    "feature_logits",
    "written_alike",
    "effects_of_feature",
    "shape",
    "density",
    "token_histogram",
    "echoes_of_feature",
)
_OF_EVERY_ROLE = ("role_features_of_feature", "contrasts_of_feature", "lengths")


def answers(source: Source, sae: str, feature_ids: Sequence[int]) -> Iterator[tuple[str, Any]]:
    """Yield every answer that a site has of these features, by its path."""
    with _asked_ahead(source, sae, feature_ids) as own:
        histograms = histogram.histograms(own, sae, feature_ids)
        pages = {feature_id: feature.feature(own, sae, feature_id) for feature_id in feature_ids}
        # With whole responses, of which the narrowed source knows the beginnings.
        shown = examples_of_many(source, sae, {key: _strongest(page) for key, page in pages.items()})
        for feature_id, page in pages.items():
            asked = {"sae": sae, "feature_id": feature_id}
            yield registry.FEATURE.path(**asked), page | {"examples": shown[feature_id]}
            yield registry.LENGTHS.path(**asked), registry.LENGTHS.answer(own, **asked)
            yield registry.HISTOGRAM.path(**asked), histograms[feature_id]
            yield registry.PEAKS.path(**asked), registry.PEAKS.answer(own, **asked)


N_ANSWERS = 4  # of each feature


@contextmanager
def _asked_ahead(source: Source, sae: str, feature_ids: Sequence[int]) -> Iterator[Source]:
    with narrowed(source, sae, feature_ids, feature.CUT) as own:
        each = [{"sae": sae, "feature_id": feature_id} for feature_id in feature_ids]
        ahead: Memory = {}
        for name in (*_OF_EVERY_ROLE, *_ASKED):
            ahead |= _found(own, name, each, by_columns=name in _OF_EVERY_ROLE)
        ahead |= _found(own, "evidence_over_range", [one | {"cut": feature.CUT} for one in each])
        known = {"limit": feature.N_SILENT, "cut": feature.CUT}
        fired = [(one, ahead[question("role_features_of_feature", one)]) for one in each]
        strongest = [one | {"role": feature.strongest_role(rows)} | known for one, rows in fired if rows]
        ahead |= _found(own, "silent", strongest)
        yield replace(own, ahead=ahead)


def _found(source: Source, name: str, asked: Sequence[Json], by_columns: bool = False) -> Memory:
    """Return the answers to one query by what is asked: all that differs is the feature, and its role."""
    if not asked:
        return {}
    differ = ("feature_id", "role")
    each: dict[str, list[Any]] = {key: [one[key] for one in asked] for key in differ if key in asked[0]}
    same = {key: value for key, value in asked[0].items() if key not in each}
    found = together(source.connection, name, each, by_columns, **same)
    return {question(name, one): rows for one, rows in zip(asked, found, strict=True)}


def _strongest(page: Json) -> list[str]:
    firing = [role for role in page["roles"] if role["n_active_responses"]]
    firing.sort(key=lambda role: -role["mean"])
    return [role["role"] for role in firing[:N_ROLES]]
