"""The files of one output, and the count of what went into them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Places", "Tally"]


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one output: a folder of parts, or one file that the parts are joined to.

    Names in a folder begin with _ where they are not parts: Arrow, Spark and pandas pass over
    them, so that the folder is read as one table.
    """

    output: Path
    single: bool

    @property
    def parts(self) -> Path:
        """The folder of the parts; for one file it is there only until they are joined."""
        return self._beside(".parts") if self.single else self.output

    @property
    def ledger(self) -> Path:
        """The folder of the ledger, gone once the manifest is written."""
        return self.parts / "_ledger"

    @property
    def first(self) -> Path:
        """The ledger's first page: what the output depends on."""
        return self.ledger / "run.json"

    @property
    def rejects(self) -> Path:
        """The rows that could not be labelled, as JSON Lines."""
        return self._beside(".rejects.jsonl") if self.single else self.output / "_rejects.jsonl"

    @property
    def manifest(self) -> Path:
        """What was read and written, by what, in JSON."""
        return self._beside(".manifest.json") if self.single else self.output / "_manifest.json"

    @property
    def all(self) -> tuple[Path, ...]:
        """Everything that belongs to the output."""
        return (self.output, self.parts, self.rejects, self.manifest)

    def part(self, number: int, suffix: str) -> Path:
        """Return the file of part `number`."""
        return self.parts / f"part-{number:05d}{suffix}"

    def _beside(self, suffix: str) -> Path:
        return self.output.with_name(self.output.name + suffix)


@dataclass(slots=True)
class Tally:
    """Rows read, labelled, rejected (and why), files that could not be read to their ends."""

    labelled: int = 0
    rejected: int = 0
    lost: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.labelled + self.rejected

    def add(self, entry: Mapping[str, Any]) -> None:
        """Count a part's entry of the ledger."""
        self.labelled += entry["labelled"]
        self.rejected += len(entry["rejects"])
        self.lost += entry["lost"]
        self.reasons.update(one["reason"] for one in entry["rejects"])

    def to_json(self) -> dict[str, Any]:
        """Return the counts as the manifest holds them."""
        return {
            "read": self.rows,
            "labelled": self.labelled,
            "rejected": self.rejected,
            "lost_files": self.lost,
            "reasons": dict(sorted(self.reasons.items())),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Tally:
        """Read the counts of a manifest."""
        lost = found["lost_files"]
        return cls(found["labelled"], found["rejected"], lost, Counter(found["reasons"]))
