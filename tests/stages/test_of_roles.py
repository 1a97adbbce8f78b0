from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import (
    ACTIVATIONS,
    DRAWN_EVIDENCE,
    EVIDENCE,
    POOLED,
    RESPONSES,
    ROLE_FEATURES,
    SAE_FIT,
    TOKEN_SHAPES,
)
from persona_assets.models.loading import identity
from persona_assets.stages.least import makes
from persona_assets.stages.of_roles import RoleFiles, imported_from
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study, load_study
from tests.conftest import StudyMaker
from tests.places import PROJECT, write_project

PIRATE = "pirate"


def responses_fingerprint(study: Study, role: str = PIRATE) -> str:
    return RoleFiles(study, role).responses_fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"generation.seed": 1},
        {"generation.temperature": 0.5},
        {"generation.top_p": 0.5},
        {"generation.max_tokens": 25},
        {"generation.dtype": "bfloat16"},
        {"generation.model_name": "Other"},
        {"generation.template_date": "2025-01-31"},
        {"generation.prompt_indices": [0]},
        {"generation.model": "google/gemma-3-27b-it"},
        {"questions.limit": 4},
    ],
)
def test_whatever_decides_responses_changes_their_fingerprint(
    make_study: StudyMaker, changes: dict[str, Any]
) -> None:
    assert responses_fingerprint(make_study(changes=changes)) != responses_fingerprint(make_study("plain"))


@pytest.mark.parametrize(
    "changes",
    [
        {"generation.engine": {"batch_size": 8}},
        {"generation.backend": "vllm"},
        {"roles.include": [PIRATE]},
        {"extraction.dtype": "bfloat16"},
        {"atlas.top_k": 5},
    ],
)
def test_what_does_not_decide_responses_leaves_them_fresh(
    make_study: StudyMaker, changes: dict[str, Any]
) -> None:
    assert responses_fingerprint(make_study(changes=changes)) == responses_fingerprint(make_study("plain"))


def test_a_revision_of_a_hub_model_is_part_of_its_identity(make_study: StudyMaker) -> None:
    hub = {"generation.model": "google/gemma-3-27b-it"}
    pinned = make_study("pinned", hub | {"generation.revision": "abc"})
    assert responses_fingerprint(pinned) != responses_fingerprint(make_study("main", hub))


def test_editing_one_role_leaves_the_others_fresh(make_study: StudyMaker, tmp_path: Path) -> None:
    roles = tmp_path / "roles"
    shutil.copytree(PROJECT / "data/roles/instructions", roles)
    before, after = (
        make_study(name, {"roles": {"directory": str(roles), "include": [PIRATE, "ghost"]}})
        for name in ("before", "after")
    )
    fingerprints = {role: responses_fingerprint(before, role) for role in (PIRATE, "ghost")}
    content = json.loads((roles / "pirate.json").read_text())
    content["instruction"][0]["pos"] += " Sing."
    (roles / "pirate.json").write_text(json.dumps(content))
    assert responses_fingerprint(after, "ghost") == fingerprints["ghost"]
    assert responses_fingerprint(after, PIRATE) != fingerprints[PIRATE]


def test_a_model_is_known_by_its_files_not_by_its_place(make_study: StudyMaker, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "tests/toy/data/model", tmp_path / "model")
    moved = {"generation.model": str(tmp_path / "model"), "generation.model_name": "Toy"}
    assert responses_fingerprint(make_study("moved", moved)) == responses_fingerprint(make_study("plain"))
    with (tmp_path / "model" / "config.json").open("a") as config:
        config.write("\n")
    assert responses_fingerprint(make_study("other", moved)) != responses_fingerprint(make_study("plain"))


def land(study: Study, table: Any, fingerprint: str | None, sae: str | None = None) -> None:
    assert fingerprint is not None
    study.lake.write(table, table.schema.empty_table(), fingerprint, sae=sae, role=PIRATE)


