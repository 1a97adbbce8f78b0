"""`persona steer`: the plain answer and the edited ones, of one seed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from persona_assets.base.errors import StudyError
from persona_assets.cli.app import app
from persona_assets.cli.steered import Said, print_steered, target_of
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.models.chat import ChatFormat
from persona_assets.stages.dtypes import decided_generation
from persona_assets.steering.answering import SteeredBackend
from persona_assets.steering.answers import Answers
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.steering.test_stage import made

NONE: dict[str, Any] = {"feature": None, "role": None, "axis": False, "axis_file": None}
NONE |= {"role_file": None, "from_file": None}
SEVEN = NONE | {"feature": 7}
ASKED: dict[str, Any] = {"operation": "add", "strengths": [0.0, 40.0], "system": None, "seed": 3, "sae": None}


def steer(study: Study, *, text: str, output: str, **given: Any) -> None:
    said = Said(text, given.pop("system"), given.pop("seed"))
    how = given.pop("operation"), given.pop("strengths")
    sae = given.pop("sae")
    print_steered(study, target_of(**given), *how, said, sae, output)


def plain(study: Study, text: str) -> str:
    backend = TransformersBackend(decided_generation(study))
    ids = ChatFormat(backend.tokenizer, study.template).prompt_ids(None, text, ("", ""))
    [answer] = backend.complete([Prompt(0, 0, None, text, ids, seed=3)])
    return answer.text


def test_the_plain_answer_stands_above_those_under_an_edit_and_edits_share_batches(
    make_study: StudyMaker,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    made(make_study)
    axis, mean, vector = torch.randn(3, 6, 192, generator=torch.Generator().manual_seed(1)).unbind()
    torch.save({"axis": axis.clone(), "role_mean": mean.clone()}, tmp_path / "a.pt")
    torch.save({"vector": vector.clone(), "role": "bard"}, tmp_path / "r.pt")
    study, text = make_study("steered", {"generation.engine": {"batch_size": 2}}), "What do you see?"
    answers, sizes = SteeredBackend._batch, list[int]()

    def counted(self: Any, edits: Any, *given: Any) -> Any:
        sizes.append(len(edits))
        return answers(self, edits, *given)

    monkeypatch.setattr(SteeredBackend, "_batch", counted)
    capsys.readouterr()
    for what, named in (
        (SEVEN, "feature 7"),
        (NONE | {"role": "pirate"}, "vector of pirate"),
        (NONE | {"axis": True}, "assistant axis"),
        (NONE | {"axis_file": tmp_path / "a.pt"}, "axis of the file"),
        (NONE | {"role_file": tmp_path / "r.pt", "from_file": tmp_path / "a.pt"}, "vector of the file"),
    ):
        steer(study, text=text, **what, **ASKED, output="json")
        as_it_is, nothing, edited = json.loads(capsys.readouterr().out)
        assert as_it_is["target"] is None and as_it_is["response"] == plain(study, text)
        assert nothing["response"] == as_it_is["response"] != edited["response"]
        assert edited["target"] == named
    assert sizes == [2, 1] * 5
    ablate = ASKED | {"operation": "ablate", "strengths": []}
    steer(study, text=text, **SEVEN, **ablate, output="table")
    blocks = capsys.readouterr().out.split("== ")
    assert (
        blocks[0] == "" and blocks[1].startswith("as it is\n") and blocks[2].startswith("feature 7, ablate\n")
    )
    with (
        monkeypatch.context() as patched,
        pytest.raises(StudyError, match=r"that can be read again$") as told,
    ):
        patched.setattr(Answers, "_of", lambda *_: [])
        steer(study, text=text, **SEVEN, **ablate, output="table")
    assert "role default has no answers" in str(told.value) and "interventions" not in str(told.value)


def test_a_role_that_is_not_read_yet_is_answered_with_the_command_that_reads_it(
    make_study: StudyMaker,
) -> None:
    study = make_study("steered", {"roles.include": [*made(make_study).role_names, "judge"]})
    with pytest.raises(StudyError, match="role judge is not read yet .*`persona run steered --roles judge`"):
        steer(study, text="Hello", **NONE | {"role": "judge"}, **ASKED, output="table")


def test_what_cannot_be_steered_is_refused_in_a_line(make_study: StudyMaker) -> None:
    study = make_study("none")
    for what, message in (
        (NONE, "say what is edited"),
        ({**SEVEN, "role": "pirate"}, "give only one of --feature and --role"),
        ({**SEVEN, "axis": True}, "give only one of --feature and --axis"),
        ({**SEVEN, "axis_file": Path("a.pt")}, "give only one of --feature and --axis-file"),
        ({**SEVEN, "role_file": Path("a.pt")}, "give only one of --feature and --role-file"),
        (NONE | {"role_file": Path("a.pt")}, "--role-file and --from-file go together"),
        ({**SEVEN, "from_file": Path("a.pt")}, "--role-file and --from-file go together"),
        (NONE | {"role": "pirat"}, "no role 'pirat'"),
        ({**SEVEN, "strengths": [1.0, 1.0]}, "--strength 1 is given twice"),
        ({**SEVEN, "strengths": [math.nan]}, "--strength nan: must be a finite number"),
        ({**SEVEN, "strengths": [3.0], "operation": "ablate"}, "leave --strength out"),
        ({**SEVEN, "feature": 10**6}, r"no feature 1000000: SAE demo has 2,048 features"),
        ({**SEVEN, "text": " "}, "the text is empty"),
        ({**SEVEN, "text": "caf\udce9"}, "the text holds half of a surrogate pair"),
        ({**SEVEN, "system": ""}, "--system is empty"),
        (SEVEN, "the roles are not compared yet under SAE demo"),
    ):
        with pytest.raises(StudyError, match=message):
            steer(study, **{"text": "Hello"} | ASKED | what, output="table")
    without = make_study("none", {"analysis": {"exclude": ["default"]}})
    with pytest.raises(StudyError, match=r"role 'default' is left out of comparisons by analysis\.exclude"):
        steer(without, text="Hello", **SEVEN, **ASKED, output="table")
    refused = CliRunner().invoke(app, ["steer", "none", "Hello", "--feature", "7", "--seed", str(2**64)])
    assert refused.exit_code == 2 and "--seed" in refused.output
