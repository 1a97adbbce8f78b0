"""The command line, `persona`."""

from __future__ import annotations

import os
import sys

from persona_assets.errors import RunInterruptedError, StudyError


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit status 2, Ctrl-C 130."""
    from persona_assets.cli.app import app

    # Threads that spin while they wait slow each other down severalfold wherever cores are shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
    try:
        app()
    except StudyError as error:
        print(f"persona: {error}", file=sys.stderr)
        sys.exit(130 if isinstance(error, RunInterruptedError) else 2)
