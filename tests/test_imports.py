"""Who may know whom: help is instant, and the package never meets a training library."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import clausemark

PACKAGE = Path(clausemark.__file__).parent
ROOT = Path(__file__).parents[1]
ENGINES = {"onnxruntime", "openvino"}
ENGINE = ENGINES | {"tokenizers", "numpy"}
READERS = {"lxml", "pypdf", "docx", "charset_normalizer"}
TRAINING = {"torch", "transformers", "datasets", "sklearn", "matplotlib", "accelerate", "pandas"}


def loaded(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after `code`."""
    script = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin"},
    )
    return set(done.stdout.splitlines()[-1].split())


HELP = """
from clausemark.cli import app
try:
    app({args}, prog_name="clausemark")
except SystemExit as end:
    assert end.code == 0, end.code
"""


@pytest.mark.parametrize(
    "args", [["--help"], ["label", "--help"], ["batch", "--help"], ["--version"]]
)
def test_help_loads_nothing_heavy(args: list[str]) -> None:
    names = loaded(HELP.format(args=args))
    assert "clausemark" in names
    assert not names & (ENGINE | READERS | TRAINING | {"rich", "pyarrow", "pyspark"})


def test_importing_the_package_loads_no_third_party_module() -> None:
    assert not loaded("import clausemark") & (ENGINE | READERS | TRAINING | {"rich", "typer"})


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_labelling_plain_text_needs_neither_readers_nor_training(tiny: Path, engine: str) -> None:
    pytest.importorskip(engine)
    names = loaded(
        "from clausemark import Classifier\n"
        "from clausemark.document import parse_document\n"
        f"classifier = Classifier.load({str(tiny)!r}, engine={engine!r})\n"
        "classifier.label_document(parse_document(b'We share data.', name='a.txt'))"
    )
    assert names >= {engine, "tokenizers", "numpy"}
    assert names.isdisjoint(ENGINES - {engine}), "an engine that was not asked for"
    assert not names & (TRAINING | {"lxml", "pypdf", "docx", "rich", "typer"})
    assert "openvino_telemetry" not in names, "nothing is reported to anybody"


def imported(path: Path) -> set[str]:
    """Every absolute module that a source file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
    return found


@pytest.mark.parametrize(("room", "other"), [("data", "training"), ("training", "data")])
def test_data_and_training_meet_in_files_alone(room: str, other: str) -> None:
    paths = sorted((ROOT / room).rglob("*.py"))
    assert len(paths) > 10
    for path in paths:
        assert not {name.partition(".")[0] for name in imported(path)} & {other, "tests"}, path


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_no_module_knows_training_or_the_checkout(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(path)}
    training = TRAINING - ({"pandas"} if path.name == "spark.py" else set())
    assert not tops & (training | {"data", "training", "tests", "pickle"})
    rooms = {"_onnxruntime.py": {"onnxruntime"}, "_openvino.py": {"openvino"}}
    assert tops & ENGINES == rooms.get(path.name, set()), "an engine is known to one module alone"
    named = {name for name in imported(path) if name.startswith("clausemark._engine")}
    assert not named or path.name in {"runtime.py", *rooms}, "engines are runtime.py's to know"
