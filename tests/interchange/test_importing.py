from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.interchange.importing import import_study
from persona_assets.interchange.role import Landed, Skipped
from persona_assets.lake.schema import ACTIVATIONS, POOLED, RESPONSES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study

from .conftest import D_SAE, ROLES, StudyMaker, land_features, land_responses

RESPONSES_FOLDER = "responses/general/model"
FEATURES_FOLDER = "features/general/model_small"


def edit_line(file: Path, number: int, **changes: Any) -> None:
    lines = file.read_bytes().decode().split("\n")
    lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), **changes})
    file.write_bytes("\n".join(lines).encode())


def edit_pair(file: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    with np.load(file) as pair:
        arrays = {name: change(pair[name]) for name in pair.files}
    np.savez(file, **arrays)


def refusal(study: Study, directory: Path, overwrite: bool = False) -> str:
    with pytest.raises(StudyError) as caught:
        import_study(study, directory, overwrite)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def lake_files(study: Study, role: str | None = None) -> list[Path]:
    return sorted(Path(study.lake.root).rglob(f"role={role or '*'}/*"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"system_prompt": "You are someone else."}, "is no instruction of role pirate"),
        ({"question_id": 39}, "question 39 reads"),
        ({"question_id": 239}, "question_id 239 is not among the study's questions"),
        ({"question": "Why?"}, "question 1 reads 'Why?'"),
        ({"response": None}, "`response` must be a text, not missing"),
        ({"response": "\ud83c"}, "half of a surrogate pair"),
    ],
)
def test_a_wrong_line_of_the_last_role_is_named_before_the_first_lands(
    exported: Path, target: Study, changes: dict[str, Any], complaint: str
) -> None:
    file = exported / RESPONSES_FOLDER / "pirate.jsonl"
    edit_line(file, 2, **changes)
    message = refusal(target, exported)
    assert message.startswith(f"{file}:2: ")
    assert complaint in message
    assert lake_files(target) == []


def test_a_response_given_twice_is_refused_with_both_lines(exported: Path, target: Study) -> None:
    file = exported / RESPONSES_FOLDER / "pirate.jsonl"
    text = file.read_text()
    file.write_text(text + text.split("\n")[3] + "\n")
    assert f"{file}:81: answers variant 0, question 3 again, after {file}:4" in refusal(target, exported)


def test_an_empty_responses_file_is_refused(exported: Path, target: Study) -> None:
    (exported / RESPONSES_FOLDER / "pirate.jsonl").write_text("\n")
    assert "holds no responses" in refusal(target, exported)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"role_name": "ghost"}, "role_name is 'ghost', not 'pirate'"),
        ({"role_name": None}, "`role_name` must be a text"),
        ({"question_id": 0}, "question 0 reads"),
        (
            {"response_text": "Something else."},
            "response_text is not the role's response to variant 0, question 1",
        ),
        (
            {"metadata": {"token_selection": "response_to_end"}},
            "metadata.token_selection is 'response_to_end'",
        ),
        ({"metadata": {"sae_id": "other"}}, "metadata.sae_id is 'other', but in the study 'small'"),
        ({"metadata": ["small"]}, "`metadata` must be an object"),
    ],
)
def test_a_wrong_line_beside_the_features_is_named_before_anything_lands(
    exported: Path, target: Study, changes: dict[str, Any], complaint: str
) -> None:
    file = exported / FEATURES_FOLDER / "pirate.jsonl"
    edit_line(file, 2, **changes)
    message = refusal(target, exported)
    assert message.startswith(f"{file}:2: ")
    assert complaint in message
    assert lake_files(target) == []


def test_features_of_a_response_that_the_responses_lack_are_refused(exported: Path, target: Study) -> None:
    file = exported / RESPONSES_FOLDER / "pirate.jsonl"
    file.write_text("\n".join(file.read_text().split("\n")[1:]))
    message = refusal(target, exported)
    assert message.startswith(f"{exported / FEATURES_FOLDER / 'pirate.jsonl'}:1: ")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda array: array[1:], "pirate.jsonl has 79; each line must describe a row"),
        (lambda array: array[:, 1:], f"but the study's SAE has {D_SAE} features"),
        (lambda array: array.astype(np.int32), "is int32; save it as float32"),
    ],
)
def test_a_pair_that_does_not_fit_is_named_before_anything_lands(
    exported: Path, target: Study, change: Callable[[np.ndarray], np.ndarray], complaint: str
) -> None:
    edit_pair(exported / FEATURES_FOLDER / "pirate.npz", change)
    message = refusal(target, exported)
    assert message.startswith(f"{exported / FEATURES_FOLDER / 'pirate.npz'}: ")
    assert complaint in message
    assert lake_files(target) == []