def test_each_stage_becomes_fresh_as_its_files_land(study: Study) -> None:
    tables = (ACTIVATIONS, POOLED, EVIDENCE, ROLE_FEATURES)
    assert {RoleFiles(study, PIRATE).state(table, "demo") for table in tables} == {"missing"}
    land(study, RESPONSES, RoleFiles(study, PIRATE).responses_fingerprint)
    files = RoleFiles(study, PIRATE)
    assert files.state(RESPONSES) == "fresh"
    land(study, POOLED, files.activations_fingerprint("demo"), "demo")
    land(study, EVIDENCE, files.fingerprint(EVIDENCE, "demo"), "demo")
    assert not RoleFiles(study, PIRATE).extracted("demo")
    land(study, ACTIVATIONS, files.activations_fingerprint("demo"), "demo")
    assert RoleFiles(study, PIRATE).extracted("demo")
    land(study, ROLE_FEATURES, RoleFiles(study, PIRATE).role_features_fingerprint("demo"), "demo")
    landed = RoleFiles(study, PIRATE)
    assert {landed.state(table, "demo") for table in tables} == {"fresh"}


def test_an_answer_about_files_stays_what_it_was_when_it_was_asked_for(study: Study) -> None:
    test_each_stage_becomes_fresh_as_its_files_land(study)
    asked = RoleFiles(study, PIRATE)
    before = asked.activations("demo")
    land(study, ACTIVATIONS, asked.activations_fingerprint("demo"), "demo")
    assert asked.activations("demo") == before
    assert RoleFiles(study, PIRATE).activations("demo") != before


def test_a_changed_setting_makes_its_stage_and_all_below_stale(make_study: StudyMaker) -> None:
    study = make_study("same")
    test_each_stage_becomes_fresh_as_its_files_land(study)
    extraction_changed = RoleFiles(make_study("same", {"extraction.dtype": "bfloat16"}), PIRATE)
    assert extraction_changed.state(RESPONSES) == "fresh"
    assert extraction_changed.state(ACTIVATIONS, "demo") == "stale"
    spans_changed = RoleFiles(make_study("same", {"extraction.span_tokens": ["<eos>"]}), PIRATE)
    assert spans_changed.state(ACTIVATIONS, "demo") == "stale"
    assert extraction_changed.state(ROLE_FEATURES, "demo") == "stale"
    evidence_changed = RoleFiles(make_study("same", {"extraction.evidence": {"top": 5}}), PIRATE)
    assert evidence_changed.state(ACTIVATIONS, "demo") == "stale"
    assert evidence_changed.activations("demo") is not None
    assert evidence_changed.state(EVIDENCE, "demo") == "stale"
    assert not evidence_changed.extracted("demo")


def test_what_a_later_version_adds_to_a_stage_leaves_it_fresh_until_it_is_selected(
    make_study: StudyMaker,
) -> None:
    study = make_study("same")
    test_each_stage_becomes_fresh_as_its_files_land(study)
    today, files = stage_of(ACTIVATIONS), RoleFiles(study, PIRATE)
    assert files.has(today, "demo")
    assert not files.has(today, "demo", selected=True)
    land(study, SAE_FIT, files.fingerprint(SAE_FIT, "demo"), "demo")
    assert RoleFiles(study, PIRATE).lacking(today, "demo") == [DRAWN_EVIDENCE, TOKEN_SHAPES]
    for table in (DRAWN_EVIDENCE, TOKEN_SHAPES):
        land(study, table, files.fingerprint(table, "demo"), "demo")
    assert RoleFiles(study, PIRATE).has(today, "demo", selected=True)
    changed = RoleFiles(make_study("same", {"extraction.fit": {"responses": 2}}), PIRATE)
    assert changed.has(today, "demo")
    assert not changed.has(today, "demo", selected=True)


def test_responses_made_again_make_what_was_read_from_them_stale(study: Study) -> None:
    test_each_stage_becomes_fresh_as_its_files_land(study)
    land(study, RESPONSES, RoleFiles(study, PIRATE).responses_fingerprint)
    assert RoleFiles(study, PIRATE).state(ACTIVATIONS, "demo") == "stale"


def test_imported_activations_need_no_evidence_and_go_stale_with_their_responses(study: Study) -> None:
    imported = pa.table({name: [] for name in ACTIVATIONS.schema.names}, schema=ACTIVATIONS.schema)
    land(study, RESPONSES, RoleFiles(study, PIRATE).responses_fingerprint)
    responses = RoleFiles(study, PIRATE).responses
    assert responses is not None
    stem = imported_from(responses, {"rows": 0})
    study.lake.write(ACTIVATIONS, imported, stem, sae="demo", role=PIRATE)
    land(study, POOLED, stem, "demo")
    assert RoleFiles(study, PIRATE).extracted("demo")
    land(study, RESPONSES, RoleFiles(study, PIRATE).responses_fingerprint)
    assert not RoleFiles(study, PIRATE).extracted("demo")


