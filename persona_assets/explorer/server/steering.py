"""The page Steer: the study's model answers with its stream edited, where the server has it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import anyio
import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from persona_assets.base.errors import StudyError
from persona_assets.base.given import printable, shown
from persona_assets.drift.localize import scaled
from persona_assets.drift.transcript import spoken_text
from persona_assets.drift.trials import known_features
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.server.bodies import check_keys, is_text, posted
from persona_assets.explorer.server.model import FRESH, MAX_TOKENS, Model, answered, loaded
from persona_assets.explorer.snapshot.asking import Json, within
from persona_assets.explorer.snapshot.numbers import rounded
from persona_assets.explorer.snapshot.opened import OpenSnapshot
from persona_assets.models.sae import sae_width
from persona_assets.steering.target import Target
from persona_assets.study.settings.steering import Operation
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from persona_assets.steering.beside import Answer, Beside, Question, Wanted
    from persona_assets.steering.caps import Cap
    from persona_assets.steering.offered import Offered

SECONDS = 300.0  # the first question loads the model and places the roles
LONGEST = 8_000  # bytes of all that is asked
MAX_EDITS = 4
MAX_STRENGTH = 20.0

_KEYS = {"text", "system", "sae", "edits", "prompt", "seed"}
_TARGETS = {"feature", "role", "axis", "axis_file"}
_CAP = {"cap_file"}
_BOUNDS = {"max_edits": MAX_EDITS, "max_strength": MAX_STRENGTH, "max_tokens": MAX_TOKENS}
_EDIT = (
    '{"feature": 7}, {"role": "pirate"}, {"axis": true} or {"axis_file": …}, each with "operation" and '
    '"strength", or {"cap_file": …} alone'
)
_FORM = '{"text": …, "system": null, "sae": …, "edits": […], "prompt": false, "seed": 0}'


async def can_steer(request: Request) -> Response:
    """`GET api/steer`."""
    model: Model | None = request.app.state.model
    problem: str | None = None
    offered: Json = {"axis_files": [], "cap_files": []}
    if model is not None:
        sae = _sae(request.query_params.get("sae"), model.study)
        offered = _offered(model.offered, sae)
        try:
            await anyio.to_thread.run_sync(model.pairs.check, sae, limiter=request.app.state.waiting)
        except StudyError as error:
            problem = str(error)
    ready = model is not None and problem is None
    return JSONResponse({"ready": ready, "problem": problem, **_BOUNDS, **offered}, headers=FRESH)


async def steer(request: Request) -> Response:
    """`POST api/steer`."""
    model = loaded(request)
    asked = await posted(request, _FORM, _KEYS, "what is asked", LONGEST)
    sae = _sae(asked.get("sae"), model.study)
    try:
        caps, wanted = _edits(asked.get("edits"), sae, model)
        question = _question(asked, tuple(model.offered.caps[name] for name in caps))
    except StudyError as error:
        raise ProblemError(400, str(error)) from error
    answer = partial(_answer, model, sae, wanted, caps, question)
    return await answered(
        request, answer, SECONDS, "the model goes on: ask again in a while, or for a shorter text"
    )


def _sae(name: Any, study: Study) -> str:
    saes = list(study.settings.extraction.saes)
    if not isinstance(name, str) or name not in saes:
        raise ProblemError(400, f"sae must be one of {', '.join(saes)}")
    return name


def _offered(offered: Offered, sae: str) -> Json:
    """Return what files can be chosen from, by name: no path goes to a browser, and none comes from there."""
    caps = [
        {"name": name, "floors": [{"layer": one.layer, "threshold": one.threshold} for one in cap.floors]}
        for name, cap in offered.caps.items()
    ]
    numbers: Json = rounded({"cap_files": caps})
    return {"axis_files": list(offered.axes.get(sae, {}))} | numbers


def _question(asked: dict[str, Any], caps: tuple[Cap, ...]) -> Question:
    """Return what is said. Raises the problem 400, or StudyError, where the body does not say it."""
    from persona_assets.steering.beside import Question

    text, system, seed = asked.get("text"), asked.get("system"), asked.get("seed", 0)
    whole = asked.get("prompt", False)
    texts = is_text(text) and (system is None or is_text(system))
    if not texts or not isinstance(whole, bool) or type(seed) is not int or not 0 <= seed < 2**63:
        raise ProblemError(400, f"the body must be {_FORM}, its texts without NUL and half characters")
    before = None if system is None else spoken_text(system, "the system prompt")
    return Question(spoken_text(text, "the text"), before, seed, whole, caps)


def _edits(edits: Any, sae: str, model: Model) -> tuple[list[str], list[Wanted]]:
    """Return the names of caps, and the other edits. Raises the problem 400 for none, or too many."""
    if not isinstance(edits, list) or not 0 < len(edits) <= MAX_EDITS:
        raise ProblemError(400, f"edits must be a list of 1 to {MAX_EDITS}: {_EDIT}")
    caps = [one for one in edits if isinstance(one, dict) and one.keys() == _CAP]
    others = [_edit(one, sae, model) for one in edits if one not in caps]
    return [_one_of(model.offered.caps, one["cap_file"], "--cap-file") for one in caps], others


def _one_of(offered: Collection[str], name: Any, option: str) -> str:
    """Return the name of a file that is offered. Raises the problem 400 for another."""
    if not isinstance(name, str) or name not in offered:
        raise ProblemError(400, f"no file {shown(name)} is offered here ({option} of persona explore)")
    return name


def _edit(edit: Any, sae: str, model: Model) -> Wanted:
    from persona_assets.steering.beside import Wanted

    named = _TARGETS & edit.keys() if isinstance(edit, dict) else set()
    is_one = len(named) == 1 and edit.get("axis", True) is True
    if not is_one or edit.get("operation") not in get_args(Operation):
        raise ProblemError(400, f"an edit must be {_EDIT}; operations are {', '.join(get_args(Operation))}")
    check_keys(edit, {*named, "operation", "strength"}, f"an edit must be {_EDIT}")
    strength = edit.get("strength", 1)
    if type(strength) not in (int, float) or not abs(strength) <= MAX_STRENGTH:  # NaN is not
        raise ProblemError(400, f"a strength must be a number from -{MAX_STRENGTH:g} to {MAX_STRENGTH:g}")
    return Wanted(_target(edit, sae, model), edit["operation"], float(strength))


def _target(edit: dict[str, Any], sae: str, model: Model) -> Target:
    study = model.study
    if "axis" in edit:
        return Target(axis=True)
    if "axis_file" in edit:
        files = model.offered.axes.get(sae, {})
        return Target(file=str(files[_one_of(files, edit["axis_file"], "--axis-file")]))
    if "role" in edit:
        role = edit["role"]
        if not isinstance(role, str) or role not in study.role_names:
            raise ProblemError(400, f"no role {shown(role)} in this study")
        return Target(role=role)
    feature, width = edit["feature"], sae_width(study.settings.extraction.saes[sae])
    if type(feature) is not int or not 0 <= feature < width:
        raise ProblemError(400, f"no feature {str(feature)[:20]}: SAE {sae} has 0 to {width - 1}")
    return Target(feature)


def _answer(
    model: Model,
    sae: str,
    wanted: list[Wanted],
    caps: list[str],
    question: Question,
    snapshot: OpenSnapshot,
) -> Json:
    try:
        found = model.beside(sae, wanted, question)
    except StudyError as error:
        raise StudyError(_by_name(str(error), model.offered.axes.get(sae, {}))) from error
    ids = {one.feature_id for one in found.edits if one.feature_id is not None}
    with snapshot.cursor() as connection, within(SECONDS, connection):
        known = known_features(connection, sae, ids)
    features = [
        {
            "feature_id": one,
            "label": known[one].label,
            "strongest": known[one].strongest,
            "plain": found.plain.features[one],
            "steered": found.steered.features[one],
        }
        for one in sorted(ids)
    ]
    made = [*_made(found, wanted), *map(_held, caps, question.caps)]
    told = {"edits": made, "features": features, **_both(found)}
    known_of_all = {
        "sae": sae,
        "unchanged": found.unchanged,
        "anchor": model.study.settings.analysis.anchor,
        "why_no_place": found.why_no_place,
    }
    answer: Json = rounded(told)
    return answer | known_of_all


def _by_name(problem: str, files: Mapping[str, Path]) -> str:
    """Return what is wrong with a file that was changed or removed meanwhile, its path not told."""
    for name, file in files.items():
        problem = problem.replace(str(file), name)
    return problem


def _shown(file: str) -> str:
    return printable(Path(file).name)


def _made(found: Beside, wanted: list[Wanted]) -> list[Json]:
    return [
        {
            "target": one.target if (file := asked.target.file) is None else f"axis of {_shown(file)}",
            "operation": asked.operation,
            "strength": one.strength,
            "level": one.level,
        }
        for one, asked in zip(found.edits, wanted, strict=True)
    ]


def _held(name: str, cap: Cap) -> Json:
    level = cap.floors[0].threshold if len(cap.floors) == 1 else None
    return {"target": f"cap {name}", "operation": "floor", "strength": None, "level": level}


def _both(found: Beside) -> Json:
    """Return both answers, their tokens on one scale."""
    answers = {"plain": found.plain, "steered": found.steered}
    tokens = {name: one.place.tokens for name, one in answers.items() if one.place is not None}
    shares = scaled(np.concatenate(list(tokens.values()))).tolist() if tokens else []
    told: Json = {}
    for name, one in answers.items():
        n = len(tokens.get(name, ()))
        told[name], shares = _told(one, shares[:n]), shares[n:]
    return told


def _told(answer: Answer, shares: list[float]) -> Json:
    place = answer.place
    return {
        "text": answer.text,
        "pieces": answer.pieces,
        "finish_reason": answer.finish_reason,
        "place": None
        if place is None
        else {
            "projection": place.projection,
            "low": place.low,
            "high": place.high,
            "p": place.p,
            "tokens": place.tokens.tolist(),
            "scaled": shares,
        },
    }
