"""A study names a backend of ours, or one of the project's own; anything else is refused in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.generate.backend import open_backend
from persona_assets.models.hooks import HookPoint, check_site
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.backends import EXTRACTION, GENERATION
from tests.conftest import StudyMaker
from tests.models.architectures import tiny_config
from tests.places import PROJECT, TOY

OWN = """
from persona_assets.base.errors import StudyError
from persona_assets.study.backends import ExtractionBackend, GenerationBackend

def check(options):
    if "loud" not in options:
        raise StudyError("generation.engine.loud is missing")

ECHO = GenerationBackend(opens=lambda generation: ("opened", generation.seed), check_options=check,
                         decisive=("loud",))
FIRST = ExtractionBackend(opens=dict, sites=("hook_resid_pre",))
NUMBER = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module of a project that nobody has installed."""
    (tmp_path / "project" / "src").mkdir(parents=True)
    (tmp_path / "project" / "pyproject.toml").write_text('[tool.dg.project]\nroot_module = "own_studies"\n')
    (tmp_path / "project" / "src" / "own_backends.py").write_text(OWN)
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path / "project"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield "own_backends"
    sys.modules.pop("own_backends", None)


def with_own(module: str) -> dict[str, object]:
    data = PROJECT / "data"
    return {
        "generation.backend": f"{module}:ECHO",
        "generation.engine": {"loud": True},
        "roles.directory": str(data / "roles/instructions"),
        "questions.file": str(data / "extraction_questions.jsonl"),
        "generation.model": str(TOY / "model"),
    }


@pytest.mark.parametrize(("block", "known"), [("generation", GENERATION), ("extraction", EXTRACTION)])
def test_an_unknown_backend_is_refused_with_those_that_are_known(
    make_study: StudyMaker, block: str, known: dict[str, object]
) -> None:
    with pytest.raises(StudyError) as told:
        make_study(changes={f"{block}.backend": "lama"})
    ours = ", ".join(known)
    assert str(told.value).endswith(
        f"{block}.backend: unknown 'lama'; known are {ours}, and your own as package.module:NAME"
    )


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("no_such_module:ECHO", "cannot be imported (ModuleNotFoundError"),
        ("own_backends:NOTHING", "cannot be imported (AttributeError"),
        ("own_backends:", "is no GenerationBackend but of type module"),
        ("own_backends:NUMBER", "is no GenerationBackend but of type int; see docs/extending.md"),
        ("own_backends:FIRST", "is no GenerationBackend but of type ExtractionBackend"),
    ],
)
def test_what_is_no_backend_is_refused(
    make_study: StudyMaker, module: str, name: str, complaint: str
) -> None:
    with pytest.raises(StudyError) as told:
        make_study(changes=with_own(module) | {"generation.backend": name})
    assert complaint in str(told.value)
    assert "\n" not in str(told.value)


def test_a_projects_own_backend_checks_its_options_and_is_opened(make_study: StudyMaker, module: str) -> None:
    generation = make_study(changes=with_own(module)).settings.generation
    assert open_backend(generation) == ("opened", 0)
    with pytest.raises(StudyError, match="generation.engine.loud is missing"):
        make_study(changes=with_own(module) | {"generation.engine": {}})


def test_options_that_the_backend_calls_decisive_are_part_of_the_fingerprint(
    make_study: StudyMaker, module: str
) -> None:
    def made_from(**engine: object) -> str:
        changes = with_own(module) | {"generation.engine": engine}
        return RoleFiles(make_study(changes=changes), "ghost").responses_fingerprint

    assert made_from(loud=True, speed=1) == made_from(loud=True, speed=2) != made_from(loud=False, speed=1)


def test_a_backend_that_reads_few_hook_points_is_asked_for_no_other(module: str) -> None:
    check_site(HookPoint(0, "hook_resid_pre"), tiny_config("gpt2"), "x", f"{module}:FIRST")
    with pytest.raises(StudyError, match="which reads hook_resid_pre of all models only"):
        check_site(HookPoint(0, "hook_resid_post"), tiny_config("gpt2"), "x", f"{module}:FIRST")