def test_with_responses_from_the_other_studys_file_is_the_fresh_one(
    make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))  # where a study is looked up by name
    absolute = {
        "roles.directory": str(PROJECT / "data/roles/instructions"),
        "questions.file": str(PROJECT / "data/extraction_questions.jsonl"),
        "extraction.model": str(PROJECT / "tests/toy/data/model"),
        "extraction.saes": {"demo": {"path": str(PROJECT / "tests/toy/data/sae")}},
    }
    make_study("studies/defs/owner", absolute | {"generation.model": absolute["extraction.model"]})
    borrower = make_study("borrower", {**absolute, "generation": None, "responses_from": "owner"})
    owner = borrower.responses_owner
    assert RoleFiles(borrower, PIRATE).responses is None
    stages = ("responses", "activations", "statistics")
    least = makes(borrower, [RoleFiles(borrower, PIRATE)], "demo", stages)
    own = "`persona run borrower --select activations,statistics`"
    assert least == f"`persona run owner --select responses` and then {own}"
    land(owner, RESPONSES, RoleFiles(owner, PIRATE).responses_fingerprint)
    found = RoleFiles(borrower, PIRATE).responses
    assert found is not None
    assert found.path.startswith("owner/responses/role=pirate/")
    assert makes(borrower, [RoleFiles(borrower, PIRATE)], "demo", stages) == own


@pytest.fixture
def own_model(make_study: StudyMaker, tmp_path: Path) -> tuple[Study, Path]:
    """A study whose model is a folder of its own, and that folder."""
    model = tmp_path / "model"
    shutil.copytree(PROJECT / "tests/toy/data/model", model)
    return make_study("own", {"generation.model": str(model)}), model


def again(study: Study) -> Study:
    """The study as the next process opens it."""
    return load_study(study.file)


@pytest.mark.parametrize(
    "name",
    ["pytorch_model.bin", "vocab.txt", "merges.txt", "additional_chat_templates/tools.jinja", "sub/a.json"],
)
def test_every_file_of_a_model_decides_and_what_was_there_at_first_keeps_the_old_name(
    own_model: tuple[Study, Path], name: str
) -> None:
    study, model = own_model
    before = responses_fingerprint(study)
    (model / name).parent.mkdir(exist_ok=True)
    (model / name).write_text("first")
    assert responses_fingerprint(again(study)) == before  # of a lake that an earlier version finished
    first = again(study)
    land(first, RESPONSES, responses_fingerprint(first))
    assert RoleFiles(again(study), PIRATE).state(RESPONSES) == "fresh"
    (model / name).write_text("other")
    assert RoleFiles(again(study), PIRATE).state(RESPONSES) == "stale"
    (model / name).unlink()
    assert RoleFiles(again(study), PIRATE).state(RESPONSES) == "stale"
    (model / name).write_text("first")
    assert RoleFiles(again(study), PIRATE).state(RESPONSES) == "fresh"


def test_a_file_that_comes_to_a_model_after_the_first_landing_makes_stale(
    own_model: tuple[Study, Path],
) -> None:
    study, model = own_model
    land(study, RESPONSES, responses_fingerprint(study))
    (model / "vocab.txt").write_text("new")
    assert RoleFiles(again(study), PIRATE).state(RESPONSES) == "stale"


@pytest.mark.parametrize("name", ["README.md", "LICENSE", ".gitignore", "map.png", "optimizer.pt", "runs/x"])
def test_what_decides_nothing_leaves_a_model_as_it_is(own_model: tuple[Study, Path], name: str) -> None:
    study, model = own_model
    land(study, RESPONSES, responses_fingerprint(study))
    (model / name).parent.mkdir(exist_ok=True)
    (model / name).write_text("x")
    assert RoleFiles(again(study), PIRATE).state(RESPONSES) == "fresh"


def test_the_demos_model_and_sae_are_called_what_they_always_were(study: Study) -> None:
    assert identity("tests/toy/data/model", None, study.lake) == {"files": "79ed87319728beae"}


def test_an_adapter_is_refused_with_the_remedy(make_study: StudyMaker, tmp_path: Path) -> None:
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(StudyError, match="is an adapter.*merge"):
        responses_fingerprint(make_study("adapter", {"generation.model": str(tmp_path)}))
