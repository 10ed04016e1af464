"""The notebooks: kept without outputs, run from end to end, writing nothing beside themselves."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import notebook_tools
import pytest
from nbclient.exceptions import CellExecutionError

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: What a notebook may read of the checkout, besides the installed package.
ROOMS = ("data", "training", "notebooks", "tests/fixtures")
BUILT = shutil.ignore_patterns("processed", "__pycache__", ".ipynb_checkpoints")


def named(path: Path) -> str:
    return path.stem


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the notebooks read: nothing is built in it, and it must stay so."""
    place = tmp_path_factory.mktemp("notebooks") / "checkout"
    for room in ROOMS:
        shutil.copytree(ROOT / room, place / room, ignore=BUILT)
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def run(path: Path, scratch: Path) -> NotebookNode:
    """Execute a notebook in its own folder, as Jupyter does."""
    environment = {
        "CLAUSEMARK_RECORDS": "fictional",
        "HF_HUB_OFFLINE": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT / "inference"),
        "TMPDIR": str(scratch),
    }
    return notebook_tools.execute(path, path.parent, environment)


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below `folder`, with its size and the time it was written."""
    found = (path for path in folder.rglob("*") if path.is_file())
    stats = {str(path.relative_to(folder)): path.stat() for path in found}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()}


def test_there_are_four() -> None:
    assert [path.stem[:3] for path in NOTEBOOKS] == ["01_", "02_", "03_", "04_"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    kept = path.read_text(encoding="utf-8")
    cure = "run: python tests/notebook_tools.py"
    assert kept == notebook_tools.stripped(notebook_tools.read(path)), cure


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_cells_are_called_by_what_they_do(path: Path) -> None:
    ids = [cell.id for cell in notebook_tools.read(path).cells]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in ids), ids
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", [*NOTEBOOKS, ROOT / "notebooks" / "README.md"], ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert links
    assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_a_notebook_runs_and_writes_nothing_beside_itself(
    path: Path, checkout: Path, tmp_path: Path
) -> None:
    before = everything(checkout)
    done = run(checkout / "notebooks" / path.name, tmp_path)
    assert everything(checkout) == before
    code = [cell for cell in done.cells if cell.cell_type == "code" and cell.source.strip()]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def made_of(source: str, folder: Path) -> Path:
    """A notebook of one cell."""
    notebook = notebook_tools.read(NOTEBOOKS[0])
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:1]
    notebook.cells[0].source = source
    path = folder / "made.ipynb"
    path.write_text(notebook_tools.stripped(notebook), encoding="utf-8")
    return path


def test_a_failing_cell_is_shown_with_its_error(tmp_path: Path) -> None:
    path = made_of("1 / 0", tmp_path)
    with pytest.raises(CellExecutionError, match=r"(?s)1 / 0.*ZeroDivisionError"):
        run(path, tmp_path)


def test_what_a_notebook_writes_beside_itself_is_noticed(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    path = made_of("from pathlib import Path\nPath('left.txt').write_text('behind')", room)
    before = everything(room)
    run(path, tmp_path)
    assert set(everything(room)) - set(before) == {"left.txt"}


def test_outputs_and_editors_marks_are_stripped() -> None:
    notebook = notebook_tools.read(NOTEBOOKS[0])
    clean = notebook_tools.stripped(notebook)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    code.execution_count = 7
    code.outputs = [{"output_type": "stream", "name": "stdout", "text": "a clause"}]
    code.metadata["collapsed"] = True
    notebook.metadata["widgets"] = {"state": {}}
    assert notebook_tools.stripped(notebook) == clean
