"""Answers steered on the live server: those of the command, within bounds, read back without an edit."""

from __future__ import annotations

import gc
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from starlette.testclient import TestClient
from typer.testing import CliRunner

from persona_assets.base.errors import StudyError
from persona_assets.cli.app import app
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Message, Transcript
from persona_assets.drift.trials import Trials, prompt_transcript
from persona_assets.explorer.server import steering
from persona_assets.explorer.server.app import make_app
from persona_assets.explorer.server.model import Model
from persona_assets.extract.stage import ExtractionStage
from persona_assets.lake.schema import DRIFT_TURNS
from persona_assets.steering.beside import LivePairs, Question, Wanted
from persona_assets.steering.caps import Cap, Floor, capped, write_cap
from persona_assets.steering.live import Steering, live_settings
from persona_assets.steering.offered import Offered
from persona_assets.steering.target import Target
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.explorer.contract import check
from tests.explorer.served import Served, start

AXIS = {"axis": True, "operation": "add", "strength": -40}
SEVEN = {"feature": 7, "operation": "add", "strength": 20}
ASKED = {"text": "What do you see?", "system": None, "sae": "demo", "edits": [SEVEN], "seed": 3}


def post(served: Served, body: Any, **options: Any) -> Any:
    return served.client.post(f"{served.address}api/steer", json=body, timeout=120, **options)


def steered(served: Served, **more: Any) -> Any:
    answer = post(served, ASKED | more)
    assert answer.status_code == 200, answer.text
    check("Steered", answer.json())
    return answer.json()


def test_the_answers_are_those_of_the_command_and_are_read_without_an_edit(
    with_model: Served, here: Study
) -> None:
    told = steered(with_model)
    with closing(Steering(here)) as own:
        prompt = own.prompt("demo", None, ASKED["text"], 3)
        planned = own.planned("demo", live_settings(here, Target(feature=7), "add", [20]))
        plain, edited = own.answers("demo", [one.edit for one in planned], prompt, whole=False)
    assert (told["plain"]["text"], told["steered"]["text"]) == (plain.text, edited.text)
    assert plain.text != edited.text and not told["unchanged"]
    assert told["edits"] == [
        {
            "target": "feature 7",
            "operation": "add",
            "strength": 20,
            "level": pytest.approx(planned[1].level, rel=1e-4),
        }
    ]
    [feature] = told["features"]
    for name in ("plain", "steered"):
        answer, place = told[name], told[name]["place"]
        assert "".join(answer["pieces"]) == answer["text"]
        assert len(feature[name]) == len(place["tokens"]) == len(answer["pieces"])
    shares = [*told["plain"]["place"]["scaled"], *told["steered"]["place"]["scaled"]]
    assert (min(shares), max(shares)) == (0, 1)


def test_edits_are_made_together_and_nothing_is_the_plain_answer(with_model: Served) -> None:
    nothing = steered(
        with_model, edits=[SEVEN | {"strength": 0}, {"role": "pirate", "operation": "add", "strength": 0}]
    )
    assert nothing["unchanged"] and nothing["plain"] == nothing["steered"]
    assert [one["target"] for one in nothing["edits"]] == ["feature 7", "vector of pirate"]
    alone, both = (steered(with_model, edits=edits) for edits in ([SEVEN], [AXIS | {"strength": -20}, SEVEN]))
    assert alone["steered"]["text"] != both["steered"]["text"]
    whole = steered(with_model, prompt=True)
    assert whole["plain"]["text"] == alone["plain"]["text"]
    assert whole["steered"]["text"] != alone["steered"]["text"]


