"""The stage from end to end, on the toy: what it edits, what it finds, and that it goes on where it was."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import (
    INTERVENTION_EFFECTS,
    INTERVENTION_READOUTS,
    ROLE_FEATURES,
    STEERING,
    STEERING_TABLES,
)
from persona_assets.models.sae import load_sae
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering import reading, stage
from persona_assets.steering.answers import Answers
from persona_assets.steering.effects import effects
from persona_assets.steering.stage import land_interventions
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.extract.tiny import random_sae

FEATURES = {"role": "pirate", "top": 3, "questions": 2, "reference": 1, "controls": 12, "directions": 4}
VECTOR = {
    "target": "role_vector",
    "role": "pirate",
    "roles": ["ghost", "pirate"],
    "operation": "add",
    "strengths": [0.5, 1],
    "questions": 2,
    "reference": 1,
    "directions": 19,
}
ALL = ["responses", "activations", "role_features", "statistics"]


def made(make_study: StudyMaker, name: str = "steered", **interventions: dict[str, Any]) -> Study:
    study = make_study(name, {"interventions": interventions})
    run_study(study, study.role_names, overwrite=False, select=ALL)
    return study


def rows(study: Study, table: Any = INTERVENTION_READOUTS) -> list[dict[str, Any]]:
    file = land_interventions(AcrossRoles.of(study), "demo")[table.name]
    found: list[dict[str, Any]] = study.lake.read(table, file).to_pylist()
    return found


@pytest.fixture
def study(make_study: StudyMaker) -> Study:
    return made(make_study, features=FEATURES, towards=VECTOR)


def test_targets_are_edited_beside_their_controls_and_strength_0_moves_nothing(study: Study) -> None:
    run_study(study, study.role_names, overwrite=False, select=["interventions", "warehouse"])
    found = rows(study)
    of_features = [row for row in found if row["intervention"] == "features"]
    kinds = Counter(row["control"] for row in of_features)
    assert kinds == {None: 2 * 3, "feature": 2 * 12, "direction": 2 * 4, "nothing": 2}
    assert all(
        (row["kl"], row["readout"], row["loss"]) == (0, 0, 0) for row in found if row["control"] == "nothing"
    )
    assert {row["role"] for row in found if row["intervention"] == "towards"} == {"ghost", "pirate"}
    targets = {row["feature_id"] for row in of_features if row["control"] is None}
    controls = {row["feature_id"] for row in of_features if row["control"] == "feature"}
    assert len(targets) == 3 and len(controls) == 12 and not targets & controls
    with connect(study) as warehouse:
        shown = warehouse.execute("from intervention_effects where metric = 'kl'").fetchall()
        beside = warehouse.execute(
            "select feature_id, activation_rank, readout_moved from persona_features('pirate') "
            "where intervention_rank is not null order by intervention_rank"
        ).fetchall()
        surest = warehouse.execute(
            "select feature_id, readout_moved, readout_low < readout_moved and readout_moved < readout_high "
            "from top_features('pirate') limit 4"
        ).fetchall()
    assert {feature for feature, *_ in surest[:3]} == targets
    assert [within for *_, within in surest] == [True, True, True, None]
    assert len(shown) == 3 * 2 + 2 * 2
    assert sorted(rank for _, rank, _ in beside) == [1, 2, 3]
    moved = {
        feature: np.mean([row["readout"] for row in of_features if row["target"] == f"feature {feature}"])
        for feature in targets
    }
    assert {feature: effect for feature, _, effect in beside} == pytest.approx(moved)
    assert {feature: effect for feature, effect, _ in surest[:3]} == pytest.approx(moved)


def test_what_leads_to_a_role_is_found_beyond_every_random_direction(study: Study) -> None:
    towards = [
        row
        for row in rows(study, INTERVENTION_EFFECTS)
        if row["intervention"] == "towards" and row["metric"] == "readout"
    ]
    assert {row["role"] for row in towards if row["p"] == 1 / 20 and row["effect"] > 0} == {"ghost", "pirate"}
    by_strength = [row["effect"] for row in towards if row["role"] == "ghost"]
    assert by_strength == sorted(by_strength)


def test_random_features_do_as_their_controls_do(make_study: StudyMaker) -> None:
    first = made(make_study, "first", features=FEATURES)
    file = AcrossRoles.of(first).roles["pirate"].file(ROLE_FEATURES, "demo")
    assert file is not None
    active = first.lake.read(ROLE_FEATURES, file)["feature_id"].to_numpy()
    drawn = np.random.default_rng(5).choice(active, 20, replace=False)
    like = {"target": "features", "features": sorted(drawn.tolist()), "top": 10, "controls": 60}
    study = make_study("first", {"interventions": {"random": FEATURES | like}})
    found = effects(rows(study))
    p = [row["p"] for row in found if row["against"] == "feature" and row["metric"] != "loss"]
    assert len(p) == 40
    assert sum(one < 0.05 for one in p) <= 6  # of 40; two are expected
    assert not any(row["q"] < 0.05 for row in found if row["against"] == "feature")


def test_a_killed_run_is_taken_up_and_an_intervention_keeps_its_rows_beside_new_ones(
    study: Study, make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, answers = reading.Interventions.read, list[int]()

    def killed(self: Any, name: str, role: str, answer: Any) -> Any:
        if len(answers) == 2:
            raise KeyboardInterrupt
        answers.append(answer.response_id)
        return read(self, name, role, answer)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(stage.Interventions, "read", killed)
        rows(study)
    assert study.lake.files(STEERING, sae="demo")
    answers.clear()

    def counted(self: Any, name: str, role: str, answer: Any) -> Any:
        answers.append(answer.response_id)
        return read(self, name, role, answer)

    monkeypatch.setattr(stage.Interventions, "read", counted)
    found = rows(study)
    assert len(answers) == 2 + 4 - 2
    assert not study.lake.files(STEERING, sae="demo")
    answers.clear()
    more = make_study("steered", {"interventions": {"renamed": FEATURES, "towards": VECTOR | {"seed": 1}}})
    again = rows(more)
    assert len(answers) == 4
    kept = [row | {"intervention": "renamed"} for row in found if row["intervention"] == "features"]
    assert [row for row in again if row["intervention"] == "renamed"] == kept


def test_an_answer_that_several_files_and_names_hold_is_taken_once(make_study: StudyMaker) -> None:
    first = rows(made(make_study, "again", one=FEATURES))
    for others in ({"twin": FEATURES}, {"towards": VECTOR}, {"towards": VECTOR | {"seed": 1}}):
        study = make_study("again", {"interventions": {"one": FEATURES, **others}})
        found = rows(study)
        for name in {"one", "twin"} & {"one", *others}:
            assert [row | {"intervention": "one"} for row in found if row["intervention"] == name] == first
    assert {row["n_questions"] for row in rows(study, INTERVENTION_EFFECTS)} == {2}


def test_parts_that_a_run_killed_after_landing_left_are_cleared(make_study: StudyMaker) -> None:
    study = made(make_study, "again", one=FEATURES)
    found = rows(study)
    part = STEERING.of({name: [row[name] for row in found] for name in STEERING.schema.names})
    study.lake.write(STEERING, part, found[0]["asked"], sae="demo")
    assert rows(study) == found
    assert not study.lake.files(STEERING, sae="demo")


def test_a_study_without_interventions_has_none_of_it(make_study: StudyMaker) -> None:
    study = make_study("plain")
    run_study(study, study.role_names, overwrite=False, select=ALL)
    assert all(AcrossRoles.of(study).fingerprint(table, "demo") is None for table in STEERING_TABLES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "pirat"}, r"interventions\.one: .* has no role 'pirat'; .*pirate"),
        ({"questions": 3}, r"role \w+ has no answers to other questions than the 3 whose"),
        (
            {"target": "features", "features": [10**6]},
            r"SAE demo has features 0 to \d+, and no feature 10{6};",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_line_before_the_model_is_loaded(
    make_study: StudyMaker, changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_study("plain")
    run_study(plain, plain.role_names, overwrite=False, select=ALL)
    study = make_study("plain", {"interventions": {"one": FEATURES | changes}})
    monkeypatch.delattr(reading.Backbone, "load")
    with pytest.raises(StudyError, match=message):
        land_interventions(AcrossRoles.of(study), "demo")


def test_roles_that_cannot_be_placed_or_told_are_refused_or_left_out(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made(make_study, "plain", one=VECTOR | {"roles": ["pirate"]})
    answers_of = Answers._of
    with monkeypatch.context() as patched:
        patched.setattr(Answers, "_of", lambda self, role: [] if role == "ghost" else answers_of(self, role))
        assert {row["role"] for row in rows(study)} == {"pirate"}
        ghosts = make_study("plain", {"interventions": {"one": VECTOR}})
        with pytest.raises(StudyError, match="role ghost has no answers here that can be read again"):
            rows(ghosts)
    axis = {"one": VECTOR | {"target": "assistant_axis", "roles": ["pirate"]}}
    excluding = make_study("plain", {"interventions": axis, "analysis": {"exclude": ["default"]}})
    with pytest.raises(StudyError, match=r"interventions\.one: role 'default' is left out of comparisons"):
        rows(excluding)
    top = make_study("plain", {"interventions": {"one": FEATURES}})
    monkeypatch.setattr(reading.Interventions, "_top", lambda *_: [])
    with pytest.raises(StudyError, match="no feature of SAE demo sets role pirate apart"):
        rows(top)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_the_device_that_a_study_asks_for_is_used(make_study: StudyMaker) -> None:
    made(make_study, "plain", one=FEATURES)
    study = make_study("plain", {"interventions": {"one": FEATURES}, "extraction.engine": {"device": "cuda"}})
    with pytest.raises(StudyError, match="no usable GPU here"):
        rows(study)


def test_an_sae_that_scales_by_the_token_is_refused(make_study: StudyMaker, tmp_path: Path) -> None:
    toy = load_sae(make_study().settings.extraction.saes["demo"])
    scaling = random_sae(
        tmp_path / "s", "standard", str(toy.point), toy.d_in, normalize_activations="layer_norm"
    )
    study = make_study(
        "scaling", {"interventions": {"one": FEATURES}, "extraction.saes": {"other": {"path": scaling}}}
    )
    run_study(study, study.role_names, overwrite=False, select=ALL)
    with pytest.raises(StudyError, match="interventions: SAE other scales what it writes by the token"):
        land_interventions(AcrossRoles.of(study), "other")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": None}, "target top_features needs a `role`"),
        ({"target": "features"}, "`features` and `target: features` go together"),
        ({"strengths": [2]}, "`ablate` takes away what there is"),
        ({"operation": "add", "strengths": [1, 1]}, "`strengths` names one twice"),
        ({"operation": "add", "strengths": [float("nan")]}, "strengths"),
        ({"operation": "add", "strengths": [float("inf")]}, "strengths"),
        ({"target": "features", "features": [5, 5]}, "`features` names one twice"),
        ({"target": "features", "features": [2**31]}, "features"),
        ({"roles": ["pirate", "pirate"]}, "`roles` names one twice"),
        ({"controls": 0, "directions": 0}, "ask for some .`controls` or"),
        ({"target": "role_vector", "directions": 0}, "ask for some .`directions`"),
        ({"target": "assistant_axis", "directions": 0}, "ask for some .`directions`"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(
    make_study: StudyMaker, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        make_study("refused", {"interventions": {"one": FEATURES | changes}})
