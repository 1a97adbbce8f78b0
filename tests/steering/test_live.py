"""`persona steer`: the plain answer and the edited ones, of one seed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.steered import print_steered
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.models.chat import ChatFormat
from persona_assets.stages.dtypes import decided_generation
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.steering.test_stage import made

ASKED: dict[str, Any] = {"operation": "add", "strengths": [0.0, 40.0], "system": None, "seed": 3, "sae": None}


def plain(study: Study, text: str) -> str:
    backend = TransformersBackend(decided_generation(study))
    ids = ChatFormat(backend.tokenizer, study.template).prompt_ids(None, text, ("", ""))
    [answer] = backend.complete([Prompt(0, 0, None, text, ids, seed=3)])
    return answer.text


def test_the_plain_answer_stands_above_those_under_an_edit(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    study, text = made(make_study), "What do you see?"
    capsys.readouterr()
    for what in ({"feature": 7, "role": None}, {"feature": None, "role": "pirate"}):
        print_steered(study, text, **what, **ASKED, output="json")
        as_it_is, nothing, edited = json.loads(capsys.readouterr().out)
        assert as_it_is["target"] is None and as_it_is["response"] == plain(study, text)
        assert nothing["response"] == as_it_is["response"] != edited["response"]
        assert edited["target"] == ("feature 7" if what["feature"] else "vector of pirate")
    print_steered(study, text, feature=7, role=None, **ASKED | {"operation": "ablate"}, output="table")
    blocks = capsys.readouterr().out.split("== ")
    assert (
        blocks[0] == "" and blocks[1].startswith("as it is\n") and blocks[2].startswith("feature 7, ablate\n")
    )


def test_what_cannot_be_steered_is_refused_in_a_line(make_study: StudyMaker) -> None:
    study = make_study("none")
    for what, message in (
        ({"feature": None, "role": None}, "say what is edited"),
        ({"feature": 7, "role": "pirate"}, "say what is edited"),
        ({"feature": None, "role": "pirat"}, "no role 'pirat'"),
        ({"feature": 7, "role": None, "strengths": [1.0, 1.0]}, "names one twice"),
        ({"feature": 7, "role": None}, "the roles are not compared yet under SAE demo"),
    ):
        with pytest.raises(StudyError, match=message):
            print_steered(study, "Hello", **ASKED | what, output="table")
