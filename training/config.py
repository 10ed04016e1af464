"""The frozen configuration of a training run, read from TOML and checked before anything starts."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from clausemark.errors import ClausemarkError
from training.batches import LENGTHS, LONGEST_WINDOW, padded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


T = TypeVar("T")


class ConfigError(ClausemarkError):
    """A config file holds an unknown key, a wrong type or a value out of range."""


@dataclass(frozen=True, slots=True)
class Source:
    """A record file to read: which part of it, with which targets, at which weight.

    `majority` mixes the targets: 1 takes the majority labels, 0 the annotators' votes.
    `fold` keeps (`"in"`) or drops (`"out"`) the records of the run's held-out fold. `heading` is
    the share of the texts, among those with a heading from above, that get it in front. `apart`
    names a record file, such as the one that judges: what repeats its texts is left out. `share` is
    how much of the records is read, the same ones in every run.
    """

    path: str
    splits: tuple[str, ...] = ()
    majority: float = 1.0
    weight: float = 1.0
    fold: Literal["any", "in", "out"] = "any"
    strata: tuple[str, ...] = ()
    heading: float = 0.0
    apart: str = ""
    share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse shares that are none; raise ConfigError."""
        for name, low, high in _SOURCE_RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f"source {self.path}: {name} is {value}, not in [{low:g}, {high:g}]."
                )


#: The tasks that read texts without labels, and those of them that hide tokens.
UNLABELLED = ("headings", "mlm", "both")
MASKED = ("mlm", "both")

#: The keys that some tasks alone read.
_READ_BY = {"mlm_weight": ("both",), "label_smoothing": ("headings", "both")}

#: Least and greatest value of what would only fail later, or silently do nothing.
_SOURCE_RANGES = (("majority", 0, 1), ("weight", 0, 1000), ("heading", 0, 1), ("share", 0, 1))
_RANGES = (
    ("seed", 0, 2**32 - 1),
    ("epochs", 1, 10_000),
    ("batch_tokens", LENGTHS[0], 10**9),
    ("window", 8, LONGEST_WINDOW),
    ("overlap", 0, LENGTHS[-1]),
    ("patience", 1, 10_000),
    ("learning_rate", 0, 1),
    ("warmup", 0, 1),
    ("dropout", 0, 1),
    ("label_smoothing", 0, 1),
    ("mlm_weight", 0, 1000),
)


@dataclass(frozen=True, slots=True)
class FitConfig:
    """Everything that decides a run; lengths in tokens, learning rates at their peak.

    `mlm_weight` is the masked-token loss's weight beside the heading loss, for the task "both".
    """

    name: str
    base: str
    train: tuple[Source, ...]
    validation: Source | None = None
    runs: str = "runs"
    task: Literal["labels", "headings", "mlm", "both"] = "labels"
    seed: int = 0
    epochs: int = 8
    max_tokens: int = 0
    learning_rate: float = 2e-4
    head_multiplier: float = 5.0
    weight_decay: float = 0.01
    warmup: float = 0.1
    dropout: float = 0.1
    pooler: Literal["keep", "identity"] = "keep"
    label_smoothing: float = 0.0
    mlm_weight: float = 1.0
    batch_tokens: int = 2048
    window: int = LONGEST_WINDOW
    overlap: int = 32
    select: Literal["best", "last"] = "best"
    patience: int = 3
    fold: int | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    compile: bool = False
    checkpoint_seconds: float = 120.0

    def __post_init__(self) -> None:
        """Refuse values that would only fail later; raise ConfigError."""
        if not self.train:
            raise ConfigError(f"config {self.name}: no [[train]] source.", hint="Add one.")
        if self.select == "best" and self.task == "labels" and self.validation is None:
            raise ConfigError(
                f"config {self.name}: select = 'best' needs a [validation] source.",
                hint="Add one, or set select = 'last'.",
            )
        if self.task in UNLABELLED:
            self._check_unlabelled()
        self._check_read()
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f"config {self.name}: {name} is {value}, not in [{low:g}, {high:g}]."
                )
        if self.overlap >= self.window:
            raise ConfigError(
                f"config {self.name}: overlap is {self.overlap}, less than window is needed."
            )
        length = padded(self.window + 2)
        if self.batch_tokens < length:
            raise ConfigError(
                f"config {self.name}: batch_tokens is {self.batch_tokens}, a window of"
                f" {self.window} takes {length}, special and padding tokens included."
            )

    def _check_read(self) -> None:
        """Refuse what the run would not read."""
        default = {field.name: field.default for field in fields(self)}
        for name, tasks in _READ_BY.items():
            value = getattr(self, name)
            if self.task not in tasks and value != default[name]:
                raise ConfigError(
                    f"config {self.name}: {name} is {value}, which the task {self.task!r} does not "
                    "read.",
                    hint=f"Leave it out, or set task = {' or '.join(map(repr, tasks))}.",
                )
        sources = [*self.train, *([self.validation] if self.validation else [])]
        if self.fold is not None and all(one.fold == "any" for one in sources):
            raise ConfigError(
                f"config {self.name}: fold is {self.fold}, and no source leaves it out.",
                hint="Set fold = 'out' in [[train]] and 'in' in [validation], or leave it out.",
            )
        if self.fold is None and (cut := [one for one in sources if one.fold != "any"]):
            raise ConfigError(
                f"config {self.name}: {cut[0].path} is read by fold = {cut[0].fold!r}, and the run "
                "has no fold.",
                hint="Set fold, or leave it out of the source.",
            )

    def _check_unlabelled(self) -> None:
        if self.select == "best" or self.validation is not None:
            raise ConfigError(
                f"config {self.name}: the task {self.task!r} has no validation figures.",
                hint="Leave out [validation] and set select = 'last'.",
            )
        if any(source != Source(source.path) for source in self.train):
            raise ConfigError(
                f"config {self.name}: the task {self.task!r} reads whole files.",
                hint="Leave all but path out of [[train]].",
            )
        if self.task != "mlm" and len(self.train) > 1:
            raise ConfigError(
                f"config {self.name}: the task {self.task!r} reads one file of heading records, "
                f"{len(self.train)} are named.",
                hint="Leave one [[train]].",
            )

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.runs) / self.name

    def to_dict(self) -> dict[str, Any]:
        """Return the config as plain values for JSON; mlm_weight only where it is read."""
        values = asdict(self)
        if self.task != "both":
            del values["mlm_weight"]
        return values


