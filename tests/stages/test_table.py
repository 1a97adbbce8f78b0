from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from persona_assets.explaining.stage import explaining_parts
from persona_assets.generate.in_flight import InFlight
from persona_assets.health.garbage import find_garbage
from persona_assets.health.summary import summarize
from persona_assets.judging.stage import judging_parts
from persona_assets.lake.schema import (
    ANSWERING,
    DRIFT_CODES,
    EVERY_TABLE,
    EXPLAINING,
    IN_FLIGHT,
    JUDGING,
    MARTS,
    SCORING,
    STEERED_JUDGING,
    STEERING,
    Table,
    mart_table,
)
from persona_assets.scoring.stage import scoring_parts
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.asked_inputs import steered_parts
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import Part
from persona_assets.stages.table import STAGES, stage, stage_of
from persona_assets.study.study import Study
from persona_assets.warehouse.files import role_status
from tests.conftest import StudyMaker
from tests.places import PROJECT

RUN, MART = "0123456789", "how_many_files"
UNASKED = {"variant_vectors"}  # a study keeps these or those of single responses
OTHER = "fedcba9876543210"  # a fingerprint of other settings


def write_mart(study: Study, sql: str = "select count(*) as n_files from lake_files") -> None:
    """Write a mart, by default one that reads every table."""
    file = study.file.parent / "marts" / f"{MART}.sql"
    file.parent.mkdir(exist_ok=True)
    file.write_text(sql)


@pytest.fixture
def study(make_study: StudyMaker) -> Study:
    """A study that asks for every stage."""
    return make_study(
        changes={
            "judge": {"one": {"model": "tests/toy/data/model", "dtype": "float32"}},
            "analysis.min_score": 2,
            "analysis.baselines": True,
            "analysis.declined": True,
            "contrasts": {"living": {"roles": ["pirate"]}},
            "extraction.first_tokens": 3,
            "extraction.vectors": "response",
            "attribution": {"roles": ["default", "pirate"]},
            "explanation_scores": {"model": "tests/toy/data/model", "dtype": "float32"},
            "explanations": {"model": "tests/toy/data/model", "dtype": "float32"},
            "interventions": {"pirates": {"role": "pirate", "answers": 2}},
        }
    )


def land(study: Study, table: Table, made_from: str, part: Part) -> str:
    if table is MARTS:
        content = pa.table({"x": [1]})
        return study.lake.write(mart_table(part.mart or MART, content.schema), content, made_from).path
    given = {key: value for key, value in part._asdict().items() if value is not None}
    return study.lake.write(table, table.schema.empty_table(), made_from, **given).path


def fingerprint(files: StudyFiles, table: Table, part: Part) -> str:
    """Return the fingerprint that is fresh today; of labels, which are imported, one of such."""
    if part.mart is not None:
        return files.marts.fingerprint(part.mart)
    if part.role is not None:
        made_from = files.roles[part.role].fingerprint(table, part.sae)
    elif part.sae is not None:
        made_from = files.across.fingerprint(table, part.sae) or f"imported-{OTHER}"
    else:
        made_from = files.drift.fingerprint(part.run or "")
    assert made_from is not None
    return made_from


def land_fresh(study: Study) -> set[str]:
    """Land a fresh file of every table that a snapshot holds, and of a mart; return their paths."""
    write_mart(study)
    landed = set()
    for one in STAGES:
        for part in [Part(run=RUN)] if one.per == "conversation" else StudyFiles.of(study).parts(one):
            unasked = [extra.table for extra in one.extras if not extra.wanted(study.settings)]
            for table in (table for table in one.landed if table not in unasked):
                landed.add(land(study, table, fingerprint(StudyFiles.of(study), table, part), part))
    return landed


def land_besides(study: Study) -> set[str]:
    """Land a fresh file of every table that no snapshot holds, of each kind that there is."""
    files = StudyFiles.of(study)
    codes, anchor = files.drift.codes_fingerprint(RUN), files.drift.anchor_codes_fingerprint
    in_flight = InFlight(files.roles["pirate"], "transformers").made_from
    assert anchor is not None
    judging = judging_parts(files.roles["pirate"], "one").made_from
    scoring = scoring_parts(study, "demo", "fuzzing").made_from
    steering = AcrossRoles.of(study).intervention("demo", "pirates")
    answering = AcrossRoles.of(study).answers_anew("demo", "pirates")
    assert steering is not None and answering is not None
    return {
        land(study, ANSWERING, answering, Part(sae="demo")),
        land(study, STEERED_JUDGING, steered_parts(study, "demo")["pirate"], Part(sae="demo")),
        land(study, STEERING, steering, Part(sae="demo")),
        land(study, SCORING, scoring, Part(sae="demo")),
        land(study, JUDGING, judging, Part(role="pirate")),
        land(study, EXPLAINING, explaining_parts(study, "demo").made_from, Part(sae="demo")),
        land(study, DRIFT_CODES, codes, Part(sae="demo", run=RUN)),
        land(study, DRIFT_CODES, anchor, Part(role="default", sae="demo")),
        land(study, IN_FLIGHT, in_flight, Part(role="pirate")),
    }


