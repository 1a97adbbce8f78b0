"""A synthetic study of full size, as the project's own lake: `python full_scale.py FOLDER --roles 276`.

Roles that are there already stay: a folder grows from 24 roles to 96 to 276. A role takes about 70 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import full_scale_role
import yaml
from full_scale_role import D_SAE, N_QUESTIONS, N_VARIANTS, TOP, WINDOW, Population

from persona_assets.lake.schema import ACTIVATIONS, EVIDENCE, POOLED, RESPONSES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import COMPONENT, Study, load_study

SAE = "l40_65k"
PROMPTS = [
    f"You are role {{number}}, of whom this is description {variant}." for variant in range(N_VARIANTS)
]
QUESTIONS = [f"What would you say about matter {number}, and why?" for number in range(N_QUESTIONS)]


_MODEL = {"model": "example/chat", "dtype": "bfloat16"}  # there is none to ask what would suit it


def open_study(folder: Path) -> Study:
    """The study below `folder`, its lake there too."""
    os.environ["PERSONA_LAKE"] = str(folder.absolute() / "lake")
    os.environ.pop("PERSONA_WAREHOUSE", None)
    return load_study(folder / "full_scale")


def role_name(number: int) -> str:
    """Roles are numbered; the first is the anchor."""
    return "default" if number == 0 else f"role_{number:03}"


def write_study(folder: Path, n_roles: int, workers: int = 2) -> int:
    """Have the lake below `folder` hold the study's first `n_roles` roles; how many were missing."""
    _write_catalog(folder, n_roles)
    with ProcessPoolExecutor(workers, get_context("spawn"), _alone) as pool:
        return sum(pool.map(_write_role, [folder] * n_roles, range(n_roles)))


def _alone() -> None:
    import pyarrow as pa

    pa.set_cpu_count(1)  # a process a core


def _write_role(folder: Path, number: int) -> bool:
    """Write the role unless it is there; whether it was missing."""
    study = _opened(folder)
    role = role_name(number)
    if RoleFiles(study, role).activations(SAE) is not None:
        return False
    fired = full_scale_role.fired(_population(), number)
    prompts = [prompt.format(number=number) for prompt in PROMPTS]
    answers = full_scale_role.responses(fired, number, prompts, QUESTIONS)
    study.lake.write(RESPONSES, answers, RoleFiles(study, role).responses_fingerprint, role=role)
    files = RoleFiles(study, role)
    made_from, shown = files.activations_fingerprint(SAE), files.fingerprint(EVIDENCE, SAE)
    assert made_from is not None and shown is not None
    study.lake.write(POOLED, full_scale_role.pooled(fired), made_from, sae=SAE, role=role)
    study.lake.write(EVIDENCE, full_scale_role.evidence(fired, number), shown, sae=SAE, role=role)
    study.lake.write(ACTIVATIONS, fired.activations, made_from, sae=SAE, role=role)
    return True


@cache
def _opened(folder: Path) -> Study:
    return open_study(folder)


@cache
def _population() -> Population:
    return Population.drawn()


def _write_catalog(folder: Path, n_roles: int) -> None:
    roles, sae = folder / "roles", folder / "sae"
    for place in (roles, sae, folder / "full_scale"):
        place.mkdir(parents=True, exist_ok=True)
    for number in range(n_roles):
        instructions = [{"pos": prompt.format(number=number)} for prompt in PROMPTS]
        (roles / f"{role_name(number)}.json").write_text(json.dumps({"instruction": instructions}))
    lines = [json.dumps({"id": number, "question": text}) for number, text in enumerate(QUESTIONS)]
    (folder / "questions.jsonl").write_text("\n".join(lines))
    (sae / "cfg.json").write_text(json.dumps({"d_sae": D_SAE}))
    content = {"type": COMPONENT, "attributes": _attributes(folder, n_roles)}
    (folder / "full_scale" / "defs.yaml").write_text(yaml.safe_dump(content))


def _attributes(folder: Path, n_roles: int) -> dict[str, Any]:
    place = folder.absolute()
    return {
        "roles": {"directory": str(place / "roles"), "include": [role_name(n) for n in range(n_roles)]},
        "questions": {"mode": "general", "file": str(place / "questions.jsonl")},
        "generation": {"prompt_indices": list(range(N_VARIANTS)), **_MODEL},
        "extraction": {
            **_MODEL,
            "spans": "all",
            "saes": {SAE: {"path": str(place / "sae")}},
            "evidence": {"top": TOP, "window": WINDOW},
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--roles", type=int, default=276)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    began = time.perf_counter()
    write_study(given.folder, given.roles, given.workers)
    print(f"{given.roles} roles in {time.perf_counter() - began:.1f} s")
