"""A study whose roles are landed once a session; each test has a copy of its lake."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from persona_assets.analysis.aggregate import aggregate
from persona_assets.cli import main
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.lake.schema import RESPONSES
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study, load_study
from tests.conftest import StudyMaker, write_study
from tests.drift.made import conversation

Persona = Callable[..., tuple[int, str, str]]


@pytest.fixture
def persona(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Persona:
    """Run `persona …` in this process: its exit status, what it printed, and what it complained of."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["persona", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return run


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerBase:
    return load_tokenizer("tests/toy/data/model")


@pytest.fixture(scope="session")
def landed_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of a study with the features of default, ghost and pirate."""
    folder = tmp_path_factory.mktemp("drift")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        study = load_study(write_study(folder / "small"))
        generation, extraction = GenerationStage(study), ExtractionStage(study)
        for role in study.role_names:
            generation.land(role)
            extraction.land(role)
            aggregate(study, role, "demo")
        extraction.close()
    return folder / "lake"


@pytest.fixture
def make_landed(homes: Path, landed_lake: Path, make_study: StudyMaker) -> StudyMaker:
    """`make_study`, for studies that differ in nothing that decides the roles' features."""
    shutil.copytree(landed_lake, homes / "lake")
    return make_study


@pytest.fixture
def landed(make_landed: StudyMaker) -> Study:
    return make_landed()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExtractionStage]:
    """The demo's model and SAE, loaded once; its study is none that tests land in."""
    stage = ExtractionStage(load_study(write_study(tmp_path_factory.mktemp("model") / "small")))
    yield stage
    stage.close()


@pytest.fixture
def stage(landed: Study, model: ExtractionStage) -> DriftStage:
    return drift_stage(landed, model)


def drift_stage(study: Study, model: ExtractionStage) -> DriftStage:
    """A stage of `study` that uses the session's model."""
    extraction = ExtractionStage(study)
    extraction._extractor = model.extractor
    return DriftStage(extraction)


@pytest.fixture
def switching(landed: Study) -> object:
    """Three answers of the plain model, then three of the pirate."""
    return conversation([*said(landed, "default"), *said(landed, "pirate")])


@pytest.fixture
def nine(landed: Study) -> Transcript:
    """Three answers of each role: enough turns to speak of confounds."""
    return conversation([*said(landed, "default"), *said(landed, "ghost"), *said(landed, "pirate")])


def said(study: Study, role: str) -> list[tuple[str, str]]:
    """Questions with a role's answers in its first variant."""
    file = RoleFiles(study, role).responses
    assert file is not None
    rows = study.lake.read(RESPONSES, file).to_pylist()
    return [(row["question"], row["response"]) for row in rows if row["variant"] == 0]