def test_of_a_role_with_a_wrong_value_nothing_lands_and_earlier_roles_stay(
    exported: Path, target: Study
) -> None:
    edit_pair(exported / FEATURES_FOLDER / "pirate.npz", lambda array: np.where(array > 0, np.nan, array))
    assert "activations must be finite and not negative" in refusal(target, exported)
    assert lake_files(target, "pirate") == []
    assert [RoleFiles(target, role).extracted("small") for role in ROLES] == [True, True, False]


def test_a_truncated_pair_is_refused_and_nothing_of_the_role_lands(exported: Path, target: Study) -> None:
    file = exported / FEATURES_FOLDER / "pirate.npz"
    file.write_bytes(file.read_bytes()[:-100])
    assert f"{file}: damaged, or not an NPZ file" in refusal(target, exported)
    assert lake_files(target, "pirate") == []


def test_a_features_file_whose_pair_is_missing_is_refused(exported: Path, target: Study) -> None:
    (exported / FEATURES_FOLDER / "pirate.npz").unlink()
    assert "describes the rows of pirate.npz, which is missing" in refusal(target, exported)
    assert lake_files(target) == []


def without_lines(exported: Path, roles: list[str] = ROLES) -> None:
    """What the field's earlier pipeline writes today: a pair for all responses, and nothing beside it."""
    for role in roles:
        (exported / FEATURES_FOLDER / f"{role}.jsonl").unlink()
        pad = np.zeros((1, D_SAE), np.float32)  # the row of the response that has no tokens
        edit_pair(
            exported / FEATURES_FOLDER / f"{role}.npz",
            lambda array, pad=pad: np.concatenate([array[:7], pad, array[7:]]),
        )


def test_features_without_lines_are_the_responses_in_their_order(exported: Path, target: Study) -> None:
    import_study(target, exported)
    described = {role: RoleFiles(target, role).activations("small") for role in ROLES}
    tables = {role: target.lake.read(ACTIVATIONS, file) for role, file in described.items() if file}
    without_lines(exported)
    report = import_study(target, exported, overwrite=True)
    assert [landed.sae for landed in report.landed if landed.by_position] == ["small"] * 3
    for role in ROLES:
        file = RoleFiles(target, role).activations("small")
        assert file is not None and file != described[role]
        assert target.lake.read(ACTIVATIONS, file) == tables[role]


def test_features_without_lines_and_another_count_of_responses_are_refused(
    exported: Path, target: Study
) -> None:
    without_lines(exported, ["pirate"])
    file = exported / RESPONSES_FOLDER / "pirate.jsonl"
    file.write_text("\n".join(file.read_text().split("\n")[1:]))
    message = refusal(target, exported)
    assert f"pirate.npz: mean_features has 80 rows, but {file} has 79" in message
    assert lake_files(target) == []


def test_features_without_lines_or_responses_are_refused(exported: Path, target: Study) -> None:
    without_lines(exported, ["pirate"])
    (exported / RESPONSES_FOLDER / "pirate.jsonl").unlink()
    message = refusal(target, exported)
    assert "pirate.npz: nothing says what its rows are; put pirate.jsonl beside it" in message
    assert str(exported / RESPONSES_FOLDER / "pirate.jsonl") in message


def test_features_without_lines_of_other_responses_than_the_fresh_ones_are_refused(
    exported: Path, target: Study
) -> None:
    land_responses(target, "pirate")
    without_lines(exported, ["pirate"])
    edit_line(exported / RESPONSES_FOLDER / "pirate.jsonl", 1, response="Another answer.")
    assert "--overwrite replaces" in refusal(target, exported)


def as_conversations(file: Path) -> None:
    """Rewrite a responses' file as assistant-axis writes one: a conversation, and a question by its place."""
    lines = []
    for line in file.read_bytes().decode().split("\n")[:-1]:
        row = json.loads(line)
        spoken = [{"role": "user", "content": f"{row['system_prompt']}\n\n{row['question']}"}]
        lines.append(
            {
                "system_prompt": row["system_prompt"],
                "prompt_index": 0,
                "question_index": row["question_id"],
                "question": row["question"],
                "conversation": [*spoken, {"role": "assistant", "content": row["response"]}],
                "label": "pos",
            }
        )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8-sig")


