from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from numba.core import caching

from persona_assets.base import compiled as module
from persona_assets.base.compiled import compiled

NOWHERE = """
from numba.core import caching
caching.CacheImpl._locator_classes = []
from persona_assets.base.errors import StudyError
try:
    import persona_assets.atlas.kept_umap
except StudyError as error:
    print(error)
"""


def doubled(value: int) -> int:
    return 2 * value


def test_of_an_installed_package_functions_are_kept_in_the_users_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_CHECKOUT", False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    function = compiled()(doubled)
    assert function(2) == 4
    assert Path(function.stats.cache_path).is_relative_to(tmp_path / "persona-assets")  # type: ignore[attr-defined]
    assert module.config.CACHE_DIR == ""


def test_where_nothing_can_be_kept_functions_are_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    function = compiled()(doubled)
    assert function(2) == 4


def test_where_nothing_can_be_kept_the_map_says_so() -> None:
    said = subprocess.run([sys.executable, "-c", NOWHERE], capture_output=True, text=True, check=True).stdout
    assert said.startswith("nothing of UMAP can be compiled and kept; set NUMBA_CACHE_DIR")
