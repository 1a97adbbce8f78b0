"""Labels scored by a model behind a real server, which knows the sea, or nothing, or says what it likes."""

import json
import re

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.in_flight import Parts
from persona_assets.lake.lake import Lake
from persona_assets.lake.schema import SCORING
from persona_assets.scoring.items import ITEMS
from persona_assets.scoring.score import better_than_chance
from persona_assets.scoring.scorer import Claim, Said, score_claims
from persona_assets.study.settings.judge import JudgeSettings
from tests.generate.misbehaving_server import Request, serving
from tests.scoring.test_items import excerpt

FIRING = [excerpt(f"The| sea| {number}", 0.0, 2.0, 0.0) for number in range(8)]
SILENT = [excerpt(f"The| law| {number}") for number in range(8)]
CLAIMS = [Claim(3, "the sea", FIRING, SILENT), Claim(7, "moons", FIRING, SILENT)]


def asking(url, **more):
    engine = {"base_url": url, "concurrency": 2, "retries": 0}
    return JudgeSettings(
        backend="openai", model="tests/toy/data/model", engine=engine, **({"max_tokens": 40} | more)
    ).asking


@pytest.fixture
def score_labels(tmp_path):
    """Return the scores of claims, without a study."""

    def score(asking, claims, scorers=tuple(ITEMS), **more):
        lake = Lake(tmp_path, "alone")
        parts = {
            name: Parts(lake, SCORING, Said, f"{name:0<16}", sae="demo", key="number") for name in scorers
        }
        model = AskedModel(asking, who="scorer")
        return score_claims(model, claims, scorers, parts, whom={}, known={}, **more)

    return score


def answering(tokenizer, said=None):
    """Answer 1 where an excerpt holds (in marks, if there are any) the word that the label ends with."""

    async def behave(request: Request) -> None:
        ids = request.body["prompt"]
        asked = (
            tokenizer.decode(ids[0] if isinstance(ids[0], list) else ids) if not isinstance(ids, str) else ids
        )
        word = "sea" if "the sea" in asked else "moon"
        excerpts = re.findall(r"^\d+\. (.*)$", asked, re.MULTILINE)
        marked = f"<< {word}>>" if "like this" in asked else word
        text = said or str([int(marked in one) for one in excerpts])
        choice = {"text": text, "finish_reason": "stop", "logprobs": None}
        await request.reply(200, json.dumps({"choices": [choice]}).encode())

    return behave


@pytest.fixture(scope="module")
def tokenizer():
    from persona_assets.models.loading import load_tokenizer

    return load_tokenizer("tests/toy/data/model", None)


def test_a_label_that_foretells_is_found_by_both_scorers_and_one_that_does_not_is_not(
    tokenizer, score_labels
):
    steps = []
    with serving(answering(tokenizer)) as server:
        found = score_labels(asking(server.url), CLAIMS, progress=lambda *step: steps.append(step))
    assert [(one.scorer, one.feature_id, one.score.score, better_than_chance(one.q)) for one in found] == [
        ("detection", 3, 1, True),
        ("detection", 7, 0.5, False),
        ("fuzzing", 3, 1, True),
        ("fuzzing", 7, 0.5, False),
    ]
    assert all((one.score.n, one.score.n_unparsed) == (16, 0) for one in found)
    assert steps[-1] == (4, 4) and len(steps) == 16  # labels by scorers; in batches of 5, 5, 5 and 1
    assert found[0].q == pytest.approx(2 * found[0].score.p)


def test_answers_that_say_something_else_are_wrong_and_counted(tokenizer, score_labels):
    with serving(answering(tokenizer, said="Arr, the sea!")) as server:
        [found] = score_labels(asking(server.url), CLAIMS[:1], ["detection"])
    assert len(server.requests) == 4
    assert (found.score.score, found.score.n, found.score.n_unparsed) == (0, 16, 16)
    assert not better_than_chance(found.q)


def test_what_holds_a_control_token_is_not_asked(tokenizer, score_labels):
    control = tokenizer.eos_token
    forged = [excerpt(f"The| sea|{control}", 0.0, 2.0, 0.0)]
    claims = [Claim(3, "the sea", [*FIRING, *forged], SILENT), Claim(4, f"the sea{control}", FIRING, SILENT)]
    with serving(answering(tokenizer)) as server:
        shown, label = score_labels(asking(server.url), claims, ["detection"])
    assert (shown.score.n, shown.n, shown.n_left_out) == (16, 16, 1) and better_than_chance(shown.q)
    assert (label.score, label.q, label.n, better_than_chance(label.q)) == (None, None, 0, False)
    assert label.why_unscored == "the label holds a control token of the model"


def test_what_is_a_control_token_once_it_is_marked_is_not_asked(tokenizer, score_labels):
    word = tokenizer.eos_token[1:-1]  # between marks it would end the question
    forged = [excerpt(f"The| |{word}", 0.0, 0.0, 2.0)]
    with serving(answering(tokenizer)) as server:
        claims = [Claim(3, "the sea", [*FIRING, *forged], SILENT)]
        [detection, fuzzing] = score_labels(asking(server.url), claims)
    assert (detection.n, detection.n_firing, detection.n_left_out) == (17, 9, 0)
    assert (fuzzing.n, fuzzing.n_firing, fuzzing.n_left_out) == (16, 8, 1)


def test_a_label_without_excerpts_of_both_kinds_is_not_asked_about_and_says_why(score_labels):
    claims = [Claim(3, "the sea", [], SILENT), Claim(4, "the sea", FIRING, [])]
    found = score_labels(asking("http://127.0.0.1:9"), claims)
    assert [one.why_unscored for one in found] == [
        "no held-out excerpt in which the feature fires",
        "no held-out excerpt in which the feature is silent",
    ] * 2
    assert {(one.score, one.q, one.n, one.n_firing) for one in found} == {(None, None, 0, 0)}
    assert [one.n_left_out for one in found] == [0, 0, 8, 0]


def test_the_order_of_truths_differs_from_feature_to_feature(score_labels, tokenizer):
    with serving(answering(tokenizer)) as server:
        score_labels(asking(server.url), [Claim(n, "moons", FIRING, SILENT) for n in (3, 7)], ["detection"])
    prompts = [request.body["prompt"] for request in server.requests]
    assert sorted(map(str, prompts[:4])) != sorted(map(str, prompts[4:]))


def test_a_prompt_without_room_is_refused_in_one_line(score_labels):
    with pytest.raises(StudyError, match=r"detection, feature 3: .* below max_model_len = 64; raise it"):
        score_labels(asking("http://127.0.0.1:9", max_model_len=64), CLAIMS, ["detection"])
