"""`persona demo`: a slice of the study `smollm2`, from a real model's answers to questions asked in SQL.

It makes nothing that the whole study would not make: `persona run smollm2` goes on from here.
"""

from __future__ import annotations

import shutil
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_assets.base.atomic import sync
from persona_assets.base.counts import counted
from persona_assets.base.errors import StudyError
from persona_assets.base.project import in_project, project
from persona_assets.base.text import cleaned
from persona_assets.cli.answers import ask, say_unshown
from persona_assets.cli.drift import follow
from persona_assets.cli.feature import print_feature
from persona_assets.cli.plot import plot
from persona_assets.cli.run import run_study
from persona_assets.cli.units import duration
from persona_assets.lake.schema import RESPONSES
from persona_assets.models.packaged import FETCHED, fetch
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.study.study import Study, load_study, study_names
from persona_assets.warehouse import connect

STUDY = "smollm2"
LIVE = "pirate"  # for which the model answers here and now
OTHERS = ("alien", "blacksmith", "default", "detective", "dragon", "farmer", "poet", "vampire", "wizard")
SHIPPED = Path("data/smollm2/lake")  # the answers of all roles, as a lake keeps them

_READ = ("role_features", "statistics", "baselines", "atlas", "feature_labels", "directions", "warehouse")
_PICTURES = (("similarity", None), ("axes", None), ("atlas", None), ("role", LIVE))
_SHOWN = 2  # answers of the live role, and sentences of its first feature
_N_MARKS = 5
_MARKS = f"from top_features('{LIVE}') limit"
_FIRST = f"select feature_id {_MARKS} 1"
_ORDER = (
    "ordered by distinctness: what surely tells the role from the others and is rare in these; "
    "by := 'q' puts the surest difference first"
)

# What people ask first, and how SQL says it; where it does not, `persona feature` shows the sentences.
_QUESTIONS = {
    "What do three roles answer to one question?": "select role, question, response from responses "
    "where response_id = 7 and role in ('default', 'pirate', 'vampire')",
    f"Which features tell the {LIVE} from the other roles, and how sure is that?": "select feature_id, "
    f"label, q, auroc, auroc_low, auroc_high, n_wordings_agree, firing_rate {_MARKS} {_N_MARKS}",
    "Which roles fire the first of these features?": "from which_roles({feature}) limit 5",
    f"In which sentences of the {LIVE} is it strongest, and on which tokens?": None,
    "Which features tell roles apart best?": "select rank, feature_id, preferred_role, stability from atlas "
    "order by rank limit 5",
    "Which roles are farthest from the plain assistant?": "select role, position, position_low, "
    "position_high from role_axes where axis = 'assistant' order by position limit 5",
    "What becomes of the assistant that is talked into piracy, and asked to stop?": "select turn, "
    "projection, projection_low, projection_p as p, nearest_roles[1].role as nearest from drift_turns "
    "join drift_runs using (run) where name = 'Talked into piracy' order by turn",
}


def run_demo() -> None:
    """Run the slice and ask it; what is there already is not made again.

    Raises StudyError where the project has no study `smollm2`, and what the stages raise.
    """
    if STUDY not in study_names():
        raise StudyError(
            f"{project()}: has no study {STUDY}; lay out a project that has: persona init --demo DIR"
        )
    study, begun = load_study(STUDY), time.monotonic()
    roles = sorted([LIVE, *OTHERS])
    print(f"SmolLM2-135M-Instruct, a real model of 135 million parameters, plays {len(roles)} roles.")
    with _step("The model"):
        _bring_model(study)
    with _step(f"Answers: those of the {LIVE} are given now, those of the others are shipped"):
        _place_answers(study)
        run_study(study, roles, ["catalog", "responses"], overwrite=False)
        _show_answers(study)
    with _step("The model reads all answers again, and an SAE its residual stream"):
        run_study(study, roles, ["activations"], overwrite=False)
    with _step("Roles are compared, features mapped, and all of it is published as a DuckDB database"):
        run_study(study, roles, _READ, overwrite=False)
    with _step("Three conversations are followed turn by turn"):
        follow(study, [], False, None, "table")
    with _step("Pictures"):
        _draw(study)
    _ask(study)
    _say_what_is_next(study, duration(time.monotonic() - begun))


@contextmanager
def _step(title: str) -> Iterator[None]:
    """Print what begins, and at the end how long it took."""
    print(f"\n== {title}", flush=True)
    begun = time.monotonic()
    yield
    print(f"   {duration(time.monotonic() - begun)}", flush=True)


def _bring_model(study: Study) -> None:
    """Fetch the packaged model where the study names it and it is not there yet."""
    named = study.settings.extraction.model
    folder = in_project(named)
    if named == f"{FETCHED}{STUDY}" and not folder.exists():
        fetch(STUDY, folder)
    print(named)


def _place_answers(study: Study) -> None:
    """Put the shipped answers into the lake: of all roles but the live one, lest there be none to give."""
    place, storage = in_project(SHIPPED), study.lake.storage
    there = {stored.path for stored in storage.below(study.lake.folder(RESPONSES))}
    for file in sorted(place.glob(f"{study.lake.folder(RESPONSES)}/role=*/*.parquet")):
        path = file.relative_to(place).as_posix()
        if file.parent.name == f"role={LIVE}" or {path, str(Path(path).with_suffix(".gone"))} & there:
            continue
        with storage.placing(path) as beside:
            shutil.copyfile(file, beside)
            sync(beside)


def _show_answers(study: Study) -> None:
    """Print some of the live role's answers, each with its question."""
    file = look_at_roles(study)[LIVE].responses
    assert file is not None, "landed above"
    for row in study.lake.read(RESPONSES, file).slice(0, _SHOWN).to_pylist():
        print(f"   {cleaned(row['question'])}")
        print(textwrap.indent(textwrap.fill(cleaned(row["response"]), 90), "   | "))


def _draw(study: Study) -> None:
    folder = study.lake.local_root / study.name / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    for subject, name in _PICTURES:
        print(plot(study, subject, name, None, folder / f"{name or subject}.svg"))


def _ask(study: Study) -> None:
    """Ask what people ask first; each question stands with the command that asks it."""
    with connect(study) as connection:
        [feature] = connection.execute(_FIRST).fetchone() or [0]
    for question, pattern in _QUESTIONS.items():
        if pattern is None:
            print(f"\n{question}\n$ persona feature {study.name} {feature} --role {LIVE} --limit {_SHOWN}")
            print_feature(study, feature, None, LIVE, _SHOWN, "table", wide=False)
            continue
        query = pattern.format(feature=feature)
        print(f'\n{question}\n$ persona sql {study.name} "{query}"', flush=True)
        ask(study, query, "table")
        if _MARKS in query:
            print(_ORDER)
            say_unshown(study, role=LIVE, sae=None, limit=_N_MARKS, by="distinctness")


def _say_what_is_next(study: Study, took: str) -> None:
    n_left = len(study.role_names) - len(OTHERS) - 1
    print(
        f"\nAll of this took {took}. Go on:\n"
        f"  persona explore {study.name}    look at it in the browser: map, features, roles, conversations\n"
        f"  persona run {study.name}        read the other {counted(n_left, 'role')} too: the whole study\n"
        f"  persona sql {study.name} \"from compare_roles('poet', 'wizard') limit 5\"\n"
        f"  persona new mine            begin a study of your own, with your model and SAE"
    )