def test_every_table_belongs_to_exactly_one_stage() -> None:
    owned = Counter(table.name for one in STAGES for table in (*one.landed, *one.besides))
    assert owned == Counter(EVERY_TABLE.keys())
    assert all(stage_of(table).name == one.name for one in STAGES for table in one.landed)


def test_the_changelog_begins_with_the_versions_of_today() -> None:
    newest = (PROJECT / "CHANGELOG.md").read_text().split("\n## ")[1]
    versions = {one.name: one.version for one in STAGES if one.made_from is not None}
    raised = {name for name, version in versions.items() if version != 1}
    said = dict(re.findall(r"\| (\w+) \| (.*) \|", newest))
    del said["stage"]
    shown = {name: str(v) if isinstance(v, int) else f"{v['mean']} (`atlas.strategy: max`: {v['max']})"
             for name, v in versions.items()}  # fmt: skip
    assert said.items() <= shown.items()
    assert said.keys() >= raised


def test_a_table_is_made_from_tables_of_its_own_stage_or_of_one_that_the_stage_needs() -> None:
    for one in STAGES:
        near = {table.name for name in one.needs for table in stage(name).landed}
        near |= {table.name for table in (one.mark, *one.besides)}
        for table in one.landed:
            assert near >= set(table.made_from)
            assert bool(table.made_from) == bool(one.needs or table not in one.tables), table.name


def test_a_stage_needs_only_stages_above_it() -> None:
    above: set[str] = set()
    for one in STAGES:
        assert above.issuperset(one.needs)
        above.add(one.name)


def test_gc_keeps_fresh_files_of_every_table_and_nothing_else(study: Study) -> None:
    fresh = land_fresh(study) | land_besides(study)
    assert {path.split("/")[1] for path in fresh} == EVERY_TABLE.keys() - UNASKED
    keys = {table.name: (table.per_role, table.per_sae) for table in EVERY_TABLE.values()}
    parts = {
        name: Part(role="ghost" if per_role else None, sae="demo" if per_sae else None)
        for name, (per_role, per_sae) in keys.items()
        if name not in ("drift_runs", "feature_labels")  # of runs the last record stays; labels are imported
    }
    stale = {land(study, EVERY_TABLE[name], OTHER, part) for name, part in parts.items()}
    garbage = find_garbage(study, timedelta(0), datetime.now(UTC) + timedelta(days=2))
    assert {held.file.path for held in garbage.files} == stale


def test_status_snapshot_and_run_agree_on_what_is_extracted(make_study: StudyMaker) -> None:
    land_fresh(make_study())
    study = make_study(changes={"extraction.evidence": {"top": 5}})
    files = StudyFiles.of(study).roles["pirate"]
    roles, _ = summarize(study)
    assert {role.states["activations"] for role in roles} == {"stale"}
    assert role_status(files)["activations"] == "stale"
    assert not files.has(stage("activations"), "demo")
    assert role_status(files)["role_features"] == "fresh"  # they are not made from evidence


def test_each_table_is_listed_once_whatever_is_asked(study: Study) -> None:
    land_fresh(study)
    listed: Counter[str] = Counter()
    below = study.lake.storage.below
    study.lake.storage.below = lambda folder: (listed.update([folder]), below(folder))[1]  # type: ignore
    files = StudyFiles.of(study)
    under_way = (
        "in_flight",
        "judging",
        "explaining",
        "scoring",
        "steering",
        "answering",
        "steered_judging",
    )
    tables = {held.table.name for _, held in files.published()}
    assert tables | {*under_way, "drift_codes"} == EVERY_TABLE.keys() - UNASKED
    files.fresh()
    for one in STAGES:
        assert {files.state(one, part) for part in files.parts(one)} == {"fresh"}
    find_garbage(study, timedelta(0))
    assert [listed.pop(f"{study.name}/{name}") for name in under_way] == [1] * 7
    assert set(listed.values()) == {2}
    assert listed.keys() == {f"{study.name}/{name}" for name in EVERY_TABLE.keys() - set(under_way)}
