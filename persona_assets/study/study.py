"""A study: its settings, its roles and its questions, read from its files."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from persona_assets.base.counts import counted
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, is_folder, meant, one_line, read_yaml, shown, shown_path
from persona_assets.base.project import in_project, project, studies_folder
from persona_assets.base.secrets import looks_secret
from persona_assets.lake.lake import Lake
from persona_assets.study.dataset import DATA, is_dataset, read_dataset
from persona_assets.study.engines import check_engines
from persona_assets.study.named_files import refuse_named_files
from persona_assets.study.questions import Question, read_questions
from persona_assets.study.roles import Role, read_role, role_files
from persona_assets.study.settings import NAME, NAMED_BY, GenerationSettings, StudySettings
from persona_assets.study.template import Template

COMPONENT = "persona_assets.components.PersonaStudy"

_MOST_TOLD = 10  # wrong keys that one line tells of


@dataclass(frozen=True)
class Study:
    """One experiment. Its roles and questions are read when they are asked for, not when it is opened.

    `dataset` is the folder of a data set that `persona pull` brought: it is only read.
    """

    name: str
    settings: StudySettings
    file: Path
    dataset: Path | None = None

    @cached_property
    def lake(self) -> Lake:
        """The study's part of the lake (`PERSONA_LAKE`, by default the project folder's `lake/`), or its data
        set's files.
        """
        if self.dataset is not None:
            return Lake(self.dataset / DATA, self.name)
        return Lake(os.environ.get("PERSONA_LAKE") or project() / "lake", self.name)

    @cached_property
    def responses_owner(self) -> Study:
        """The study whose responses this one reads: itself, or the one `responses_from` names."""
        source = self.settings.responses_from
        return self if source is None else load_study(source)

    @property
    def generation(self) -> GenerationSettings:
        """How the responses that are read are sampled. Raises StudyError where nothing samples them."""
        owner = self.responses_owner
        if owner.settings.generation is None:
            raise StudyError(
                f"{self.file}: responses_from: {owner.name} has no responses of its own; "
                f"name the study that it reads: {owner.settings.responses_from}"
            )
        return owner.settings.generation

    @cached_property
    def role_names(self) -> list[str]:
        """The roles that take part, sorted. Raises StudyError where their files are missing."""
        wanted = self.settings.roles.include
        if wanted == "all":
            return self.names_in_folder
        for name in wanted:
            if name not in self._role_files:
                remedy = meant(name, self._role_files, "")
                told = f"{self.file}: roles.include: no role {name!r} in {self._role_directory}"
                raise StudyError(f"{told}; {remedy}" if remedy else told)
        return sorted(set(wanted))

    @property
    def names_in_folder(self) -> list[str]:
        """The roles of the study's folder, sorted, whether they take part or not."""
        return list(self._role_files)

    @cached_property
    def roles(self) -> dict[str, Role]:
        """Every role that takes part, read and checked."""
        return {name: self.role(name) for name in self.role_names}

    def role(self, name: str) -> Role:
        """One role. Raises StudyError if it is not the study's, or lacks a variant that is asked for."""
        if name not in self.role_names:
            raise StudyError(f"{self.name} has no role {name!r}; its roles: {', '.join(self.role_names)}")
        role = read_role(self._role_files[name])
        missing = set(self.generation.prompt_indices) - set(range(len(role.instructions)))
        if missing:
            n = len(role.instructions)
            raise StudyError(
                f"{self._role_directory}/{name}.json: has {counted(n, 'instruction')}, "
                f"numbered from 0, but generation.prompt_indices asks for number {min(missing)}; set it to "
                f"{list(range(n))}, or add instructions"
            )
        return role

    def questions(self, role: Role) -> list[Question]:
        """Return what `role` is asked: the general questions, or its own, numbered from 0."""
        settings = self.settings.questions
        if settings.mode == "general":
            return self._general_questions[: settings.limit]
        if not role.questions:
            raise StudyError(
                f"{self._role_directory}/{role.name}.json: has no questions of its own, "
                "which mode role_specific needs; leave the role out with roles.include"
            )
        return [Question(number, text) for number, text in enumerate(role.questions)][: settings.limit]

    def path(self, written: str) -> Path:
        """Return a path as the study's file writes it: absolute, or relative to the project folder.

        Those of a data set lie in its folder.
        """
        return in_project(written) if self.dataset is None else self.dataset / written

    @cached_property
    def template(self) -> Template:
        """How the conversations of the study's responses are rendered.

        Raises StudyError as `Template.of` and `check_named_files`.
        """
        if self.generation.chat_template.file is not None:
            self.check_named_files()
        return Template.of(self.generation)

    def check_named_files(self) -> None:
        """Raise StudyError where this is a data set whose writer names files; asked before any is opened."""
        if self.dataset is not None:
            refuse_named_files(self.settings, self.dataset)

    @property
    def default_sae(self) -> str:
        """The SAE a question is about unless it says otherwise: the study's first."""
        return next(iter(self.settings.extraction.saes))

    @cached_property
    def _general_questions(self) -> list[Question]:
        assert self.settings.questions.file is not None
        return read_questions(self.path(self.settings.questions.file))

    @cached_property
    def _role_files(self) -> dict[str, Path]:
        return role_files(self._role_directory)

    @property
    def _role_directory(self) -> Path:
        return self.path(self.settings.roles.directory)


