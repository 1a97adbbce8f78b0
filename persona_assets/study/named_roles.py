"""The roles that a study's settings name: each must take part, or nothing that needs it can be made."""

from __future__ import annotations

from persona_assets.base.given import meant
from persona_assets.study.contrasts import check_role, compared_roles, groups_of
from persona_assets.study.study import Study


def check_named_roles(study: Study) -> None:
    """Raise StudyError, saying the key, where the settings name a role that the study lacks or leaves out.

    Asked before any work begins: otherwise a stage refuses hours later, when all that it needs is made.
    """
    settings = study.settings
    for role in settings.analysis.exclude:  # may stay as it is where roles.include takes few of them
        check_role(study, f"{study.file}: analysis.exclude", role, study.names_in_folder)
    groups_of(study)
    for name in settings.interventions:
        roles_of_intervention(study, name)
    for role in settings.drift.compared_with or []:
        check_role(study, f"{study.file}: drift.compared_with", role, compared_roles(study))
    check_attributed(study)
    if settings.analysis.declined:
        where = f"{study.file}: analysis.declined places answers beside analysis.anchor"
        check_role(study, where, settings.analysis.anchor, compared_roles(study))


def check_attributed(study: Study) -> None:
    """Raise StudyError where answers are attributed of a role, or beside an anchor, that the study lacks."""
    settings = study.settings.attribution
    for role in settings.roles if settings is not None else []:
        check_role(study, f"{study.file}: attribution.roles", role, study.role_names)
    if settings is not None:
        where = f"{study.file}: attribution compares roles with analysis.anchor"
        check_role(study, where, study.settings.analysis.anchor, study.role_names)


def roles_of_intervention(study: Study, name: str) -> set[str]:
    """Return the roles whose answers the intervention reads, and towards which it leads.

    Raises StudyError where one of them is not compared.
    """
    settings = study.settings.interventions[name]
    towards = study.settings.analysis.anchor if settings.along_an_axis else settings.role
    named = {*settings.read, *(role for role in (towards, settings.role) if role is not None)}
    for role in sorted(named):
        check_role(study, f"{study.file}: interventions.{name}", role, compared_roles(study))
    return named


def without_anchor(study: Study) -> str | None:
    """Return a line that says what a study goes without whose anchor is not compared; None of others."""
    anchor, compared = study.settings.analysis.anchor, compared_roles(study)
    if anchor in compared:
        return None
    lacks = "so no assistant axis and no drift are measured"
    if anchor in study.role_names:
        left_out = f"analysis.anchor: role {anchor!r} is left out of comparisons by analysis.exclude"
        return f"{left_out}, {lacks}; take it out of that list, or name another role"
    remedy = meant(anchor, compared, "name one of the roles, or add the role")
    return f"analysis.anchor: no role {anchor!r}, {lacks}; {remedy}"
