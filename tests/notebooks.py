"""The notebooks, executed. `python -m tests.notebooks` writes what they say beneath their cells.

That takes the study `smollm2`, run whole (docs/findings.md says how), and the model `models/smollm2`.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.places import PROJECT

FOLDER = PROJECT / "notebooks"
NAMES = sorted(file.stem for file in FOLDER.glob("*.ipynb"))

_SECONDS = 600  # for one cell
_PASSING = re.compile(r"\x1b\[[0-9;]*m|[^\n]*\r(?!\n)")  # colours, and lines that were overwritten


def read(name: str) -> NotebookNode:
    """Return a notebook by its name."""
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def executed(notebook: NotebookNode, folder: Path = FOLDER) -> NotebookNode:
    """Return the notebook with what its cells say, run in `folder` by this Python from first to last.

    Raises CellExecutionError where a cell does.
    """
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=_SECONDS, resources=where, coalesce_streams=True)
    client.km = client.create_kernel_manager()
    client.km.kernel_cmd = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    client.execute()
    for cell in notebook.cells:
        cell.metadata.clear()  # when it ran
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = _PASSING.sub("", output.text)
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.answers_to = sources(notebook)
    return notebook


def sources(notebook: NotebookNode) -> str:
    """Return the SHA-256 of what the cells ask: answers of other questions are stale."""
    asked = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return hashlib.sha256(asked.encode()).hexdigest()


if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        nbformat.write(executed(read(name)), FOLDER / f"{name}.ipynb")