def load_study(name: str | Path) -> Study:
    """The study called `name` (a folder of the project's `defs`), or the one whose folder or YAML is named.

    Raises StudyError, naming the file and the key, where it is missing or its YAML is not right.
    """
    file = _study_file(str(name))
    content = read_yaml(file, "mend the file")
    if not isinstance(content, dict) or content.get("type") != COMPONENT:
        raise StudyError(f"{file}: must say `type: {COMPONENT}` and hold the settings in `attributes`")
    study = study_from(content.get("attributes"), file)
    if is_dataset(file.parent):
        return replace(study, name=read_dataset(file.parent).study, dataset=file.parent)
    return study


def load_own(name: str | Path) -> Study:
    """As `load_study`. Raises StudyError for a data set, of which nothing is made or changed."""
    study = load_study(name)
    if study.dataset is not None:
        raise StudyError(
            f"{name}: is a data set, which is only read: `persona sql`, `explore`, `plot` ask it"
        )
    return study


def study_from(attributes: Any, file: Path) -> Study:
    """Return the study whose YAML at `file` holds `attributes`. Raises StudyError naming every wrong key."""
    name = file.parent.name
    if not NAME.fullmatch(name) and not is_dataset(file.parent):
        raise StudyError(f"{file.parent}: the folder's name is the study's; use {NAMED_BY}")
    try:
        settings = StudySettings.model_validate(attributes)
    except ValidationError as error:
        raise StudyError(f"{file}: {_complaint(error)}") from error
    try:
        check_engines(settings)
    except StudyError as error:
        raise StudyError(f"{file}: {error}") from error
    return Study(name, settings, file)


def study_names() -> list[str]:
    """Return the names of the project's studies, sorted."""
    return sorted(file.parent.name for file in studies_folder(project()).glob("*/defs.yaml"))


def _names_here() -> list[str]:
    """Return the names of the project's studies; none outside of any project."""
    try:
        return study_names()
    except StudyError:
        return []


def _study_file(name: str) -> Path:
    if NAME.fullmatch(name) and (not is_dataset(Path(name)) or name in _names_here()):
        file = studies_folder(project()) / name / "defs.yaml"
    else:
        file = Path(name).absolute()
        file = file / "defs.yaml" if is_folder(file) else file
    if not is_file(file):
        names = _names_here()
        remedy = meant(name, names, f"studies here: {', '.join(names) or 'none'}")
        raise StudyError(f"no study {shown(name)}: {shown_path(file)} does not exist; {remedy}")
    return file


def _complaint(error: ValidationError) -> str:
    """Return the wrong keys, ten of them at most, and what is wrong with each, in one line."""
    problems = error.errors()
    told = [f"{_key(problem['loc'])}: {_plainly(problem)}" for problem in problems[:_MOST_TOLD]]
    more = [f"and {len(problems) - _MOST_TOLD} more"] if len(problems) > _MOST_TOLD else []
    return "; ".join(told + more)


def _key(place: tuple[int | str, ...]) -> str:
    return ".".join(one_line(str(part), 60) for part in place) or "attributes"


def _keys_beside(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the block in which a key stands."""
    block: type[BaseModel] = StudySettings
    for part in place[:-1]:
        field = block.model_fields.get(str(part))  # none of a name that the user gave, as of an SAE
        kinds = (field.annotation, *get_args(field.annotation)) if field is not None else ()
        block = next(
            (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), block
        )
    return list(block.model_fields)


def _plainly(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return f"unknown key; {meant(str(problem['loc'][-1]), _keys_beside(problem['loc']), 'remove it')}"
    if problem["type"] == "missing":
        return "is missing"
    message = one_line(problem["msg"].removeprefix("Value error, "), 200)
    if "engine" in problem["loc"] or looks_secret(problem["input"]):
        return message  # what stands there may be a key
    return message if problem["type"] == "value_error" else f"{message}, not {shown(problem['input'])}"
