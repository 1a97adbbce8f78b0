"""The page of saved findings: what it is told, live and in the static site."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from persona_assets.cli.findings import save
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source, find
from persona_assets.explorer.site import write_site
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.study.findings import finding_path, read_finding, write_finding
from persona_assets.study.study import Study
from tests.explorer.contract import check
from tests.explorer.fixture_site import HOSTILE
from tests.explorer.served import serving
from tests.warehouse.world import OF_PIRATE_ALONE, World

SQL = f"""select feature_id, role, mean, mean * 0.9 as mean_low, mean * 1.1 as mean_high
from role_features where feature_id = {OF_PIRATE_ALONE} and sae = 'first'"""


@pytest.fixture
def study(published: World) -> Iterator[Study]:
    """A study with a finding, which is taken away at the end."""
    save(published.study, "pirates", "Who fires it?", SQL)
    yield published.study
    shutil.rmtree(finding_path(published.study, "pirates").parent)


@pytest.fixture
def opened(study: Study) -> Iterator[Source]:
    snapshots = Snapshots(study)
    with snapshots.newest().source() as source:
        yield source
    snapshots.close()


def ask(source: Source, path: str) -> Any:
    found = find(path)
    assert found is not None
    return found(source)


def replaced(study: Study, **changes: Any) -> None:
    """Write the finding `pirates` with other content."""
    write_finding(study, read_finding(study, "pirates").model_copy(update=changes), replace=True)


def test_a_finding_is_listed_and_told_as_it_was_saved(study: Study, opened: Source) -> None:
    listed = ask(opened, "findings.json")
    check("SavedFindings", listed)
    saved = read_finding(study, "pirates")
    [entry] = listed["findings"]
    assert (entry["name"], entry["question"], entry["n_rows"]) == ("pirates", "Who fires it?", 1)
    assert entry["snapshot"] == saved.snapshot.fingerprint
    told = ask(opened, "findings/saved/pirates.json")
    check("SavedFinding", told)
    assert (told["sql"], told["rows"], told["citation"]) == (SQL, saved.rows, saved.citation)
    assert [one["role"] for one in told["evidence"]] == ["pirate", "pirate"]


def test_a_finding_that_holds_is_told_to(opened: Source) -> None:
    told = ask(opened, "findings/check/pirates.json")
    check("FindingCheck", told)
    assert (told["error"], told["same_snapshot"], told["told"], told["moved"]) == (None, True, [], [])
    assert told["today"][0][:2] == [OF_PIRATE_ALONE, "pirate"]


def test_what_moved_is_told_cell_for_cell(study: Study, opened: Source) -> None:
    [row] = read_finding(study, "pirates").rows
    replaced(study, rows=[[*row[:2], row[2] / 2, row[2] * 0.4, row[2] * 0.6], [1, "ghost", 1.0, 0.5, 1.5]])
    told = ask(opened, "findings/check/pirates.json")
    check("FindingCheck", told)
    assert told["today"] == [row, None]
    assert [(one["row"], one["column"], one["outside"]) for one in told["moved"]] == [
        (0, 2, True), (0, 3, False), (0, 4, False),
    ]  # fmt: skip
    assert told["told"][0] == "1 row gone (1 ghost)"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select role,\n lost from roles", "line 2, column 2: .*lost"),
        ("create table t as select 1", "only reading is possible here"),
        ("select * from read_csv('/etc/passwd')", "read_csv is not allowed here"),
        ("from range(2000)", "more than 1,000 rows"),
    ],
)
def test_sql_that_fails_is_told_in_one_line(study: Study, opened: Source, sql: str, said: str) -> None:
    replaced(study, sql=sql)
    told = ask(opened, "findings/check/pirates.json")
    check("FindingCheck", told)
    assert (told["snapshot"], told["told"], told["today"]) == (None, [], [])
    assert re.search(said, told["error"]) and "\n" not in told["error"]


def test_a_file_that_is_no_finding_is_named_and_stops_no_other(study: Study, opened: Source) -> None:
    for name, content in {"a": "finding: 2", "b": "[", "c": "\x00", "d": "rows: [[2026-11-29]]"}.items():
        finding_path(study, name).write_text(content)
    listed = ask(opened, "findings.json")
    check("SavedFindings", listed)
    assert [one["name"] for one in listed["unreadable"]] == ["a", "b", "c", "d"]
    assert [one["name"] for one in listed["findings"]] == ["pirates"]
    for one in listed["unreadable"]:
        assert "\n" not in one["error"] and str(study.file.parent) not in one["error"]
    for path in ("findings/saved/a.json", "findings/check/a.json", "findings/saved/.json"):
        with pytest.raises((ProblemError, AssertionError)) as raised:
            ask(opened, path)
        assert isinstance(raised.value, AssertionError) or raised.value.status == 404


def test_any_text_of_a_file_is_told_as_it_is(study: Study, opened: Source) -> None:
    [first, *_] = read_finding(study, "pirates").evidence
    evidence = [first.model_copy(update={"text": text, "role": text}) for text in HOSTILE]
    rows = [[1, text, None, True, [text]] for text in HOSTILE]
    replaced(study, question=HOSTILE[0], rows=rows, evidence=evidence)
    file = finding_path(study, "pirates")
    file.write_text(file.read_text().replace("name: pirates", "name: ../../x"))
    assert ask(opened, "findings.json")["findings"][0]["question"] == HOSTILE[0]
    told = ask(opened, "findings/saved/pirates.json")
    check("SavedFinding", told)
    assert (told["name"], told["rows"]) == ("pirates", rows)
    assert [one["text"] for one in told["evidence"]] == list(HOSTILE)
    check("FindingCheck", ask(opened, "findings/check/pirates.json"))


def test_readers_of_a_site_are_told_no_path_of_the_machine(study: Study, opened: Source) -> None:
    saes = {"first": "/home/ann/saes/mine", "second": "release/layer_20/width_16k/average_l0_71"}
    replaced(study, model="/home/ann/models/llama", saes=saes)
    assert ask(opened, "findings/saved/pirates.json")["model"] == "/home/ann/models/llama"
    told = ask(replace(opened, live=False), "findings/saved/pirates.json")
    assert (told["model"], told["saes"]) == ("llama", saes | {"first": "mine"})
    assert "/home" not in told["citation"] and "release/layer_20" in told["citation"]


def test_numbers_that_json_has_not_are_texts(study: Study, opened: Source) -> None:
    file = finding_path(study, "pirates")
    content = file.read_text()
    [row] = [line for line in content.splitlines() if line.startswith("- [")]
    file.write_text(content.replace(row, "- [9007199254740993, a, .nan, -.inf, 0x" + "f" * 3000 + "]"))
    told = ask(opened, "findings/saved/pirates.json")
    check("SavedFinding", told)
    assert told["rows"][0][0] == "9007199254740993" and told["rows"][0][2:4] == ["NaN", "-Infinity"]
    check("FindingCheck", ask(opened, "findings/check/pirates.json"))
    file.write_text(content.replace(row, "- [0x" + "f" * 9000 + ", a, 1, 1, 1]"))
    assert [one["name"] for one in ask(opened, "findings.json")["unreadable"]] == ["pirates"]


def test_a_server_tells_of_a_finding_as_soon_as_it_is_saved(study: Study) -> None:
    with serving(study, study.lake.root) as served:
        first = served.get("data/findings.json")
        assert first.headers["cache-control"] == "no-store" and "etag" not in first.headers
        assert first.headers["content-encoding"] == "gzip"
        save(study, "roles", "How many?", "select count(*) as n from roles")
        again = served.get("data/findings.json").json()
        assert [one["name"] for one in again["findings"]] == ["pirates", "roles"]
        assert served.get("data/findings/check/roles.json").json()["told"] == []
        assert served.get("data/findings/check/nothing.json").status_code == 404


def test_the_site_has_them_and_a_check_of_its_day(study: Study, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "index.html").write_text("<!doctype html>")
    finding_path(study, "broken").write_text("no finding")
    write_site(study, tmp_path / "site", lambda done, total: None, dist)
    data = tmp_path / "site" / "data"
    listed = json.loads((data / "findings.json").read_text())
    assert [one["name"] for one in listed["findings"]] == ["pirates"]
    told = json.loads((data / "findings/check/pirates.json").read_text())
    check("FindingCheck", told)
    assert told["told"] == [] and told["checked_at"]
    assert sorted(file.name for file in (data / "findings/saved").iterdir()) == ["pirates.json"]


def test_a_study_without_findings_has_none(source: Source) -> None:
    assert ask(source, "findings.json") == {"findings": [], "unreadable": []}
