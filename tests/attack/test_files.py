"""110 files that a person hands over: broken, hostile, or no files at all; each is refused in one line."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from persona_assets.study.study import Study
from tests.attack.cases import chosen
from tests.conftest import StudyMaker
from tests.places import PROJECT
from tests.typed import typed

SECONDS = 60
N_FILES = 110

CONTENTS: list[bytes] = [
    b"",
    b" \n",
    b"{",
    b"[",
    b"null",
    b"7",
    b'"text"',
    b"[[]]",
    b"[7]",
    b"{}",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"[" * 101 + b"]" * 101,
    b"1" * 6_000,
    b"\xff\xfe\x00",
    b"\x00" * 1_000,
    '{"id": 0}'.encode("utf-16"),
    b"\xef\xbb\xbf\xef\xbb\xbf{}",
    b'{"instruction": NaN, "id": NaN, "conversation": NaN, "runs": NaN, "files": NaN}',
    b'{"instruction": 1, "instruction": 2}',
    b'{"instruction": ["\\ud800"], "id": "\\ud800"}',
    b'{"instruction": [{"pos": "\\ud800"}], "conversation": [{"role": "user", "content": "\\ud800"}]}',
    b'{"a": "\x1b[2J"}',
    b'{"\\u001b[2J\\n": 1}',
    b'{"runs": [{"id": "\\u0000", "ui_bundle_url": "\\u0000"}], "id": -1}',
    b'{"id": 1e999, "question": "x"}',
    b'{"a": 1,}',
    b"x" * 2**20,
]
PLACES: list[Callable[[Path], object]] = [
    lambda file: file.mkdir(),
    lambda file: os.mkfifo(file),
    lambda file: file.symlink_to(file),
    lambda file: file.symlink_to("/nowhere"),
    lambda file: file.symlink_to("/dev/zero"),
    lambda file: file.symlink_to("/proc/self/mem"),
]
KINDS = (
    "role",
    "question",
    "conversation",
    "manifest",
    "responses",
    "imported role",
    "imported questions",
    "url",
)
URLS = [
    "ext::sh -c touch% pwned",
    "--upload-pack=touch pwned",
    "file:///nowhere.git",
    "http://user:sekret@localhost:1/x.git",
    "ssh://-oProxyCommand=touch%20pwned/x",
    "~nobodyhere/x",
    "x" * 5_000,
    "http://localhost:1/\nx",
]

Case = tuple[str, int]
EVERY: list[Case] = [
    (kind, number)
    for kind in KINDS
    for number in range(len(URLS) if kind == "url" else len(CONTENTS) + len(PLACES))
]
CASES: list[Case] = random.Random(13).sample(EVERY, N_FILES)


def put(file: Path, number: int) -> Path:
    """Lay a hostile file at the place of a sound one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    if number < len(CONTENTS):
        file.write_bytes(CONTENTS[number])
    else:
        PLACES[number - len(CONTENTS)](file)
    return file


def command(kind: str, number: int, study: Study, folder: Path) -> list[object]:
    """The words that have `persona` read the file."""
    if kind == "role":
        put(folder / "roles" / "pirate.json", number)
        return ["status", study.file]
    if kind == "question":
        put(folder / "questions.jsonl", number)
        return ["status", study.file]
    if kind == "conversation":
        return ["drift", study.file, put(folder / "talks" / "talk.json", number)]
    if kind == "manifest":
        put(folder / "runs" / "manifest.json", number)
        return ["explore", study.file, "--no-browser", "--port", 0, "--drift-runs", folder / "runs"]
    if kind == "responses":
        put(folder / "outputs" / "responses" / "general" / "model" / "pirate.jsonl", number)
        return ["import", study.file, folder / "outputs"]
    source = folder / "source"
    shutil.copytree(folder / "roles", source / "roles" / "instructions")
    shutil.copyfile(folder / "questions.jsonl", source / "extraction_questions.jsonl")
    if kind == "imported role":
        put(source / "roles" / "instructions" / "pirate.json", number)
    else:
        put(source / "extraction_questions.jsonl", number)
    return ["roles", "import", URLS[number] if kind == "url" else source, "--to", folder / "to"]


@pytest.mark.parametrize(("kind", "number"), chosen(CASES))
def test_a_file_that_breaks_its_reader_is_refused_in_a_line(
    make_study: StudyMaker, tmp_path: Path, kind: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "handed"
    shutil.copytree(
        PROJECT / "data/roles/instructions",
        folder / "roles",
        ignore=lambda _, names: set(names) - {"default.json", "pirate.json"},
    )
    shutil.copyfile(PROJECT / "data/extraction_questions.jsonl", folder / "questions.jsonl")
    changes = {
        "roles": {"directory": str(folder / "roles")},
        "questions.file": str(folder / "questions.jsonl"),
    }
    study = make_study(changes=changes)
    words = command(kind, number, study, folder)
    monkeypatch.chdir(folder)
    said = typed(*words, seconds=SECONDS)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("persona: ") and said.err.count("\n") == 1
    assert said.err[:-1].isprintable() and len(said.err) < 3_000 and "sekret" not in said.err
    assert not list(tmp_path.rglob("pwned")) and not (folder / "to").exists()
