"""What `persona run` would make (`--dry-run`), by the lake's files alone: no history is asked, or made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from persona_assets.base.counts import count
from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import print_if_any
from persona_assets.cli.chosen import PER_ROLE_BY_NAME, PER_STUDY_BY_NAME, chosen, lacking, not_fresh
from persona_assets.cli.estimate import print_expected
from persona_assets.cli.made import Made, how_many
from persona_assets.cli.table import table_lines
from persona_assets.lake.look import Look
from persona_assets.lake.schema import TABLES
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import Part
from persona_assets.stages.table import needed, stage, stage_of
from persona_assets.study.named_roles import without_anchor
from persona_assets.study.study import Study
from persona_assets.warehouse import losing

_EVERY_TIME = {"catalog": "read and checked", "warehouse": "published"}  # whatever is fresh
_ANSWER_BY_ANSWER = ("responses", "activations")  # a prompt or an answer at a time; others ask as they choose
_MOST_NAMED = 3  # roles that one line names


def print_plan(
    study: Study, roles: Sequence[str] | None, select: Sequence[str] | None, overwrite: bool
) -> None:
    """Print what a run of these words would make and how much of it a model does; make nothing.

    Raises StudyError as the run would before it began, and for a role of which it would fail.
    """
    print_if_any(without_anchor(study))
    look = Look()
    planned, files = plan(study, roles, select, overwrite, look), StudyFiles.of(study, look)
    told = {asset: _told(files, asset, parts) for asset, parts in planned.items()}
    every_time = [asset for asset in told if asset in _EVERY_TIME]
    if "warehouse" in told:
        print_if_any(losing(study, files, planned))
    if all(said == "fresh" for asset, said in told.items() if asset not in every_time):
        if len(every_time) < len(told):
            print("everything chosen is fresh; nothing would be made (--overwrite makes fresh roles again)")
        for asset in every_time:
            print(f"the {asset} would be {told[asset]}")
        return
    n_prompts = {asset: _n_prompts(study, planned.get(asset, [])) for asset in _ANSWER_BY_ANSWER}
    rows = [[asset, told[asset], _by_a_model(asset, parts, n_prompts)] for asset, parts in planned.items()]
    print("\n".join(table_lines(["asset", "would be made", "prompts or answers"], rows)))
    print_expected(study, n_prompts["responses"], n_prompts["activations"])
    print(f"`persona estimate {study.name}` measures what that takes on this machine")


def plan(
    study: Study,
    roles: Sequence[str] | None,
    select: Sequence[str] | None,
    overwrite: bool,
    look: Look | None = None,
) -> Made:
    """Return the roles (or SAEs) that a run would make each asset for, what follows from others included.

    A mart stands for itself, and so do the catalog and the snapshot, which every run makes that has them.
    The lake is looked at now or as of an earlier `look`. Raises StudyError as `print_plan`.
    """
    named, assets, _ = chosen(study, roles, select)
    files, planned = StudyFiles.of(study, look), Made()
    for asset in assets:
        if asset in PER_ROLE_BY_NAME:
            above = {part for need in PER_ROLE_BY_NAME[asset].needs for part in planned.get(need, [])}
            by_name = select is not None and asset in select
            todo = named if overwrite else not_fresh(files.roles, asset, named, by_name)
            planned[asset] = [role for role in named if role in above or role in todo]
            _check_needs(files, asset, planned)
        elif asset in PER_STUDY_BY_NAME:
            planned[asset] = _of_all_roles(files, asset, planned)
        elif asset in _EVERY_TIME or _is_made(files, asset, planned):
            planned[asset] = [asset]
        else:
            planned[asset] = []
    return planned


def _check_needs(files: StudyFiles, asset: str, planned: Mapping[str, Sequence[str]]) -> None:
    """Raise StudyError where roles are planned of which that is missing which `asset` is made from."""
    study = files.study
    for need in needed(PER_ROLE_BY_NAME[asset], study.settings):
        todo = [role for role in planned[asset] if role not in planned.get(need, [])]
        if lacks := not_fresh(files.roles, need, todo, selected=False):
            more = f" and {len(lacks) - _MOST_NAMED} more" if len(lacks) > _MOST_NAMED else ""
            owner = study.responses_owner if need == "responses" else study
            raise StudyError(
                f"{study.name}: {asset} cannot be made, for there are no fresh {need} of "
                f"{', '.join(lacks[:_MOST_NAMED])}{more}; run `persona run {owner.name} --select {need}` "
                "first, or select both"
            )


def _of_all_roles(files: StudyFiles, asset: str, planned: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the SAEs under which a stage of all roles together would be made, not those where it waits."""
    of_stage, settings = PER_STUDY_BY_NAME[asset], files.study.settings
    follows = any(planned.get(need) for need in of_stage.needs)
    missing = lacking(files, asset)

    def is_made(sae: str) -> bool:
        if sae in missing and files.across.fingerprint(of_stage.mark, sae) is not None:
            return True
        read = [
            role
            for role, found in files.roles.items()
            if role in planned.get("activations", []) or found.activations(sae) is not None
        ]
        return follows and len(set(read) - set(settings.analysis.exclude)) > 1

    return [sae for sae in settings.extraction.saes if is_made(sae)]


def _is_made(files: StudyFiles, mart: str, planned: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a mart is not fresh, or reads what is planned, or what is known of roles."""
    if mart not in files.marts.marts or files.state(stage("marts"), Part(mart=mart)) != "fresh":
        return True
    read = {stage_of(TABLES[table]).name for table in files.marts.read(mart)}
    return any(planned.get(name) for name in read | PER_ROLE_BY_NAME.keys())


def _told(files: StudyFiles, asset: str, parts: Sequence[str]) -> str:
    """Return what would be made of an asset, in words."""
    if asset in _EVERY_TIME:
        return _EVERY_TIME[asset]
    if parts:
        is_stage = asset in PER_ROLE_BY_NAME or asset in PER_STUDY_BY_NAME
        return how_many(asset, parts) if is_stage else "1 mart"
    waits = asset in PER_STUDY_BY_NAME and lacking(files, asset)
    return "nothing: it waits for more roles" if waits else "fresh"


def _n_prompts(study: Study, roles: Sequence[str]) -> int:
    """Return how many prompts of the roles are answered, and so how many answers there are to read."""
    if not roles:
        return 0
    owner, n_variants = study.responses_owner, len(study.generation.prompt_indices)
    return sum(n_variants * len(owner.questions(owner.role(role))) for role in roles)


def _by_a_model(asset: str, parts: Sequence[str], n_prompts: Mapping[str, int]) -> str | None:
    """Return how much of an asset a model does; None where it does nothing."""
    if asset in n_prompts:
        return count(n_prompts[asset]) if parts else None
    of_stage = PER_ROLE_BY_NAME.get(asset) or PER_STUDY_BY_NAME.get(asset)
    uses_model = parts and of_stage is not None and of_stage.uses_model
    return "a model; see persona estimate" if uses_model else None
