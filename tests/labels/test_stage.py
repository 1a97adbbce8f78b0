from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.labels.stage import LabelSources, current_labels, fetch_labels, land_labels
from persona_assets.lake.schema import FEATURE_LABELS
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.labels.conftest import HASTY
from tests.labels.server import MODEL, SOURCE, Server, batch, batch_path, feature, row, stall

ID = f"{MODEL}/{SOURCE}"
ON_NEURONPEDIA = "extraction.saes.demo.neuronpedia_id"

DRIVER = """
import sys
from persona_assets.labels.stage import fetch_labels
from persona_assets.study.study import load_study

fetch_labels(load_study(sys.argv[1]), "demo", range(int(sys.argv[2])))
"""


def landed(study: Study) -> list[tuple[Any, ...]]:
    """The table that stands, without its addresses."""
    file = current_labels(study, "demo")
    assert file is not None
    names = FEATURE_LABELS.schema.names[:-1]
    table = study.lake.read(FEATURE_LABELS, file)
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def fetch(study: Study, features: Any, **options: Any) -> Any:
    return fetch_labels(study, "demo", features, patience=HASTY, **options)


def test_what_the_api_says_lands_as_a_table(labelled_study: Study, server: Server) -> None:
    server.describe([3])
    server.features[1] = feature(1, [("b", "gpt"), ("a", None)])
    server.features[2] = feature(2, [])
    fetch(labelled_study, range(5))
    file = land_labels(labelled_study, "demo")
    assert file == current_labels(labelled_study, "demo")
    assert labelled_study.lake.read(FEATURE_LABELS, file).to_pylist() == [
        {"feature_id": 1, "rank": 0, "description": "b", "source": "api", "model": "gpt",
         "url": f"{server.url}/{ID}/1"},
        {"feature_id": 1, "rank": 1, "description": "a", "source": "api", "model": None,
         "url": f"{server.url}/{ID}/1"},
        {"feature_id": 3, "rank": 0, "description": "about 3", "source": "api", "model": "gpt-4o-mini",
         "url": f"{server.url}/{ID}/3"},
    ]  # fmt: skip


def test_the_same_labels_land_once_and_new_ones_beside_the_old(labelled_study: Study, server: Server) -> None:
    server.describe(range(4))
    fetch(labelled_study, [0, 1])
    first = land_labels(labelled_study, "demo")
    assert land_labels(labelled_study, "demo") == first
    fetch(labelled_study, [0, 1, 2, 3])
    second = land_labels(labelled_study, "demo")
    assert (second.revision, len(landed(labelled_study))) == (first.revision + 1, 4)
    assert len(labelled_study.lake.files(FEATURE_LABELS)) == 2, "a published warehouse may name the first"


