"""The command line, `persona`."""

from __future__ import annotations

import os
import sys

from persona_assets.cli.edge import ending_in_a_line
from persona_assets.cli.loading import hold_ctrl_c


def main() -> None:
    """Run the command line and end the process with its status; whatever goes wrong is one line on stderr."""
    # Threads that spin while they wait slow each other down severalfold wherever cores are shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
    hold_ctrl_c()
    with ending_in_a_line():
        from persona_assets.cli.app import app

        status = app(prog_name="persona", standalone_mode=False)
        sys.stdout.flush()  # here, where a reader that is gone can still be told from a defect
        sys.exit(status or 0)
