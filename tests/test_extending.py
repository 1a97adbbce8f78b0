"""docs/extending.md does what it says: its blocks are applied, and what they add is used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file

from persona_assets.base.errors import StudyError
from persona_assets.extract.encode import encoder
from persona_assets.extract.extractor import Extractor
from persona_assets.extract.screen import ScreenedEncoder
from persona_assets.generate.stage import GenerationStage
from persona_assets.lake.schema import RESPONSES
from persona_assets.models.sae import load_sae, sae_width
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study, load_study
from tests.conftest import write_study
from tests.extract.dense import residuals, whole_model
from tests.extract.tiny import response_table
from tests.places import PROJECT, TOY, write_project

WEB = Path("persona_assets/explorer/web")
PAGE = (PROJECT / "docs/extending.md").read_text()
CHANGES = {  # of this package, by section; the most files that each may take
    "A stage with its table": 6,
    "A macro": 2,
    "A page of the explorer": 5,
    "A column of `features`": 5,
}


def blocks(section: str) -> list[tuple[str, str, str]]:
    """A section's blocks: the last file named before each, its language, and its text."""
    [text] = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M)
    found, place = [], 0
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.S | re.M):
        named = re.findall(r"`([\w./-]+\.\w+)`", text[place : block.start()])
        found.append((named[-1] if named else "", block[1], block[2]))
        place = block.end()
    return found


def changed(text: str, diff: str) -> str:
    """`text` with each hunk's lines changed; raises AssertionError where they do not stand there once."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in kind) for kind in (" -", " +"))
        assert ("\n" + text).count("\n" + old) == 1, f"{old!r} is not there once"
        text = ("\n" + text).replace("\n" + old, "\n" + new)[1:]
    return text


def apply(section: str, tree: Path) -> set[str]:
    """Make the section's change in `tree`; returns the files."""
    files = set()
    for file, language, text in blocks(section):
        place = tree / file
        if language == "diff":
            place.write_text(changed(place.read_text(), text))
        else:
            assert not place.exists(), file
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)
        files.add(file)
    return files


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with every change of it that the page shows."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("persona_assets", "sql", "tests"):
        without = shutil.ignore_patterns("__pycache__", "node_modules", "dist")
        shutil.copytree(PROJECT / folder, tree / folder, ignore=without)
    shutil.copy(PROJECT / "pyproject.toml", tree)
    for section, most in CHANGES.items():
        assert len(apply(section, tree)) <= most
    return tree


