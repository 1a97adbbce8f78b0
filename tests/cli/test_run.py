from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import dagster as dg
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.instance import dagster_instance
from persona_assets.cli.run import contiguous_ranges, run_study, way_on
from persona_assets.lake.schema import RESPONSES
from persona_assets.orchestration.launcher import process_tag
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.places import PROJECT

PERSONA = Path(sys.executable).with_name("persona")
STAGES = ("responses", "activations", "role_features")


def materialized(study: Study, asset: str) -> set[str]:
    with dagster_instance() as instance:
        return instance.get_materialized_partitions(dg.AssetKey([study.name, asset]))


def n_runs() -> int:
    with dagster_instance() as instance:
        return instance.get_runs_count()


@pytest.mark.parametrize(
    ("chosen", "ranges"),
    [
        ("", []),
        ("abcdef", [("a", "f")]),
        ("c", [("c", "c")]),
        ("abdf", [("a", "b"), ("d", "d"), ("f", "f")]),
    ],
)
def test_chosen_roles_become_contiguous_ranges(chosen: str, ranges: list[tuple[str, str]]) -> None:
    assert contiguous_ranges("abcdef", chosen) == ranges


def test_a_run_goes_from_prompts_to_the_warehouse_and_dagster_knows_every_role(study: Study) -> None:
    run_study(study, roles=None, select=None, overwrite=False)
    for asset in STAGES:
        assert materialized(study, asset) == {"default", "ghost", "pirate"}
    with connect(study) as warehouse:
        query = "select role, any_value(n_responses) from role_features group by role order by role"
        assert warehouse.execute(query).fetchall() == [("default", 6), ("ghost", 6), ("pirate", 6)]


