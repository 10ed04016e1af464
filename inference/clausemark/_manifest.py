"""The manifest of a model folder: what a model says about itself, checked key by key.

`FORMAT` grows by one whenever an older clausemark could misread a folder; keys that this version
does not know are ignored.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from clausemark._strict import Fields, fault
from clausemark.labels import SCHEMES, Scheme

if TYPE_CHECKING:
    from pathlib import Path

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
    "Source",
    "Window",
]

FORMAT: Final = 4
WEIGHTS: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"
CARD: Final = "README.md"
MANIFEST: Final = "manifest.json"
#: What every manifest must list and every folder must hold, next to the manifest itself.
CONTENTS: Final = (WEIGHTS, TOKENIZER, CARD)


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """One output column and how it is read.

    The calibrated score is sigmoid(slope * logit + intercept); from `threshold` on it is a label.
    """

    id: str
    name: str
    definition: str
    threshold: float
    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """Check one entry of the manifest's `labels`."""
        label = cls(
            id=fields.text("id"),
            name=fields.text("name"),
            definition=fields.text("definition"),
            threshold=fields.number("threshold"),
            slope=fields.number("slope"),
            intercept=fields.number("intercept"),
        )
        if not 0 <= label.threshold <= 1:
            raise fault(fields.place("threshold"), f"{label.threshold} does not lie in [0, 1]")
        if label.slope <= 0:
            raise fault(fields.place("slope"), f"{label.slope} is not positive")
        return label


@dataclass(frozen=True, slots=True)
class Window:
    """The encoder's window in tokens of text, special tokens not counted."""

    size: int
    overlap: int

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """Check the manifest's `window`."""
        window = cls(size=fields.integer("size"), overlap=fields.integer("overlap"))
        if not 0 <= window.overlap < window.size:
            raise fault(
                fields.place("overlap"), f"{window.overlap} does not lie in [0, {window.size})"
            )
        return window


@dataclass(frozen=True, slots=True)
class Source:
    """Something the model was made from, and on what terms."""

    name: str
    licence: str
    url: str
    use: str

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """Check one entry of the manifest's `sources`."""
        return cls(
            name=fields.text("name"),
            licence=fields.text("licence"),
            url=fields.text("url"),
            use=fields.text("use"),
        )


@dataclass(frozen=True, slots=True)
class File:
    """What a file of the folder must be: hexadecimal SHA-256 and size in bytes."""

    sha256: str
    bytes: int

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """Check one entry of the manifest's `files`."""
        return cls(sha256=fields.text("sha256"), bytes=fields.integer("bytes"))

    @classmethod
    def of(cls, path: Path) -> Self:
        """Measure the file at `path`."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(sha256=digest, bytes=path.stat().st_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything a model says about itself; `labels` are in the order of the output columns.

    With `headings` the model was trained to read a clause under its section's heading (format 2);
    with `int8` its graph holds the ranges of activations that products in 8 bits need (format 3).
    Where no label reaches its threshold, the likeliest is given if it scores `fallback` or more
    (format 4); without one such a text has no label.
    """

    name: str
    version: str
    created: str
    base: str
    scheme: str
    labels: tuple[LabelSettings, ...]
    window: Window
    headings: bool = False
    int8: bool = False
    fallback: float | None = None
    parameters: int
    licence: str
    metrics: dict[str, Any] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the manifest as a JSON text, `format` first; raise ValueError on NaN."""
        return json.dumps(
            {"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False, allow_nan=False
        )

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str = MANIFEST) -> Self:
        """Check `text` and return the manifest; raise ModelError naming `source` and the key."""
        fields = Fields.read(text, source)
        _check_format(fields)
        manifest = cls(
            name=fields.text("name"),
            version=fields.text("version"),
            created=fields.text("created"),
            base=fields.text("base"),
            scheme=fields.text("scheme"),
            labels=tuple(map(LabelSettings.parse, fields.items("labels"))),
            window=Window.parse(fields.fields("window")),
            headings=fields.integer("format") > 1 and fields.flag("headings"),
            int8=fields.integer("format") > 2 and fields.flag("int8"),
            fallback=_fallback(fields) if fields.integer("format") > 3 else None,
            parameters=fields.integer("parameters"),
            licence=fields.text("licence"),
            metrics=fields.free("metrics"),
            sources=tuple(map(Source.parse, fields.items("sources"))),
            training=fields.free("training"),
            files=_files(fields.fields("files")),
        )
        _check_labels(manifest, source)
        return manifest


def _check_format(fields: Fields) -> None:
    found = fields.integer("format")
    if found > FORMAT:
        raise fault(
            fields.where,
            f"format {found} is newer than this clausemark reads ({FORMAT}): upgrade clausemark",
            hint="Run: pip install --upgrade clausemark",
        )
    if found < 1:
        raise fault(fields.place("format"), f"{found} is no format version")


def _fallback(fields: Fields) -> float | None:
    if fields.is_null("fallback"):
        return None
    value = fields.number("fallback")
    if not 0 <= value <= 1:
        raise fault(fields.place("fallback"), f"{value} does not lie in [0, 1]")
    return value


def _check_labels(manifest: Manifest, source: str) -> None:
    scheme = _scheme(manifest, source)
    found = [(label.id, label.name) for label in manifest.labels]
    wanted = [(label.id, label.name) for label in scheme.labels]
    if found == wanted:
        return
    if len(found) != len(wanted):
        problem = f"{len(found)} labels, scheme {scheme.id} has {len(wanted)}"
    else:
        k = next(k for k in range(len(wanted)) if found[k] != wanted[k])
        problem = f"label {k} is {found[k]}, scheme {scheme.id} has {wanted[k]} there"
    raise fault(f"{source}: labels", problem)


def _scheme(manifest: Manifest, source: str) -> Scheme:
    if manifest.scheme not in SCHEMES:
        known = ", ".join(SCHEMES)
        raise fault(f"{source}: scheme", f"unknown scheme {manifest.scheme!r}, known: {known}")
    return SCHEMES[manifest.scheme]


def _files(fields: Fields) -> dict[str, File]:
    for name in fields.keys:
        if name in {"", ".", "..", MANIFEST} or "/" in name or "\\" in name:
            raise fault(fields.place(name), "not the name of a file in the folder")
    missing = [name for name in CONTENTS if name not in fields.keys]
    if missing:
        raise fault(fields.place(missing[0]), "missing")
    return {name: File.parse(fields.fields(name)) for name in fields.keys}
