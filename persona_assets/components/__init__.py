"""Dagster's view of a study: YAML to assets, checks and jobs."""

from persona_assets.components.persona_study import PersonaStudy

__all__ = ["PersonaStudy"]
