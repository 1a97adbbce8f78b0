"""`persona import`: responses and features that others made, checked and landed in the lake.

Everything that can be checked cheaply is checked for all roles before the first one lands: every JSON line,
and every NPZ's header. A role's NPZ values are read before anything of that role lands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.interchange.features import FeatureFiles
from persona_assets.interchange.layout import Layout
from persona_assets.interchange.responses import Tokenization
from persona_assets.interchange.role import Landed, RoleImport, Skipped, read_role
from persona_assets.study.study import Study


@dataclass(frozen=True)
class ImportReport:
    """What landed, what was left because it is fresh, and files of no role of the study."""

    landed: list[Landed] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)


def import_study(
    study: Study, directory: str | Path, overwrite: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Read what `directory` holds of `study`'s roles into its lake. What is fresh stays, unless `overwrite`.

    `progress` hears of (roles done, roles). Raises StudyError, naming file and line, for the first thing
    that is wrong; roles that landed before it stay.
    """
    source = _Source(study, Layout.of(study, Path(directory)))
    roles = source.roles()
    for role in roles:
        source.read(role, overwrite)
    report = ImportReport(ignored=source.foreign_files())
    tokenization = Tokenization(study.settings.extraction, study.template)
    for number, role in enumerate(roles, start=1):
        job = source.read(role, overwrite)
        report.landed.extend(job.land(tokenization))
        report.skipped.extend(job.skipped)
        if progress is not None:
            progress(number, len(roles))
    return report


class _Source:
    """The files of one directory, looked up by the study's roles: no name found on disk is trusted."""

    def __init__(self, study: Study, layout: Layout) -> None:
        self.study = study
        self.layout = layout
        self.features = {
            sae: FeatureFiles.of(study, layout, sae)
            for sae in study.settings.extraction.saes
            if layout.features(sae).is_dir()
        }

    def roles(self) -> list[str]:
        """The study's roles of which there is something. Raises StudyError where there is nothing of any."""
        roles = [role for role in self.study.role_names if self._has(role)]
        if not roles:
            folders = [self.layout.responses, *map(self.layout.features, self.study.settings.extraction.saes)]
            raise StudyError(
                f"{self.layout.root}: holds no files of {self.study.name}'s roles; looked for <role>.jsonl "
                f"(and <role>.npz) in {', '.join(map(str, folders))}"
            )
        return roles

    def read(self, role: str, overwrite: bool) -> RoleImport:
        """Return the role's lines, checked."""
        responses = self._responses(role)
        features = {sae: files for sae, files in self.features.items() if files.has(role)}
        return read_role(self.study, role, responses if responses.is_file() else None, features, overwrite)

    def foreign_files(self) -> list[Path]:
        """Return files that look like a role's, but are of no role of the study."""
        folders = [self.layout.responses, *(files.folder for files in self.features.values())]
        found = [file for folder in folders for file in sorted(folder.glob("*.jsonl"))]
        return [file for file in found if file.stem not in self.study.role_names]

    def _has(self, role: str) -> bool:
        present = [files.has(role) for files in self.features.values()]
        return any(present) or self._responses(role).is_file()

    def _responses(self, role: str) -> Path:
        return self.layout.responses / f"{role}.jsonl"
