"""Tiny random models of several families, from the tests of extraction; a study that keeps vectors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from persona_assets.analysis.aggregate import aggregate
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study, load_study
from persona_assets.vectors.stage import compare_vectors
from tests.conftest import StudyMaker, write_study
from tests.extract.conftest import model_directory, multimodal, tokenizer  # noqa: F401

VECTORS = {"extraction.vectors": "response"}


@pytest.fixture(scope="session")
def lake_with_vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of a study with features and vectors of default, ghost and pirate, and their axis."""
    folder = tmp_path_factory.mktemp("vectors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        study = load_study(write_study(folder / "small", VECTORS))
        generation, extraction = GenerationStage(study), ExtractionStage(study)
        for role in study.role_names:
            generation.land(role)
            extraction.land(role)
            aggregate(study, role, "demo")
        extraction.close()
        compare_vectors(AcrossRoles.of(study), "demo")
    return folder / "lake"


@pytest.fixture
def with_vectors(homes: Path, lake_with_vectors: Path, make_study: StudyMaker) -> Study:
    """The study, with a copy of its lake."""
    shutil.copytree(lake_with_vectors, homes / "lake")
    return make_study(changes=VECTORS)