def test_all_sources_are_kept_the_cache_first(make_study: StudyMaker, server: Server, tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    cache.write_text(json.dumps({"1": "mine", "9": "mine alone"}))
    server.describe([1, 2], model="gpt")
    server.files[batch_path(0)] = batch([row(2, "exported"), row(2, "about 2", "gpt"), row(1, "exported")])
    changes = {
        ON_NEURONPEDIA: ID,
        "labels.api": server.url,
        "labels.cache": str(cache),
    }
    fetch(make_study("all", changes), [1, 2])
    study = make_study("all", {**changes, "labels.export": server.url})
    assert fetch(study, [1, 2]) is None
    land_labels(study, "demo")
    assert landed(study) == [
        (1, 0, "mine", "cache", None),
        (1, 1, "about 1", "api", "gpt"),
        (1, 2, "exported", "export", "gpt-4o-mini"),
        (2, 0, "about 2", "api", "gpt"),
        (2, 1, "exported", "export", "gpt-4o-mini"),
        (9, 0, "mine alone", "cache", None),
    ]


def test_an_export_is_fetched_once_and_again_with_refresh(make_study: StudyMaker, server: Server) -> None:
    changes = {ON_NEURONPEDIA: ID, "labels.export": server.url + "/"}
    study = make_study("exported", changes)
    server.files[batch_path(0)] = batch([row(1, "first")])
    for description, refresh in (("first", False), ("second", False), ("third", True)):
        server.files[batch_path(0)] = batch([row(1, description)])
        fetch(study, [], refresh=refresh)
        land_labels(study, "demo")
    assert landed(study) == [(1, 0, "third", "export", "gpt-4o-mini")]
    assert server.asked[batch_path(0)] == 2


def test_an_export_that_breaks_off_leaves_nothing_and_replaces_nothing(
    make_study: StudyMaker, server: Server
) -> None:
    study = make_study("exported", {ON_NEURONPEDIA: ID, "labels.export": server.url})
    whole, cut = batch([row(1, "whole")]), batch([row(2, "cut"), row(3, "cut")])[:-9]
    server.files = {batch_path(0): whole, batch_path(1): cut}
    with pytest.raises(StudyError, match="batch-1"):
        fetch(study, [])
    folder = LabelSources(study, "demo").export_file.parent
    assert list(folder.iterdir()) == []
    server.files = {batch_path(0): whole}
    fetch(study, [])
    server.files = {batch_path(0): batch([row(1, "newer")]), batch_path(1): cut}
    with pytest.raises(StudyError, match="batch-1"):
        fetch(study, [], refresh=True)
    land_labels(study, "demo")
    assert landed(study) == [(1, 0, "whole", "export", "gpt-4o-mini")]


def test_a_study_without_an_id_has_its_cache_alone(make_study: StudyMaker, tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    cache.write_text(json.dumps([{"feature_id": 5, "description": "ships", "url": "https://example.org"}]))
    study = make_study("cached", {"labels.cache": str(cache)})
    land_labels(study, "demo")
    assert landed(study) == [(5, 0, "ships", "cache", None)]
    with pytest.raises(StudyError, match=r"extraction\.saes\.demo has no neuronpedia_id"):
        fetch(study, [5])
    cache.unlink()
    with pytest.raises(StudyError, match=r"cache\.json: cannot be read"):
        land_labels(study, "demo")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"labels.api": "ftp://example.org"}, "labels.api: 'ftp://example.org' is no web address"),
        ({"labels.api": "file:///etc"}, "labels.api: 'file:///etc' is no web address"),
        ({"labels.api": "www.neuronpedia.org"}, "labels.api: 'www.neuronpedia.org' is no web address"),
        ({"labels.api": "http://[x"}, "labels.api: 'http://[x' is no web address"),
        ({"labels.export": "https://"}, "labels.export: 'https://' is no web address"),
        ({"labels.export": "https://a.b/?x=1"}, "labels.export: 'https://a.b/?x=1' is no web address"),
        (
            {ON_NEURONPEDIA: "gemma"},
            "saes.demo.neuronpedia_id: 'gemma' must be model/",
        ),
        (
            {ON_NEURONPEDIA: "../.."},
            "saes.demo.neuronpedia_id: '../..' must be model/",
        ),
        (
            {ON_NEURONPEDIA: "a/b/c"},
            "saes.demo.neuronpedia_id: 'a/b/c' must be model/",
        ),
    ],
)
def test_a_wrong_setting_is_named(make_study: StudyMaker, changes: dict[str, Any], complaint: str) -> None:
    study = make_study("wrong", changes)
    with pytest.raises(StudyError, match="defs.yaml") as refused:
        fetch(study, [1])
    assert complaint in str(refused.value)


def test_an_sae_that_the_study_lacks_is_named(study: Study) -> None:
    with pytest.raises(StudyError, match="small has no SAE 'other'; its SAEs: demo"):
        land_labels(study, "other")


def test_an_id_that_is_mended_begins_anew(make_study: StudyMaker, server: Server) -> None:
    server.describe(range(3))
    wrong = {ON_NEURONPEDIA: f"{MODEL}/misspelt", "labels.api": server.url}
    assert fetch(make_study("mended", wrong), range(3)).unknown == 3
    right = make_study("mended", {**wrong, ON_NEURONPEDIA: ID})
    assert fetch(right, range(3)).labelled == 3


def test_a_fetch_that_was_killed_goes_on_where_it_was(labelled_study: Study, server: Server) -> None:
    count, stopped = 200, threading.Event()
    server.describe(range(count))

    def stall_and_tell(to: Any) -> None:
        stopped.set()
        stall(to)

    for index in range(100, 100 + 8):  # all that may be under way at once
        server.misbehave(index, stall_and_tell)
    command = [sys.executable, "-c", DRIVER, str(labelled_study.file), str(count)]
    process = subprocess.Popen(command, env=os.environ)
    try:
        assert stopped.wait(300), "the fetch did not come so far"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    server.closing.set()
    before = server.asked_features()
    kept = LabelSources(labelled_study, "demo").answers_file.read_bytes().splitlines()
    known = {json.loads(line)["feature_id"] for line in kept if line.endswith(b"}")}
    assert known
    assert known <= before.keys()
    assert fetch(labelled_study, range(count)).labelled == count - len(known)
    again = {index for index, times in server.asked_features().items() if times > before.get(index, 0)}
    assert again == set(range(count)) - known
    land_labels(labelled_study, "demo")
    expected = [(index, 0, f"about {index}", "api", "gpt-4o-mini") for index in range(count)]
    assert landed(labelled_study) == expected
