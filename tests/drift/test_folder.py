"""Folders of runs as another tool's notebook writes them, made here by hand: nothing of ours is in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.drift.folder import folder_run, folder_runs
from persona_assets.drift.folder_view import OwnSae
from tests.explorer.contract import check

Json = dict[str, Any]
RUN = "Qwen2.5-7B-Instruct_20260216_a44e22d80f"
GEMMA = {"model_name": "google/gemma-3-27b-it", "sae_id": "layer_40_width_65k_l0_medium"}
CORRELATION = "corr(score, metric)"


def item(feature: int, delta: float, weight: float) -> Json:
    return {
        "feature_idx": feature,
        "direction": "activated" if delta > 0 else "deactivated",
        "delta_x": delta,
        "axis_weight": weight,
        "contrib": delta * weight,
        "share_of_change": 0.5,
        "share_of_away": float("nan"),
        "role_profile": "poet:12% | oracle:9%",
    }


def bundle(**meta: Any) -> Json:
    scores = [4.0, 1.5]
    change = {"prev_turn": 0, "turn": 1, "delta_score": -2.5}
    moved = {"away_mass": 3.0, "toward_mass": 0.5}
    sides = {"activated": [item(164, 2.0, -1.0)], "deactivated": [item(1800, -1.0, 0.5)]}
    tokens = ["\u2581It", "\u2581is<0x0A>", "\u0120so"]
    return {
        "version": 1,
        "run_meta": {**GEMMA, "assistant_role": "assistant", "score_method": "projection", **meta},
        "q1": {
            "turn_scores": [{"assistant_turn": n, "score": score} for n, score in enumerate(scores)],
            "transitions": [change],
        },
        "q2": {"top_features_per_direction": 20, "transitions": [change | moved | sides]},
        "q3": {
            "token_localization": [
                {"assistant_turn": n, "tokens": tokens, "u_k": [0.1, 0.2, 0.3], "u_k_norm": [0.0, 0.5, 1.0]}
                for n in range(2)
            ]
        },
    }


SUMMARY: Json = {
    "run_name": RUN,
    "config": {
        "sae_release": "gemma-scope-2-27b-it-res",
        "pooling": "mean",
        "transform": "log1p",
        "use_centering": False,
        "use_l2_normalize": False,
        "axis_method": "diff",
    },
    "diagnostics": {
        "max_abs_corr_selected_score": 0.975,
        "confound_verdict": "HIGH",
        "score_mass_diag": [
            {"metric": "turn_l2_space", "score_method": "projection", CORRELATION: -0.975},
            {"metric": "turn_l2_raw", "score_method": "cos_axis", CORRELATION: float("nan")},
            {"metric": "another", "score_method": "projection", CORRELATION: 0.1},
            "nothing",
        ],
    },
}
UNJUDGED = {"low": None, "high": None, "verdict": None}
CONVERSATION: Json = {
    "model": "kept by nobody",
    "conversation": [
        {"role": "user", "content": ""},
        {"role": "assistant", "content": "It is\nso"},
        {"role": "user", "content": "And?"},
        {"role": "assistant", "content": "It is\nso"},
    ],
}


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """`make(entry={…}, meta={…}, summary={…}, conversation={…})`: a folder of one run, changed so."""

    def made(
        entry: Json | None = None,
        meta: Json | None = None,
        summary: Json | None = None,
        conversation: Any = CONVERSATION,
    ) -> Path:
        folder = tmp_path / "persona-drift"
        shutil.rmtree(folder, ignore_errors=True)
        below = folder / "runs" / "one"
        write(below / "ui_bundle.json", bundle(**(meta or {})))
        write(below / "summary.json", SUMMARY | (summary or {}))
        write(below / "conversation.json", conversation)
        listed: Json = {"id": RUN, "conversation_name": "Jailbreak"}
        names = ("ui_bundle", "conversation", "summary")
        listed |= {f"{name}_url": f"/runs/one/{name}.json" for name in names} | (entry or {})
        kept = {key: value for key, value in listed.items() if value is not None}
        write(folder / "runs_manifest.json", {"runs": [kept]})
        return folder

    return made


def shown(folder: Path, own: tuple[OwnSae, ...] = ()) -> tuple[Json, Json]:
    """The only run's entry, and its page; both hold to the contract."""
    runs = folder_runs(folder, own)
    check("DriftRuns", runs)
    [entry] = runs["runs"]
    run = folder_run(folder, entry["run"], own)
    check("DriftRun", run)
    assert run is not None and runs["unreadable"] == []
    assert entry.items() <= run.items()
    return entry, run