def load_config(path: Path, overrides: Sequence[str] = ()) -> FitConfig:
    """Read a TOML config; `overrides` are `key=value` with TOML values (bare words are strings)."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config.", hint="See training/configs/.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None
    for override in overrides:
        values.update(_override(override))
    return parse_config(values, where=str(path))


def parse_config(values: Mapping[str, Any], *, where: str) -> FitConfig:
    """Build the config from plain values; raise ConfigError naming an unknown or missing key."""
    made = dict(values)
    if isinstance(made.get("train"), list):
        made["train"] = tuple(_source(v, f"{where}: [[train]]") for v in made["train"])
    if made.get("validation") is not None:
        made["validation"] = _source(made["validation"], f"{where}: [validation]")
    return _build(FitConfig, made, where)


def differing(written: Mapping[str, Any], config: FitConfig, *, where: str) -> list[str]:
    """Return the keys in which `written`, a run's config.json, is another config than `config`.

    A key that `written` lacks is younger than the run, which did what its default does. Raises
    ConfigError, naming `where`, if `written` is no config.
    """
    found, wanted = parse_config(written, where=where).to_dict(), config.to_dict()
    return [key for key in found | wanted if found.get(key) != wanted.get(key)]


def _source(values: object, where: str) -> Source:
    if not isinstance(values, dict):
        raise ConfigError(f"{where} is {values!r}, a table with a path is needed.")
    made = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return _build(Source, made, where)


def _build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    hint = f"Known keys: {', '.join(known)}."
    for name in values:
        if name not in known:
            raise ConfigError(f"{where}: unknown key {name!r}.", hint=hint)
    for name, field in known.items():
        if name not in values and field.default is MISSING:
            raise ConfigError(f"{where}: key {name!r} is missing.", hint=hint)
    wanted = get_type_hints(kind)
    for name, value in values.items():
        if not _fits(value, wanted[name]):
            raise ConfigError(f"{where}: {name} is {value!r}, {known[name].type} is needed.")
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", hint=error.hint) from None


def _fits(value: object, wanted: Any) -> bool:
    """Say whether a TOML value is of a field's type; a whole number does for a float."""
    kind, parts = get_origin(wanted), get_args(wanted)
    if kind is Literal:
        return value in parts
    if kind is UnionType:
        return any(_fits(value, part) for part in parts)
    if kind is tuple:
        return isinstance(value, tuple) and all(_fits(v, parts[0]) for v in value)
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, int | float if wanted is float else wanted)


def _override(text: str) -> dict[str, Any]:
    key, found, value = text.partition("=")
    if not found:
        raise ConfigError(f"override {text!r} is not of the form key=value.")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        return {key.strip(): value.strip()}
