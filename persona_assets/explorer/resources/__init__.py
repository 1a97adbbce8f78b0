"""The resources of a snapshot: `data/*` of the live server and of the static site alike."""

from __future__ import annotations

from persona_assets.explorer.resources.registry import RESOURCES, Resource, find
from persona_assets.explorer.resources.source import Source

__all__ = ["RESOURCES", "Resource", "Source", "find"]