def test_files_that_the_server_was_started_with_are_offered_by_name_and_steer(
    with_model: Served, here: Study, steerable: tuple[Path, Path]
) -> None:
    axis, cap = steerable
    state = with_model.get("api/steer?sae=demo").json()
    assert state["axis_files"] == [axis.name]
    floors = [{"layer": 1, "threshold": 2}, {"layer": 3, "threshold": 2}]
    assert state["cap_files"] == [{"name": cap.name, "floors": floors}]
    with closing(Steering(here)) as own:
        prompt = own.prompt("demo", None, ASKED["text"], 3)
        planned = own.planned("demo", live_settings(here, Target(file=str(axis)), "add", [20]))
        _, edited = own.answers("demo", [one.edit for one in planned], prompt, whole=False)
        backend = own._hold("demo").backend._backend
        with capped(backend.model, cap):
            backend.shares = False
            [held] = backend.complete([prompt])
    along = steered(with_model, edits=[{"axis_file": axis.name, "operation": "add", "strength": 20}])
    assert along["edits"][0]["target"] == f"axis of {axis.name}"
    assert along["steered"]["text"] == edited.text != along["plain"]["text"]
    under = steered(with_model, edits=[{"cap_file": cap.name}])
    assert under["edits"] == [
        {"target": f"cap {cap.name}", "operation": "floor", "strength": None, "level": None}
    ]
    assert under["plain"]["text"] == along["plain"]["text"] != under["steered"]["text"] == held.text
    both = steered(with_model, edits=[{"cap_file": cap.name}, SEVEN])
    assert [one["target"] for one in both["edits"]] == ["feature 7", f"cap {cap.name}"]
    aside = axis.rename(axis.with_suffix(".aside"))
    gone = post(with_model, ASKED | {"edits": [{"axis_file": axis.name, "operation": "add", "strength": 20}]})
    aside.rename(axis)
    assert gone.status_code == 400 and axis.name in gone.text and str(axis.parent) not in gone.text


# Each answer has 20,000 tokens, which takes minutes.
LONG_ANSWERS = """
from persona_assets.generate import transformers
answered = transformers.TransformersBackend._complete_batch
def at_length(self, batch):
    print("answering", flush=True)
    longer = {"max_tokens": 20_000, "max_model_len": 30_000}
    self.generation = self.generation.model_copy(update=longer)
    return answered(self, batch)
transformers.TransformersBackend._complete_batch = at_length
"""


def test_ctrl_c_ends_it_while_the_model_answers_and_the_asker_is_told(toy: Study) -> None:
    process = start(toy, toy.lake.root, words=["--model"], first=LONG_ANSWERS)
    assert process.stdout is not None
    address = process.stdout.readline().split()[1]
    with ThreadPoolExecutor(1) as asker, httpx.Client(timeout=300) as client:
        answer = asker.submit(client.post, f"{address}api/steer", json=ASKED)
        assert process.stdout.readline() == "answering\n"
        process.send_signal(signal.SIGINT)
        try:
            _, complaint = process.communicate(timeout=60)
        finally:
            process.kill()
        told = answer.result()
    assert told.status_code == 503 and told.json()["error"] == "the explorer is ended"
    assert process.returncode == 0 and "Traceback" not in complaint


def test_files_that_are_not_of_the_studys_model_are_refused_in_a_line(
    toy: Study, steerable: tuple[Path, Path], tmp_path: Path
) -> None:
    axis, cap = steerable
    torch.save({"axis": torch.randn(7, 192)}, tmp_path / axis.name)
    unit = torch.eye(8)[0]
    write_cap(Cap((Floor(unit, 0.0, 1),), "model"), tmp_path / "narrow.safetensors")
    for axes, caps, said in (
        ([tmp_path / axis.name], [], "has 7 layers, 192 wide; the study's model has 6"),
        ([axis, tmp_path / axis.name], [], f"--axis-file: two files are called {axis.name}"),
        ([cap], [], "is no file of tensors and plain values alone"),
        ([], [axis], "cannot be read as safetensors"),
        ([], [tmp_path / "narrow.safetensors"], "--cap-file narrow.safetensors: is of layer 1, 8 wide"),
        ([tmp_path / "none.pt"], [], "none.pt"),
    ):
        with pytest.raises(StudyError, match=re.escape(said)):
            Offered.read(toy, axes, caps)
    refused = CliRunner().invoke(app, ["explore", str(toy.file), "--axis-file", str(axis)])
    assert isinstance(refused.exception, StudyError) and "takes --model" in str(refused.exception)


