"""Explanations by a real server on loopback and by the toy in this process, landed and asked for once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import EngineError, StudyError
from persona_assets.cli.estimate import print_estimate
from persona_assets.explaining.chosen import top_features
from persona_assets.explaining.estimate import what_is_explained
from persona_assets.explaining.stage import explain_features, explaining_parts
from persona_assets.labels.stage import land_labels
from persona_assets.lake.lineage import made_of
from persona_assets.lake.schema import (
    DRAWN_EVIDENCE,
    EXPLAINING,
    EXPLANATIONS,
    FEATURE_LABELS,
    RESPONSE_SPANS,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.explaining.world import SAE, compared_study, explained_by, firing, saying
from tests.generate.misbehaving_server import serving


def land(study: Study, said: list[str] | None = None) -> list[dict[str, Any]]:
    say = said.append if said is not None else None
    files = explain_features(AcrossRoles.of(study), SAE, say=say)
    return study.lake.read(EXPLANATIONS, files[EXPLANATIONS.name]).to_pylist()


def labels(study: Study) -> list[tuple[int, int, str, str, str | None]]:
    rows = study.lake.read(FEATURE_LABELS, land_labels(study, SAE)).to_pylist()
    return [
        tuple(row[name] for name in ("feature_id", "rank", "description", "source", "model")) for row in rows
    ]


def test_the_features_that_set_roles_apart_are_explained_and_stand_as_labels_after_the_file_s(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    cache = tmp_path / "labels.json"
    with serving(saying("It is so.\nLabel: about the sea")) as server:
        changes = {"explanations": explained_by(server.url, top=3), "labels.cache": str(cache)}
        study = compared_study(make_study, **changes)
        chosen = top_features(AcrossRoles.of(study), SAE, 3)
        assert chosen and len(chosen) <= 9
        cache.write_text(f'{{"{chosen[0]}": "from the file"}}')
        said: list[str] = []
        rows = land(study, said)
        assert land(study) == rows and len(server.requests) == len(chosen)
    [file] = study.lake.files(EXPLANATIONS)
    for table in (RESPONSE_SPANS, DRAWN_EVIDENCE):  # examples are drawn from these, too
        assert all(made_of(study.lake, {one.path}) == [file] for one in study.lake.files(table)), table.name
    assert [row["feature_id"] for row in rows] == chosen
    assert {row["text"] for row in rows} == {"about the sea"} and {row["answer"] for row in rows} == {None}
    assert all(0 < row["n_shown"] <= 8 for row in rows) and any(row["n_contrast"] for row in rows)
    assert len({row["examples_hash"] for row in rows}) == len(chosen)
    assert said[0].startswith(f"asks tests/toy/data/model about {len(chosen)} features (0 need not be")
    assert server.requests[0].body["temperature"] == 0
    ours = (chosen[0], 1, "about the sea", "explanation", "tests/toy/data/model")
    assert labels(study)[:2] == [(chosen[0], 0, "from the file", "cache", None), ours]
    publish(study)
    with connect(study) as warehouse:
        found = warehouse.execute(
            "select source from preferred_labels where feature_id in (?, ?) order by feature_id", chosen[:2]
        ).fetchall()
        assert found == [("cache",), ("explanation",)]
        assert warehouse.execute("select count(*) from search_labels('about sea')").fetchone() == (
            len(chosen),
        )
    preferring = make_study(study.name, {"roles.include": study.role_names, **changes,
                                         "labels.order": ["explanation"]})  # fmt: skip
    assert [row[3] for row in labels(preferring)[:2]] == ["explanation", "cache"]


def test_an_answer_that_cannot_be_read_is_kept_and_is_no_label(make_study: StudyMaker) -> None:
    with serving(saying("I am a pirate")) as server:
        study = compared_study(make_study, explanations=explained_by(server.url, top=1))
        rows = land(study)
    assert {(row["text"], row["answer"]) for row in rows} == {(None, "I am a pirate")}
    assert {row["why_none"] for row in rows} == {"the answer holds no line that begins with Label:"}
    assert labels(study) == []


def test_a_killed_run_and_a_longer_list_ask_only_about_what_was_not_answered(make_study: StudyMaker) -> None:
    with serving(saying("Label: one", after=3)) as server:
        several = explained_by(server.url)
        several["engine"] |= {"concurrency": 1}
        study = compared_study(make_study, explanations=several | {"top": 1})
        features = firing(study)[:6]

        def asking(**more: Any) -> Study:
            return make_study(study.name, {"roles.include": study.role_names, "explanations": several | more})

        with pytest.raises(EngineError, match=r"^feature \d+: "):
            land(asking(features=features))
        assert len(server.requests) == 4
        [kept] = study.lake.files(EXPLAINING, sae=SAE)
        assert kept.made_from == explaining_parts(asking(features=features), SAE).made_from
        server.behave = saying("Label: two")
        rows = land(asking(features=features))
        assert [row["text"] for row in rows] == ["one"] * 3 + ["two"] * 3
        assert len(server.requests) == 7 and study.lake.files(EXPLAINING, sae=SAE) == []
        server.behave = saying("Label: three")
        wanted = asking(features=[*features, 10**6, firing(study)[6]])
        [estimate] = what_is_explained(wanted)
        assert (estimate.n_features, estimate.n_known, estimate.n_prompts) == (8, 7, 1)
        *rows, nothing = land(wanted)
        assert [row["text"] for row in rows] == ["one"] * 3 + ["two"] * 3 + ["three"]
        assert (nothing["text"], nothing["n_shown"]) == (None, 0) and "no excerpt" in nothing["why_none"]
        assert len(server.requests) == 8
        land(asking(features=features, max_tokens=9))
        assert len(server.requests) == 14


def test_a_model_in_this_process_explains_by_a_prompt_of_one_s_own(
    make_study: StudyMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = tmp_path / "mine.txt"
    prompt.write_text("What is it?\n{examples}\nLabel:")
    toy = {"model": "tests/toy/data/model", "dtype": "float32", "max_tokens": 6, "prompt": str(prompt)}
    study = compared_study(make_study, explanations=toy | {"top": 1})
    [before] = what_is_explained(study)
    rows = land(study)
    assert rows and all(row["text"] or row["answer"] is not None for row in rows)
    print_estimate(study, 0, 0)
    told = f"{len(rows)} features; {len(rows)} need not be asked about; answers of at most 6 tokens"
    assert f"explanations (demo): {told}\n" in capsys.readouterr().out
    assert before.n_features == before.n_prompts == len(rows)
    prompt.write_text("What is it?")
    with pytest.raises(StudyError, match=r"mine.txt: holds no {examples}, where the examples go"):
        land(study)


def test_what_cannot_be_asked_is_told_in_one_line(make_study: StudyMaker) -> None:
    with pytest.raises(StudyError, match=r"explanations.engine.base_url is missing"):
        make_study(changes={"explanations": {"model": "m", "backend": "openai"}})
    toy = {"model": "tests/toy/data/model", "dtype": "float32"}
    study = make_study("new", {"explanations": toy})
    with pytest.raises(StudyError, match="the roles are not compared yet under SAE demo; run `persona run"):
        land(study)
    [estimate] = what_is_explained(study)
    assert estimate.why_unknown == "the roles are not compared yet"
    assert '"explanations"' not in make_study("plain").settings.published()
    short = compared_study(make_study, explanations=toy | {"max_model_len": 100, "max_tokens": 50})
    with pytest.raises(StudyError, match=r"feature \d+: .* below explanations.max_model_len = 100; raise it"):
        land(short)
