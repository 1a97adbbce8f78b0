from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from persona_assets.health.summary import Size, summarize
from persona_assets.lake.schema import RESPONSES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.warehouse.world import land, responses_of


def test_a_whole_study_is_fresh_stage_by_stage_with_the_size_of_its_files(study: Study) -> None:
    roles, stages = summarize(study)
    states = {stage.name: dict(stage.states) for stage in stages}
    of_roles = ["responses", "activations (first)", "role_features (first)", "activations (second)"]
    of_all = [f"{name} ({sae})" for sae in ("first", "second") for name in ("statistics", "atlas")]
    assert all(states[name] == {"fresh": 4} for name in of_roles)
    assert all(states[name] == {"missing": 1} for name in of_all)
    unwanted = ("judgements", "played", "attribution")  # the study asks for none of them
    assert not any(name.startswith(unwanted) for name in states)
    files = list(Path(study.lake.root).rglob("*.parquet"))
    assert sum(stage.size.n_bytes for stage in stages) == sum(file.stat().st_size for file in files)
    assert sum(role.size.n_bytes for role in roles) == sum(stage.size.n_bytes for stage in stages)
    moments = [file.stat().st_mtime for file in files]
    assert min(stage.size.oldest for stage in stages if stage.size.oldest) == pytest.approx(min(moments))
    assert max(role.size.newest for role in roles if role.size.newest) == pytest.approx(max(moments))


def test_a_role_made_again_leaves_its_later_stages_stale(study: Study) -> None:
    again = land(study, RESPONSES, responses_of("ghost"), "ghost")
    roles, stages = summarize(study)
    (ghost,) = [role for role in roles if role.role == "ghost"]
    assert set(ghost.states.values()) == {"fresh", "stale"}
    assert (ghost.states["responses"], ghost.size) == ("fresh", Size.of([again]))
    by_name = {stage.name: stage for stage in stages}
    assert by_name["activations (first)"].states == Counter(fresh=3, stale=1)
    assert RoleFiles(study, "ghost").responses == again
