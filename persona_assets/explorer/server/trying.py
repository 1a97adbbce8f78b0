"""The page Try: a text goes through the study's model, where the server has it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from persona_assets.base.errors import StudyError
from persona_assets.drift.trials import Known, known_features, parsed_transcript, prompt_transcript
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.server.bodies import is_text, posted
from persona_assets.explorer.server.model import FRESH, Model, answered, loaded
from persona_assets.explorer.snapshot.asking import Json, within
from persona_assets.explorer.snapshot.numbers import rounded
from persona_assets.explorer.snapshot.opened import OpenSnapshot

if TYPE_CHECKING:
    from persona_assets.drift.transcript import Transcript
    from persona_assets.drift.tried import Tried

SECONDS = 60.0
LONGEST = 20_000  # bytes of a text
TOP = 5  # features of a token that are told
_FORM = '{"text": …, "sae": …, "conversation": false}'


async def can_try(request: Request) -> Response:
    """`GET api/try`."""
    return JSONResponse({"ready": request.app.state.model is not None}, headers=FRESH)


async def try_text(request: Request) -> Response:
    """`POST api/try`."""
    model = loaded(request)
    asked = await posted(request, _FORM, ("text", "sae", "conversation"), "a text", LONGEST)
    transcript, sae = _asked(asked, list(model.study.settings.extraction.saes))
    answer = partial(_answer, model, transcript, sae)
    return await answered(request, answer, SECONDS, "try a shorter text")


def _asked(body: dict[str, Any], saes: Sequence[str]) -> tuple[Transcript, str]:
    """Return what is to be read, and with which SAE. Raises the problem 400 where the body does not say."""
    text, sae, is_conversation = body.get("text"), body.get("sae"), body.get("conversation", False)
    if not isinstance(text, str) or not is_text(text) or not isinstance(is_conversation, bool):
        raise ProblemError(400, f"the body must be {_FORM}, a text without NUL and half characters")
    if not isinstance(sae, str) or sae not in saes:
        raise ProblemError(400, f"sae must be one of {', '.join(saes)}")
    try:
        transcript = parsed_transcript(text, "the text") if is_conversation else prompt_transcript(text)
    except StudyError as error:
        raise ProblemError(400, str(error)) from error
    return transcript, sae


def _answer(model: Model, transcript: Transcript, sae: str, snapshot: OpenSnapshot) -> Json:
    found = model.tried(transcript, sae)
    with snapshot.cursor() as connection, within(SECONDS, connection):
        return {"sae": sae, "texts": [_told(one, connection, sae) for one in found]}


def _told(one: Tried, connection: duckdb.DuckDBPyConnection, sae: str) -> Json:
    """Return the contract's `TriedText`: the features that are among the strongest of any token."""
    ids = one.feature.tolist()
    top = {feature for _, feature, _ in one.strongest(TOP)}
    known = known_features(connection, sae, top)
    shown = [place for place, feature in enumerate(ids) if feature in top]
    features = [_feature(one, place, known[ids[place]]) for place in shown]
    return {
        "pieces": one.pieces,
        "features": sorted(features, key=lambda row: (-row["max"], row["feature_id"])),
    }


def _feature(one: Tried, place: int, known: Known) -> Json:
    own = one.of == place
    numbers: Json = rounded(
        {"token_rate": known.token_rate, "strongest": known.strongest, "max": float(one.max[place])}
        | {"values": one.value[own].tolist()}
    )
    return numbers | {
        "feature_id": int(one.feature[place]),
        "label": known.label,
        "n_active": int(one.n_active[place]),
        "tokens": one.token[own].tolist(),
    }
