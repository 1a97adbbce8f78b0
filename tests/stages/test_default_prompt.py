"""What a chat template inserts by itself is noted with the responses, and told."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from persona_assets.cli.app import app
from persona_assets.explorer.resources.study import study as study_resource
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.generate.stage import GenerationStage
from persona_assets.stages.default_prompt import default_system_prompt
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker

INSERTED = "You are Toy, a helpful model."
TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<start_of_turn>system\n"
    + INSERTED
    + "<end_of_turn>\n{% endif %}{% for m in messages %}<start_of_turn>{{ m['role'] }}\n"
    "{{ m['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def told(study: Study) -> str | None:
    publish(study)
    with connect(study) as warehouse:
        [(prompt,)] = warehouse.execute("select default_system_prompt from study").fetchall()
    snapshots = Snapshots(study)
    with snapshots.newest().source() as source:
        assert study_resource(source)["default_system_prompt"] == prompt
    snapshots.close()
    return None if prompt is None else str(prompt)


def test_it_is_noted_with_the_first_responses_and_belongs_to_the_template(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    template = tmp_path / "inserting.jinja"
    template.write_text(TEMPLATE)
    inserting = {"generation.chat_template": {"file": str(template)}}
    study = make_study(changes=inserting)
    assert told(study) is None  # nobody has looked yet
    said = CliRunner().invoke(app, ["estimate", str(study.file), "--pilot", "0"]).output
    assert f"where a role sends no system message, the chat template inserts: {INSERTED}" in said
    GenerationStage(study).land("default")
    said = CliRunner().invoke(app, ["status", str(study.file)]).output
    assert f"where a role sends no system message, the chat template inserts: {INSERTED}\n\n" in said
    assert told(make_study(changes=inserting)) == INSERTED

    own = make_study()  # of whose template nobody has asked
    assert default_system_prompt(own) is None
    GenerationStage(own).land("default")
    assert told(own) is None
    notes = (Path(own.lake.root) / own.name / "identities").glob("default_system_prompt-*")
    assert sorted(note.read_text() for note in notes) == ["", INSERTED]
