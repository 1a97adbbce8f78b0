"""The axis over played answers: what refusals in the roles' answers do to the other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from persona_assets.analysis.played import compare_played
from persona_assets.base.arrays import Floats
from persona_assets.drift.codes import SpanCodes
from persona_assets.drift.export import export_runs
from persona_assets.drift.folder import folder_run
from persona_assets.drift.played_axis import PlayedAxis
from persona_assets.drift.reference import build_reference
from persona_assets.drift.view import run_view
from persona_assets.extract.stage import ExtractionStage
from persona_assets.judging.stage import JudgingStage
from persona_assets.lake.schema import DRIFT_RUNS, DRIFT_TURNS, PLAYED_FEATURES, VARIANT_STRIDE
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.settings import DriftSettings
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.drift.conftest import drift_stage, said
from tests.drift.made import conversation

_N, _D_SAE = 90, 400
_OWN, _REFUSING = slice(0, 20), slice(20, 40)  # features of playing a role, and of refusing to


def _answers(rng: np.random.Generator, n: int, *, plays: bool, refusing: float) -> tuple[Floats, Floats]:
    """Answers float64[n, d_sae], and which of them refuse: those have nothing of the role."""
    values = rng.gamma(2, 0.5, size=(n, _D_SAE))
    refuses = rng.random(n) < refusing
    values[refuses, _REFUSING] += 2
    values[:, _OWN] += 1.0 * plays * ~refuses[:, None]
    return values, refuses


def _codes(values: Floats) -> SpanCodes:
    n = len(values)
    return SpanCodes(
        np.arange(n), np.arange(n + 1), np.arange(n, dtype=np.int32), csr_array(values.astype(np.float32))
    )


def test_refusals_of_the_roles_bend_the_axis_and_played_answers_give_it_back() -> None:
    """Simulated eight times: ten roles refuse 30% of their answers, the anchor 10%; refusing is no role."""
    settings = DriftSettings(transform="raw", centering=True)
    true = np.zeros(_D_SAE)
    true[_OWN] = -1 / np.sqrt(20)
    of_plain, of_playing, of_refusing = [], [], []
    for rng in map(np.random.default_rng, range(8)):
        anchor, _ = _answers(rng, _N, plays=False, refusing=0.1)
        roles = [_answers(rng, 60, plays=True, refusing=0.3) for _ in range(10)]
        named = {"a": (anchor, np.zeros(_N, bool)), **{f"r{at}": role for at, role in enumerate(roles)}}
        whole = {role: csr_array(values.mean(axis=0)[None]) for role, (values, _) in named.items()}
        played = {role: csr_array(values[~no].mean(axis=0)[None]) for role, (values, no) in named.items()}
        reference = build_reference(whole, "a", settings)
        found = PlayedAxis.of(played, reference, _codes(anchor), settings)
        assert found is not None and found.cosine < 0.95
        assert found.reference.target.axis @ true > reference.target.axis @ true
        plain, _ = _answers(rng, 50, plays=False, refusing=0.1)
        turns, refuse = _answers(rng, 50, plays=True, refusing=0.3)
        both, _ = found.measured(_codes(np.vstack([plain, turns])), _codes(anchor), settings)
        p = np.array(both["played_projection_p"])
        of_plain += p[:50].tolist()
        of_playing += p[50:][~refuse].tolist()
        of_refusing += p[50:][refuse].tolist()
    below = [float(np.mean(np.array(p) < 0.05)) for p in (of_plain, of_playing, of_refusing)]
    assert below[0] <= 0.075 and below[1] >= 0.9
    assert below[2] <= 0.2, "who refuses is no pirate"


def test_without_a_played_role_there_is_no_second_axis() -> None:
    rng, settings = np.random.default_rng(1), DriftSettings()
    roles = {name: csr_array(rng.gamma(1, size=(1, 12))) for name in "abc"}
    codes = _codes(rng.gamma(1, size=(4, 12)))
    reference = build_reference(roles, "a", settings)
    assert PlayedAxis.of({"a": roles["a"]}, reference, codes, settings) is None
    some = PlayedAxis.of({"a": roles["a"], "c": roles["c"], "x": roles["b"]}, reference, codes, settings)
    assert some is not None and some.reference.compared_with == ["c"]


def test_a_run_is_measured_on_both_axes_where_answers_are_judged(
    make_landed: StudyMaker, model: ExtractionStage, tmp_path: Path
) -> None:
    plain = make_landed()
    talk = conversation([*said(plain, "default"), *said(plain, "pirate")])
    before = plain.lake.read(DRIFT_TURNS, drift_stage(plain, model).land(talk)[DRIFT_TURNS.name])
    assert before["played_projection"].null_count == before.num_rows
    ids = [variant * VARIANT_STRIDE + question for variant in range(5) for question in range(100)]
    scores = [{"role": "pirate", "response_id": one, "score": 3 * (one % 2)} for one in ids]
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, scores)))
    changes = {"judge": {"me": {"file": str(file)}}, "analysis": {"min_score": 2.5, "min_responses": 2}}
    study = make_landed(changes=changes)
    stage = drift_stage(study, model)
    assert stage.land(talk)[DRIFT_TURNS.name].revision == 0, "nothing is played yet: the run of before stands"
    for role in study.role_names:
        JudgingStage(study).land(role)
    played = compare_played(AcrossRoles.of(study), "demo")[PLAYED_FEATURES.name]
    files = drift_stage(study, model).land(talk)
    turns, [run] = (
        study.lake.read(DRIFT_TURNS, files[DRIFT_TURNS.name]),
        study.lake.read(DRIFT_RUNS, files[DRIFT_RUNS.name]).to_pylist(),
    )
    assert turns.select(before.column_names[:-4]).equals(before.select(before.column_names[:-4]))
    assert run["n_played_roles"] == 2 and run["played_axis_cosine"] < 1
    content = study.lake.read(PLAYED_FEATURES, played).to_pandas()
    vectors = [
        np.bincount(of.feature_id, of["mean"], minlength=2048)
        for of in (content[content.role == "default"], content[content.role == "pirate"])
    ]
    axis = np.log1p(vectors[0]) - np.log1p(vectors[1])
    axis /= np.linalg.norm(axis)
    points = drift_stage(study, model)
    codes = points._codes(talk.run, talk, points._layout(talk), None)
    first = np.log1p(codes.values[slice(*codes.ranges[0])].toarray().mean(axis=0, dtype=np.float64))
    assert turns["played_projection"][0].as_py() == pytest.approx(first @ axis, rel=1e-4)
    assert turns["played_projection_low"].null_count == 0
    publish(study)
    with connect(study) as connection:
        shown = run_view(connection, talk.run)
        export_runs(connection, tmp_path / "exported", {talk.run})
    assert shown is not None
    assert shown["played"] == {"n_roles": 2, "axis_cosine": run["played_axis_cosine"], "p": run["played_p"]}
    assert [turn["played"]["value"] for turn in shown["turns"]] == turns["played_projection"].to_pylist()
    again = folder_run(tmp_path / "exported", talk.run)
    assert again is not None and again["played"] == shown["played"]
    assert [turn["played"] for turn in again["turns"]] == [turn["played"] for turn in shown["turns"]]
