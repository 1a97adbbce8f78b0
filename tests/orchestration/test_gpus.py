"""GPUs claimed by real processes; no GPU is needed to claim one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from persona_assets.base.errors import HaltError
from persona_assets.orchestration import gpus
from tests.conftest import StudyMaker

CLAIM = """
import os, sys
from persona_assets.orchestration.gpus import claim_gpu
claim_gpu()
claim_gpu()
print(os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
sys.stdin.read()
"""
RUN = """
import os, sys
from persona_assets.cli.run import run_study
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.study.study import load_study

def complete(self, prompts, done=()):
    print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.read()

TransformersBackend.complete = complete
run_study(load_study(sys.argv[1]), ["ghost"], ["responses"], False)
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of two GPUs of which nobody has claimed any."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("PERSONA_GPUS", "2, 5")
    return tmp_path


@contextmanager
def process(code: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and the GPU that it says it sees; killed at the end."""
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert running.stdout is not None
        yield running, running.stdout.readline().strip()
    finally:
        running.kill()
        running.communicate()


def test_every_process_has_a_gpu_of_its_own_and_a_killed_one_gives_its_back(machine: Path) -> None:
    with process(CLAIM) as (first, of_first), process(CLAIM) as (second, of_second):
        assert (of_first, of_second) == ("2", "5")
        assert (gpus.gpu_folder() / "5").read_text() == str(second.pid)
        first.kill()
        first.wait()
        with process(CLAIM) as (_, of_third):
            assert of_third == "2"


def test_a_process_waits_until_a_gpu_is_free(machine: Path) -> None:
    with process(CLAIM) as (first, _), process(CLAIM):
        threading.Timer(2.0, first.kill).start()
        with process(CLAIM) as (_, of_third):
            assert of_third == "2"


def test_where_no_gpu_becomes_free_it_is_said_who_has_them_and_what_to_do(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus, "_PATIENCE", 0.0)
    taken = r"PERSONA_GPUS=2,5: every GPU is taken.*persona-gpus.*concurrency set gpu 2"
    with process(CLAIM), process(CLAIM), pytest.raises(HaltError, match=taken):
        gpus.claim_gpu()


def test_without_a_list_a_process_sees_what_it_saw_before(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PERSONA_GPUS")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with process(CLAIM) as (_, seen):
        assert seen == "None"


def test_two_runs_at_once_hold_their_models_on_different_gpus(machine: Path, make_study: StudyMaker) -> None:
    studies = [str(make_study(name).file) for name in ("one", "two")]
    with process(RUN, studies[0]) as (_, of_one), process(RUN, studies[1]) as (_, of_two):
        assert (of_one, of_two) == ("2", "5")
