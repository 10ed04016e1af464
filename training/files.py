"""Small files of a run, written whole or not at all, and what stands in them of the run itself."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

PACKAGES = (
    "accelerate",
    "numpy",
    "onnxruntime",
    "scikit-learn",
    "tokenizers",
    "torch",
    "transformers",
)


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON (see `as_json`) beside `path`, then rename."""
    write_text(path, as_json(value, indent=1) + "\n")


def as_json(value: object, *, indent: int | None = None) -> str:
    """Return `value` as JSON; a figure that is nan becomes null."""
    return json.dumps(_without_nan(value), indent=indent, ensure_ascii=False, allow_nan=False)


def make_folder(folder: Path) -> None:
    """Make `folder` if it is not there; raise OutputError if it is a run's or takes no files."""
    if (folder / "config.json").exists():
        raise OutputError(
            f"{folder}: a run's folder, whose figures would be lost.", hint="Choose another name."
        )
    _make(folder)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written to ({error.strerror}).", hint="Choose another --output."
        ) from None


def refuse_existing(folder: Path) -> None:
    """Raise OutputError if `folder` is there already."""
    if folder.exists():
        raise OutputError(f"{folder}: there already.", hint="Choose another --output.")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder's place beside `folder`, to be made and filled there; rename it at the end.

    Nothing is left of it where filling it fails. Raises OutputError where no file can be written.
    """
    _make(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as room:
        fresh = Path(room) / "run"
        yield fresh
        fresh.rename(folder)


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write `array` as .npy beside `path`, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        np.save(file, array)
    partial.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write `text` beside `path`, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def circumstances() -> dict[str, Any]:
    """Return the command and the versions that a result was made with."""
    return {
        "command": " ".join(["python", *sys.orig_argv[1:]]),
        "python": sys.version.split()[0],
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
