from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq

from persona_assets.health.reasons import NO_NOTE, NOT_MADE, Reason, find_reasons
from persona_assets.lake.schema import ACTIVATIONS, RESPONSES, STATISTICS_TABLES
from persona_assets.stages.files import StudyFiles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.stages.test_table import land_fresh


def reasons(study: Study) -> dict[str, Reason]:
    found = find_reasons(StudyFiles.of(study))
    assert len({reason.stage for reason in found}) == len(found), "one reason each, here"
    return {reason.stage: reason for reason in found}


def test_what_is_fresh_has_no_reason_and_what_was_never_made_says_so(make_study: StudyMaker) -> None:
    study = make_study()
    never = reasons(study)
    assert never["responses"] == Reason("responses", "role", 3, 18, 3, NOT_MADE)
    assert never["activations"] == Reason("activations", "role", 3, 18, 18, "waits for responses")
    assert never["statistics"] == Reason(
        "statistics", "study", 1, None, len(STATISTICS_TABLES), "waits for activations"
    )
    land_fresh(study)
    assert reasons(study) == {}


def test_a_changed_setting_is_named_with_what_it_was_and_is(make_study: StudyMaker) -> None:
    land_fresh(make_study())

    def changed(**changes: Any) -> dict[str, Reason]:
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        return reasons(make_study(changes=dotted))

    found = changed(extraction__dtype="bfloat16", atlas__top_k=7)
    assert found["activations"].reason == 'dtype "float32" → "bfloat16"'
    assert found["role_features"] == Reason("role_features", "role", 3, None, 3, "waits for activations")
    assert "responses" not in found
    assert changed(extraction__evidence={"top": 5})["activations"].reason == "top 3 → 5"
    assert changed(atlas__top_k=7)["atlas"].reason == "map.top_k 2000 → 7"
    assert changed(analysis__exclude=["pirate"])["statistics"].reason == "other roles.pirate"
    assert changed(drift__pooling="max")["drift"].reason == 'settings.pooling "mean" → "max"'
    several = changed(generation__temperature=1, generation__template_date="2025-01-31")["responses"]
    assert several.reason == 'temperature 0.7 → 1.0, template_date unset → "2025-01-31"'


def test_responses_made_again_are_other_responses(make_study: StudyMaker) -> None:
    study = make_study()
    land_fresh(study)
    files = StudyFiles.of(study).roles["ghost"]
    empty = RESPONSES.schema.empty_table()
    study.lake.write(RESPONSES, empty, files.responses_fingerprint, role="ghost")
    found = reasons(study)["activations"]
    assert (found.n_parts, found.n_responses, found.reason) == (1, 6, "other responses")


def test_a_file_without_the_note_of_today_is_said_to_have_none(make_study: StudyMaker) -> None:
    study = make_study()
    study.lake.write(RESPONSES, RESPONSES.schema.empty_table(), "0123456789abcdef", role="ghost")
    told = {reason.reason: reason.n_parts for reason in find_reasons(StudyFiles.of(study))[:2]}
    assert told == {NOT_MADE: 2, NO_NOTE: 1}


def test_a_footer_holds_short_inputs_as_they_are_and_long_ones_as_a_hash(make_study: StudyMaker) -> None:
    study = make_study()
    land_fresh(study)
    file = StudyFiles.of(study).roles["ghost"].file(ACTIVATIONS, "demo")
    assert file is not None
    note = pq.read_metadata(study.lake.uri(file.path)).metadata[b"persona.made_from"]
    assert b'"dtype": "\\"float32\\""' in note
    of_responses = StudyFiles.of(study).roles["ghost"].fingerprint(RESPONSES)
    assert of_responses is not None
    assert len(str(of_responses.note)) < 2000