@pytest.fixture
def here(toy: Study, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study that `with_model` serves, for this process."""
    monkeypatch.setenv("PERSONA_LAKE", toy.lake.root)
    return toy


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": " "}, "the text is empty"),
        ({"text": "a\0b"}, "without NUL"),
        ({"text": 3}, "the body must be"),
        ({"text": "a <eos> b"}, "control token"),
        ({"text": "x" * steering.LONGEST}, "at most 8,000 bytes"),
        ({"text": "see " * 900}, "which leaves no room"),
        ({"system": ""}, "the system prompt is empty"),
        ({"sae": "x"}, "sae must be one of demo"),
        ({"seed": -1}, "the body must be"),
        ({"seed": True}, "the body must be"),
        ({"prompt": 1}, "the body must be"),
        ({"edits": []}, "a list of 1 to 4"),
        ({"edits": [SEVEN] * 5}, "a list of 1 to 4"),
        ({"edits": ["x"]}, "an edit must be"),
        ({"edits": [SEVEN | {"role": "pirate"}]}, "an edit must be"),
        ({"edits": [SEVEN | {"feature": None}]}, "no feature None"),
        ({"edits": [{"role": None, "operation": "add"}]}, "no role None"),
        ({"edits": [{"axis": None, "operation": "add"}]}, "an edit must be"),
        ({"edits": [{"axis_file": "/etc/passwd", "operation": "add"}]}, "is offered here (--axis-file"),
        ({"edits": [{"axis_file": None, "operation": "add"}]}, "is offered here (--axis-file"),
        ({"edits": [{"cap_file": "../floors.safetensors"}]}, "is offered here (--cap-file"),
        ({"edits": [{"cap_file": ["floors.safetensors"]}]}, "is offered here (--cap-file"),
        ({"edits": [{"cap_file": "floors.safetensors", "strength": 1}]}, "an edit must be"),
        (
            {"edits": [{"feature": 7, "operation": "add", "strenght": 5}]},
            "no key 'strenght'; did you mean strength?",
        ),
        ({"sytem": "Be brief."}, "no key 'sytem'; did you mean system?"),
        ({"edits": [{"axis": False, "operation": "add"}]}, "an edit must be"),
        ({"edits": [SEVEN | {"operation": ["add"]}]}, "an edit must be"),
        ({"edits": [SEVEN | {"strength": 20.5}]}, "a strength must be a number from -20 to 20"),
        ({"edits": [SEVEN | {"strength": 10**400}]}, "a strength must be"),
        ({"edits": [SEVEN | {"strength": "1"}]}, "a strength must be"),
        ({"edits": [SEVEN | {"feature": 10**6}]}, "SAE demo has 0 to 2047"),
        ({"edits": [SEVEN | {"feature": True}]}, "no feature True"),
        ({"edits": [{"role": "pirat", "operation": "add"}]}, "no role 'pirat'"),
    ],
)
def test_what_cannot_be_steered_is_one_line(with_model: Served, body: Any, said: str) -> None:
    answer = post(with_model, ASKED | body)
    assert answer.status_code == 400, answer.text
    check("Problem", answer.json())
    assert said in answer.json()["error"] and "\n" not in answer.json()["error"]


def test_who_may_not_ask_or_has_no_model_is_told(live: Served, with_model: Served) -> None:
    assert post(with_model, ASKED, headers={"origin": "https://evil.example"}).status_code == 403
    answer = post(live, ASKED | {"sae": "first"})
    assert answer.status_code == 409 and "persona explore small --model" in answer.json()["error"]
    states = [live.get("api/steer?sae=first").json(), with_model.get("api/steer?sae=demo").json()]
    for state in states:
        check("SteerState", state)
    assert [(one["ready"], one["problem"]) for one in states] == [(False, None), (True, None)]
    assert with_model.get("api/steer?sae=x").status_code == 400


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB"), MemoryError()]
)
def test_where_memory_runs_out_one_line_says_so_and_the_model_is_let_go(
    here: Study, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = list[str]()

    def beside(*_: Any) -> None:
        raise error

    monkeypatch.setattr(LivePairs, "beside", beside)
    monkeypatch.setattr(LivePairs, "close", lambda _: closed.append("steering"))
    monkeypatch.setattr(ExtractionStage, "close", lambda _: closed.append("reading"))
    with TestClient(make_app(here, model=Model(Trials(here))), base_url="http://127.0.0.1") as client:
        answer = client.post("/api/steer", json=ASKED)
        assert closed == ["steering", "reading"]
    assert answer.status_code == 503 and answer.json()["error"].startswith("memory ran out")
    assert "\n" not in answer.json()["error"]


def test_the_studies_that_cannot_be_steered_say_why(make_study: StudyMaker) -> None:
    elsewhere = {
        "generation": {"backend": "openai", "model": "m", "engine": {"base_url": "http://127.0.0.1:9"}}
    }
    for changes, said in (
        ({}, "the roles are not compared yet under SAE demo"),
        (elsewhere, "answers elsewhere"),
        ({"analysis.anchor": "nobody"}, "analysis.anchor: none has no role 'nobody'"),
    ):
        study = make_study("none", changes)
        with TestClient(make_app(study, model=Model(Trials(study))), base_url="http://127.0.0.1") as client:
            state = client.get("/api/steer?sae=demo").json()
            check("SteerState", state)
            assert not state["ready"] and said in state["problem"]


def test_an_answer_has_the_place_that_drift_gives_it_and_a_band_once_drift_has_run(here: Study) -> None:
    extraction, text = ExtractionStage(here), "What do you see?"
    with closing(extraction), closing(LivePairs(extraction, 12)) as pairs:
        asked = "demo", [Wanted(Target(axis=True), "add", -40.0)], Question(text, None, 3, False)
        found = pairs.beside(*asked)
        assert found.why_no_place is None and len(found.plain.pieces) <= 12
        said = Message("user", text), Message("assistant", found.plain.text)
        landed = DriftStage(extraction).land(Transcript(said, "tried"))
        [turn] = here.lake.read(DRIFT_TURNS, landed[DRIFT_TURNS.name]).to_pylist()
        again = pairs.beside(*asked)
    assert found.plain.place is not None and again.plain.place is not None
    assert found.plain.place.low is None and turn["n_tokens"] == len(found.plain.pieces)
    place = again.plain.place
    assert [place.projection, place.low, place.high, place.p] == pytest.approx(
        [turn["projection"], turn["projection_low"], turn["projection_high"], turn["projection_p"]]
    )
    assert place.projection == found.plain.place.projection
    assert again.steered.place is not None and again.steered.place.low is not None


def test_one_model_reads_places_and_answers_and_is_loaded_again_where_it_was_let_go(here: Study) -> None:
    asked = "demo", [Wanted(Target(role="pirate"), "add", 4.0)], Question("What do you see?", None, 3, False)
    with closing(Trials(here)) as trials, closing(LivePairs(trials.extraction, 6)) as pairs:
        before = models_held()
        trials.load()
        [alone] = trials.tried(prompt_transcript("Ahoy there"), "demo")
        assert models_held() == before + 1
        found = pairs.beside(*asked)
        assert models_held() == before + 1
        [beside] = trials.tried(prompt_transcript("Ahoy there"), "demo")
        assert beside.feature.tolist() == alone.feature.tolist()
        np.testing.assert_allclose(beside.value, alone.value, rtol=1e-3)
        pairs.close()
        trials.close()
        assert models_held() == before
        again = pairs.beside(*asked)
        assert again.steered.text == found.steered.text and models_held() == before + 1


def models_held() -> int:
    gc.collect()  # types, and not isinstance: that asks a weak proxy for its object, which may be gone
    return sum(issubclass(type(one), torch.nn.Embedding) for one in gc.get_objects())
