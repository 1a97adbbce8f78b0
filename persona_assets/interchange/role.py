"""The import of one role: its lines are checked when it is made, its numbers when it lands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.interchange.features import FeatureFiles
from persona_assets.interchange.identify import RoleKeys
from persona_assets.interchange.responses import GivenResponse, Tokenization, read_responses
from persona_assets.interchange.sparse import SparseRows
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, POOLED, RESPONSES
from persona_assets.stages.default_prompt import default_system_prompt
from persona_assets.stages.of_roles import RoleFiles, imported_from
from persona_assets.stages.spans import land_spans
from persona_assets.study.study import Study


@dataclass(frozen=True)
class Skipped:
    """What stays as it is: a role's fresh responses (`sae` None), or its fresh features under an SAE."""

    role: str
    sae: str | None


@dataclass(frozen=True)
class Landed:
    """A role's responses (`sae` None), or its features under an SAE.

    `n_missing` counts responses that are in the study (for features: in the role's responses), but were not
    in the files. `by_position`: nothing but the order of the responses' file said what each row of the
    features is.
    """

    role: str
    sae: str | None
    n_responses: int
    n_missing: int
    by_position: bool = False


@dataclass(frozen=True)
class RoleImport:
    """What the files bring for one role, matched with the study's catalog and with the lake.

    `answers`: the responses to land, None where the lake's fresh ones stay; `rows`: what each row of an SAE's
    features is, for the SAEs whose features are to land.
    """

    study: Study
    keys: RoleKeys
    features: dict[str, FeatureFiles]
    answers: list[GivenResponse] | None
    rows: dict[str, list[GivenResponse]]
    skipped: list[Skipped]

    def land(self, tokenization: Tokenization) -> list[Landed]:
        """Write responses and features. All of the role's numbers are read first. Raises StudyError."""
        sparse = {sae: self.features[sae].read(self.keys.role, rows) for sae, rows in self.rows.items()}
        landed = [] if self.answers is None else [self._land_responses(self.answers, tokenization)]
        return landed + [self._land_features(sae, rows) for sae, rows in sparse.items()]

    def _land_responses(self, answers: list[GivenResponse], tokenization: Tokenization) -> Landed:
        role, lake = self.keys.role, self.study.lake
        content = tokenization.table(answers)
        made_from = f"imported-{fingerprint({'responses': content.to_pylist()})}"
        default_system_prompt(self.study, tokenization.tokenizer)  # noted with what lands
        if not _is(RoleFiles(self.study, role).responses, made_from):
            lake.write(RESPONSES, content, made_from, role=role)
        land_spans(RoleFiles(self.study, role), content, tokenization.tokenizer)
        return Landed(role, None, len(answers), len(self.keys) - len(answers))

    def _land_features(self, sae: str, rows: SparseRows) -> Landed:
        role, lake = self.keys.role, self.study.lake
        files = RoleFiles(self.study, role)
        response_ids = list(_texts(files))
        assert files.responses is not None
        made_from = imported_from(files.responses, {"rows": rows.digest()})
        inputs = [files.responses]
        if not _is(files.pooled(sae), made_from):
            lake.write(POOLED, rows.pooled(response_ids), made_from, sae=sae, role=role, inputs=inputs)
        if not _is(files.activations(sae), made_from):  # last: where they are, the role is done
            lake.write(ACTIVATIONS, rows.activations(), made_from, sae=sae, role=role, inputs=inputs)
        n_rows, by_position = len(rows.response_ids), self.features[sae].by_position(role)
        return Landed(role, sae, n_rows, len(response_ids) - n_rows, by_position)


def read_role(
    study: Study, role: str, responses: Path | None, features: dict[str, FeatureFiles], overwrite: bool
) -> RoleImport:
    """Read and check the lines of a role's files: `responses`, and of each SAE the `features`.

    Raises StudyError, naming file and line, where a line is wrong or speaks of another response.
    """
    current, keys = RoleFiles(study, role), RoleKeys(study, role)
    replaces = _replaces_responses(current, responses, overwrite)
    rows = {
        sae: files.read_rows(role, keys)
        for sae, files in features.items()
        if replaces or overwrite or current.activations(sae) is None or current.pooled(sae) is None
    }
    answers = _answers(responses, rows, keys) if replaces else None
    _check_texts(rows, _texts(current) if answers is None else _texts_of(answers))
    kept = [None] if responses is not None and not replaces else []
    skipped = [Skipped(role, sae) for sae in [*kept, *(sae for sae in features if sae not in rows)]]
    return RoleImport(study, keys, features, answers, rows, skipped)


def _replaces_responses(current: RoleFiles, responses: Path | None, overwrite: bool) -> bool:
    """Whether responses land. Features alone never replace fresh responses: they lack the excluded ones."""
    study, owner = current.study, current.study.responses_owner
    if owner is study:
        return current.responses is None or (overwrite and responses is not None)
    if current.responses is None:
        raise StudyError(
            f"{study.name}: takes its responses from {owner.name}, which has no fresh ones of role "
            f"{current.role}; import them there first"
        )
    return False


def _answers(
    responses: Path | None, rows: dict[str, list[GivenResponse]], keys: RoleKeys
) -> list[GivenResponse]:
    """The responses' file; without one, what the features' files say of the responses they were made from."""
    if responses is not None:
        return read_responses(responses, keys)
    answers = {answer.key.response_id: answer for answer in chain(*rows.values())}
    if not answers:
        raise StudyError(f"role {keys.role}: its files name no response; get its responses' JSONL too")
    return list(answers.values())


def _texts(files: RoleFiles) -> dict[int, str]:
    """Response_id -> text of the role's fresh responses."""
    assert files.responses is not None
    table = files.study.responses_owner.lake.read(RESPONSES, files.responses)
    return dict(zip(table["response_id"].to_pylist(), table["response"].to_pylist(), strict=True))


def _texts_of(answers: list[GivenResponse]) -> dict[int, str]:
    return {answer.key.response_id: answer.text for answer in answers}


def _check_texts(rows: dict[str, list[GivenResponse]], texts: dict[int, str]) -> None:
    """Raise StudyError unless the features were made from the responses that the study has."""
    for answer in chain(*rows.values()):
        if texts.get(answer.key.response_id) != answer.text:
            raise StudyError(
                f"{answer.where}: response_text is not the role's response to variant {answer.key.variant}, "
                f"question {answer.key.question_id}; import the responses these features were made from "
                "(--overwrite replaces fresh ones)"
            )


def _is(file: LakeFile | None, made_from: str) -> bool:
    return file is not None and file.made_from == made_from
