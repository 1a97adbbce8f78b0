"""`persona mcp`: the study for agents."""

from __future__ import annotations

import sys

from persona_assets.base.errors import StudyError
from persona_assets.study.study import Study
from persona_assets.warehouse.reading import published_path

_NEEDED = (
    "the Model Context Protocol's package, mcp 2.3, is not installed: pip install 'persona-assets[agents]'"
)


def serve(study: Study) -> None:
    """Serve agents over standard input and output until either ends, or Ctrl-C.

    Raises StudyError where nothing is published yet, or the protocol's package is not installed.
    """
    try:
        from persona_assets.explorer.agents import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise StudyError(_NEEDED) from error
    published_path(study)  # refused now, and not with each question
    print(f"{study.name}: agents can ask it now (Ctrl-C ends it)", file=sys.stderr, flush=True)
    server(study).run("stdio")
