from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.labels.server import MODEL, SOURCE, Server, running

PERSONA = Path(sys.executable).with_name("persona")


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        server.describe([0, 1, 2, 3])
        yield server


def persona(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PERSONA, *words], capture_output=True, text=True)


def test_what_was_fetched_is_published_and_found(make_study: StudyMaker, server: Server) -> None:
    changes = {"extraction.saes.demo.neuronpedia_id": f"{MODEL}/{SOURCE}", "labels.api": server.url}
    study = make_study("labelled", changes)
    fetched = persona("labels", "fetch", str(study.file.parent), "--limit", "6")
    assert fetched.returncode == 0, fetched.stderr
    assert "4 features labelled; 0 without a label; 2 not known to Neuronpedia" in fetched.stderr
    found = persona("labels", "search", str(study.file.parent), "about 3", "--format", "csv")
    address = f"{server.url}/{MODEL}/{SOURCE}/3"
    assert found.stdout.splitlines()[1:] == [f"3,about 3,api,gpt-4o-mini,{address},"]  # never scored
    with connect(study) as warehouse:
        assert warehouse.execute("select count(*) from feature_labels").fetchall() == [(4,)]


def test_a_study_that_names_no_source_is_told_what_to_add(study: Study) -> None:
    refused = persona("labels", "fetch", str(study.file.parent))
    assert refused.returncode == 2
    [line] = refused.stderr.splitlines()
    assert "extraction.saes.demo has no neuronpedia_id" in line


def test_a_search_before_anything_is_published_says_what_to_run(study: Study) -> None:
    refused = persona("labels", "search", str(study.file.parent), "sea")
    assert refused.returncode == 2 and "run `persona run small`" in refused.stderr
