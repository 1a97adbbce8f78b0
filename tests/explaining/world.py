"""A small study that was really answered and read, and a server that explains its features."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from persona_assets.analysis.stage import compare_roles
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.lake.schema import ACTIVATIONS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.generate.misbehaving_server import Behaviour, Request

SAE = "demo"


def compared_study(make_study: StudyMaker, name: str = "demo", **changes: Any) -> Study:
    """Three roles of the toy, answered, read and compared; a study of the same name keeps what has landed."""
    study = make_study(name, {"roles.include": ["default", "pirate", "ghost"], **changes})
    generation, extraction = GenerationStage(study), ExtractionStage(study)
    for role in study.role_names:
        if not RoleFiles(study, role).extracted(SAE):
            generation.land(role)
            extraction.land(role)
    generation.close()
    extraction.close()
    compare_roles(AcrossRoles.of(study), SAE)
    return study


def firing(study: Study) -> list[int]:
    """The features that fire in some answer, by id."""
    files = [RoleFiles(study, role).activations(SAE) for role in study.role_names]
    tables = [study.lake.read(ACTIVATIONS, file) for file in files if file is not None]
    return sorted({feature for table in tables for feature in table["feature_id"].to_pylist()})


def explained_by(url: str, **more: Any) -> dict[str, Any]:
    """Return the block `explanations` of a study that asks a server."""
    engine = {"base_url": url, "concurrency": 2, "retries": 0}
    return {"backend": "openai", "model": "tests/toy/data/model", "engine": engine} | more


def saying(text: str | Callable[[list[int]], str], after: int = 10**9) -> Behaviour:
    """Answer each prompt with a text, or what is made of its tokens; refuse `after` so many."""
    n_asked = 0

    async def behave(request: Request) -> None:
        nonlocal n_asked
        n_asked += 1
        ids = request.body["prompt"]
        said = text if isinstance(text, str) else text(ids[0] if isinstance(ids[0], list) else ids)
        choice = {"text": said, "finish_reason": "stop", "logprobs": None}
        status, body = (200, {"choices": [choice]}) if n_asked <= after else (400, {"error": "gone"})
        await request.reply(status, json.dumps(body).encode())

    return behave
