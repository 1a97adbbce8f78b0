"""The names of a study's files as the versions before the table of stages gave them: a lake stays fresh."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import DRIFT_RUNS, TABLES, Table
from persona_assets.stages import table
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker

RUN = "0123456789"
HUB = {
    "generation.model": "google/gemma-3-27b-it",
    "generation.model_name": None,
    "extraction.model": "google/gemma-3-27b-it",
    "extraction.saes": {
        "demo": {"release": "gemma-scope-2-27b-it-res", "id": "layer_31_width_65k_l0_medium"}
    },
    "atlas.selection": None,
}
VARIED: dict[str, Any] = {
    "roles.include": ["default", "ghost", "pirate", "judge"],
    "questions.limit": 2,
    "generation.backend": "vllm",
    "generation.model": "google/gemma-3-12b-it",
    "generation.revision": "abc",
    "generation.model_name": "Gemma",
    "generation.prompt_indices": [2, 0],
    "generation.temperature": 1,
    "generation.top_p": 0.5,
    "generation.max_tokens": 25,
    "generation.max_model_len": 300,
    "generation.seed": 3,
    "generation.dtype": "float16",
    "generation.template_date": "2025-01-31",
    "generation.engine": {"quantization": "fp8", "tensor_parallel_size": 2},
    "extraction.model": "google/gemma-3-12b-it",
    "extraction.revision": "abc",
    "extraction.dtype": "bfloat16",
    "extraction.token_selection": "response_to_end",
    "extraction.span_tokens": ["<z>", "<a>"],
    "extraction.evidence": {"top": 5, "window": 3},
    "extraction.saes": {"first": {"release": "r", "id": "i", "neuronpedia_id": "m/s"},
                        "demo": {"release": "gemma-scope", "id": "layer_31"}},
    "analysis": {"anchor": "ghost", "exclude": ["judge"]},
    "atlas": {
        "strategy": "max", "question_centering": False, "top_k": 7, "split_seed": 1, "random_seed": 2,
        "umap_n_neighbors": 3, "umap_min_dist": 0.5, "umap_random_state": 4, "neighbor_k": 5, "quality_k": 6,
    },
    "labels": {"api": "https://example.org", "export": "https://example.org/export", "cache": "x.json"},
    "drift": {
        "directory": "talks", "sae": "demo", "pooling": "max", "transform": "raw", "centering": True,
        "l2_normalize": True, "axis": "pca", "compared_with": ["pirate"], "score": "cosine_axis",
        "null_draws": 5, "seed": 9,
    },
    "checks": {"stop_on": ["sae_fits_the_model"], "max_empty": 0.5, "max_truncated": 0.6},
}  # fmt: skip
PLAIN_STEMS = {
    "responses pirate": "66d9069a4ed6dbe1",
    "pooled pirate demo": "baf75bb0c3c122f5",
    "sae_fit pirate demo": "3f95a5329f5c5c67",
    "evidence pirate demo": "3e768f5666ec2d6e",
    "activations pirate demo": "baf75bb0c3c122f5",
    "role_features pirate demo": "7f03ce5dfbcb2f73",
    "statistics demo": "7283b6d80f66522c",
    "atlas demo": "573a2a7420b929ec",
    "codes": "1b50a70981ab0650",
    "anchor codes": "40ab70f9b0078fe4",
    "drift": "48c0f76aa1cce706",
}
VARIED_STEMS = {
    "responses pirate": "dfa5089cca2b6341",
    "pooled pirate demo": "c07a91de71bf8413",
    "evidence pirate demo": "bcb072c8d3654b46",
    "activations pirate demo": "c07a91de71bf8413",
    "role_features pirate demo": "fca4a8e323a11bb0",
    "pooled pirate first": "f7a3e997e9dbc29c",
    "evidence pirate first": "d213384f295bb34c",
    "activations pirate first": "f7a3e997e9dbc29c",
    "role_features pirate first": "a12b0d00f1ee117a",
    "statistics demo": "4704cf1cd01e6797",
    "atlas demo": "3e24385fc6b082fa",
    "statistics first": "15c0cf0803b46b1e",
    "atlas first": "d754bb714c72877f",
    "codes": "30fb137e5589f89b",
    "anchor codes": "a0f2fc1b4c2b0e78",
    "drift": "d4d2358dd3e7cef6",
}
# The versions at that time of stages that make other numbers since then: their files are stale on purpose.
VERSIONS: dict[str, Any] = {"drift": 1, "statistics": {"mean": 2, "max": 3}, "atlas": 2}
ROLE_TABLES = ("pooled", "sae_fit", "evidence", "activations", "role_features")


def take_recorded_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the stages the versions of `VERSIONS`, under which the stems were recorded."""
    for name, version in VERSIONS.items():
        then = dataclasses.replace(table.stage(name), version=version)
        monkeypatch.setitem(table._BY_NAME, name, then)
        for landed in (*then.landed, *then.besides):
            monkeypatch.setitem(table._OF_TABLE, landed.name, then)


def land(study: Study, table: Table, made_from: str | None, **part: str) -> LakeFile:
    assert made_from is not None
    return study.lake.write(table, table.schema.empty_table(), made_from, **part)


def land_all(study: Study) -> dict[str, str]:
    """Land an empty file of every table under every SAE; return the stems, by table (and role or SAE)."""
    stems: dict[str, str] = {}
    for role in study.role_names:
        made_from = RoleFiles(study, role).responses_fingerprint
        stems[f"responses {role}"] = land(study, TABLES["responses"], made_from, role=role).stem
        for sae in study.settings.extraction.saes:
            for name in ROLE_TABLES:
                made_from = RoleFiles(study, role).fingerprint(TABLES[name], sae)
                file = land(study, TABLES[name], made_from, sae=sae, role=role)
                stems[f"{name} {role} {sae}"] = file.stem
    for sae in study.settings.extraction.saes:
        for name, of in (("statistics", "role_matrix"), ("atlas", "atlas")):
            made_from = AcrossRoles.of(study).fingerprint(TABLES[of], sae)
            stems[f"{name} {sae}"] = land(study, TABLES[of], made_from, sae=sae).stem
    drift = DriftFiles.of(study)
    stems["codes"] = drift.codes_fingerprint(RUN)
    stems["anchor codes"] = str(drift.anchor_codes_fingerprint)
    stems["drift"] = land(study, DRIFT_RUNS, drift.fingerprint(RUN), run=RUN).stem
    return stems


@pytest.mark.parametrize(
    ("changes", "recorded"), [(HUB, PLAIN_STEMS), (VARIED, VARIED_STEMS)], ids=["plain", "varied"]
)
def test_files_have_the_names_that_earlier_versions_gave_them(
    make_study: StudyMaker,
    changes: dict[str, Any],
    recorded: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_recorded_versions(monkeypatch)
    stems = land_all(make_study(changes=changes))
    assert {name: stems[name] for name in recorded} == recorded
