"""Whole runs against a server: one that is gone ends them at once, and a kill costs nothing that was kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import ANSWERED_BY, IN_FLIGHT, RESPONSES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.generate.misbehaving_server import (
    IDS,
    Behaviour,
    MisbehavingServer,
    Request,
    answering,
    never,
    saying,
    serving,
)

# Every answer is a part of its own, so that the server knows what a kill leaves behind.
DRIVER = """
import sys
from persona_assets.cli.run import run_study
from persona_assets.generate.in_flight import InFlight
from persona_assets.study.study import load_study

whole = InFlight.add
def keep_each(self, completion, prompt):
    whole(self, completion, prompt)
    self.flush()
InFlight.add = keep_each
run_study(load_study(sys.argv[1]), None, ["responses"], False)
"""
N_RESPONSES = 6  # a role's: 2 variants of 3 questions


def study_of(make_study: StudyMaker, url: str, **engine: Any) -> Study:
    """Three roles of six responses, to be had from the server."""
    engine = {"base_url": url, "concurrency": 1, "timeout": 60} | engine
    changes = {"generation.backend": "openai", "generation.dtype": None, "generation.engine": engine}
    return make_study(changes=changes)


@pytest.mark.parametrize(
    ("behave", "n_asked", "complaint"),
    [
        (saying(401, "whose key?"), 1, r"answered 401 \(whose key\?\); set OPENAI_API_KEY"),
        (saying(404, "no such model"), 1, r"answered 404 \(no such model\); check generation.engine's"),
        (saying(307, "over there"), 1, r"answered 307 \(over there\); redirects are not followed"),
        (saying(503, "loading"), 2, r"gave no answer in 2 attempts, at last: 503 loading; see to the server"),
    ],
    ids=["401", "404", "307", "503"],
)
def test_a_server_that_refuses_or_is_gone_is_not_asked_for_the_other_roles(
    make_study: StudyMaker, behave: Behaviour, n_asked: int, complaint: str
) -> None:
    with serving(behave) as server:
        study = study_of(make_study, server.url, retries=1)
        with pytest.raises(StudyError, match=f"^response 0: {server.url}/completions {complaint}") as stop:
            run_study(study, None, ["responses"], False)
    assert len(server.requests) == n_asked
    assert "\n" not in str(stop.value)
    assert study.lake.files(RESPONSES) == []


def test_what_landed_before_the_server_went_stays_and_what_it_had_answered_is_kept(
    make_study: StudyMaker,
) -> None:
    async def gone_after_ten(request: Request) -> None:
        await (answering() if len(server.requests) <= 10 else saying(503))(request)

    with serving(gone_after_ten) as server:
        study = study_of(make_study, server.url, retries=0)
        with pytest.raises(StudyError, match="gave no answer in 1 attempts, at last: 503"):
            run_study(study, None, ["responses"], False)
        assert len(server.requests) == 11
        assert landed_roles(study) == ["default"]
        assert n_kept(study) == 4
        server.behave = answering(beside={"model": "tests/toy/data/model"})
        run_study(study, None, ["responses"], False)
    assert len(server.requests) == 11 + 2 + N_RESPONSES
    assert landed_roles(study) == study.role_names
    notes = [study.lake.note(file, ANSWERED_BY) for file in study.lake.files(RESPONSES)]
    # The first role was answered by a server that does not say who it is.
    assert notes == [None, "tests/toy/data/model", "tests/toy/data/model"]


def landed_roles(study: Study) -> list[str]:
    return [role for role in study.role_names if RoleFiles(study, role).responses is not None]


def n_kept(study: Study) -> int:
    return sum(study.lake.num_rows(file) for file in study.lake.files(IN_FLIGHT))


def own_ids(seed: int) -> list[int]:
    """An answer that tells which prompt it is to."""
    return [*IDS, 10 + seed % 900]


async def answer_with_own_ids(request: Request) -> None:
    await answering(token_ids=own_ids(request.body["seed"]))(request)


def start(study: Study) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", DRIVER, str(study.file)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)


def seeds_asked(server: MisbehavingServer) -> list[int]:
    return [request.body["seed"] for request in server.requests]


def wait_until(holds: Callable[[], bool], run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not holds():
        assert run.poll() is None, run.communicate()[1][-2000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_killed_in_the_middle_of_a_role_asks_again_only_for_what_was_not_kept(
    make_study: StudyMaker,
) -> None:
    async def silent_after_ten(request: Request) -> None:
        await (answer_with_own_ids if len(server.requests) <= 10 else never)(request)

    with serving(silent_after_ten) as server:
        study = study_of(make_study, server.url, concurrency=2)
        run = start(study)
        # Six for the first role, four for the second and two that get no answer.
        wait_until(lambda: len(server.requests) == 12 and n_kept(study) == 4, run)
        run.kill()
        run.communicate()
        assert run.returncode == -signal.SIGKILL
        [landed] = study.lake.files(RESPONSES)
        unanswered = seeds_asked(server)[10:]
        server.behave = answer_with_own_ids
        run = start(study)
        _, said = run.communicate(timeout=300)
        assert run.returncode == 0, said[-2000:]
    asked = Counter(seeds_asked(server))
    assert len(asked) == 3 * N_RESPONSES
    assert {seed: n for seed, n in asked.items() if n > 1} == dict.fromkeys(unanswered, 2)
    assert len(unanswered) == 2
    assert landed in study.lake.files(RESPONSES)
    assert study.lake.files(IN_FLIGHT) == []
    for role in study.role_names:
        assert_landed_once(study, role)


def assert_landed_once(study: Study, role: str) -> None:
    """The role has each response once, and each is the answer to its own prompt."""
    file = RoleFiles(study, role).responses
    assert file is not None
    assert file.revision == 0
    rows = study.lake.read(RESPONSES, file).to_pylist()
    assert [row["response_id"] for row in rows] == sorted({row["response_id"] for row in rows})
    assert len(rows) == N_RESPONSES
    for row in rows:
        assert row["response_token_ids"] == own_ids(row["seed"])
