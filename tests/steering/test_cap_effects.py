"""What a cap does to conversations, on the toy: it holds a planted drift, and no random floor does."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.capping import write_caps
from persona_assets.extract.extractor import Extractor
from persona_assets.extract.stage import ExtractionStage
from persona_assets.extract.transformers import TransformersBackend
from persona_assets.extract.vllm import VllmBackend
from persona_assets.models.hooks import HookPoint
from persona_assets.steering import cap_effects
from persona_assets.steering.cap_effects import check_reads_cap
from persona_assets.study.backends import EXTRACTION
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.drift.conftest import said


@pytest.fixture
def files(with_vectors: Study, tmp_path: Path) -> list[Path]:
    """Two conversations in which the model becomes a pirate."""
    found = []
    for number in (0, 1):
        exchanges = [*said(with_vectors, "default")[number:], *said(with_vectors, "pirate")[: 3 - number]]
        messages = [
            {"role": role, "content": text}
            for pair in exchanges
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ]
        file = tmp_path / f"drift {number}.json"
        file.write_text(json.dumps({"name": f"plain {number}", "conversation": messages}))
        found.append(file)
    return found


def effects(
    with_vectors: Study, to: Path, capsys: pytest.CaptureFixture[str], **changes: Any
) -> dict[str, dict[str, Any]]:
    plain = {"axis": None, "quantile": 0.25, "saes": [], "answer": False, "controls": 19}
    capsys.readouterr()
    write_caps(with_vectors, **{"to": to, "output": "json"} | plain | changes)
    return {row["what"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_planted_drift_is_less_under_the_cap_and_both_readings_stand_side_by_side(
    with_vectors: Study, files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = effects(with_vectors, tmp_path / "cap.safetensors", capsys, files=files)
    for name in ("mean of turns", "lowest turn"):
        row = found[f"read under the cap: drift score, {name}"]
        assert row["n"] == 2 and row["effect"] > 0 and row["effect"] > row["control_high"]
        assert row["p"] == 1 / 20
    with connect(with_vectors) as warehouse:
        runs = warehouse.execute(
            "select p.run, c.run, c.name, c.cap, c.cap_threshold, p.n_turns = c.n_turns "
            "from drift_runs as c join drift_runs as p on p.run = c.cap_of order by all"
        ).fetchall()
        read = warehouse.execute(
            "select min(t.projection) - min(p.projection) from drift_runs as r "
            "join drift_turns as t on t.run = r.run join drift_turns as p on p.run = r.cap_of "
            "where r.cap = 'read' group by r.run"
        ).fetchall()
        plain = warehouse.execute(
            "select distinct name from drift_against_plain('plain*') where is_plain order by all"
        ).fetchall()
    assert len(runs) == 2 and all(same for *_, same in runs)
    assert {one[2] for one in runs} == {f"plain {number} (read under a cap)" for number in (0, 1)}
    told = found["read under the cap: drift score, lowest turn"]["effect"]
    assert np.mean([float(one) for (one,) in read]) == pytest.approx(told, abs=1e-9)
    assert [name for (name,) in plain] == ["plain 0", "plain 1"]
    check_costs(found)


def test_each_conversation_is_read_once_under_each_cap(
    with_vectors: Study,
    files: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed, n_read = Extractor.changed, 0

    def counted(self: Extractor, *given: Any) -> Any:
        nonlocal n_read
        n_read += 1
        return changed(self, *given)

    monkeypatch.setattr(Extractor, "changed", counted)
    first = effects(with_vectors, tmp_path / "cap.safetensors", capsys, files=files, controls=2)
    assert n_read == 2 * 3
    again = effects(with_vectors, tmp_path / "cap.safetensors", capsys, files=files, controls=2)
    assert n_read == 2 * 2 * 3 and again == first  # what had landed is read to count its tokens


def check_costs(found: dict[str, dict[str, Any]]) -> None:
    kl = found["answers of default: KL, nats a token"]
    assert kl["n"] == 3 and kl["effect"] > 0 and kl["low"] < kl["effect"] < kl["high"]
    share = found["answers of default: share of tokens held"]
    assert 0 < share["effect"] < 1 and 0 < share["control_low"] < share["control_high"] < 1


def test_answers_are_given_anew_under_the_cap_from_the_same_seeds_and_read_without_it(
    with_vectors: Study,
    files: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, given = tmp_path / "cap.safetensors", files[:1]
    answered_effects = cap_effects.answered_effects

    def as_they_are(*asked: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(Extractor, "changed", lambda *_: pytest.fail("an answer is read under the cap"))
            return answered_effects(*asked)

    monkeypatch.setattr(cap_effects, "answered_effects", as_they_are)
    found = effects(with_vectors, file, capsys, files=given, answer=True, controls=1, quantile=0.9)
    assert found["answered under the cap: drift score, mean of turns"]["effect"] != 0
    with connect(with_vectors) as warehouse:
        runs = warehouse.execute(
            "select p.name, c.name, c.conversation != p.conversation from drift_runs as c "
            "join drift_runs as p on p.run = c.cap_of where c.cap = 'answered'"
        ).fetchall()
        of = warehouse.execute(
            "select c.name from drift_runs as c join drift_runs as g on g.run = c.answered_of "
            "where g.name = 'plain 0' order by all"
        ).fetchall()
        plain = warehouse.execute(
            "select name, n_plain from drift_against_plain('plain*') where is_plain or name glob '*again)'"
        ).fetchall()
    assert runs == [("plain 0 (answered again)", "plain 0 (answered under a cap)", True)]
    assert of == [("plain 0 (answered again)",), ("plain 0 (answered under a cap)",)]
    assert set(plain) == {("plain 0", 0), ("plain 0 (answered again)", 1)}


def test_a_conversation_that_the_model_gives_again_keeps_its_name(
    with_vectors: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"user": ["Is a lie ever a kindness?", "Why do the stars twinkle?"]}))
    effects(with_vectors, tmp_path / "cap.safetensors", capsys, files=[script], answer=True, controls=0)
    with connect(with_vectors) as warehouse:
        names = warehouse.execute("select name from drift_runs order by all").fetchall()
    assert [name for (name,) in names] == [
        "script", "script (answered under a cap)", "script (read under a cap)",
    ]  # fmt: skip


def test_a_floor_that_nothing_lies_below_changes_nothing_at_all(
    with_vectors: Study,
    files: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("persona_assets.steering.calibrating.Reach.quantile", lambda *_: -1e6)
    file, given = tmp_path / "cap.safetensors", files[:1]
    found = effects(with_vectors, file, capsys, files=given, answer=True, controls=1)
    assert {row["effect"] for row in found.values()} == {0.0} and len(found) == 8


def test_a_backend_that_reads_streams_as_they_are_is_refused_in_a_line(
    with_vectors: Study, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not hasattr(VllmBackend, "changed")
    assert hasattr(TransformersBackend, "changed") and EXTRACTION["transformers"].changes_streams
    assert not EXTRACTION["vllm"].changes_streams
    monkeypatch.setattr("persona_assets.extract.extractor.ChangesStreams", VllmBackend)
    with (
        closing(ExtractionStage(with_vectors)) as extraction,
        pytest.raises(StudyError, match="with transformers they are read under a cap"),
    ):
        extraction.extractor.changed(HookPoint(3, "hook_resid_post"), lambda stream: stream)


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        ("persona_assets.steering.cap_effects.extraction_backend", EXTRACTION["vllm"], "streams as they are"),
        ("persona_assets.steering.cap_effects.output_layer", None, "nothing that it reads is moved"),
        ("persona_assets.steering.answers.Answers.to_edit", [], "no answers here that can be read again"),
        ("persona_assets.steering.cap_effects.answering_here", StudyError("elsewhere"), "elsewhere"),
    ],
)
def test_what_cannot_be_measured_is_told_before_anything_is_read_or_written(
    with_vectors: Study,
    files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
    to: Any,
    said: str,
) -> None:
    def instead(*_: Any) -> Any:
        if isinstance(to, Exception):
            raise to
        return to

    monkeypatch.setattr(changed, instead)
    monkeypatch.setattr(ExtractionStage, "extractor", property(lambda _: pytest.fail("a model is loaded")))
    with pytest.raises(StudyError, match=said):
        write_caps(with_vectors, files, None, 0.25, tmp_path / "x.safetensors", [], True, 1, "json")
    assert not list(tmp_path.glob("x.*"))


def test_an_sae_below_the_layer_that_is_held_reads_nothing_of_the_cap(with_vectors: Study) -> None:
    for layer in (0, 2, 3):  # the toy's SAE reads the output of layer 3
        assert check_reads_cap(with_vectors, "demo", [layer]) == []
    assert check_reads_cap(with_vectors, "demo", [2, 4, 5]) == [4, 5]
    with pytest.raises(StudyError, match=r"SAE demo, .* below the output of layer 4"):
        check_reads_cap(with_vectors, "demo", [4, 5])


def test_what_was_measured_is_told_and_published_where_a_later_part_fails(
    with_vectors: Study,
    files: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any) -> Any:
        raise StudyError("no memory is left")

    monkeypatch.setattr("persona_assets.steering.cap_effects.costs", fails)
    capsys.readouterr()
    with pytest.raises(StudyError, match="no memory is left"):
        effects(with_vectors, tmp_path / "cap.safetensors", capsys, files=files[:1], controls=1)
    assert len(json.loads(capsys.readouterr().out)) == 3
    with connect(with_vectors) as warehouse:
        assert warehouse.execute("select count(*) from drift_runs where cap = 'read'").fetchall() == [(1,)]
