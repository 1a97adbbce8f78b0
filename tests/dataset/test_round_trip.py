"""A study of a real model, written and pulled: a text is tried in it with the reader's own copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from persona_assets.base.errors import StudyError
from persona_assets.dataset.pull import pull
from persona_assets.drift.trials import Trials, prompt_transcript
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.lake.fingerprint import directory_hash, hash_of_others
from persona_assets.stages.dtypes import decided_extraction
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.dataset.conftest import quietly, write
from tests.places import PROJECT

SMALL = {
    "roles.include": ["default", "pirate"],
    "questions.limit": 1,
    "generation.prompt_indices": [0],
    "generation.max_tokens": 8,
}
MODEL, SAE = "tests/toy/data/model", "tests/toy/data/sae"


@pytest.fixture
def copy(make_study: StudyMaker, tmp_path: Path) -> Path:
    """The data set of a study that the toy answered, as it was pulled."""
    study = make_study(changes=SMALL)
    with closing(GenerationStage(study)) as answering, closing(ExtractionStage(study)) as reading:
        for role in study.role_names:
            answering.land(role)
            reading.land(role)
    publish(study)
    written = write(study, tmp_path / "out")
    pull(str(written), tmp_path / "copy", quietly, lambda _dataset, _to_come: None)
    return tmp_path / "copy"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of the reader's own, in which nothing lies yet."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.dg.project]\nroot_module = "theirs"\n')
    monkeypatch.setenv("PERSONA_PROJECT", str(folder))
    yield folder


def fires(study: Study) -> list[int]:
    with closing(Trials(study)) as trials:
        [tried] = trials.tried(prompt_transcript("Ahoy, the sea!"), "demo")
        return sorted(tried.feature.tolist())


def test_the_readers_own_copy_is_taken_where_it_holds_the_very_files(copy: Path, project: Path) -> None:
    listed = json.loads((copy / "dataset.json").read_text())["identities"]
    wanted = {
        key: {"files": directory_hash(PROJECT / path), "others": hash_of_others(PROJECT / path)}
        for key, path in {
            "generation.model": MODEL,
            "extraction.model": MODEL,
            "extraction.saes.demo.path": SAE,
        }.items()
    }
    assert listed == wanted
    with pytest.raises(StudyError, match=f"saes.demo.path: '{SAE}' lies .* and this project has none; write"):
        decided_extraction(load_study(copy))
    shutil.copytree(PROJECT / SAE, project / SAE)
    with pytest.raises(StudyError, match=rf"\.model: '{MODEL}' lies .* and this project has none; write"):
        decided_extraction(load_study(copy))  # and no hub is asked for a model of that name
    shutil.copytree(PROJECT / MODEL, project / MODEL)
    found = fires(load_study(copy))
    assert found
    settings = yaml.safe_load((copy / "defs.yaml").read_text())
    for block in ("generation", "extraction"):
        settings["attributes"][block]["model"] = str(PROJECT / MODEL)
    (copy / "defs.yaml").write_text(yaml.safe_dump(settings))
    assert fires(load_study(copy)) == found
    (project / SAE / "notes.bin").write_bytes(b"x")  # decides, for all that anybody knows
    with pytest.raises(StudyError, match="saes.demo.path: .* and this project has another there; write"):
        decided_extraction(load_study(copy))
