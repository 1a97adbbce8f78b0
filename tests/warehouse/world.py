"""A small study whose lake is written straight from dense arrays, so that every answer can be checked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from persona_assets.analysis.aggregate import aggregate
from persona_assets.analysis.design import RoleSource
from persona_assets.analysis.role_matrix import RoleMatrix, with_selection
from persona_assets.analysis.selection import select
from persona_assets.analysis.statistics import analyse
from persona_assets.atlas.stage import map_features
from persona_assets.labels.table import Label, labels_table
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ACTIVATIONS,
    DECODER_NEIGHBORS,
    DECODERS,
    EVIDENCE,
    EXPLANATION_SCORES,
    FEATURE_GEOMETRY,
    FEATURE_LABELS,
    FEATURE_LOGITS,
    FEATURES,
    LENGTH_CONTRASTS,
    POOLED,
    RESPONSES,
    ROLE_CONTRASTS,
    ROLE_MATRIX,
    SAE_FIT,
    Table,
    response_id,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import publish

ROLES = ("1984", "default", "ghost", "pirate")
VARIANTS = (0, 1, 3)
QUESTIONS = {0: "What is courage?", 7: 'Why is it called "Noah\'s" ark?', 99_999: "How do tides work?"}
RESPONSE_IDS = np.array([response_id(variant, question) for variant in VARIANTS for question in QUESTIONS])
EXCLUDED = 4  # the place of the one response of each role that says nothing
D_SAE = {"first": 40, "second": 24}
ALWAYS_ON, OF_PIRATE_ALONE, DEAD = 5, 11, 13
LABELS = (
    (OF_PIRATE_ALONE, "the open sea, and voyages over it"),
    (OF_PIRATE_ALONE, "ships"),
    (2, "the Sea"),
    (3, "seaside towns"),
    (7, "Ärger mit Zäunen"),
)
SCORES = (  # of some labels: by scorer what it says, and why it says nothing
    (*LABELS[0], "detection", (0.9, 0.78, 0.96, 0.0001, 0.001), None),
    (*LABELS[0], "fuzzing", (0.6, 0.44, 0.74, 0.2, 0.3), None),
    (2, "the Sea", "detection", (0.525, 0.37, 0.67, 0.5, 0.6), None),
    (3, "seaside towns", "detection", None, "no held-out excerpt in which the feature fires"),
)


def scores_table() -> pa.Table:
    """Return `SCORES` as rows of `EXPLANATION_SCORES`."""
    rows = [
        {
            **dict(zip(("score", "low", "high", "p", "q"), values or (None,) * 5, strict=True)),
            "feature_id": feature,
            "source": "cache",
            "description": label,
            "scorer": scorer,
            "position": int(scorer == "fuzzing"),
            "n": 40,
            "n_firing": 20,
            "n_unparsed": 1,
            "n_left_out": 0,
            "why_unscored": why,
            "scored_by": "example/chat",
            "asked": "0" * 16,
        }
        for feature, label, scorer, values, why in SCORES
    ]
    return pa.Table.from_pylist(rows, schema=EXPLANATION_SCORES.schema)


@dataclass
class World:
    """The study and the dense arrays its lake was written from.

    `mean[sae][role]` and `max[sae][role]` are float32[n_responses, d_sae]. The excluded response's rows
    are zero; rates and means are over the others.
    """

    study: Study
    mean: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    max: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)

    @property
    def pooled(self) -> np.ndarray:
        """Which places of the arrays are pooled responses."""
        return np.arange(len(RESPONSE_IDS)) != EXCLUDED

    def mean_of(self, role: str, sae: str = "first") -> np.ndarray:
        """float64[d_sae]: the mean over the role's pooled responses."""
        return self.mean[sae][role][self.pooled].astype(np.float64).mean(axis=0)

    def rate_of(self, role: str, sae: str = "first") -> np.ndarray:
        """float64[d_sae]: the share of the role's pooled responses in which each feature fires."""
        return (self.mean[sae][role][self.pooled] > 0).mean(axis=0)

    def sd_of(self, role: str, sae: str = "first") -> np.ndarray:
        """float64[d_sae]: the population sd over the role's pooled responses."""
        return self.mean[sae][role][self.pooled].astype(np.float64).std(axis=0)