def test_a_run_of_the_notebook_is_shown_with_all_that_it_says(make: Callable[..., Path]) -> None:
    entry, run = shown(make())
    assert (entry["run"], entry["name"], entry["sae"]) == (RUN, "Jailbreak", GEMMA["sae_id"])
    assert (entry["verdict"], entry["max_correlation"]) == ("HIGH", 0.975)
    assert (entry["n_tokens"], entry["n_answer_tokens"]) == (None, 6)
    assert run["confounds"] == [
        {"score": "projection", "confound": "norm", "r": -0.975, **UNJUDGED},  # of two turns
        {"score": "cosine_axis", "confound": "raw_norm", "r": None, **UNJUDGED},
    ]
    assert run["space"]["axis"] == "difference" and run["space"]["pooling"] == "mean"
    assert run["transitions"][0]["features"]["share_of_away"] == [0, 0]
    assert run["features"]["164"]["profile"] == "poet:12% | oracle:9%"


def test_marks_of_the_vocabulary_are_shown_as_what_they_stand_for(make: Callable[..., Path]) -> None:
    _, run = shown(make())
    assert run["turns"][0]["tokens"]["piece"] == [" It", " is\n", " so"]


def test_an_empty_message_is_shown(make: Callable[..., Path]) -> None:
    _, run = shown(make())
    assert [message["content"] for message in run["messages"]][:2] == ["", "It is\nso"]
    assert [turn["message"] for turn in run["turns"]] == [1, 3]


@pytest.mark.parametrize(
    ("entry", "run"),
    [
        ({"id": None, "run_id": "a.b_c-1"}, "a.b_c-1"),
        ({"id": None, "runId": "camel"}, "camel"),
        ({"id": None}, "run-0"),
        ({"id": 7}, "run-0"),
    ],
)
def test_ids_are_read_by_any_of_their_names(make: Callable[..., Path], entry: Json, run: str) -> None:
    assert shown(make(entry))[0]["run"] == run


@pytest.mark.parametrize("given", ["..", "../x", "a b", "é", "x" * 200, "a\x00"])
def test_an_id_that_cannot_stand_in_a_path_is_replaced(make: Callable[..., Path], given: str) -> None:
    run = shown(make({"id": given}))[0]["run"]
    assert run.startswith("run-") and run.removeprefix("run-").isalnum()


def test_runs_of_one_id_are_both_shown(make: Callable[..., Path]) -> None:
    folder = make()
    manifest = folder / "runs_manifest.json"
    [entry] = json.loads(manifest.read_text())["runs"]
    write(manifest, [entry, entry])  # and the list alone is a manifest
    assert [run["run"] for run in folder_runs(folder)["runs"]] == [RUN, f"{RUN}-1"]


@pytest.mark.parametrize("key", ["conversation_url", "summary_url"])
def test_what_the_manifest_need_not_name_may_be_missing(make: Callable[..., Path], key: str) -> None:
    _, run = shown(make({key: None}))
    if key == "conversation_url":
        assert run["messages"] == [] and run["turns"][0]["message"] is None
    else:
        assert run["verdict"] is None and run["space"]["pooling"] is None


def test_keys_in_the_other_spelling_are_read(make: Callable[..., Path]) -> None:
    urls = {"ui_bundle_url": None, "uiBundleUrl": "runs/one/ui_bundle.json"}
    entry, _ = shown(make(urls | {"conversation_name": None, "conversationName": "Therapy"}))
    assert entry["name"] == "Therapy"


def test_addresses_of_the_site_that_the_folder_was_made_for_are_found(make: Callable[..., Path]) -> None:
    url = "/explorer/persona-drift/runs/one/ui_bundle.json"
    assert shown(make({"ui_bundle_url": url}))[0]["n_turns"] == 2


@pytest.mark.parametrize(("given", "ours"), [("cos_axis", "cosine_axis"), ("cos_assistant", "cosine_anchor")])
def test_the_notebooks_names_of_scores_are_ours(make: Callable[..., Path], given: str, ours: str) -> None:
    entry, run = shown(make(meta={"score_method": given}))
    assert entry["score"] == ours and run["turns"][1]["scores"][ours]["value"] == 1.5


@pytest.mark.parametrize("verdict", ["N/A", None, 3])
def test_a_verdict_that_is_none_is_not_known(make: Callable[..., Path], verdict: object) -> None:
    assert shown(make(summary={"diagnostics": {"confound_verdict": verdict}}))[0]["verdict"] is None


