from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.drift.export import _effect, export_runs
from persona_assets.drift.folder import folder_run, folder_runs
from persona_assets.drift.folder_view import OwnSae
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript, read_transcript
from persona_assets.drift.view import run_view, runs_view
from persona_assets.warehouse import connect, publish
from tests.drift.made import conversation


@pytest.fixture
def connection(stage: DriftStage, switching: Transcript) -> Iterator[duckdb.DuckDBPyConnection]:
    """A published snapshot with two runs."""
    stage.land(switching)
    stage.land(conversation([("Who are you?", "A toy.")], name="../short"))
    publish(stage.study)
    with connect(stage.study) as opened:
        yield opened


@pytest.fixture
def exported(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Path:
    export_runs(connection, tmp_path / "out")
    return tmp_path / "out"


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("contribution", "way"), [(-0.1, "away_from_assistant"), (0.1, "toward_assistant"), (0.0, None)]
)
def test_a_feature_that_moves_the_score_not_at_all_has_no_way(contribution: float, way: str | None) -> None:
    assert _effect(contribution) == way


def keys(value: Any) -> set[str]:
    return set(value)


def test_the_bundle_has_the_form_that_viewers_read(exported: Path, switching: Transcript) -> None:
    bundle = read(exported / "runs" / switching.run / "ui_bundle.json")
    assert bundle["version"] == 1
    assert bundle["run_meta"] == {
        "model_name": "tests/toy/data/model",
        "sae_id": "demo",
        "assistant_role": "default",
        "score_method": "projection",
        "conversation_hash": switching.run,
    }
    assert [turn["assistant_turn"] for turn in bundle["q1"]["turn_scores"]] == list(range(6))
    assert keys(bundle["q1"]["transitions"][0]) == {"prev_turn", "turn", "delta_score"}
    assert bundle["q2"]["top_features_per_direction"] == 20
    for change, scored in zip(bundle["q2"]["transitions"], bundle["q1"]["transitions"], strict=True):
        assert scored.items() <= change.items()
        assert change["toward_mass"] - change["away_mass"] == pytest.approx(change["delta_score"])
        for way, sign in (("activated", 1), ("deactivated", -1)):
            assert 0 < len(change[way]) <= 20
            moved = [abs(item["contrib"]) for item in change[way]]
            assert moved == sorted(moved, reverse=True)
            for item in change[way]:
                assert item["direction"] == way and item["delta_x"] * sign > 0
                assert item["contrib"] == pytest.approx(item["delta_x"] * item["axis_weight"])
                assert item["effect"] == ("away_from" if item["contrib"] < 0 else "toward") + "_assistant"
                assert (item["axis_side"] == "assistant_like") == (item["axis_weight"] > 0)
                assert keys(item) == {
                    "feature_idx", "direction", "delta_x", "axis_weight", "contrib", "axis_side", "effect",
                    "share_of_change", "share_of_away", "role_profile",
                }  # fmt: skip
    for turn in bundle["q3"]["token_localization"]:
        assert len(turn["tokens"]) == len(turn["u_k"]) == len(turn["u_k_norm"]) > 0


def test_profiles_are_the_roles_with_the_most_of_a_feature(exported: Path, switching: Transcript) -> None:
    bundle = read(exported / "runs" / switching.run / "ui_bundle.json")
    profiles = [item["role_profile"] for item in bundle["q2"]["transitions"][2]["activated"]]
    assert any(profile.startswith("pirate:") and "% | " in profile for profile in profiles)


def test_the_manifest_names_the_runs_and_their_files(exported: Path, switching: Transcript) -> None:
    runs = read(exported / "runs_manifest.json")["runs"]
    assert [(run["conversation_name"], run["sensitive"]) for run in runs] == [
        ("../short", False),
        ("made", False),
    ]
    assert runs[1]["id"] == switching.run
    for run in runs:
        for name in ("ui_bundle", "conversation", "summary"):
            assert (exported / run[f"{name}_url"]).is_file()
    assert not list(exported.parent.glob("short*"))


def test_an_exported_conversation_is_the_same_run_again(exported: Path, switching: Transcript) -> None:
    assert read_transcript(exported / "runs" / switching.run / "conversation.json") == switching


