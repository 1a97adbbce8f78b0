"""UMAP, imported so that what Numba compiles of it is kept on disk, as of our own functions.

UMAP itself keeps nothing: every process that draws a map would compile for 11 s. So would one that imports
`umap` before this module. Raises StudyError where nothing can be kept, which pynndescent, below UMAP, insists
on.
"""

from __future__ import annotations

from functools import partial

import numba

from persona_assets.base.compiled import kept_outside_of_site_packages
from persona_assets.base.errors import StudyError

__all__ = ["UMAP"]

_plain = numba.njit
numba.njit = partial(_plain, cache=True)
try:
    with kept_outside_of_site_packages():
        from umap import UMAP
except RuntimeError as error:
    if "no locator available" not in str(error):
        raise
    raise StudyError(
        "nothing of UMAP can be compiled and kept; set NUMBA_CACHE_DIR to a folder that can be written"
    ) from error
finally:
    numba.njit = _plain