@pytest.mark.parametrize(
    "entry",
    [
        {"sensitive": True},
        {"is_sensitive": True},
        {"isSensitive": True},
        {"conversation_name": "Self-harm"},
        {"conversation_name": " self harm "},
    ],
)
def test_sensitive_runs_are_marked_whatever_says_so(make: Callable[..., Path], entry: Json) -> None:
    assert shown(make(entry))[0]["sensitive"] is True


def test_a_conversation_that_is_marked_itself_is_sensitive(make: Callable[..., Path]) -> None:
    assert shown(make(conversation=CONVERSATION | {"sensitive": True}))[0]["sensitive"] is True
    assert shown(make({"sensitive": "yes"}))[0]["sensitive"] is False


def test_a_broken_run_hides_only_itself_and_says_why(make: Callable[..., Path]) -> None:
    folder = make()
    manifest = folder / "runs_manifest.json"
    [entry] = json.loads(manifest.read_text())["runs"]
    wrong = [
        ({"id": "gone", "ui_bundle_url": "runs/gone.json"}, "no file 'runs/gone.json' in the folder"),
        ({"id": "score", "ui_bundle_url": "runs/score.json"}, "runs/score.json: run_meta.score_method"),
        ({"id": "out", "conversation_url": "../../etc/passwd"}, "leads out of the folder"),
        ({"id": "none", "ui_bundle_url": None}, "run none has no ui_bundle_url"),
    ]
    write(folder / "runs" / "score.json", bundle(score_method="another"))
    content = [*(entry | change for change, _ in wrong), entry, "nothing"]
    write(manifest, {"runs": content, "default_run_id": RUN})
    runs = folder_runs(folder)
    assert [run["run"] for run in runs["runs"]] == [RUN] and runs["default_run"] == RUN
    assert [run["run"] for run in runs["unreadable"]] == ["gone", "score", "out", "none", "run-5"]
    for run, (_, complaint) in zip(runs["unreadable"], wrong, strict=False):
        assert complaint in run["reason"] and str(folder) not in run["reason"]


def test_a_folder_without_any_run_that_can_be_read_is_refused(make: Callable[..., Path]) -> None:
    with pytest.raises(StudyError, match="u_k"):
        folder = make()
        content = bundle()
        content["q3"]["token_localization"][0]["u_k"] = [0.1]
        write(folder / "runs" / "one" / "ui_bundle.json", content)
        folder_runs(folder)


def test_a_link_out_of_the_folder_is_not_followed(make: Callable[..., Path], tmp_path: Path) -> None:
    folder = make()
    (tmp_path / "secret.json").write_text(json.dumps(CONVERSATION))
    file = folder / "runs" / "one" / "conversation.json"
    file.unlink()
    file.symlink_to(tmp_path / "secret.json")
    with pytest.raises(StudyError, match="leads out of the folder"):
        folder_run(folder, RUN)


def test_features_are_the_studys_only_where_model_sae_and_release_are(make: Callable[..., Path]) -> None:
    release, model, sae = "gemma-scope-2-27b-it-res", GEMMA["model_name"], GEMMA["sae_id"]
    folder = make()
    assert shown(folder)[0]["own_sae"] is None
    assert shown(folder, (OwnSae("main", release, sae, model),))[0]["own_sae"] == "main"
    for other in (
        OwnSae("main", "gemma-scope-2-27b-it-res-all", sae, model),
        OwnSae("main", release, "layer_31_width_65k_l0_medium", model),
        OwnSae("main", release, sae, "google/gemma-3-12b-it"),
    ):
        assert shown(folder, (other,))[0]["own_sae"] is None


@pytest.mark.parametrize(
    ("meta", "release", "found"),
    [
        ({}, "gemma-scope-2-27b-it-res", "gemma-3-27b-it/40-gemmascope-2-res-65k"),
        ({}, None, "gemma-3-27b-it/40-gemmascope-2-res-65k"),
        ({"model_name": "google/gemma-3-1b-pt"}, None, "gemma-3-1b/40-gemmascope-2-res-65k"),
        ({}, "gemma-scope-2-27b-it-mlp", None),
        ({"sae_id": "layer_40_width_65k_l0_big"}, None, None),
        ({"sae_id": "layer_40_width_65k_l0_medium/../../x"}, None, None),
        ({"model_name": "meta/llama-3.3-70b"}, None, None),
        ({"model_name": "gemma-3-27b-it?x"}, None, None),
    ],
)
def test_features_elsewhere_are_known_of_gemma_scope_alone(
    make: Callable[..., Path], meta: Json, release: str | None, found: str | None
) -> None:
    summary = {"config": SUMMARY["config"] | {"sae_release": release}}
    assert shown(make(meta=meta, summary=summary))[0]["neuronpedia"] == found
