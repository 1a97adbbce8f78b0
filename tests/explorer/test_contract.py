"""That the contract refuses what it should, and that the front end has it as it is."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import pytest

from persona_assets.explorer.contract import ANSWERS
from persona_assets.explorer.resources.registry import RESOURCES
from tests.explorer.contract import check
from tests.explorer.typescript import FILES, FOLDER

LABEL = {"description": "a", "source": "api", "model": None, "scores": []}
ENTRY = {
    "role": "a",
    "status": "fresh",
    "n_responses": 1,
    "n_prompts": 1,
    "excluded": False,
    "read_by": ["demo"],
}
TOKENS = {"piece": ["a"], "projection": [1], "scaled": [0.5]}


@pytest.mark.parametrize("file", FILES)
def test_the_front_end_has_the_contract_paths_and_columns_as_they_are(file: str):
    assert (FOLDER / file).read_text(encoding="utf-8") == FILES[file](), "run `make generated`"


def test_every_resource_gives_a_type_of_the_contract_and_has_a_name_of_its_own():
    assert len({resource.name for resource in RESOURCES}) == len(RESOURCES)
    for resource in RESOURCES:
        given = get_args(resource.gives)[0] if get_origin(resource.gives) is list else resource.gives
        assert given in ANSWERS.values(), resource.name


def test_what_the_contract_says_is_taken():
    check("Label", LABEL)
    check("RoleEntry", ENTRY)
    check("DriftTokens", TOKENS)
    check("Problem", {"error": "no", "line": 3})


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Label", LABEL | {"model": 3}),
        ("Label", LABEL | {"more": 3}),
        ("Label", {"description": "a", "source": "api"}),
        ("RoleEntry", ENTRY | {"status": "ripe"}),
        ("RoleEntry", ENTRY | {"excluded": 0}),
        ("RoleEntry", ENTRY | {"n_prompts": True}),
        ("Problem", {"error": "no", "line": None}),
        ("Histogram", {"edges": [0, None], "counts": [1], "n_silent": 0}),
        ("ResponseHit", {"kind": "progress", "done": 1}),
        ("DriftTokens", TOKENS | {"scaled": []}),
    ],
)
def test_an_answer_of_another_type_is_refused(name: str, answer: Any):
    with pytest.raises(AssertionError):
        check(name, answer)
