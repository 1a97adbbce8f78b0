"""What a user names on the command line, checked before any work begins."""

from __future__ import annotations

import re
from collections.abc import Sequence

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, meant, shown_path
from persona_assets.base.project import in_project
from persona_assets.models.sae import sae_width
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

_LISTED = 10  # names that one line of an error holds


def named(listed: str | None, kind: str) -> list[str] | None:
    """The names of a comma-separated list; None where it was left out. Raises StudyError for an empty one."""
    if listed is None:
        return None
    names = [name.strip() for name in listed.split(",") if name.strip()]
    if not names:
        raise StudyError(f"no {kind} named; leave the option out to mean all")
    return names


def part_of(names: Sequence[str], shard: str) -> list[str]:
    """Return the shard `"I/N"` of `names`: neighbors, and each name in exactly one of the N shards."""
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    number, n_shards = (int(part) for part in match.groups()) if match else (0, 0)
    if number >= n_shards:
        raise StudyError(f"--shard {shard}: it is I/N with I from 0 to N - 1, such as 0/8")
    start, stop = (len(names) * edge // n_shards for edge in (number, number + 1))
    return list(names[start:stop])


def check_role(study: Study, name: str) -> None:
    """Raise StudyError, with the names that are like it or all of a few, where the study has no such role."""
    roles = study.role_names
    if name in roles:
        return
    if len(roles) <= _LISTED:
        raise StudyError(f"{study.name} has no role {name!r}; its roles: {', '.join(roles)}")
    remedy = meant(name, roles, f"`persona status {study.name}` lists them", most=3)
    raise StudyError(f"{study.name} has no role {name!r} among its {len(roles)}; {remedy}")


def check_saes_are_here(study: Study) -> None:
    """Raise StudyError where an SAE's folder is not: otherwise that is told after responses are paid for."""
    for name, settings in study.settings.extraction.saes.items():
        if settings.path is not None and not is_folder(in_project(settings.path)):
            raise StudyError(
                f"{study.file}: extraction.saes.{name}.path: {shown_path(in_project(settings.path))} is no "
                "folder; correct the path, or make responses alone: --select responses"
            )


def check_sae(study: Study, name: str | None) -> None:
    """Raise StudyError, with the list, where the study has no such SAE."""
    saes = study.settings.extraction.saes
    if name is not None and name not in saes:
        raise StudyError(f"no SAE {name} in this study; its SAEs: {', '.join(saes)}")


def check_feature(study: Study, feature: int, sae: str | None) -> None:
    """Raise StudyError where the SAE has no such feature: no rows would be taken for "fires nowhere"."""
    chosen = sae or study.default_sae
    settings = study.settings.extraction.saes.get(chosen)
    if settings is None or 0 <= feature <= _largest_known(study, chosen):
        return  # an unknown SAE is the warehouse's to refuse
    check_in_sae(study, feature, chosen)


def check_in_sae(study: Study, feature: int, sae: str) -> None:
    """As `check_feature`, of a study that need not be published."""
    settings = study.settings.extraction.saes[sae]
    if settings.path is not None:
        study.check_named_files()
    width = sae_width(settings)
    if not 0 <= feature < width:
        raise StudyError(f"no feature {feature}: SAE {sae} has {width:,} features, 0 to {width - 1}")


def _largest_known(study: Study, sae: str) -> int:
    """The largest feature of the snapshot, -1 without any: spares most questions the SAE's configuration."""
    largest = "select coalesce(max(feature_id), -1) from role_features where sae = ?"
    with connect(study) as connection:
        [(feature,)] = connection.execute(largest, [sae]).fetchall()
    return int(feature)
