"""Files that a stranger's data set names: none is opened until its reader says where a copy lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from persona_assets.base.errors import StudyError
from persona_assets.cli.arguments import check_in_sae
from persona_assets.extract.stage import ExtractionStage
from persona_assets.stages.dtypes import decided_extraction, decided_generation
from persona_assets.study.study import Study, load_study
from tests.conftest import write_study

ON_THE_HUB = {"generation.model": "someone/chat", "extraction.model": "someone/chat"}
TEMPLATE = {"generation.chat_template": {"file": "/etc/hostname"}}
OF_A_FOLDER = {"extraction.saes": {"first": {"path": "tests/toy/data/sae"}}}
OF_A_RELEASE = {"extraction.saes": {"first": {"release": "example-res", "id": "x"}}}


def pulled(folder: Path, changes: dict[str, Any]) -> Study:
    """Return a data set's study whose list says the same as its `defs.yaml`."""
    file = write_study(folder, {"extraction.spans": "all", "generation.dtype": "float32"} | changes)
    settings = yaml.safe_load(file.read_text())["attributes"]
    said = {"study": "small", "license": "mit", "made_by": "x", "published_at": "x", "snapshot": "x"}
    (folder / "dataset.json").write_text(json.dumps(said | {"settings": settings, "files": []}))
    return load_study(folder)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        (OF_A_RELEASE | TEMPLATE, "generation.chat_template.file"),
        (OF_A_FOLDER, "extraction.saes.first.path"),
        ({"extraction.saes": {"first": {"path": "~root/sae"}}}, "extraction.saes.first.path"),
        (OF_A_RELEASE | {"generation.model": "tests/toy/data/model"}, "generation.model"),
        (OF_A_RELEASE | {"extraction.model": "tests/toy/data/model"}, "extraction.model"),
    ],
)
def test_what_would_read_or_answer_says_which_file_is_somebody_elses(
    tmp_path: Path, changes: dict[str, Any], key: str
) -> None:
    study = pulled(tmp_path / "copy", ON_THE_HUB | changes)
    told = f"defs.yaml: {key}: .* lies with whoever wrote the data set"
    for needs_it in (decided_generation, decided_extraction, lambda study: ExtractionStage(study).extractor):
        with pytest.raises(StudyError, match=told) as raised:
            needs_it(study)
        assert "\n" not in str(raised.value)


def test_a_template_and_an_sae_are_not_opened_on_their_own_either(tmp_path: Path) -> None:
    study = pulled(tmp_path / "a", ON_THE_HUB | TEMPLATE)
    with pytest.raises(StudyError, match="lies with whoever wrote the data set"):
        _ = study.template
    study = pulled(tmp_path / "b", ON_THE_HUB | OF_A_FOLDER)
    with pytest.raises(StudyError, match="lies with whoever wrote the data set"):
        check_in_sae(study, 10**6, "first")


def test_what_the_reader_names_is_opened(tmp_path: Path) -> None:
    template = tmp_path / "template.jinja"
    template.write_text("{{ messages }}")
    folder = tmp_path / "copy"
    theirs = ON_THE_HUB | OF_A_RELEASE | {"generation.chat_template": {"file": "theirs.jinja"}}
    pulled(folder, theirs)
    listed = (folder / "dataset.json").read_text()
    study = pulled(folder, theirs | {"generation.chat_template": {"file": str(template)}})
    (folder / "dataset.json").write_text(listed)
    assert study.template.text == "{{ messages }}"
    assert decided_extraction(study).model == "someone/chat"
