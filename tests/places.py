"""Where the checkout under test lies, and project folders of a test's own."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TOY = PROJECT / "tests/toy/data"  # a model of 3 million parameters, its SAE, labels and conversations
DEMO = PROJECT / "tests/toy/defs/demo"  # the study on it


def write_project(folder: Path, settings: str = 'root_module = "studies"') -> Path:
    """Make `folder` a project by the least that makes one; returns the folder of its studies."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f"[tool.dg.project]\n{settings}\n")
    return folder / "studies" / "defs"
