"""A server of a test's own, and a patience that does not try the tester's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from persona_assets.base.backoff import Backoff
from persona_assets.labels.http import Patience
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.labels.server import MODEL, SOURCE, Server, running

HASTY = Patience(
    silence=1.0, answer=3.0, tries=3, pauses=Backoff(0.01, 0.02), limit_pauses=Backoff(0.01, 0.02), limit=0.1
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def labelled_study(make_study: StudyMaker, server: Server) -> Study:
    """A study whose SAE is on the server."""
    changes = {"extraction.saes.demo.neuronpedia_id": f"{MODEL}/{SOURCE}", "labels.api": server.url}
    return make_study("labelled", changes)
