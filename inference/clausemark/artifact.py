"""The model folder, described once: what lies in it, how it is read, checked and written.

A folder holds `model.onnx` (weights), `tokenizer.json`, `manifest.json` and `README.md` (the model
card). The manifest is written last and carries the size and SHA-256 of the other files, so that a
truncated or edited folder is refused before the engine sees it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from clausemark._manifest import (
    CARD,
    CONTENTS,
    FORMAT,
    MANIFEST,
    TOKENIZER,
    WEIGHTS,
    File,
    LabelSettings,
    Manifest,
    Source,
    Window,
)
from clausemark._strict import fault
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "CARD",
    "CONTENTS",
    "FORMAT",
    "MANIFEST",
    "TOKENIZER",
    "WEIGHTS",
    "File",
    "LabelSettings",
    "Manifest",
    "ModelFolder",
    "Source",
    "Window",
    "bundled_model",
    "write",
]


class ModelFolder:
    """A folder on disk that holds one model.

    `tried` says that its graph has computed a full window elsewhere, as the package's own has in
    the tests: trying that again at each start would take as long as ten clauses.
    """

    def __init__(self, path: Path | str, *, tried: bool = False) -> None:
        self.path = Path(path)
        self.tried = tried

    @property
    def weights(self) -> Path:
        """The ONNX graph with its weights."""
        return self.path / WEIGHTS

    @property
    def tokenizer(self) -> Path:
        """The tokenizer, in the `tokenizers` library's own JSON."""
        return self.path / TOKENIZER

    @property
    def card(self) -> Path:
        """The model card, in Markdown."""
        return self.path / CARD

    @property
    def manifest(self) -> Path:
        """The manifest, in JSON."""
        return self.path / MANIFEST

    def read(self) -> Manifest:
        """Return the manifest once every file is what it says; raise ModelError otherwise."""
        with _reading(self.path):
            there = self.path.is_dir()
        if not there:
            hint = f"A model folder holds {MANIFEST}, {', '.join(CONTENTS)}."
            raise fault(str(self.path), "no such model folder", hint=hint)
        text = self._bytes(self.manifest)
        manifest = Manifest.from_json(text, source=str(self.manifest))
        for name, wanted in manifest.files.items():
            self._check(self.path / name, wanted)
        return manifest

    def _bytes(self, path: Path) -> bytes:
        with _reading(path):
            return path.read_bytes()

    def _check(self, path: Path, wanted: File) -> None:
        with _reading(path):
            size = path.stat().st_size
            if size != wanted.bytes:
                problem = f"{size} bytes, the manifest says {wanted.bytes}: truncated or changed"
                raise fault(str(path), problem)
            if File.of(path).sha256 != wanted.sha256:
                problem = "its SHA-256 is not the manifest's: damaged or tampered with"
                raise fault(str(path), problem)


def bundled_model() -> ModelFolder:
    """Return the model folder inside the package; raise ModelError if this checkout has none."""
    path = Path(str(resources.files("clausemark"))) / "model"
    if not path.is_dir():
        hint = "Install clausemark again, or name a model folder with --model."
        raise fault(str(path), "this installation of clausemark carries no model", hint=hint)
    return ModelFolder(path, tried=True)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise fault(str(path), "missing from the model folder") from None
    except OSError as error:
        raise fault(str(path), f"cannot be read ({error.strerror})") from None


def write(
    folder: Path | str,
    manifest: Manifest,
    files: Mapping[str, Path | bytes],
    *,
    overwrite: bool = False,
) -> ModelFolder:
    """Write a model folder in one step: it is there complete, or not at all.

    `files` maps `model.onnx`, `tokenizer.json` and `README.md` (more are allowed) to their content
    or to a file to copy; sizes and SHA-256 are measured here and replace `manifest.files`. A folder
    that is there already and not empty is replaced only with `overwrite`, and only if it holds a
    model. Raise OutputError if it cannot be written, ModelError if the manifest is not valid.
    """
    target = Path(folder).absolute()
    _check_target(target, overwrite=overwrite)
    missing = [name for name in CONTENTS if name not in files]
    if missing:
        raise ValueError(f"a model folder needs {', '.join(missing)} as well")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as room:
            fresh = Path(room) / "new"
            _fill(ModelFolder(fresh), manifest, files)
            _swap(target, fresh, aside=Path(room) / "old")
    except OSError as error:
        raise OutputError(
            f"{target}: the model folder cannot be written ({error.strerror}).",
            hint="Choose another folder, or free the disk.",
        ) from error
    return ModelFolder(target)


def _swap(target: Path, fresh: Path, *, aside: Path) -> None:
    if not target.exists():
        fresh.rename(target)
        return
    target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        aside.rename(target)
        raise


def _check_target(target: Path, *, overwrite: bool) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir() or target.is_symlink():
        raise OutputError(f"{target}: not a folder.", hint="Choose another folder.")
    if not any(target.iterdir()):
        return
    if not (target / MANIFEST).exists():
        raise OutputError(
            f"{target}: there is a folder already, and it holds no model.",
            hint="Choose another folder.",
        )
    if not overwrite:
        raise OutputError(
            f"{target}: there is a folder already.",
            hint="Choose another folder, or ask for it to be overwritten.",
        )


def _fill(folder: ModelFolder, manifest: Manifest, files: Mapping[str, Path | bytes]) -> None:
    folder.path.mkdir()
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder.path / name).write_bytes(content)
        else:
            shutil.copyfile(content, folder.path / name)
    measured = {name: File.of(folder.path / name) for name in files}
    text = replace(manifest, files=measured).to_json()
    Manifest.from_json(text, source=str(folder.manifest))
    with folder.manifest.open("w", encoding="utf-8") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())
