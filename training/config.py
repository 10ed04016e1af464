"""The frozen configuration of a training run, read from TOML and checked before anything starts."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from clausemark.errors import ClausemarkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


T = TypeVar("T")


class ConfigError(ClausemarkError):
    """A config file holds an unknown key, a wrong type or a value out of range."""


@dataclass(frozen=True, slots=True)
class Source:
    """A record file to read: which part of it, with which targets, at which weight.

    `majority` mixes the targets: 1 takes the majority labels, 0 the annotators' votes.
    `folds` keeps (`"in"`) or drops (`"out"`) the records of the run's held-out fold.
    """

    path: str
    splits: tuple[str, ...] = ()
    majority: float = 1.0
    weight: float = 1.0
    fold: Literal["any", "in", "out"] = "any"
    strata: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FitConfig:
    """Everything that decides a run; lengths in tokens, learning rates at their peak."""

    name: str
    base: str
    train: tuple[Source, ...]
    validation: Source | None = None
    runs: str = "runs"
    task: Literal["labels", "headings"] = "labels"
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
    batch_tokens: int = 2048
    window: int = 254
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
        for name, low in (("epochs", 1), ("batch_tokens", 256), ("window", 8), ("patience", 1)):
            if getattr(self, name) < low:
                raise ConfigError(
                    f"config {self.name}: {name} is {getattr(self, name)}, at least {low} is needed.",
                )

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.runs) / self.name

    def to_dict(self) -> dict[str, Any]:
        """Return the config as plain values for JSON."""
        return asdict(self)


def load_config(path: Path, overrides: Sequence[str] = ()) -> FitConfig:
    """Read a TOML config; `overrides` are `key=value` with TOML values (bare words are strings)."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config.", hint="See training/configs/.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None
    for override in overrides:
        values.update(_override(override))
    return parse_config(values, where=str(path))


def parse_config(values: Mapping[str, Any], *, where: str) -> FitConfig:
    """Build the config from plain values; raise ConfigError naming an unknown or missing key."""
    made = dict(values)
    made["train"] = tuple(_source(v, f"{where}: [[train]]") for v in made.get("train", []))
    if made.get("validation") is not None:
        made["validation"] = _source(made["validation"], f"{where}: [validation]")
    return _build(FitConfig, made, where)


def with_values(config: FitConfig, **changes: Any) -> FitConfig:
    """Return a copy of `config` with some values changed."""
    return replace(config, **changes)


def _source(values: Mapping[str, Any], where: str) -> Source:
    made = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return _build(Source, made, where)


def _build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(
            f"{where}: unknown key {unknown[0]!r}.", hint=f"Known keys: {', '.join(known)}."
        )
    for name, value in values.items():
        _check_type(name, value, str(known[name].type), where)
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"{where}: {error}.") from None


def _check_type(name: str, value: Any, declared: str, where: str) -> None:
    simple = {"int": int, "float": (int, float), "str": str, "bool": bool}
    if declared.startswith("Literal"):
        allowed = [part.strip().strip("\"'") for part in declared[8:-1].split(",")]
        wrong = value not in allowed
        wanted = f"one of {', '.join(allowed)}"
    elif declared in simple:
        wrong = not isinstance(value, simple[declared]) or (  # type: ignore[arg-type]
            isinstance(value, bool) and declared != "bool"
        )
        wanted = declared
    else:
        return
    if wrong:
        raise ConfigError(f"{where}: {name} is {value!r}, {wanted} is needed.")


def _override(text: str) -> dict[str, Any]:
    key, found, value = text.partition("=")
    if not found:
        raise ConfigError(f"override {text!r} is not of the form key=value.")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        return {key.strip(): value.strip()}
