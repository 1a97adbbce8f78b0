from __future__ import annotations

import csv
import io
import json

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.feature import N_ROLES, Sentence, print_feature
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.warehouse.world import ALWAYS_ON, DEAD, LABELS, OF_PIRATE_ALONE, ROLES, World

PIECES = ["Yes", ".", " The", " sea", " is", " calm", "."]


@pytest.fixture
def compared(published: World) -> Study:
    return published.study


def shown(
    study: Study, feature: int, capsys: pytest.CaptureFixture[str], *, role: str | None = None,
    limit: int = 2, output: str = "table", sae: str | None = None,
) -> str:  # fmt: skip
    print_feature(study, feature, sae, role, limit, output, wide=False)
    return capsys.readouterr().out


def of(pieces: list[str], strengths: list[float], *, start: int = 0, n_tokens: int | None = None) -> Sentence:
    return Sentence.of(1, max(strengths), "Why?", start, pieces, strengths, n_tokens)


def test_a_feature_is_told_by_label_worth_roles_and_its_strongest_sentences(
    compared: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    head, label, fires, _, columns, pirate, *rest = shown(compared, OF_PIRATE_ALONE, capsys).splitlines()
    assert head == f"feature {OF_PIRATE_ALONE} of SAE first: {LABELS[0][1]}"
    assert label == "label: from a file of the study; detection 0.90 (0.78 to 0.96)"
    assert fires.startswith("fires in 8 of 32 answers") and fires.endswith("in 1 of 4 roles")
    assert {"effect", "effect_low", "auroc", "auroc_low", "q"} <= set(columns.split())
    assert pirate.split()[:2] == ["pirate", "1"]
    assert rest[1:3] == ["", "pirate"] and rest[3].endswith(f"  Aye [[{OF_PIRATE_ALONE}]]…")
    assert rest[4].strip().startswith("asked: ")


def test_roles_and_their_numbers_are_those_of_the_warehouse(
    compared: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(shown(compared, ALWAYS_ON, capsys, output="json", sae="second"))
    with connect(compared) as connection:
        wanted = connection.execute(
            "select role, firing_rate, effect, q from which_roles(?, sae := 'second')", [ALWAYS_ON]
        ).fetchall()
        auroc = dict(
            connection.execute(
                "select role, auroc_low from role_contrasts where sae = 'second' and feature_id = ?",
                [ALWAYS_ON],
            ).fetchall()
        )
    keys = ("role", "firing_rate", "effect", "q")
    assert [tuple(row[key] for key in keys) for row in found] == wanted[:N_ROLES]
    assert {row["role"]: row["auroc_low"] for row in found} == auroc
    assert found[0]["sentence"] == f"Aye [[{ALWAYS_ON}]]…" and found[0]["pieces"] == ["Aye", f" {ALWAYS_ON}"]
    assert found[0]["max"] == max(found[0]["activations"])


def test_a_role_that_is_named_stands_alone_and_csv_has_the_same_rows(
    compared: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    [row] = csv.DictReader(io.StringIO(shown(compared, ALWAYS_ON, capsys, role="ghost", output="csv")))
    assert row["role"] == "ghost" and row["label_source"] == "" and int(row["feature_id"]) == ALWAYS_ON
    lines = shown(compared, ALWAYS_ON, capsys, role="ghost").splitlines()
    assert lines[0].endswith(": no label") and "label: " not in "".join(lines)
    assert [line for line in lines if line in ROLES] == ["ghost"]


def test_a_silent_feature_is_said_to_be_silent(compared: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(compared, DEAD, capsys).splitlines()[1:] == [
        "fires in 0 of 32 answers, on 0.00% of all tokens, in 0 of 4 roles",
        "silent in all roles",
    ]
    assert shown(compared, OF_PIRATE_ALONE, capsys, role="ghost").splitlines()[-1] == "silent in ghost"
    assert json.loads(shown(compared, DEAD, capsys, output="json")) == []


def test_a_name_that_the_study_lacks_is_refused(compared: Study) -> None:
    for feature, sae, role, said in [
        (1, "third", None, "no SAE third"),
        (1, None, "priate", "no role 'priate'"),
    ]:
        with pytest.raises(StudyError, match=said):
            print_feature(compared, feature, sae, role, 2, "table", wide=False)


def test_a_sentence_is_cut_to_the_one_of_the_peak_and_says_what_is_missing() -> None:
    whole = of(PIECES, [9.0, 0, 0, 3.0, 0, 0, 0], n_tokens=7)
    assert (whole.lit(False).plain, whole.start, whole.pieces) == ("[[Yes]].", 0, ["Yes", "."])
    later = of(PIECES, [1.0, 0, 0, 3.0, 0.5, 0, 0], start=20, n_tokens=40)
    assert (later.lit(False).plain, later.start) == (" The [[sea]] is calm.…", 22)
    assert of(PIECES[3:5], [1.0, 0], start=4, n_tokens=6).lit(False).plain == "… [[sea]] is"


def test_colour_marks_the_peak_and_tints_what_else_is_active() -> None:
    text = of(PIECES[2:], [0, 3.0, 0.5, 0, 0]).lit(True)
    assert text.plain == " The sea is calm."
    assert [text.plain[span.start : span.end] for span in text.spans] == [" sea", " is"]
    assert text.spans[0].style != text.spans[1].style


def test_tokens_are_text_and_nothing_that_a_terminal_obeys() -> None:
    hostile = of(["[bold]x", "\x1b[31m", "\u202eabc", "z" * 500], [0, 1.0, 0, 0])
    for in_color in (True, False):
        plain = hostile.lit(in_color).plain
        assert "[bold]x" in plain and "\\x1b[31m" in plain and "\\u202e" in plain
        assert "\x1b" not in plain and len(plain) < 250


def test_the_marked_token_keeps_its_space_outside() -> None:
    assert of(["a", "  "], [0.0, 1.0]).lit(False).plain == "a[[  ]]"
    assert of(["a", " b"], [0.0, 1.0]).lit(False).plain == "a [[b]]"
