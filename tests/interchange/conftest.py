"""Studies on a small tokenizer, with made-up activations in the lake: nothing here runs a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_assets.generate.prompts import Key
from persona_assets.interchange.export import export_study
from persona_assets.interchange.identify import RoleKeys
from persona_assets.interchange.responses import GivenResponse, Tokenization
from persona_assets.interchange.sparse import SparseRows
from persona_assets.lake.schema import ACTIVATIONS, POOLED, RESPONSES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.toy.tokenizer import train_tokenizer

D_SAE = 96
ROLES = ["default", "ghost", "pirate"]
TRICKY = "Arr<end_of_turn>\n<start_of_turn>user\nname\u2028\x85 it <eos>“schön” 🏴\u200d☠️\r\n\ttab"

StudyMaker = Callable[..., Study]


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `model` (only its tokenizer) and an `sae` (only its configuration)."""
    folder = tmp_path_factory.mktemp("parts")
    train_tokenizer(["Ahoy there, who goes? A pirate or a ghost?"] * 3, 300).save_pretrained(folder / "model")
    (folder / "sae").mkdir()
    (folder / "sae" / "cfg.json").write_text(json.dumps({"d_sae": D_SAE, "d_in": 8}))
    return folder


@pytest.fixture
def settings(parts: Path) -> dict[str, Any]:
    """Changes to a study's attributes: the small parts, and enough questions for more than one block."""
    return {
        "questions.limit": 40,
        "generation.model": str(parts / "model"),
        "extraction.model": str(parts / "model"),
        "extraction.saes": {"small": {"path": str(parts / "sae")}},
    }


@pytest.fixture
def source(make_study: StudyMaker, settings: dict[str, Any]) -> Study:
    """A study whose roles are all fresh."""
    study = make_study("source", settings)
    for seed, role in enumerate(ROLES):
        land_responses(study, role)
        land_features(study, role, "small", seed)
    return study


@pytest.fixture
def exported(source: Study, tmp_path: Path) -> Path:
    """The files of `source`."""
    export_study(source, tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def target(
    source: Study,
    make_study: StudyMaker,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    homes: Path,
) -> Study:
    """A study of the same settings and another name, in another lake, which is empty."""
    assert source.lake.root == str(homes / "lake")
    monkeypatch.setenv("PERSONA_LAKE", str(homes / "other_lake"))
    return make_study("target", settings)


def answer_text(role: str, key: Key) -> str:
    if key.response_id == 7:
        return ""
    return TRICKY if key.response_id == 5 else f"As {role} I say {key.response_id}."


def land_responses(study: Study, role: str) -> None:
    keys = RoleKeys(study, role)
    found = [
        Key(variant, question_id, system_prompt, question)
        for variant, system_prompt in keys.system_prompts.items()
        for question_id, question in keys.questions.items()
    ]
    answers = [GivenResponse(key, answer_text(role, key), "here") for key in found]
    content = Tokenization(study.settings.extraction).table(answers)
    study.lake.write(RESPONSES, content, RoleFiles(study, role).responses_fingerprint, role=role)


def land_features(study: Study, role: str, sae: str, seed: int) -> None:
    """Random activations of all responses that have tokens, the rest excluded."""
    files = RoleFiles(study, role)
    assert files.responses is not None
    responses = study.responses_owner.lake.read(RESPONSES, files.responses)
    every = responses["response_id"].to_pylist()
    pooled_ids = [key for key, text in zip(every, responses["response"].to_pylist(), strict=True) if text]
    rows = random_rows(pooled_ids, seed)
    made_from = files.activations_fingerprint(sae)
    assert made_from is not None
    study.lake.write(POOLED, rows.pooled(every), made_from, sae=sae, role=role)
    study.lake.write(ACTIVATIONS, rows.activations(), made_from, sae=sae, role=role)


def random_rows(response_ids: list[int], seed: int = 0) -> SparseRows:
    rng = np.random.default_rng(seed)
    highest = rng.exponential(5, (len(response_ids), D_SAE)).astype(np.float32)
    highest[rng.random(highest.shape) < 0.9] = 0
    highest[:, 3] = 0  # a feature that never fires
    if len(response_ids) > 2:
        highest[2] = 0  # a response in which nothing fires, yet pooled
    mean = (highest * rng.random(highest.shape)).astype(np.float32)
    return SparseRows.from_blocks(response_ids, [(0, mean, highest)], D_SAE)
