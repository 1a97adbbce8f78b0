from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.backoff import Backoff
from persona_assets.base.errors import StudyError
from persona_assets.labels.api import FetchReport, fetch_answers
from persona_assets.labels.neuronpedia import Explanation, SourceId
from persona_assets.labels.remembered import Explanations, Notebook, notebook, recall
from tests.labels.conftest import HASTY
from tests.labels.server import (
    MODEL,
    SOURCE,
    Misdeed,
    Server,
    body,
    feature,
    hang_up,
    says,
    stall,
    status,
)

ID = SourceId(MODEL, SOURCE)


def known(index: int, model: str | None = "gpt-4o-mini") -> Explanations:
    return [Explanation(f"about {index}", model)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


@pytest.fixture
def kept(file: Path) -> Iterator[Notebook]:
    with notebook(file) as kept:
        yield kept


@pytest.fixture
def fetch(server: Server, kept: Notebook) -> Callable[..., FetchReport]:
    def fetch(features: Any, **options: Any) -> FetchReport:
        return fetch_answers(server.url, ID, features, kept, **{"patience": HASTY, **options})

    return fetch


Fetch = Callable[..., FetchReport]


def test_every_explanation_of_every_feature_is_kept(server: Server, kept: Notebook, fetch: Fetch) -> None:
    server.describe(range(20))
    server.features[3] = feature(3, [("b", "gpt-4o-mini"), ("a", None), ("", "gpt"), (None, None), ("c", "")])
    heard: list[tuple[int, int]] = []
    report = fetch(range(20), progress=lambda done, total: heard.append((done, total)))
    assert report == FetchReport(labelled=20)
    expected = {index: known(index) for index in range(20)}
    expected[3] = [Explanation("b", "gpt-4o-mini"), Explanation("a", None), Explanation("c", None)]
    assert kept.remembered.answers == expected
    assert heard[-1] == (20, 20)
    assert sorted(heard) == heard


def test_no_more_questions_are_under_way_than_allowed(server: Server, fetch: Fetch) -> None:
    server.describe(range(60))
    fetch(range(60), concurrency=3)
    assert 1 <= server.most_at_once <= 3


def test_features_without_labels_are_remembered_and_not_asked_for_again(
    server: Server, kept: Notebook, fetch: Fetch
) -> None:
    server.describe([1])
    server.features[2] = feature(2, [])
    server.misbehave(4, status(404))
    assert fetch([1, 2, 3, 4]) == FetchReport(labelled=1, unlabelled=1, unknown=2)
    assert kept.remembered.answers == {1: known(1), 2: [], 3: None, 4: None}
    server.describe([2, 3, 4])
    assert fetch([1, 2, 3, 4]) == FetchReport()
    assert server.asked_features() == {1: 1, 2: 1, 3: 1, 4: 1}


def test_refresh_asks_again_and_keeps_what_it_cannot_better(
    server: Server, kept: Notebook, fetch: Fetch
) -> None:
    server.describe([1, 2])
    fetch([1, 2, 3])
    server.describe([1, 2, 3], model="claude")
    server.misbehave(2, *[status(500)] * 3)
    report = fetch([1, 2, 3], refresh=True)
    assert (report.labelled, list(report.failed)) == (2, [2])
    assert kept.remembered.answers == {1: known(1, "claude"), 2: known(2), 3: known(3, "claude")}
    assert fetch([1, 2, 3]).labelled == 1, "the one that failed is asked for again without another refresh"
    assert kept.remembered.answers[2] == known(2, "claude")
    assert fetch([1, 2, 3]) == FetchReport()


def test_limit_takes_the_first_that_are_not_known(server: Server, kept: Notebook, fetch: Fetch) -> None:
    server.describe(range(10))
    assert fetch([9, 8, 7, 6, 5], limit=2).labelled == 2
    assert sorted(kept.remembered.answers) == [8, 9]
    assert fetch([9, 8, 7, 6, 5], limit=2).labelled == 2
    assert sorted(kept.remembered.answers) == [6, 7, 8, 9]
    assert fetch([9, 8, 7, 6, 5], limit=1, refresh=True).labelled == 1
    assert server.asked_features() == {9: 2, 8: 1, 7: 1, 6: 1}


@pytest.mark.parametrize("misdeed", [status(500), status(503), status(408), hang_up, stall])
def test_what_passes_is_tried_again(server: Server, kept: Notebook, fetch: Fetch, misdeed: Misdeed) -> None:
    server.describe(range(5))
    server.misbehave(2, misdeed)
    assert fetch(range(5)) == FetchReport(labelled=5)
    assert server.asked_features() == {0: 1, 1: 1, 2: 2, 3: 1, 4: 1}
    assert kept.remembered.answers[2] == known(2)


LIES: dict[str, tuple[Misdeed, str]] = {
    "HTML": (body(b"<html>Just a moment</html>"), "not JSON: '<html>Just a moment</html>'"),
    "not UTF-8": (body(b'{"a": "\xff"}'), "not JSON"),
    "deep": (body(b"[" * 100_000), "not JSON"),
    "empty": (body(b""), "not JSON"),
    "a list": (says([]), "holds no list of explanations"),
    "an error that says 200": (says({"error": "oops"}), "holds no list of explanations"),
    "explanations as text": (says({**feature(2, []), "explanations": "ships"}), "holds no list of explan"),
    "an explanation as text": (says({**feature(2, []), "explanations": ["ships"]}), "must be an object"),
    "a description as number": (says(feature(2, [(5, None)])), "`description` must be a text, not '5'"),
    "a model as list": (says(feature(2, [("ships", ["gpt"])])), "`explanationModelName` must be a text"),
    "another feature": (says(feature(3, [("ships", None)])), "is about feature 3"),
    "no index": (says({"explanations": []}), "is no feature's id"),
    "another model": (says({**feature(2, []), "modelId": "other"}), "is about modelId 'other'"),
    "another source": (says({**feature(2, []), "layer": "0-res"}), "is about layer '0-res'"),
    "a page that is not there": (status(403), "answers with status 403"),
    "another server": (status(302, Location="http://127.0.0.2:1/x"), "redirects to another server"),
    "no address": (status(302, Location="http://[x"), "which is no address"),
    "round and round": (status(302, Location="?again"), "redirects more than 3 times"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_not_remembered_and_does_not_keep_the_others_back(
    server: Server, kept: Notebook, fetch: Fetch, lie: str
) -> None:
    misdeed, complaint = LIES[lie]
    server.describe(range(5))
    server.misbehave(2, *[misdeed] * (4 if lie == "round and round" else 1))
    report = fetch(range(5))
    assert report.labelled == 4
    assert list(report.failed) == [2]
    assert complaint in report.failed[2]
    assert "\n" not in report.failed[2]
    assert sorted(kept.remembered.answers) == [0, 1, 3, 4]
    assert fetch(range(5)) == FetchReport(labelled=1), "it is asked for by the next run"


def test_a_redirect_within_the_server_is_followed(server: Server, kept: Notebook, fetch: Fetch) -> None:
    server.files["/moved"] = json.dumps(feature(2, [("about 2", None)])).encode()
    server.misbehave(2, status(308, Location="/moved"))
    assert fetch([2]) == FetchReport(labelled=1)
    assert kept.remembered.answers == {2: known(2, None)}


def test_a_strangers_text_is_cleaned_before_it_is_kept(
    server: Server, kept: Notebook, fetch: Fetch, file: Path
) -> None:
    server.features[1] = feature(1, [("x" * 1_000_000, "m" * 1_000), ("a\x1b[2J\nb \ud800", "gpt\x00")])
    assert fetch([1]) == FetchReport(labelled=1)
    huge, nasty = kept.remembered.answers[1] or []
    assert (len(huge.description), len(huge.model or "")) == (2_000, 200)
    assert nasty == Explanation("a[2J b", "gpt")
    assert file.stat().st_size < 5_000
    assert recall(file).answers == kept.remembered.answers


def test_an_answer_too_large_is_not_read(
    server: Server, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persona_assets.labels.api._LARGEST_ANSWER", 10_000)
    server.describe(range(2))
    server.features[1]["activations"] = ["x" * 20_000]
    report = fetch(range(2))
    assert report.labelled == 1
    assert "answers with more than 10,000 bytes" in report.failed[1]


def test_after_a_rate_limit_the_rest_is_fetched(server: Server, kept: Notebook, fetch: Fetch) -> None:
    server.describe(range(30))
    server.budget = 10
    notices: list[str] = []

    def hear(notice: str) -> None:
        notices.append(notice)
        if len(notices) == 2:
            server.budget = None  # the hour is over

    assert fetch(range(30), notice=hear) == FetchReport(labelled=30)
    assert sorted(kept.remembered.answers) == list(range(30))
    assert "allows no more questions for now; 10 of 30 answers are kept" in notices[0]
    asked = server.asked_features()
    refusals = sum(asked.values()) - 30
    assert refusals <= 8 + 1, "while the limit holds, one question at a time sees whether it still does"


def test_a_rate_limit_that_lasts_ends_the_run_which_the_next_goes_on_with(
    server: Server, kept: Notebook, fetch: Fetch
) -> None:
    server.describe(range(30))
    server.budget = 10
    with pytest.raises(StudyError, match=r"stopped with 10 of 30 answers, which are kept; run again .*429"):
        fetch(range(30))
    assert len(kept.remembered.answers) == 10
    server.budget = None
    assert fetch(range(30)) == FetchReport(labelled=20)
    answered = [index for index in range(30) if kept.remembered.answers[index] == known(index)]
    assert answered == list(range(30))


def test_a_server_that_says_how_long_is_believed(server: Server, fetch: Fetch) -> None:
    server.describe([1])
    server.misbehave(1, status(429, Retry_After="1"))
    notices: list[str] = []
    patient = replace(HASTY, limit_pauses=Backoff(first=1e6, longest=1e6), limit=60.0)
    assert fetch([1], notice=notices.append, patience=patient) == FetchReport(labelled=1)
    assert len(notices) == 1
    assert "asking again in 1 s" in notices[0]


def test_a_server_that_fails_again_and_again_is_left_alone(
    server: Server, kept: Notebook, fetch: Fetch
) -> None:
    server.describe(range(10))
    for index in range(10, 1_000):
        server.misbehave(index, *[status(500)] * 3)
    with pytest.raises(StudyError, match=r"of 1,000 answers.*answers with status 500") as stopped:
        fetch(range(1_000))
    n_kept = len(kept.remembered.answers)
    assert f"stopped with {n_kept} of" in str(stopped.value)
    assert n_kept > 0 and kept.remembered.answers.keys() <= set(range(10))
    assert len(server.asked_features()) < 100


def test_a_run_in_which_everything_failed_is_an_error(server: Server, fetch: Fetch) -> None:
    server.misbehave(1, *[hang_up] * 3)
    with pytest.raises(StudyError, match="stopped with 0 of 1 answers"):
        fetch([1])


def test_a_server_that_is_not_there_is_an_error(kept: Notebook, server: Server) -> None:
    with pytest.raises(StudyError, match=r"stopped with 0 of 3 answers.*check the address and the network"):
        fetch_answers("http://127.0.0.1:9", ID, range(3), kept, patience=HASTY)


def test_a_source_of_which_nothing_is_known_is_taken_for_a_wrong_name(
    server: Server, kept: Notebook, fetch: Fetch
) -> None:
    with pytest.raises(
        StudyError, match=rf"knows none of the 1\d\d features of {MODEL}/{SOURCE}.*neuronpedia_id"
    ):
        fetch(range(100_000))
    asked = sum(server.asked.values())
    assert asked < 120
    with pytest.raises(StudyError, match="knows none of the"):
        fetch(range(100_000))
    assert sum(server.asked.values()) == asked, "what is known to be unknown is not asked for again"
    server.describe(range(200))
    assert fetch(range(200), refresh=True) == FetchReport(labelled=200)