def test_responses_as_assistant_axis_writes_them_are_the_same_responses(
    exported: Path, target: Study
) -> None:
    shutil.rmtree(exported / "features")
    import_study(target, exported)
    ours = {role: RoleFiles(target, role).responses for role in ROLES}
    for role in ROLES:
        as_conversations(exported / RESPONSES_FOLDER / f"{role}.jsonl")
    import_study(target, exported, overwrite=True)
    assert {role: RoleFiles(target, role).responses for role in ROLES} == ours


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"conversation": [{"role": "user", "content": "Why?"}]}, "must be the assistant's"),
        ({"conversation": [{"role": "assistant", "content": None}]}, "must be a text, not missing"),
        ({"conversation": "Why?"}, "`response` must be a text, not missing"),
        ({"question_index": 40}, "question_index is 40, but the study asks 40 questions"),
        ({"question_index": -1}, "question_index is -1"),
        ({"question_index": 2}, "question 2 reads"),
    ],
)
def test_a_wrong_line_of_assistant_axis_is_named(
    exported: Path, target: Study, changes: dict[str, Any], complaint: str
) -> None:
    file = exported / RESPONSES_FOLDER / "pirate.jsonl"
    as_conversations(file)
    file.write_bytes(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    edit_line(file, 2, **changes)
    message = refusal(target, exported)
    assert message.startswith(f"{file}:2: ")
    assert complaint in message


def test_a_directory_that_holds_nothing_of_the_study_says_what_was_looked_for(
    target: Study, tmp_path: Path
) -> None:
    message = refusal(target, tmp_path / "nowhere")
    assert str(tmp_path / "nowhere" / RESPONSES_FOLDER) in message
    assert str(tmp_path / "nowhere" / FEATURES_FOLDER) in message


def test_files_of_no_role_of_the_study_are_left_out_and_reported(exported: Path, target: Study) -> None:
    folder = exported / RESPONSES_FOLDER
    for name in ("wizard", "..", "a=b"):
        shutil.copyfile(folder / "pirate.jsonl", folder / f"{name}.jsonl")
    report = import_study(target, exported)
    assert sorted(file.name for file in report.ignored) == ["...jsonl", "a=b.jsonl", "wizard.jsonl"]
    assert {landed.role for landed in report.landed} == set(ROLES)


def reverse(exported: Path) -> None:
    """Turn the order of all rows round."""
    for file in exported.rglob("*.jsonl"):
        file.write_bytes(b"".join(reversed(file.read_bytes().splitlines(keepends=True))))
    for file in (exported / FEATURES_FOLDER).glob("*.npz"):
        edit_pair(file, lambda array: array[::-1].copy())


def test_rows_are_matched_by_what_they_say_in_whatever_order_they_come(exported: Path, target: Study) -> None:
    import_study(target, exported)
    forward = {file.name: file.read_bytes() for file in lake_files(target)}
    shutil.rmtree(target.lake.root)
    reverse(exported)
    import_study(target, exported)
    assert {file.name: file.read_bytes() for file in lake_files(target)} == forward


def test_responses_alone_are_imported_and_what_is_missing_is_counted(exported: Path, target: Study) -> None:
    shutil.rmtree(exported / "features")
    file = exported / RESPONSES_FOLDER / "pirate.jsonl"
    file.write_text("\n".join(file.read_text().split("\n")[:30]))
    report = import_study(target, exported)
    assert report.landed[2] == Landed("pirate", None, 30, 50)
    assert RoleFiles(target, "pirate").responses is not None
    assert RoleFiles(target, "pirate").activations("small") is None


def test_features_alone_bring_the_responses_they_were_made_from(exported: Path, target: Study) -> None:
    shutil.rmtree(exported / "responses")
    report = import_study(target, exported)
    assert report.landed[:2] == [Landed("default", None, 79, 1), Landed("default", "small", 79, 0)]
    responses = RoleFiles(target, "default").responses
    assert responses is not None
    first = target.lake.read(RESPONSES, responses).to_pylist()[0]
    assert first["system_prompt"] is None
    assert first["response"] == "As default I say 0."


def test_features_are_taken_for_responses_that_are_fresh_in_the_lake(exported: Path, target: Study) -> None:
    land_responses(target, "pirate")
    generated = RoleFiles(target, "pirate").responses
    report = import_study(target, exported)
    assert Skipped("pirate", None) in report.skipped
    assert Landed("pirate", "small", 79, 1) in report.landed
    assert RoleFiles(target, "pirate").responses == generated
    assert RoleFiles(target, "pirate").extracted("small")


def test_features_of_other_responses_than_the_fresh_ones_are_refused_unless_these_are_replaced(
    exported: Path, target: Study
) -> None:
    land_responses(target, "pirate")
    for folder, key in ((RESPONSES_FOLDER, "response"), (FEATURES_FOLDER, "response_text")):
        edit_line(exported / folder / "pirate.jsonl", 1, **{key: "Another answer."})
    assert "--overwrite replaces" in refusal(target, exported)
    import_study(target, exported, overwrite=True)
    responses = RoleFiles(target, "pirate").responses
    assert responses is not None
    assert responses.imported
    assert target.lake.read(RESPONSES, responses)["response"][0].as_py() == "Another answer."
    assert RoleFiles(target, "pirate").extracted("small")


def test_features_alone_never_replace_fresh_responses(exported: Path, target: Study) -> None:
    land_responses(target, "pirate")
    generated = RoleFiles(target, "pirate").responses
    shutil.rmtree(exported / "responses")
    import_study(target, exported, overwrite=True)
    assert RoleFiles(target, "pirate").responses == generated


def test_responses_that_come_later_are_listed_as_excluded_from_the_features(
    exported: Path, target: Study
) -> None:
    kept = shutil.move(exported / "responses", exported.parent / "kept")
    import_study(target, exported)
    shutil.move(kept, exported / "responses")
    import_study(target, exported, overwrite=True)
    pooled = RoleFiles(target, "pirate").pooled("small")
    assert pooled is not None
    assert len(target.lake.read(POOLED, pooled)) == 80


@pytest.mark.parametrize("folder", ["nothing", "responses"])
def test_overwriting_replaces_extracted_activations_and_keeps_their_files(
    exported: Path, target: Study, folder: str
) -> None:
    shutil.rmtree(exported / folder, ignore_errors=True)
    land_responses(target, "pirate")
    land_features(target, "pirate", "small", seed=99)
    computed = RoleFiles(target, "pirate").activations("small")
    assert computed is not None
    assert Skipped("pirate", "small") in import_study(target, exported).skipped
    import_study(target, exported, overwrite=True)
    imported = RoleFiles(target, "pirate").activations("small")
    assert imported is not None
    assert imported.imported
    assert Path(target.lake.uri(computed.path)).exists()


def test_imported_features_go_stale_with_the_responses_that_they_belong_to(
    exported: Path, target: Study
) -> None:
    import_study(target, exported)
    shutil.rmtree(exported / "features")
    import_study(target, exported, overwrite=True)
    assert RoleFiles(target, "default").state(ACTIVATIONS, "small") == "fresh"  # the same responses: no harm
    edit_line(exported / RESPONSES_FOLDER / "default.jsonl", 1, response="Another answer.")
    import_study(target, exported, overwrite=True)
    assert RoleFiles(target, "default").state(RESPONSES) == "fresh"
    assert RoleFiles(target, "default").state(ACTIVATIONS, "small") == "stale"


def test_a_study_on_anothers_responses_imports_features_only(
    source: Study,
    exported: Path,
    make_study: StudyMaker,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {key: value for key, value in settings.items() if not key.startswith("generation")}
    borrower = make_study(
        "borrower",
        {**settings, "generation": None, "responses_from": "source", "extraction.dtype": "bfloat16"},
    )
    monkeypatch.setitem(borrower.__dict__, "responses_owner", source)
    report = import_study(borrower, exported, overwrite=True)
    assert [landed.sae for landed in report.landed] == ["small"] * 3
    assert {skipped.sae for skipped in report.skipped} == {None}
    assert borrower.lake.files(RESPONSES) == []
    assert borrower.lake.files(POOLED) and borrower.lake.files(ACTIVATIONS)
    for file in source.lake.files(RESPONSES, role="pirate"):
        Path(source.lake.uri(file.path)).unlink()
    assert "takes its responses from source, which has no fresh ones of role pirate" in refusal(
        borrower, exported
    )