def write_catalog(folder: Path) -> dict[str, Any]:
    """Write roles and questions below `folder`; the settings that name them."""
    roles = folder / "roles"
    roles.mkdir(parents=True)
    for name in ROLES:
        first = "" if name == "default" else f"You are {{model_name}} as {name}."
        instructions = [
            {"pos": text} for text in (first, f"Speak like {name}.", "Unused.", f'Be {name}\'s "I".')
        ]
        (roles / f"{name}.json").write_text(
            json.dumps({"instruction": instructions, "eval_prompt": f"Is it {name}?"})
        )
    questions = folder / "questions.jsonl"
    lines = [json.dumps({"id": number, "question": text}) for number, text in QUESTIONS.items()]
    questions.write_text("\n".join(lines))
    return {
        "roles": {"directory": str(roles), "include": "all"},
        "questions": {"mode": "general", "file": str(questions)},
        "generation.prompt_indices": list(VARIANTS),
        "generation.model": "example/chat",
        "extraction.model": "example/chat",
        "extraction.saes": {
            "first": {"release": "example-res", "id": "layer_1", "neuronpedia_id": "example/1"},
            "second": {"release": "example-res", "id": "layer_2"},
        },
        "explanation_scores": {"model": "example/chat", "dtype": "float32"},
    }


def responses_of(role: str) -> pa.Table:
    """The role's responses; the excluded one is empty, every ninth hit the length limit."""
    rows = []
    for place, identity in enumerate(RESPONSE_IDS.tolist()):
        variant, question_id = divmod(identity, 100_000)
        text = f"{role} answers {question_id} as variant {variant}." + " Aye." * place
        text = "" if place == EXCLUDED else text
        rows.append(
            {
                "response_id": identity,
                "variant": variant,
                "question_id": question_id,
                "system_prompt": None if (role, variant) == ("default", 0) else f"Speak like {role}.",
                "question": QUESTIONS[question_id],
                "response": text,
                "prompt_token_ids": [2, 5, 6],
                "response_token_ids": list(range(10, 10 + len(text.split()))),
                "token_source": "generated",
                "n_prompt_tokens": 3,
                "n_response_tokens": len(text.split()),
                "finish_reason": "length" if place == 8 else "stop",
                "seed": place,
                "origin": "transformers",
            }
        )
    return pa.Table.from_pylist(rows, schema=RESPONSES.schema)


