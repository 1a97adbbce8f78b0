"""Findings that are saved, cited and checked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.findings import check, cite, print_finding, print_list, save
from persona_assets.explorer.console import saved
from persona_assets.study.findings import finding_path, read_finding, write_finding
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.warehouse.world import OF_PIRATE_ALONE, fill, write_catalog

SQL = f"""select feature_id, role, mean, mean * 0.9 as mean_low, mean * 1.1 as mean_high
from role_features where feature_id = {OF_PIRATE_ALONE} and sae = 'first'"""


@pytest.fixture
def study(make_study: StudyMaker, tmp_path: Path) -> Study:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    fill(study)
    publish(study)
    return study


def test_a_finding_is_saved_with_its_answer_shown_cited_and_holds(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    save(study, "pirates", "Who fires it?", SQL)
    told = capsys.readouterr().out
    found = read_finding(study, "pirates")
    assert told == f"{finding_path(study, 'pirates')}: saved\n{found.citation}\n"
    assert found.columns[:2] == ["feature_id", "role"] and found.rows[0][:2] == [OF_PIRATE_ALONE, "pirate"]
    assert found.sql == SQL and found.saes.keys() == {"first", "second"} and found.model == "example/chat"
    assert {one.role for one in found.evidence} == {"pirate"} and found.evidence[0].max >= found.evidence[
        1
    ].max
    assert found.digest in found.citation and found.snapshot.fingerprint in found.citation
    cite(study, "pirates")
    assert capsys.readouterr().out == found.citation + "\n"
    print_finding(study, "pirates", "table")
    assert SQL in capsys.readouterr().out
    print_list(study, "csv")
    assert "pirates,Who fires it?,1," in capsys.readouterr().out
    assert not check(study, [])
    assert capsys.readouterr().out == "pirates: holds (the same snapshot)\n"


def test_a_check_says_what_moved_and_what_left_its_interval(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    save(study, "pirates", "Who fires it?", SQL)
    today = read_finding(study, "pirates")
    low, high = 0.5, 0.6
    before = [[OF_PIRATE_ALONE, "pirate", 0.55, low, high], [OF_PIRATE_ALONE, "ghost", 1.0, low, high]]
    write_finding(study, today.model_copy(update={"rows": before}), replace=True)
    capsys.readouterr()
    assert check(study, ["pirates"])
    told = capsys.readouterr().out
    assert f"1 row gone ({OF_PIRATE_ALONE} ghost)" in told
    assert f"mean moved in 1 of 1, most of {OF_PIRATE_ALONE} pirate from 0.55 to" in told
    assert "1 of these out of the interval that was saved" in told


def test_a_finding_that_cannot_be_asked_any_more_stops_no_other(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    save(study, "a", "How many?", "select count(*) as n from roles")
    save(study, "b", "Who?", SQL)
    asked = read_finding(study, "a").model_copy(update={"sql": "select lost from roles"})
    write_finding(study, asked, replace=True)
    capsys.readouterr()
    assert check(study, [])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("a: cannot be asked: line 1, column 8: ") and "lost" in first
    assert second == "b: holds (the same snapshot)"


def test_a_publication_during_a_check_is_no_verdict(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(study, "pirates", "Who fires it?", SQL)
    save(study, "roles", "How many?", "select count(*) as n from roles")
    capsys.readouterr()
    ask, n_published = saved._asked, 0

    async def asked_while_others_publish(study: Study, sql: str) -> Any:
        nonlocal n_published
        answer = await ask(study, sql)
        if sql == SQL and n_published < most:
            n_published += 1
            publish(study)
        return answer

    monkeypatch.setattr(saved, "_asked", asked_while_others_publish)
    most = 1
    assert not check(study, [])
    assert capsys.readouterr().out.splitlines() == [
        "pirates: holds (the same snapshot)",
        "roles: holds (the same snapshot)",
    ]
    most = 100
    with pytest.raises(StudyError, match="1 of 2 findings are not checked; check them again later"):
        check(study, [])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("pirates: not checked: ") and "was published anew each time" in first
    assert second.startswith("roles: holds")


def test_a_name_is_never_given_twice_unless_it_is_asked_for(study: Study) -> None:
    save(study, "one", "How many?", "select count(*) as n from roles")
    with pytest.raises(StudyError, match="is there already; take another name, or say --replace"):
        save(study, "one", "Other?", "select 1 as n")
    save(study, "one", "Other?", "select 1 as n", replace=True)
    assert read_finding(study, "one").rows == [[1]]


def test_a_name_is_no_path(study: Study) -> None:
    for name in ("../one", "One", "a/b", ".hidden", ""):
        with pytest.raises(StudyError, match="is not a name"):
            save(study, name, "Why?", "select 1")
    assert not (study.file.parent / "findings").exists()


REFUSED = {
    "create table t as select 1": "only reading is possible here",
    "select * from read_csv('/etc/passwd')": "read_csv",
    "select nothing from roles": "line 1, column 8: .*nothing",
    "select 1; select 2": "2 statements given",
    "from range(2000)": "more than 1,000 rows; a finding holds fewer: add a LIMIT",
    "select 9999999999 as feature_id": "column feature_id: (?!Invalid)",
    "select repeat('x', 2000000) as x": "larger than 1 MiB",
}


def test_sql_is_asked_within_the_locks_of_the_console(study: Study) -> None:
    for sql, told in REFUSED.items():
        with pytest.raises(StudyError, match=told):
            save(study, "one", "Why?", sql)
        assert not finding_path(study, "one").exists()


def test_any_text_comes_back_as_it_was_and_a_terminal_obeys_none(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\x1b[2J'\"\\ \ttab\nline: yes # no\n\n  ‮ \u2028 &a *a !!python/name:os.system"
    quoted = text.replace("'", "''")
    save(study, "odd", f"Is it {text}?", f"select '{quoted}' as role, 1e-05::double as x, null as nothing")
    found = read_finding(study, "odd")
    assert found.rows == [[text, 1e-05, None]] and found.question == f"Is it {text}?".strip()
    print_finding(study, "odd", "table")
    print_list(study, "table")
    check(study, ["odd"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_file_that_is_not_right_and_a_name_that_is_not_there_are_told_in_one_line(study: Study) -> None:
    with pytest.raises(StudyError, match="small has no finding 'x'; none is saved yet"):
        read_finding(study, "x")
    with pytest.raises(StudyError, match="small has no findings; save one"):
        check(study, [])
    save(study, "pirates", "Who?", "select 1 as n")
    with pytest.raises(StudyError, match=r"no finding 'pirate'; did you mean pirates\?"):
        read_finding(study, "pirate")
    file = finding_path(study, "pirates")
    content = file.read_text()
    file.write_text(content.replace("finding: 1", "finding: 2"))
    with pytest.raises(StudyError, match=r"pirates.yaml: finding: .*; save it again with --replace"):
        read_finding(study, "pirates")
    file.write_text(content.replace("- [1]", "- [1, 2]"))
    with pytest.raises(StudyError, match="a row has not a value for each column"):
        read_finding(study, "pirates")