def test_only_the_runs_that_are_wanted_are_exported(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, switching: Transcript
) -> None:
    folders = export_runs(connection, tmp_path / "one", {switching.run})
    assert [folder.name for folder in folders] == [switching.run]
    assert len(read(tmp_path / "one" / "runs_manifest.json")["runs"]) == 1


def test_our_own_export_shows_what_the_warehouse_shows(
    connection: duckdb.DuckDBPyConnection, exported: Path, switching: Transcript
) -> None:
    own = [OwnSae("demo", None, "demo", "tests/toy/data/model")]
    assert folder_runs(exported, own) == runs_view(connection)
    ours, theirs = run_view(connection, switching.run), folder_run(exported, switching.run, own)
    assert ours is not None and theirs is not None
    assert keys(theirs) == keys(ours)
    for name in keys(ours) - {"transitions", "features"}:
        assert theirs[name] == ours[name], name
    for change, expected in zip(theirs["transitions"], ours["transitions"], strict=True):
        assert keys(change) == keys(expected)
        shown = [change["features"]["feature_id"][row] for row in change["by_contribution"]]
        assert shown == [expected["features"]["feature_id"][row] for row in expected["by_contribution"]]
        assert change["covered"]["by_contribution"] == pytest.approx(expected["covered"]["by_contribution"])
    assert folder_run(exported, "other") is None


def test_a_folder_of_another_tool_shows_what_it_has(exported: Path, switching: Transcript) -> None:
    summary = exported / "runs" / switching.run / "summary.json"
    content = read(summary)
    del content["measured"]
    summary.write_text(json.dumps(content | {"more": 1}))
    shown = folder_run(exported, switching.run)
    assert shown is not None
    turn = shown["turns"][3]
    assert turn["scores"]["projection"]["low"] is None and turn["scores"]["cosine_axis"] is None
    assert (turn["message"], turn["n_tokens"], turn["nearest"]) == (7, len(turn["tokens"]["piece"]), [])
    assert shown["confounds"] == [] and shown["n_below_band"] is None


@pytest.mark.parametrize(
    ("file", "change", "complaint"),
    [
        ("runs_manifest.json", {"runs": 3}, r"runs_manifest.json: runs must be a list, not 3"),
        ("runs_manifest.json", {"runs": [{"id": "../x"}]}, r"runs_manifest.json: .* has no ui_bundle_url"),
        ("ui_bundle.json", {"q1": None}, r"ui_bundle.json: q1"),
        ("summary.json", {"config": 3}, r"summary.json: config: Input should be"),
        ("conversation.json", {"conversation": [3]}, "message 0: must be"),
        ("conversation.json", {"conversation": 3}, "holds no conversation"),
    ],
)
def test_a_broken_folder_is_named_in_one_line(
    exported: Path, switching: Transcript, file: str, change: dict, complaint: str
) -> None:
    manifest = exported / "runs_manifest.json"
    runs = [entry for entry in read(manifest)["runs"] if entry["id"] == switching.run]
    manifest.write_text(json.dumps({"runs": runs}))
    path = manifest if "manifest" in file else exported / "runs" / switching.run / file
    path.write_text(json.dumps(read(path) | change))
    with pytest.raises(StudyError, match=complaint) as raised:
        folder_runs(exported)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("url", ["../../secret.json", "/../../secret.json", "runs/../../secret.json"])
def test_a_manifest_cannot_lead_out_of_its_folder(exported: Path, url: str) -> None:
    manifest = exported / "runs_manifest.json"
    content = read(manifest)
    content["runs"][0]["conversation_url"] = url
    manifest.write_text(json.dumps(content))
    shown = folder_runs(exported)
    assert [run["run"] for run in shown["runs"]] == [content["runs"][1]["id"]]
    [unreadable] = shown["unreadable"]
    assert unreadable["run"] == content["runs"][0]["id"] and "leads out of the folder" in unreadable["reason"]
    with pytest.raises(StudyError, match="leads out of the folder"):
        folder_run(exported, content["runs"][0]["id"])