def dense_of(role: str, sae: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and max, float32[n_responses, d_sae], of the role's responses: sparse, some features known."""
    random = np.random.default_rng([ROLES.index(role), D_SAE[sae]])
    shape = (len(RESPONSE_IDS), D_SAE[sae])
    mean = np.where(random.random(shape) < 0.3, random.gamma(2.0, 1.0, shape), 0).astype(np.float32)
    mean[:, ALWAYS_ON] = 30 + random.random(shape[0])
    mean[:, OF_PIRATE_ALONE] = 4 + random.random(shape[0]) if role == "pirate" else 0
    mean[:, DEAD] = 0
    mean[EXCLUDED] = 0
    return mean, (mean * 2.5).astype(np.float32)


def activations_of(mean: np.ndarray, maximum: np.ndarray) -> pa.Table:
    """The nonzero entries, as the lake holds them."""
    feature, place = np.nonzero(mean.T)
    columns = {
        "feature_id": feature,
        "response_id": RESPONSE_IDS[place],
        "mean": mean[place, feature],
        "max": maximum[place, feature],
        "n_active": 1 + place % 3,
        "argmax_token": place % 4,
    }
    return pa.table(columns).cast(ACTIVATIONS.schema)


def pooled_of(mean: np.ndarray) -> pa.Table:
    """Which responses were pooled."""
    said_something = np.arange(len(RESPONSE_IDS)) != EXCLUDED
    columns = {
        "response_id": RESPONSE_IDS,
        "variant": RESPONSE_IDS // 100_000,
        "question_id": RESPONSE_IDS % 100_000,
        "n_tokens": np.where(said_something, 7, 0),
        "n_active_features": (mean > 0).sum(axis=1),
        "n_outliers": RESPONSE_IDS % 2,
        "excluded_reason": pa.array([None if said else "empty response" for said in said_something]),
    }
    return pa.table(columns).cast(POOLED.schema)


def fit_of(mean: np.ndarray, sae: str) -> pa.Table:
    """How well the SAE fits."""
    row = {
        "fvu": 0.125 + 0.25 * (sae == "second"),
        "l0": float((mean > 0).sum(axis=1).mean()),
        "loss_recovered": 0.75 if sae == "second" else None,
        "n_tokens": 7 * (len(RESPONSE_IDS) - 1),
        "n_outliers": 2,
        "n_responses": len(RESPONSE_IDS) - 1,
    }
    return pa.Table.from_pylist([row], schema=SAE_FIT.schema)


def evidence_of(mean: np.ndarray, maximum: np.ndarray) -> pa.Table:
    """The strongest response of each feature."""
    features = np.flatnonzero(mean.any(axis=0))
    rows = [
        {
            "feature_id": feature,
            "rank": 1,
            "response_id": RESPONSE_IDS[maximum[:, feature].argmax()],
            "start": 0,
            "token_ids": [11, 12],
            "pieces": ["Aye", f" {feature}"],
            "activations": [0.0, maximum[:, feature].max()],
        }
        for feature in features.tolist()
    ]
    return pa.Table.from_pylist(rows, schema=EVIDENCE.schema)


def land(
    study: Study,
    table: Table,
    content: pa.Table,
    role: str,
    sae: str | None = None,
    inputs: Sequence[LakeFile] = (),
) -> LakeFile:
    """Write a file of the role under the fingerprint that makes it fresh."""
    made_from = RoleFiles(study, role).fingerprint(table, sae)
    assert made_from is not None
    return study.lake.write(table, content, made_from, sae=sae, role=role, inputs=inputs)


def fill(study: Study, roles: tuple[str, ...] = ROLES) -> World:
    """Land every stage of the roles."""
    world = World(study, {sae: {} for sae in D_SAE}, {sae: {} for sae in D_SAE})
    for role in roles:
        land(study, RESPONSES, responses_of(role), role)
        for sae in study.settings.extraction.saes:
            mean, maximum = dense_of(role, sae)
            world.mean[sae][role], world.max[sae][role] = mean, maximum
            land(study, POOLED, pooled_of(mean), role, sae)
            land(study, SAE_FIT, fit_of(mean, sae), role, sae)
            land(study, EVIDENCE, evidence_of(mean, maximum), role, sae)
            land(study, ACTIVATIONS, activations_of(mean, maximum), role, sae)
            aggregate(study, role, sae)
    return world


def directions_of(d_sae: int) -> dict[Table, pa.Table]:
    """What features write: each promotes its own number, and is opposed to the one d_sae / 2 on."""
    ids = np.arange(d_sae)
    signs, ones = np.tile([1, -1], d_sae), np.ones(2 * d_sae, np.int32)
    logits = {"feature_id": ids.repeat(2), "sign": signs, "rank": ones, "token_id": ids.repeat(2)}
    pieces = [f" {number}" for number in ids.repeat(2)]
    opposed, following = (ids + d_sae // 2) % d_sae, (ids + 1) % d_sae
    near = {"feature_id": ids, "rank": ones[:d_sae], "neighbor_id": following, "cosine": 1 / (2 + ids)}
    geometry = {"feature_id": ids, "decoder_norm": np.full(d_sae, 2.0), "encoder_cosine": np.full(d_sae, 0.5)}
    about = {"writes": ["blocks.1.hook_resid_post"], "why_no_logits": pa.array([None], pa.string())}
    vocabulary = {"n_tokens": [d_sae], "norm": ["RMSNorm"], "tied": [True], "softcap": [30.0]}
    return {
        FEATURE_LOGITS: FEATURE_LOGITS.of({**logits, "piece": pieces, "value": signs * 3.0}),
        DECODER_NEIGHBORS: DECODER_NEIGHBORS.of(near),
        FEATURE_GEOMETRY: FEATURE_GEOMETRY.of(
            {**geometry, "opposed_id": opposed, "opposed_cosine": -1 / (2 + ids % (d_sae // 2))}
        ),
        DECODERS: DECODERS.of({**about, **vocabulary}),
    }


def compare(study: Study) -> None:
    """Land what speaks of all roles together, under each SAE: statistics, atlas, labels, directions."""
    for sae, d_sae in D_SAE.items():
        across = AcrossRoles.of(study)
        sources = [
            RoleSource(role, study.lake.uri(activations.path), study.lake.uri(pooled.path))
            for role, (activations, pooled) in across.compared(sae).items()
        ]
        statistics = analyse(sources, d_sae, aligned=True, split_seed=study.settings.atlas.split_seed)
        selection = select(statistics, study.settings.atlas)
        made_from = across.fingerprint(ROLE_CONTRASTS, sae)
        assert made_from is not None
        study.lake.write(FEATURES, with_selection(statistics.features, selection), made_from, sae=sae)
        study.lake.write(ROLE_MATRIX, RoleMatrix(selection), made_from, sae=sae)
        study.lake.write(LENGTH_CONTRASTS, statistics.length_contrasts, made_from, sae=sae)
        study.lake.write(ROLE_CONTRASTS, statistics.role_contrasts, made_from, sae=sae)
        map_features(across, sae)
        labels = [Label(feature, text, "cache") for feature, text in LABELS]
        study.lake.write(FEATURE_LABELS, labels_table(labels), "imported-0123456789abcdef", sae=sae)
        scores = AcrossRoles.of(study).fingerprint(EXPLANATION_SCORES, sae)
        assert scores is not None
        study.lake.write(EXPLANATION_SCORES, scores_table(), scores, sae=sae)
        weights = across.fingerprint(DECODERS, sae)
        assert weights is not None
        for table, content in directions_of(d_sae).items():
            study.lake.write(table, content, weights, sae=sae)


def publish_compared(study: Study) -> World:
    """Fill the lake of a study as `write_catalog` names it, compare its roles, and publish."""
    world = fill(study)
    compare(study)
    publish(study)
    return world


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    """The query's answer, a dictionary a row."""
    return connection.execute(sql, list(parameters)).to_arrow_table().to_pylist()
