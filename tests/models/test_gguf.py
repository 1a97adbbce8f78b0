from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import directory_hash
from persona_assets.models.gguf import SOURCE, convert
from tests.models.tiny_gguf import tiny_llama, write_gguf


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", tiny_llama())


@pytest.fixture(scope="module")
def folder(file: Path) -> Path:
    convert(file, file.parent / "converted")
    return file.parent / "converted"


def test_the_converted_model_computes_what_the_original_does(folder: Path) -> None:
    converted = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = torch.arange(40)[None] + 3
    with torch.inference_mode():
        wanted, got = tiny_llama().to(torch.bfloat16).float()(ids).logits, converted(ids).logits
    torch.testing.assert_close(got, wanted)


def test_the_tokenizer_comes_along_with_its_chat_template(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = [{"role": "user", "content": "hey"}]
    ids = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
    assert tokenizer.decode(ids) == "<|im_start|>user\nhey<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.eos_token == "<|im_end|>"


def test_the_folder_says_what_it_was_made_from_and_nothing_of_this_machine(folder: Path, file: Path) -> None:
    assert file.name in (folder / SOURCE).read_text()
    for text in folder.glob("*.json"):
        assert str(file.parent) not in text.read_text()


def test_converting_twice_gives_the_same_model_and_draws_no_bar_in_a_log(
    file: Path, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    convert(file, tmp_path / "again")
    assert capfd.readouterr().err == ""
    assert directory_hash(tmp_path / "again") == directory_hash(folder)


def test_what_is_there_already_stays_as_it_is(file: Path, folder: Path) -> None:
    before = (folder / "model.safetensors").stat().st_mtime_ns
    convert(file, folder)
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_a_folder_that_holds_something_else_is_not_touched(file: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StudyError, match="holds something else"):
        convert(file, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_that_is_no_gguf_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"PK\x03\x04 something")
    with pytest.raises(StudyError, match="is not a GGUF file"):
        convert(tmp_path / "model.gguf", tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("size", [4, 24, 400, 20_000])
def test_a_file_cut_short_is_refused_in_a_line_and_leaves_nothing(
    size: int, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "cut.gguf").write_bytes(file.read_bytes()[:size])
    with pytest.raises(StudyError) as raised:
        convert(tmp_path / "cut.gguf", tmp_path / "to")
    assert "\n" not in str(raised.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["cut.gguf"]


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    bare = write_gguf(tmp_path / "bare.gguf", tiny_llama(), template=None)
    with pytest.raises(StudyError, match="holds no chat template"):
        convert(bare, tmp_path / "to")


def test_an_architecture_that_cannot_be_converted_is_named(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other.gguf").write_bytes(
        file.read_bytes().replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0yamma", 1)
    )
    with pytest.raises(StudyError, match="yamma"):
        convert(tmp_path / "other.gguf", tmp_path / "to")
