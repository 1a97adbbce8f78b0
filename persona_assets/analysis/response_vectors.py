"""The vectors of a role's responses, as arrays."""

from __future__ import annotations

import numpy as np

from persona_assets.base.arrays import Floats, Ints
from persona_assets.base.errors import StudyError
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import RESPONSE_VECTORS


def read_response_vectors(lake: Lake, file: LakeFile, pooled: Ints) -> Floats:
    """Return the vectors float64[n, width] of the responses whose ids are `pooled` int64[n], ascending.

    Of none the width is 0. Raises StudyError where the file's responses are others.
    """
    table = lake.read(RESPONSE_VECTORS, file)
    ids = table["response_id"].to_numpy().astype(np.int64)
    if not np.array_equal(ids, pooled):
        raise others_than_pooled(lake, file)
    halves = table["vector"].combine_chunks().flatten().to_numpy()
    width = len(halves) // max(len(ids), 1)  # without responses nobody says it
    return halves.reshape(len(ids), width) * table["scale"].to_numpy().astype(np.float64)[:, None]


def others_than_pooled(lake: Lake, file: LakeFile) -> StudyError:
    """Return the error of a file whose vectors are of other responses than those that were pooled."""
    return StudyError(
        f"{lake.uri(file.path)}: its responses are not those that were pooled of its role; delete it and "
        "run the role again"
    )