def test_a_second_run_does_nothing_but_publish(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    run_study(study, None, ["responses"], False)
    before = n_runs()
    run_study(study, None, ["responses"], False)
    assert n_runs() == before
    said = capsys.readouterr().err
    assert "responses: 3 of 3 roles are fresh" in said
    assert "nothing was made" in said and "published" not in said
    assert "persona sql" not in said
    run_study(study, None, ["responses", "warehouse"], False)
    assert "nothing was made (--overwrite makes fresh roles again), and what was there is published" in (
        capsys.readouterr().err
    )
    run_study(study, None, ["warehouse"], False)
    said = capsys.readouterr().err
    assert "nothing was made" not in said
    assert said.endswith('ask it:\n  persona sql small "from roles"\n')


def test_roles_that_lie_apart_share_one_bar_on_a_terminal_and_one_count_in_a_file(
    study: Study, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_study(study, ["pirate", "default"], ["responses"], False)
    told = [line for line in capsys.readouterr().err.splitlines() if " landed " in line]
    assert told == ["responses: default landed (1 of 2)", "responses: pirate landed (2 of 2)"]
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    run_study(study, ["pirate", "default"], ["responses"], True)
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert "2/2" in drawn
    assert "landed" not in drawn


def test_a_first_role_whose_answers_are_cut_off_is_told_of_before_the_others(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(changes={"generation.max_tokens": 2})
    run_study(study, ["default", "ghost"], ["responses"], False)
    said = " ".join(capsys.readouterr().err.split())
    warning = "default: 6 of 6 answers reached generation.max_tokens (2); raise it, or the others will, too"
    assert said.count("reached generation.max_tokens") == 1
    assert said.index(warning) < said.index("default landed (1 of 2)")


def test_only_the_chosen_roles_and_assets_are_made(study: Study) -> None:
    run_study(study, ["pirate", "default"], ["responses"], False)
    assert materialized(study, "responses") == {"default", "pirate"}
    assert materialized(study, "activations") == set()


def test_overwrite_makes_roles_again(study: Study) -> None:
    run_study(study, ["ghost"], ["responses"], False)
    run_study(study, ["ghost"], ["responses"], True)
    file = RoleFiles(study, "ghost").responses
    assert file is not None
    assert file.revision == 1


def test_a_role_that_fails_is_named_and_the_others_land(make_study: StudyMaker, tmp_path: Path) -> None:
    roles = tmp_path / "roles"
    shutil.copytree(PROJECT / "data/roles/instructions", roles)
    (roles / "ghost.json").write_text(json.dumps({"instruction": [{"pos": "Boo."}]}))
    study = make_study(
        changes={"roles": {"directory": str(roles), "include": ["default", "ghost", "pirate"]}}
    )
    with pytest.raises(StudyError, match=r"ghost.json: has 1 instruction,.*asks for number 1"):
        run_study(study, None, ["responses"], False)
    assert materialized(study, "responses") == {"default", "pirate"}


def test_an_unknown_asset_or_role_is_answered_with_those_there_are(study: Study) -> None:
    with pytest.raises(StudyError, match=r"no asset 'atlantis'; its assets: catalog, .*responses, "):
        run_study(study, None, ["atlantis"], False)
    with pytest.raises(StudyError, match=r"no role 'captain'; its roles: default, ghost, pirate"):
        run_study(study, ["captain"], None, False)


def test_the_run_of_a_killed_process_is_closed_by_the_next(study: Study) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    tags = process_tag(dead.pid)
    dead.wait()
    with dagster_instance() as instance:
        job = dg.define_asset_job("abandoned")
        run = instance.create_run_for_job(
            dg.Definitions(jobs=[job], assets=[dg.AssetSpec("x")]).resolve_job_def("abandoned"),
            status=dg.DagsterRunStatus.STARTED,
            tags=tags,
        )
    run_study(study, None, ["catalog"], False)
    with dagster_instance() as instance:
        closed = instance.get_run_by_id(run.run_id)
        assert closed is not None
        assert closed.status == dg.DagsterRunStatus.CANCELED


def test_the_command_answers_mistakes_with_one_line_and_status_2(study: Study) -> None:
    persona = Path(sys.executable).with_name("persona")
    command = [persona, "run", study.file, "--select", "atlantis"]
    answer = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert answer.returncode == 2
    [line] = answer.stderr.splitlines()
    assert line.startswith(f"persona: {study.name} has no asset 'atlantis'; its assets: ")
    assert {"responses", "statistics", "atlas", "warehouse"} <= set(line.split(": ")[-1].split(", "))


def n_landed(study: Study) -> int:
    """How often Dagster heard that a role's responses landed: what a run knows of them itself."""
    with dagster_instance() as instance:
        return len(instance.fetch_materializations(dg.AssetKey([study.name, "responses"]), limit=100).records)


def interrupted_after_one_role(study: Study, *options: str) -> str:
    """The last line of `persona run`, after a Ctrl-C as soon as it has landed one role's responses."""
    before = n_landed(study)
    command = [Path(sys.executable).with_name("persona"), "run", study.file, *options]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    while n_landed(study) == before:
        assert run.poll() is None
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    _, complaint = run.communicate(timeout=300)
    assert run.returncode == 130
    assert "Traceback" not in complaint
    return complaint.splitlines()[-1]


def test_ctrl_c_ends_a_run_with_one_line_and_keeps_what_landed(make_study: StudyMaker) -> None:
    study = make_study(changes={"questions.limit": 60, "generation.max_tokens": 96})
    assert interrupted_after_one_role(study) == (
        "persona: interrupted; the roles that landed stay, and the same command goes on from there"
    )
    assert 1 <= len(study.lake.files(RESPONSES)) < 3
    with dagster_instance() as instance:
        assert instance.get_runs()[0].status == dg.DagsterRunStatus.CANCELED


def test_ctrl_c_of_a_run_with_overwrite_names_the_roles_that_it_did_not_make_again(
    make_study: StudyMaker,
) -> None:
    study = make_study(changes={"questions.limit": 60, "generation.max_tokens": 96})
    run_study(study, None, ["responses"], False)
    said = interrupted_after_one_role(study, "--overwrite")
    files = {role: RoleFiles(study, role).responses for role in study.role_names}
    rest = [role for role, file in files.items() if file is not None and file.revision == 0]
    assert 1 <= len(rest) < 3
    assert said == (
        "persona: interrupted; the roles that landed stay; to make the rest again: persona run small "
        f"--overwrite --select responses --roles {','.join(rest)}; then the same command without --overwrite"
    )


def test_after_ctrl_c_more_roles_than_a_line_can_name_are_counted(study: Study) -> None:
    rest = [f"role{number}" for number in range(11)]
    assert "11 roles of responses were not made again" in way_on(study, "responses", rest, overwrite=True)
    assert f"--roles {','.join(rest[1:])};" in way_on(study, "responses", rest[1:], overwrite=True)


class Terminal:
    """`persona` typed into a terminal of its own, and what it shows."""

    def __init__(self, *words: str) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            os.execv(PERSONA, ["persona", *words])
        self.shown = ""

    def until(self, wanted: str) -> str:
        """Read until `wanted` is shown, or the command has ended."""
        while not re.search(wanted, self.shown):
            try:
                self.shown += os.read(self._terminal, 4096).decode(errors="replace")
            except OSError:  # it has ended
                break
        return self.shown

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def press_ctrl_c(self) -> int:
        """The status that the command then ends with."""
        self.type("\x03")
        self.until("never shown")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_in_a_terminal_the_bar_moves_and_ctrl_c_leaves_one_line(make_study: StudyMaker) -> None:
    study = make_study(changes={"questions.limit": 60, "generation.max_tokens": 96})
    terminal = Terminal("run", str(study.file.parent), "--select", "responses")
    assert re.search(r"responses: \w+ \d+/120", terminal.until(r"[1-2]/3")), terminal.shown
    assert terminal.press_ctrl_c() == 130
    assert "Traceback" not in terminal.shown
    assert "persona: interrupted; the roles that landed stay" in terminal.shown.splitlines()[-1]


def test_a_study_may_have_a_hyphen_in_its_name(make_study: StudyMaker) -> None:
    study = make_study("my-study", {"roles.include": ["ghost"]})
    run_study(study, None, ["responses"], overwrite=True)
    assert materialized(study, "responses") == {"ghost"}
