"""Texts tried on the live server: the same numbers as in the lake, within bounds, one at a time."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import Any

import pytest
from starlette.testclient import TestClient

from persona_assets.drift.transcript import Transcript
from persona_assets.drift.trials import Trials, prompt_transcript
from persona_assets.explorer.server import model as model_of_server
from persona_assets.explorer.server import trying
from persona_assets.explorer.server.app import make_app
from persona_assets.explorer.server.model import Model
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.explorer.contract import check
from tests.explorer.served import Served

TEXT = "Who are you? Tell me of the sea."


def post(served: Served, body: Any, **options: Any) -> Any:
    return served.client.post(f"{served.address}api/try", json=body, **options)


def tried(served: Served, text: str = TEXT, conversation: bool = False) -> Any:
    answer = post(served, {"text": text, "sae": "demo", "conversation": conversation})
    assert answer.status_code == 200, answer.text
    check("TriedTexts", answer.json())
    return answer.json()


def test_a_text_has_the_models_activations_beside_what_the_study_knows(
    with_model: Served, toy: Study
) -> None:
    [told] = tried(with_model)["texts"]
    with closing(Trials(toy)) as trials:
        [own] = trials.tried(prompt_transcript(TEXT), "demo")
    assert told["pieces"] == own.pieces and "".join(told["pieces"]).strip() == TEXT
    top = {feature for _, feature, _ in own.strongest(trying.TOP)}
    assert {one["feature_id"] for one in told["features"]} == top
    assert [one["max"] for one in told["features"]] == sorted(
        (one["max"] for one in told["features"]), reverse=True
    )
    with connect(toy) as warehouse:
        for one in told["features"]:
            place = own.feature.tolist().index(one["feature_id"])
            mine = own.of == place
            assert one["tokens"] == own.token[mine].tolist() and one["n_active"] == len(one["tokens"])
            assert one["values"] == pytest.approx(own.value[mine].tolist(), rel=1e-4)
            assert one["max"] == pytest.approx(max(one["values"]))
            [(rate,)] = warehouse.execute(
                "select token_rate from feature_shape($1)", [one["feature_id"]]
            ).fetchall()
            most = "select max(max) from activations where feature_id = $1"
            [(strongest,)] = warehouse.execute(most, [one["feature_id"]]).fetchall()
            assert one["token_rate"] == (pytest.approx(rate, rel=1e-5) if rate else rate or 0)
            assert one["strongest"] == (None if strongest is None else pytest.approx(strongest, rel=1e-5))


def test_the_answers_of_a_conversation_are_read(with_model: Served) -> None:
    said = [
        ("user", "Hello."),
        ("assistant", "I am here."),
        ("user", "And?"),
        ("assistant", "The sea, matey."),
    ]
    talk = json.dumps([{"role": role, "content": text} for role, text in said])
    texts = tried(with_model, talk, conversation=True)["texts"]
    assert ["".join(one["pieces"]).strip() for one in texts] == ["I am here.", "The sea, matey."]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": " ", "sae": "demo"}, "the text is empty"),
        ({"text": "a\0b", "sae": "demo"}, "without NUL"),
        ({"text": 3, "sae": "demo"}, "the body must be"),
        ({"text": "a", "sae": "x"}, "sae must be one of demo"),
        ({"text": "a", "sae": ["demo"]}, "sae must be one of demo"),
        ({"text": "a", "sae": "demo", "conversation": 1}, "the body must be"),
        ({"text": "a", "sae": "demo", "conversation": True}, "the text: not valid JSON"),
        ({"text": "[]", "sae": "demo", "conversation": True}, "nothing to read"),
        ({"text": "x" * trying.LONGEST, "sae": "demo"}, "a text has at most 20,000 bytes"),
        ({"text": "a <eos> b", "sae": "demo"}, "control token"),
        ([], "the body must be"),
    ],
)
def test_what_cannot_be_tried_is_one_line(with_model: Served, body: Any, said: str) -> None:
    answer = post(with_model, body)
    assert answer.status_code == 400, answer.text
    check("Problem", answer.json())
    assert said in answer.json()["error"] and "\n" not in answer.json()["error"]


def test_pages_of_others_may_not_ask(with_model: Served) -> None:
    body = {"text": TEXT, "sae": "demo"}
    assert post(with_model, body, headers={"origin": "https://evil.example"}).status_code == 403
    plain = {"content-type": "text/plain"}
    assert (
        with_model.client.post(f"{with_model.address}api/try", content="{}", headers=plain).status_code == 400
    )


def test_without_the_model_it_says_how_to_start_it(live: Served, with_model: Served) -> None:
    assert (live.get("api/try").json(), with_model.get("api/try").json()) == (
        {"ready": False},
        {"ready": True},
    )
    answer = post(live, {"text": TEXT, "sae": "first"})
    assert answer.status_code == 409 and "persona explore small --model" in answer.json()["error"]


class Waiting(Trials):
    """A model that waits to be let go on."""

    go = threading.Event()

    def tried(self, transcript: Transcript, sae: str) -> list[Any]:
        """Return what fires, once it may."""
        assert self.go.wait(60)
        return super().tried(transcript, sae)


def test_who_waits_too_long_is_told_and_the_next_is_answered(
    toy: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "SECONDS", 0.3)
    model = Waiting(toy)
    app = make_app(toy, model=Model(model))
    with TestClient(app, base_url="http://127.0.0.1") as client, closing(model):
        answer = client.post("/api/try", json={"text": TEXT, "sae": "demo"})
        assert (answer.status_code, answer.json()["error"][:9]) == (408, "timed out")
        monkeypatch.setattr(trying, "SECONDS", 60)
        monkeypatch.setattr(model_of_server, "WAIT", 0.1)
        answer = client.post("/api/try", json={"text": TEXT, "sae": "demo"})
        assert (answer.status_code, "busy with another text" in answer.json()["error"]) == (503, True)
        model.go.set()
        monkeypatch.setattr(model_of_server, "WAIT", 60)
        assert client.post("/api/try", json={"text": TEXT, "sae": "demo"}).status_code == 200
