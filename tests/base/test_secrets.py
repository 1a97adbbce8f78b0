from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.secrets import hidden, looks_secret, without_credentials, without_secrets
from persona_assets.study.importer import import_roles
from persona_assets.study.study import load_study
from tests.conftest import StudyMaker, write_study

SECRET = "sk-SECRETKEY2"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://u:p@host/x", "https://host/x"),
        ("https://u:p@ss@host/x", "https://host/x"),
        ("https://u:p/ss@host/x", "https://host/x"),
        ("https://u:p'ss@host/x", "https://host/x"),
        ("https://token@host:8080/x?y=1", "https://host:8080/x?y=1"),
        ("see 'https://u:p@host/x', or ftp://u:p@other", "see 'https://host/x', or ftp://other"),
        ("postgresql+psycopg2://u:p@host/db", "postgresql+psycopg2://host/db"),
        ("https://host/x?token=sekret&page=2", "https://host/x?token=***&page=2"),
        ("https://host/x?page=2&X-Amz-Signature=abc#top", "https://host/x?page=2&X-Amz-Signature=***#top"),
        ("https://host/x?api_key=abc", "https://host/x?api_key=***"),
        ("https://host/@scope/name@2", "https://host/@scope/name@2"),
        ("https://host:8080/a@b", "https://host:8080/a@b"),
        ("https://[::1]:8080/a@b", "https://[::1]:8080/a@b"),
        ("git@host:roles.git, a@b.c", "git@host:roles.git, a@b.c"),
        ("is it x?key=1", "is it x?key=***"),
    ],
)
def test_urls_are_shown_without_their_secrets(written: str, shown: str) -> None:
    assert without_secrets(written) == shown
    assert without_secrets(shown) == shown


def test_what_is_noted_down_of_a_url_has_no_query_at_all() -> None:
    assert without_credentials("https://u:p@host/x?sekret") == "https://host/x"
    assert without_credentials("/data/what?") == "/data/what?"


def test_what_a_program_says_of_a_url_repeats_none_of_its_secrets() -> None:
    url = "https://us%40er:pa%2Fss@host/x?token=sekret"
    said = hidden("fatal: us@er may not read with pa/ss or pa%2Fss: sekret is refused", url)
    assert said == "fatal: us@er may not read with *** or ***: *** is refused"
    assert hidden(f"fatal: {url} is gone", url) == "fatal: https://host/x is gone"


def test_no_error_shows_a_password() -> None:
    assert str(StudyError("cannot read s3://u:p@bucket/x")) == "cannot read s3://bucket/x"


@pytest.mark.parametrize(
    "value", [SECRET, "hf_abcdefghijklmnop", "Bearer abc", "https://u:p@h", "AKIA0123456789ABCDEF"]
)
def test_keys_are_known_by_their_form(value: str) -> None:
    assert looks_secret(value)


@pytest.mark.parametrize(
    "value", ["google/gemma-3-27b-it", "hf_models/gemma", "cuda:0", "data/sk/x", "float32", 3, None]
)
def test_other_values_are_no_keys(value: Any) -> None:
    assert not looks_secret(value)


@pytest.mark.parametrize(
    ("block", "backend"),
    [
        *(("generation", backend) for backend in ("transformers", "vllm", "openai")),
        *(("extraction", backend) for backend in ("transformers", "vllm")),
    ],
)
@pytest.mark.parametrize(
    "engine",
    [
        SECRET,
        [SECRET],
        {"api_key": "abc"},
        {"hf_token": "abc"},
        {"device": SECRET},
        {"load_format": "hf_abcdefghijklmnop"},
        {"model_loader_extra_config": {"headers": [{"Authorization": "abc"}]}},
        {"served_model": "https://u:abc@host/"},
        {"api_key_env": SECRET},
    ],
)
def test_a_secret_in_engine_is_refused_when_the_study_loads_and_not_shown(
    tmp_path: Path, block: str, backend: str, engine: Any
) -> None:
    if backend == "openai" and isinstance(engine, dict):
        engine = {"base_url": "http://127.0.0.1:8000/v1", **engine}
    file = write_study(tmp_path / "study", {f"{block}.backend": backend, f"{block}.engine": engine})
    with pytest.raises(StudyError) as caught:
        load_study(file)
    assert str(caught.value).startswith(f"{file}: {block}.engine")
    assert not any(secret in str(caught.value) for secret in ("SECRETKEY", "abc"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["labels.api", "labels.export", "generation.model", "questions.file"])
def test_a_url_with_a_password_is_refused_wherever_it_stands(tmp_path: Path, key: str) -> None:
    file = write_study(tmp_path / "study", {key: "https://user:sekret@host/x"})
    with pytest.raises(StudyError, match=rf"{key}: is a URL with a user, password or key") as caught:
        load_study(file)
    assert "sekret" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"generation.engine": {"batchsize": 1}},
            "unknown option 'batchsize' for transformers; did you mean batch_size",
        ),
        ({"generation.engine": {"batch_size": 0}}, "generation.engine.batch_size: .*greater than 0"),
        (
            {"extraction.engine": {"batch": 1}},
            "extraction.engine: unknown option 'batch' for transformers; it takes device, tokens_per_batch",
        ),
        (
            {"generation.backend": "vllm", "generation.engine": {"dtype": "float16"}},
            "generation.engine.dtype: the study says that itself; set generation.dtype instead",
        ),
        (
            {"extraction.backend": "vllm", "extraction.engine": {"model": "x"}},
            "extraction.engine.model: the study says that itself",
        ),
    ],
)
def test_an_option_that_a_backend_does_not_take_is_named_when_the_study_loads(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(StudyError, match=complaint):
        load_study(write_study(tmp_path / "study", changes))


def test_what_vllm_takes_is_no_secret(tmp_path: Path) -> None:
    options = {
        "hf_token": True,
        "tokenizer": "x",
        "max_num_batched_tokens": 1,
        "hf_overrides": {"eos_token": "a"},
    }
    changes = {"generation.backend": "vllm", "generation.engine": options}
    assert load_study(write_study(tmp_path / "study", changes)).settings.generation is not None


def test_of_engine_only_what_changes_the_numbers_is_published(make_study: StudyMaker) -> None:
    options = {"quantization": "fp8", "download_dir": "/home/me", "tensor_parallel_size": 2}
    settings = make_study("mine", {"generation.backend": "vllm", "generation.engine": options}).settings
    published = json.loads(settings.published())
    assert published["generation"]["engine"] == {"quantization": "fp8"}
    unheard: Any = {
        "judge": True,
        "contrasts": True,
        "explanations": True,
        "interventions": True,
        "explanation_scores": True,
        "attribution": True,
        "analysis": {"min_score", "min_responses", "judge"},
    }  # as of a study without
    whole = settings.model_dump(mode="json", exclude=unheard)
    assert published == whole | {"generation": published["generation"]}
    plain = make_study("plain").settings
    assert plain.published() == plain.model_dump_json(exclude=unheard)


def test_an_import_neither_shows_nor_notes_down_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "fatal: unable to access 'https://u:p@ss@host/x?token=sekret/': p@ss sekret\n"

    def git(*_: Any, **__: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess([], 128, b"", said.encode())

    monkeypatch.setattr(subprocess, "run", git)
    with pytest.raises(StudyError, match=r"^cannot clone https://host/x: ") as caught:
        import_roles("https://u:p@ss@host/x?token=sekret", tmp_path / "to")
    assert "ss@" not in str(caught.value) and "sekret" not in str(caught.value)
