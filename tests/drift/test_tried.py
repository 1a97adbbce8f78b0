"""`persona try`, typed as a user would: what it shows is what the pipeline lands of the same text."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from persona_assets.lake.schema import ACTIVATIONS, RESPONSES
from persona_assets.models.chat import ChatFormat
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.drift.conftest import Persona


@pytest.fixture
def published(landed: Study) -> Study:
    publish(landed)
    return landed


def answered(study: Study, tokenizer: PreTrainedTokenizerBase) -> dict[str, object]:
    """Return a response of the pirate whose text makes the very tokens that were generated."""
    file = RoleFiles(study, "pirate").responses
    assert file is not None
    for row in study.lake.read(RESPONSES, file).to_pylist():
        if ChatFormat(tokenizer).token_ids(row["response"]) == row["response_token_ids"]:
            return row
    raise AssertionError("no response is tokenized as it was generated")


def shown(persona: Persona, *words: object) -> list[dict[str, object]]:
    status, out, err = persona("try", *words, "--format", "json")
    assert status == 0, err
    return json.loads(out)


def test_an_answer_of_the_study_has_the_activations_that_the_lake_has(
    published: Study,
    tokenizer: PreTrainedTokenizerBase,
    persona: Persona,
    tmp_path: Path,
) -> None:
    row, study = answered(published, tokenizer), published.file.parent
    said = (("system", row["system_prompt"]), ("user", row["question"]), ("assistant", row["response"]))
    file = tmp_path / "talk.json"
    file.write_text(json.dumps([{"role": role, "content": text} for role, text in said if text]))
    landed = RoleFiles(published, "pirate").activations("demo")
    assert landed is not None
    expected = {
        one["feature_id"]: one
        for one in published.lake.read(ACTIVATIONS, landed).to_pylist()
        if one["response_id"] == row["response_id"]
    }
    rows = shown(persona, study, "--file", file, "--pooled", "--top", 9999)
    of_text = {one["feature_id"]: one for one in rows}
    assert of_text.keys() == expected.keys()
    for feature, one in of_text.items():
        assert one["n_active"] == expected[feature]["n_active"]
        for how in ("mean", "max"):
            assert one[how] == pytest.approx(expected[feature][how], rel=1e-4)
    with connect(published) as warehouse:
        for feature in list(of_text)[:3]:
            asked = warehouse.execute("select token_rate from feature_shape($1)", [feature]).fetchone()
            one = of_text[feature]
            assert (one["token_rate"],) == pytest.approx(asked)
            assert one["ratio"] == pytest.approx(one["n_active"] / one["n_tokens"] / one["token_rate"])

    of_tokens = shown(persona, study, "--file", file, "--top", 9999)
    pieces = {one["token"]: one["piece"] for one in of_tokens}
    assert all(str(row["response"]).count(str(piece)) for piece in pieces.values())
    for feature, one in expected.items():
        values = {two["token"]: two["activation"] for two in of_tokens if two["feature_id"] == feature}
        assert len(values) == one["n_active"] and max(values.values()) == pytest.approx(one["max"], rel=1e-4)
        assert values[one["argmax_token"]] == max(values.values())
    few = shown(persona, study, "--file", file, "--top", 2)
    for token in pieces:
        own = [one for one in of_tokens if one["token"] == token]
        assert own == sorted(own, key=lambda one: (-float(str(one["activation"])), one["feature_id"]))
        assert [one for one in few if one["token"] == token] == own[:2]


def test_a_prompt_is_read_within_the_template_and_only_its_own_tokens_are_shown(
    published: Study,
    persona: Persona,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study, said = published.file.parent, "Who are you, user?"
    rows = shown(persona, study, said, "--top", 1)
    pieces = {one["token"]: one["piece"] for one in rows}
    assert list(pieces) == list(range(len(pieces))) and "".join(map(str, pieces.values())).strip() == said
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    assert shown(persona, study, "--top", 1) == rows
    talk = json.dumps([{"role": "user", "content": said}])
    monkeypatch.setattr(sys, "stdin", io.StringIO(talk))
    assert shown(persona, study, "--file", "-", "--top", 1) == rows


def test_what_cannot_be_tried_is_one_line(
    published: Study, tokenizer: PreTrainedTokenizerBase, persona: Persona, tmp_path: Path
) -> None:
    study = published.file.parent
    (tmp_path / "none.json").write_text('[{"role": "system", "content": "Be brief."}]')
    for words, reason in (
        ((" ",), "the text is empty"),
        (("Hello", "--file", "x.json"), "give a text or --file, not both"),
        (("--file", tmp_path / "none.json"), "has no message of a user or an assistant"),
        (("Hello", "--sae", "nope"), "no SAE nope in this study"),
        ((f"Hello {tokenizer.eos_token}",), "control token"),
    ):
        status, out, err = persona("try", study, *words)
        assert (status, out) == (2, "") and reason in err and err.count("\n") == 1, err


def test_a_model_that_is_not_at_hand_is_one_line(published: Study, persona: Persona) -> None:
    text = published.file.read_text()
    published.file.write_text(text.replace("tests/toy/data/model", "models/gone"))
    status, out, err = persona("try", published.file.parent, "Hello")
    assert (status, out) == (2, "") and "models/gone" in err and err.count("\n") == 1
