"""The notebooks as they are kept and as they are run.

    python tests/notebook_tools.py      strips them in place, as tests/test_notebooks.py wants them

Kept, a notebook is its cells and nothing else: no outputs, no counts, no editor's marks, so that a
diff shows what an author wrote and no corpus text comes in with a saved output.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

FOLDER = Path(__file__).parents[1] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(path: Path) -> NotebookNode:
    """Return the notebook in `path`, checked against the format's own schema."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def stripped(notebook: NotebookNode) -> str:
    """Return the text of the file that keeps `notebook`: its cells, with their ids and sources."""
    cells = [_kept(cell) for cell in notebook.cells]
    whole = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _kept(cell: NotebookNode) -> dict[str, object]:
    kept: dict[str, object] = {"cell_type": cell.cell_type, "id": cell.id, "metadata": {}}
    if cell.cell_type == "code":
        kept |= {"execution_count": None, "outputs": []}
    return dict(sorted(kept.items())) | {"source": cell.source.splitlines(keepends=True)}


def execute(path: Path, folder: Path, environment: Mapping[str, str]) -> NotebookNode:
    """Run a notebook in `folder`, by this very interpreter, and return it with its outputs.

    Raises CellExecutionError, which shows the cell and its error.
    """
    # No folder of kernels: "python3" is then ipykernel under sys.executable, whatever is installed.
    kernels = KernelSpecManager(kernel_dirs=[])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=kernels)
    notebook = read(path)
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=1800,
        startup_timeout=300,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=os.environ | environment, cleanup_kc=True)
    return notebook


def main() -> None:
    """Strip every notebook in place."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        path.write_text(stripped(read(path)), encoding="utf-8")


if __name__ == "__main__":
    main()
