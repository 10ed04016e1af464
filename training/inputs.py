"""The files that a run is made of, by their checksums: what is resumed must be what was begun."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.config import ConfigError
from training.examples import checksum

if TYPE_CHECKING:
    from training.config import FitConfig


def recorded(config: FitConfig) -> dict[str, dict[str, str]]:
    """Return what run.json says of the files: the checksums of the records, and of a local base.

    Records are those that train, validate or keep texts apart. A file that is not there has none.
    """
    sources = [*config.train, *([config.validation] if config.validation else [])]
    records = {path for source in sources for path in (source.path, source.apart) if path}
    made = {"data": _checksums(records)}
    base = _checksums({str(Path(config.base) / "model.safetensors")})
    return made | {"base": base} if base else made


def check(config: FitConfig) -> None:
    """Raise ConfigError naming a file that is another than the run's run.json says.

    Files that run.json does not name, as that of an older run may not, can be what they are.
    """
    found = recorded(config)
    for part, digests in written(config.folder / "run.json").items():
        for path, digest in found.get(part, {}).items():
            if digests.get(path, digest) != digest:
                raise ConfigError(
                    f"{config.folder}: {path} has changed since this run was begun.",
                    hint="Choose another name (--set name=...), or remove the folder.",
                )


def _checksums(paths: set[str]) -> dict[str, str]:
    return {path: checksum(path) for path in sorted(paths) if Path(path).is_file()}


def written(path: Path) -> dict[str, dict[str, str]]:
    """Return the checksums in a run.json, by part and file; none where there is no such file."""
    if not path.exists():
        return {}
    made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {part: made[part] for part in ("data", "base") if isinstance(made.get(part), dict)}