def run(tree: Path, *command: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


USE = """
import json, sys
from pathlib import Path
import persona_assets
from persona_assets.analysis.design import RoleSource
from persona_assets.analysis.role_matrix import RoleMatrix, with_selection
from persona_assets.analysis.selection import select
from persona_assets.analysis.statistics import analyse
from persona_assets.explorer.resources import Source, find
from persona_assets.lake.schema import FEATURES, LENGTH_CONTRASTS, ROLE_CONTRASTS, ROLE_MATRIX
from persona_assets.orchestration import reports
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.table import PER_ROLE, stage
from persona_assets.study.study import load_study
from persona_assets.warehouse import connect, publish
from tests.conftest import write_study
from tests.warehouse.world import fill, write_catalog

folder = Path(sys.argv[1])
study = load_study(write_study(folder / "small", write_catalog(folder / "catalog")))
fill(study)
across = AcrossRoles.of(study)
sources = [RoleSource(role, study.lake.uri(a.path), study.lake.uri(p.path))
           for role, (a, p) in across.compared("first").items()]
statistics = analyse(sources, 40, aligned=True, split_seed=1)
selection = select(statistics, study.settings.atlas)
for table, content in {
    FEATURES: with_selection(statistics.features, selection),
    ROLE_MATRIX: RoleMatrix(selection),
    LENGTH_CONTRASTS: statistics.length_contrasts,
    ROLE_CONTRASTS: statistics.role_contrasts,
}.items():
    study.lake.write(table, content, across.fingerprint(ROLE_CONTRASTS, "first"), sae="first")
    if table is FEATURES:  # as a version without the column would have written it
        content = content.drop_columns(["n_roles"])
        FEATURES.__dict__["schema"] = content.schema
    study.lake.write(table, content, across.fingerprint(ROLE_CONTRASTS, "second"), sae="second")
    FEATURES.__dict__.pop("schema", None)
assert study.lake.read(FEATURES, across.file(FEATURES, "second"))["n_roles"].null_count == 40
assert reports.PER_ROLE.keys() == {one.name for one in PER_ROLE}
for role in study.role_names:
    reports.PER_ROLE["role_counts"](study, False, role, print)
assert StudyFiles.of(study).roles["pirate"].has(stage("role_counts"), "second")
publish(study)
with connect(study) as warehouse:
    source = Source(warehouse, "", None, None, {}, study)
    print(json.dumps({
        "package": persona_assets.__file__,
        "counts": warehouse.execute("select n_features, n_always from role_counts where role = 'pirate' "
            "and sae = 'first'").fetchall(),
        "fired": warehouse.execute("select count(*), count(*) filter (firing_rate = 1) from role_features "
            "where role = 'pirate' and sae = 'first'").fetchall(),
        "steady": warehouse.execute("select feature_id from steady_features('pirate', 1.0)").fetchall(),
        "n_roles": warehouse.execute("select feature_id, n_roles from features "
            "where sae = 'first' order by all").fetchall(),
        "earlier": warehouse.execute("select count(*), count(n_roles) from features "
            "where sae = 'second'").fetchall(),
        "shown": find("first/features.json")(source)["n_roles"],
        "questions": find("questions.json")(source),
    }))
"""


@pytest.fixture(scope="module")
def used(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the changed package answers of a small study."""
    folder = tmp_path_factory.mktemp("used")
    told = run(tree, "-c", USE, str(folder), PERSONA_LAKE=str(folder / "lake"))
    answers: dict[str, Any] = json.loads(told.splitlines()[-1])
    assert answers["package"].startswith(str(tree))
    return answers


def test_a_stage_of_ones_own_lands_its_table_and_a_snapshot_has_it(used: dict[str, Any]) -> None:
    assert used["counts"] == used["fired"]


def test_a_macro_of_ones_own_answers(used: dict[str, Any]) -> None:
    assert used["steady"] == [[5], [11]]


def test_a_column_of_ones_own_is_in_the_warehouse_and_on_the_page_of_features(used: dict[str, Any]) -> None:
    by_feature = dict(used["n_roles"])
    assert (by_feature[5], by_feature[11], by_feature[13]) == (4, 1, 0)
    assert used["shown"] == [n for n in by_feature.values() if n]
    assert used["earlier"] == [[40, 0]]


def test_a_page_of_ones_own_is_answered_and_fits_the_front_ends_types(
    tree: Path, used: dict[str, Any]
) -> None:
    assert len(used["questions"]) == 3
    assert used["questions"][0].keys() == {"role", "question_id", "question", "n_roles"}
    run(tree, "-m", "tests.explorer.typescript")
    compiler = PROJECT / WEB / "node_modules/typescript/bin/tsc"
    if not compiler.exists():
        pytest.skip("the front end is not installed (`make explorer`)")
    (tree / WEB / "node_modules").symlink_to(PROJECT / WEB / "node_modules")
    done = subprocess.run(["node", compiler, "--noEmit"], cwd=tree / WEB, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_what_the_page_adds_keeps_to_the_style(tree: Path) -> None:
    files = {file for section in CHANGES for file, _, _ in blocks(section) if file.endswith(".py")}
    run(tree, "-m", "ruff", "check", "--no-cache", *files)
    run(tree, "-m", "ruff", "format", "--no-cache", "--check", *files)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with the page's own modules, which nobody has installed."""
    write_project(tmp_path)
    for shared in ("data", "tests"):
        (tmp_path / shared).symlink_to(PROJECT / shared)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "smollm2").symlink_to(TOY / "model")  # which is answered with and read sooner
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "lake"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for module in ("echo_backend", "tied_saes"):
        sys.modules.pop(module, None)


def study_of(section: str, project: Path, **more: Any) -> Study:
    """A study with the section's module and its block of settings."""
    (file, _, module), (_, _, settings) = blocks(section)
    (project / file).write_text(module)
    return load_study(write_study(project / "studies/defs/own", {**yaml.safe_load(settings), **more}))


def test_a_generation_backend_of_ones_own_answers_and_its_options_are_checked(project: Path) -> None:
    section = "A generation backend"
    study = study_of(section, project)
    responses = study.lake.read(RESPONSES, GenerationStage(study).land("ghost")).to_pylist()
    assert len(responses) == 15
    assert {row["origin"] for row in responses} == {"echo_backend:ECHO"}
    assert all(row["response"] == row["question"].upper() for row in responses)

    def made_from(**engine: Any) -> str:
        changed = study_of(section, project, **{"generation.engine": engine})
        return RoleFiles(changed, "ghost").responses_fingerprint

    assert made_from(shout=True) == made_from(shout=True, batch_size=8) != made_from(shout=False)
    with pytest.raises(StudyError, match="unknown option 'shoot' for echo; did you mean shout"):
        made_from(shoot=True)


def test_an_sae_of_ones_own_is_read_as_its_dense_encode_would(project: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(64, 192, generator=generator) / 192**0.5
    folder = project / "tied_sae"
    folder.mkdir()
    weights = {"directions": directions, "threshold": torch.full((64,), 2.0)}
    save_file(weights, folder / "weights.safetensors")
    (folder / "config.json").write_text('{"layer": 2, "d_sae": 64}')
    extraction = study_of("An SAE library or architecture", project).settings.extraction
    sae = load_sae(extraction.saes["tied"])
    assert sae_width(extraction.saes["tied"]) == 64
    assert isinstance(encoder(sae, "tied"), ScreenedEncoder)
    extractor = Extractor.open(extraction)
    responses = response_table(extractor.tokenizer, [5, 9, 1])
    [conversation, *_] = extractor.read(responses)
    codes = sae.encode(residuals(whole_model(str(TOY / "model")), 2, conversation))
    activations = extractor.extract(responses)["tied"].activations.to_pandas()
    mine = activations[activations["response_id"] == conversation.response_id]
    fires = codes.amax(dim=0) > 0
    assert mine["feature_id"].tolist() == fires.nonzero().flatten().tolist()
    np.testing.assert_allclose(mine["mean"], codes.mean(dim=0)[fires], rtol=1e-3)
    assert 0 < int(fires.sum()) < 64
    assert extractor.fits(responses)["tied"].fvu is not None
