"""200 configurations: broken YAML, hostile values under every key, names that are none, engine options.

Each is one line and status 2, or a study like any other; nothing waits, and nothing is written.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from persona_assets.study.settings import StudySettings
from persona_assets.study.study import COMPONENT
from tests.attack.cases import chosen
from tests.conftest import ATTRIBUTES
from tests.typed import typed

SECRET = "sk-SECRETKEY"
SECONDS = 60  # none takes a second where the machine is free
N_VALUES = 200 - 33 - 17 - 24  # hostile values: what the lists below leave of 200

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HEAD = f"type: {COMPONENT}\nattributes:\n"
BODY = yaml.safe_dump({"type": COMPONENT, "attributes": ATTRIBUTES})

TEXTS: list[bytes | str] = [
    b"",
    b"\xff",
    b"\x00",
    b"type: \xff\xfe",
    BODY.encode("utf-16"),
    BODY.encode("utf-32"),
    "null",
    "7",
    "text",
    "[]",
    "[1, 2",
    "{",
    "type: 2024-13-45",
    "type: " + "1" * 6_000,
    "a: 0x_",
    "a: !!python/object/apply:os.system [touch pwned]",
    "a: !!python/name:os.system",
    "a: !!binary '*'",
    "a: !!timestamp x",
    "? [a]\n: b",
    "&a [*a]",
    "a: *b",
    "a: 1\na: 2",
    "a: 1\n---\nb: 2",
    "\t- a",
    "a: " + "[" * 5_000,
    "a: " + "{b: " * 5_000,
    "a: " + "x" * 2 * 2**20,
    BOMB,
    BOMB + BODY,
    HEAD + "  <<: 7\n",
    HEAD + "  \x1b[2J: 1\n",
    BODY + BODY,
]

NAMES: list[Any] = [
    "", " ", ".", "..", "../x", "a/b", "A", "ü", "a b", "a\nb", "a\x1b[2J", "x" * 300, "'; drop table roles",
    "${HOME}", "a\u202eb", "con:", "*",
]  # fmt: skip

ENGINES: list[tuple[str, Any]] = [
    (backend, engine)
    for backend in ("openai", "transformers", "vllm")
    for engine in (
        {"api_key": SECRET},
        SECRET,
        [SECRET],
        {"base_url": f"http://user:{SECRET}@localhost/v1"},
        {"base_url": 7, "concurrency": "many"},
        {"\x1b[2J": 1},
        {"unknown": {"deep": [[["x" * 5_000]]]}},
        {"hf_token": SECRET},
    )
]

VALUES: list[Any] = [
    None, True, 0, -1, 7, 10**30, int("f" * 5_000, 16), 0.5, float("nan"), float("inf"), "", " ", "x" * 300,
    "x" * 20_000, "a\0b", "a\x1b[2J\nb", "~nobodyhere", "/dev/zero", "/proc/self/mem", "/etc/passwd", "../..",
    "/" * 5_000, [], [[]], [None], ["x"] * 5_000, {}, {"a": {"b": {"c": 1}}}, [[["x" * 5_000] * 10] * 10],
    "\u2028", "é" * 200, "http://[", "-", "*", "all", "default", [0, 0], [10**20], ["../x"], {"": {}},
]  # fmt: skip


def keys(model: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of the settings, blocks among them."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        if hasattr(field.annotation, "model_fields"):
            yield from keys(field.annotation, (*path, name))


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The attributes of a sound study with `value` under one key."""
    attributes = copy.deepcopy(ATTRIBUTES)
    block = attributes
    for key in path[:-1]:
        block = block.setdefault(key, {})
    block[path[-1]] = value
    return attributes


def with_engine(backend: str, engine: Any) -> dict[str, Any]:
    attributes = changed(("generation", "backend"), backend)
    attributes["generation"]["engine"] = engine
    return attributes


def _cases() -> Iterator[tuple[str, bytes]]:
    for number, text in enumerate(TEXTS):
        yield f"text-{number}", text.encode() if isinstance(text, str) else text
    for number, name in enumerate(NAMES):
        path = [("roles", "include"), ("analysis", "exclude"), ("extraction", "saes")][number % 3]
        value = {name: {"path": "tests/toy/data/sae"}} if path[-1] == "saes" else [name]
        yield f"name-{number}", _written(changed(path, value))
    for number, (backend, engine) in enumerate(ENGINES):
        yield f"engine-{number}", _written(with_engine(backend, engine))
    every = [(path, number) for path in keys(StudySettings) for number in range(len(VALUES))]
    for path, number in random.Random(13).sample(every, N_VALUES):
        yield f"{'.'.join(path)}-{number}", _written(changed(path, VALUES[number]))


def _written(attributes: Any) -> bytes:
    text = yaml.safe_dump({"type": COMPONENT, "attributes": attributes}, allow_unicode=False)
    return text.replace(_DECIMAL, "0x" + "f" * 5_000).encode()


# Python writes no integer of so many digits: a stand-in is written, and replaced in the file.
_DECIMAL = "1" + "7" * 100
VALUES[VALUES.index(int("f" * 5_000, 16))] = int(_DECIMAL)

CASES = list(_cases())


def test_there_are_200_of_them() -> None:
    assert len(CASES) == len(dict(CASES)) == 200


@pytest.mark.parametrize(("name", "content"), chosen(CASES), ids=[name for name, _ in chosen(CASES)])
def test_a_configuration_is_a_study_or_refused_in_a_line(
    homes: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    file = homes / "attacked" / "defs.yaml"
    file.parent.mkdir()
    file.write_bytes(content)
    said = typed("status", file, seconds=SECONDS)
    if said.status == 0:
        assert not name.startswith("text-") and "roles complete" in said.out and said.err == ""
    else:
        assert (said.status, said.out) == (2, "")
        line = said.err.removeprefix("persona: ").removesuffix("\n")
        assert line != said.err and line.isprintable() and len(line) < 3_000
        assert SECRET not in line
    assert sorted(path.name for path in homes.iterdir()) == ["attacked", "dagster"]
    assert not list(homes.rglob("pwned"))


@pytest.mark.parametrize(
    "name", chosen([*NAMES, "nothing", "demo/..", "a\0b", "half\ud800", "/dev/null", "~nobodyhere"])
)
def test_a_study_of_no_such_name_is_refused_in_a_line(name: str) -> None:
    said = typed("status", "--", name, seconds=SECONDS)
    assert said.status == 2 and said.err.count("\n") == 1 and said.err[:-1].isprintable()
