"""Loading what somebody else saved: no code of theirs runs, and whatever is wrong is one line."""

from __future__ import annotations

import builtins
import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone
from persona_assets.models.loading import hub_answers, load_tokenizer, text_config
from tests.generate.models import copy_of_model


def load(model: str) -> None:
    load_tokenizer(model)
    Backbone.load(model, None, text_config(model), 1, "float32", "cpu")


def refusal(model: str) -> str:
    with pytest.raises(StudyError) as told:
        load(model)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_code_that_comes_with_a_model_is_neither_run_nor_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: Any) -> str:
        raise AssertionError("somebody is asked")

    monkeypatch.setattr(builtins, "input", asked)
    own = {"AutoConfig": "own.Config", "AutoModel": "own.Model", "AutoTokenizer": ["own.Tokenizer", None]}

    def bring_code(content: dict[str, Any]) -> None:
        content.update(auto_map=own, model_type="own")

    model = copy_of_model(tmp_path / "model", config=bring_code)
    (tmp_path / "model" / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert "models that bring code of their own are not served" in refusal(model)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("config.json", b"[]", "cannot load model"),
        ("config.json", b"[" * 100_000, "cannot load model"),
        ("tokenizer.json", b"{}", "cannot load model"),
        ("tokenizer_config.json", b"\xff", "cannot load model"),
        ("model.safetensors", b"\x80\x04cos\nsystem\n.", "cannot load model"),
        ("chat_template.jinja", b"", "has no chat template"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, file: str, content: bytes, complaint: str) -> None:
    model = copy_of_model(tmp_path / "model")
    (Path(model) / file).write_bytes(content)
    assert complaint in refusal(model)


def test_named_templates_without_a_default_are_told(tmp_path: Path) -> None:
    model = copy_of_model(tmp_path / "model")
    (Path(model) / "chat_template.jinja").unlink()
    file = Path(model) / "tokenizer_config.json"
    named = [{"name": "tool_use", "template": "x"}, {"name": "rag", "template": "y"}]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"chat_template": named}))
    assert "chat templates of several names (tool_use, rag), but none is called `default`" in refusal(model)


def test_a_packaged_model_that_was_not_fetched_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))
    (tmp_path / "pyproject.toml").write_text("[tool.dg.project]\n")
    assert "`persona models fetch smollm2` brings it" in refusal("models/smollm2")


def test_a_model_of_a_hub_that_cannot_be_reached_is_told_in_a_whole_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(StudyError, match=r"the hub cannot be reached, and .* no copy of it; name a folder"):
        load_tokenizer("nobody/no-such-model", None)


def test_a_hub_that_cannot_be_reached_is_asked_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = silent.accept()
                except OSError:
                    return
                asked.append(connection)
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        hub_answers.cache_clear()
        try:
            for model in ("nobody/no-such-model", "nobody/another"):
                with pytest.raises(StudyError, match="the hub cannot be reached, and"):
                    text_config(model)
        finally:
            hub_answers.cache_clear()
        silent.shutdown(socket.SHUT_RDWR)
    assert len(asked) == 1
