"""A small study of its own lake for every test, on the demo's roles, questions, model and SAE."""

from __future__ import annotations

import copy
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["PERSONA_DEBUG"] = "1"  # what nobody foresaw fails a test with its traceback
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"

from persona_assets.study.study import COMPONENT, Study, load_study
from tests.lake.storage.fixtures import bucket_lake, network, s3_endpoint  # noqa: F401
from tests.places import PROJECT
from tests.prepared import start  # noqa: F401

# Started in a shell's background the tests would have processes that cannot be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Files of few and long tests, in order of length. They come first, lest one worker runs them alone at the end
# (pytest-xdist hands out whole files, by itself those of the most tests first).
LONG = (
    "test_kill.py",
    "test_concurrency.py",
    "cli/test_run.py",
    "generate/test_vllm.py",
    "extract/test_vllm_study.py",
    "components/test_web.py",
    "extract/test_vllm.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of `LONG` first, and keep the others' order."""
    places = {Path(__file__).parent / file: place for place, file in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


ATTRIBUTES: dict[str, Any] = {
    "roles": {"directory": "data/roles/instructions", "include": ["default", "ghost", "pirate"]},
    "questions": {"mode": "general", "file": "data/extraction_questions.jsonl", "limit": 3},
    "generation": {
        "backend": "transformers",
        "model": "tests/toy/data/model",
        "model_name": "Toy",
        "prompt_indices": [0, 1],
        "max_tokens": 24,
        "max_model_len": 512,
        "dtype": "float32",
    },
    "extraction": {
        "backend": "transformers",
        "model": "tests/toy/data/model",
        "dtype": "float32",
        "saes": {"demo": {"path": "tests/toy/data/sae"}},
    },
    "atlas": {"selection": "classic"},  # six answers per role tell no roles apart
}

StudyMaker = Callable[..., Study]


def write_study(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """Write a `defs.yaml` below `folder`; `changes` are keys like `generation.seed`, None removes one."""
    attributes = copy.deepcopy(ATTRIBUTES)
    for dotted, value in (changes or {}).items():
        *parents, last = dotted.split(".")
        block = attributes
        for parent in parents:
            block = block.setdefault(parent, {})
        if value is None:
            block.pop(last)
        else:
            block[last] = copy.deepcopy(value)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "defs.yaml"
    file.write_text(yaml.safe_dump({"type": COMPONENT, "attributes": attributes}))
    return file


@pytest.fixture(autouse=True)
def no_project_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what loading definitions says of the project folder."""
    monkeypatch.setenv("PERSONA_PROJECT", "")
    monkeypatch.delenv("PERSONA_PROJECT")


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake and a Dagster home of the test's own; returns the folder that holds both."""
    (tmp_path / "dagster").mkdir()
    shutil.copy(PROJECT / "dagster.yaml", tmp_path / "dagster")
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.delenv("PERSONA_WAREHOUSE", raising=False)
    return tmp_path


@pytest.fixture
def make_study(homes: Path) -> StudyMaker:
    """Make a study: `make_study("name", {"generation.seed": 1})`."""

    def make(name: str = "small", changes: dict[str, Any] | None = None) -> Study:
        return load_study(write_study(homes / name, changes))

    return make


@pytest.fixture
def study(make_study: StudyMaker) -> Study:
    return make_study()


@pytest.fixture(scope="module")
def engine_in_process() -> Iterator[None]:
    """vLLM's engines start in this process, in seconds; what vLLM does to a process it owns is undone."""
    import llvmlite.binding.ffi
    import torch

    cores, set_num_threads = os.sched_getaffinity(0), torch.set_num_threads
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        # vLLM's CPU build asks all that is imported for its `__dict__`, which llvmlite's library takes for
        # the name of a function.
        patch.setitem(llvmlite.binding.ffi.lib._fntab, "__dict__", {})
        yield
    torch.set_num_threads = set_num_threads
    os.sched_setaffinity(0, cores)
