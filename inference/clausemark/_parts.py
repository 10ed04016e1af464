"""Where a batch's rows go: parts written one after the other, each whole or not there.

A part's file appears by a rename, then its entry in the ledger, which is what makes it count; the
rejects of its rows stand in the entry. Whatever a kill leaves half done is no part of the ledger,
and is written again by the next run with the same bytes. The manifest comes last.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from clausemark._durable import DRAFTS, locked, read_json, whole, write_json
from clausemark._output import json_line
from clausemark._part_files import join
from clausemark._rows import Position
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from clausemark._part_files import Form
    from clausemark._rows import Reject, Row
    from clausemark.classifier import LabelledText

__all__ = ["Existing", "Ledger", "Places", "Tally"]

#: What becomes of an output that is there already.
Existing = Literal["refuse", "resume", "overwrite"]


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

    def part(self, number: int, form: Form) -> Path:
        """Return the file of part `number`."""
        return self.parts / f"part-{number:05d}{form.suffix}"

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


class Ledger:
    """The parts that are safe, and the way to add the next; open one with `Ledger.open`."""

    def __init__(self, places: Places, form: Form, facts: Mapping[str, Any]) -> None:
        self.places = places
        self.form = form
        self.position = Position()
        self.tally = Tally()
        self.number = 0
        self.finished = False
        self._facts = facts

    @classmethod
    @contextmanager
    def open(
        cls,
        places: Places,
        form: Form,
        facts: Mapping[str, Any],
        existing: Existing = "refuse",
    ) -> Iterator[Ledger]:
        """Begin an output, or go on with one; one process at a time may have it open.

        `facts` are all that the output depends on: inputs, model, options, versions. Raise
        OutputError if there is an output already and `existing` says to refuse it, if one to be
        resumed was made from other facts, or if the folder cannot be written.
        """
        ledger = cls(places, form, facts)
        _check_kind(places)
        with ledger._writing():
            places.parts.mkdir(parents=True, exist_ok=True)
        try:
            with locked(places.parts):
                with ledger._writing():
                    ledger._begin(existing)
                yield ledger
        finally:
            with suppress(OSError):
                places.parts.rmdir()  # if nothing has come to lie in it

    def _begin(self, existing: Existing) -> None:
        places = self.places
        if existing == "overwrite":
            _clear(places)
        else:
            earlier = _earlier(places)
            if earlier is not None and existing == "resume":
                _check_same(places, earlier, self._facts)
            elif earlier is not None or _taken(places):
                raise _refusal(places, earlier)
        if places.manifest.exists():
            self._recall()
        else:
            places.ledger.mkdir(exist_ok=True)
            write_json(places.first, self._facts)
            self._replay()

    def add(
        self,
        rows: Sequence[Row],
        results: Sequence[LabelledText],
        rejects: Sequence[Reject],
        after: Position,
    ) -> None:
        """Write the next part; it counts once this returns. Raise OutputError."""
        entry = {
            "labelled": len(rows),
            "lost": sum(reject.lost for reject in rejects),
            "after": [after.file, after.items],
            "rejects": [reject.to_json() for reject in rejects],
        }
        with self._writing():
            with whole(self.places.part(self.number, self.form)) as stream:
                self.form.write(stream, self.number, rows, results)
            with whole(self._entry(self.number)) as stream:
                stream.write(f"{json_line(entry)}\n".encode())
        self._count(entry)

    def finish(self) -> None:
        """Write the rejects, join the parts if one file is wanted, then the manifest."""
        if self.finished:
            return
        if not self.number:
            self.add([], [], [], self.position)
        with self._writing():
            with whole(self.places.rejects) as stream:
                for number in range(self.number):
                    entry = read_json(self._entry(number))
                    stream.writelines(f"{json_line(one)}\n".encode() for one in entry["rejects"])
            if self.places.single:
                parts = [self.places.part(k, self.form) for k in range(self.number)]
                with whole(self.places.output) as stream:
                    join(parts, self.form.kind, stream)
            write_json(self.places.manifest, self._manifest())
            shutil.rmtree(self.places.parts if self.places.single else self.places.ledger)
        self.finished = True

    def _manifest(self) -> dict[str, Any]:
        parts = [] if self.places.single else self._listed()
        return {**self._facts, "rows": self.tally.to_json(), "parts": parts}

    def _listed(self) -> list[dict[str, Any]]:
        found = []
        for number in range(self.number):
            path, entry = self.places.part(number, self.form), read_json(self._entry(number))
            found.append(
                {
                    "file": path.name,
                    "bytes": path.stat().st_size,
                    "labelled": entry["labelled"],
                    "rejected": len(entry["rejects"]),
                }
            )
        return found

    def _entry(self, number: int) -> Path:
        return self.places.ledger / f"{number:05d}.json"

    def _recall(self) -> None:
        """Take over a finished output; a kill may have come before the last tidying up."""
        manifest = read_json(self.places.manifest)
        self.tally = Tally.from_json(manifest["rows"])
        self.finished = True
        leftover = self.places.parts if self.places.single else self.places.ledger
        shutil.rmtree(leftover, ignore_errors=True)

    def _replay(self) -> None:
        while self._entry(self.number).exists():
            self._count(read_json(self._entry(self.number)))
        for folder in (self.places.parts, self.places.ledger):
            for draft in folder.glob(DRAFTS):
                draft.unlink()

    def _count(self, entry: Mapping[str, Any]) -> None:
        self.tally.add(entry)
        self.position = Position(*entry["after"])
        self.number += 1

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self.places.output} cannot be written ({error.strerror or error}); "
                f"{self.tally.rows:,} rows are safe.",
                hint="Free the disk or open the folder, then add --resume."
                if self.number
                else "Choose a folder with room that you may write to.",
            ) from error


def _refusal(places: Places, earlier: Mapping[str, Any] | None) -> OutputError:
    hint = "--resume goes on with it, --overwrite begins again."
    if earlier is None:
        hint = "--overwrite replaces it." if places.single else "Name another --output."
    return OutputError(f"{places.output} is there already.", hint=hint)


def _earlier(places: Places) -> dict[str, Any] | None:
    """Return the facts of an output that is there, None if there is none of ours."""
    for path in (places.manifest, places.first):
        if path.is_file():
            found: dict[str, Any] = read_json(path)
            return found
    return None


def _taken(places: Places) -> bool:
    if places.single:
        return places.output.exists()
    return any(path != places.ledger for path in places.output.iterdir())


def _clear(places: Places) -> None:
    """Take away an earlier output: in a folder a batch's own files, nothing else.

    One file stays until the new one takes its place. The order is such that what a kill leaves
    is a batch's output still, of which no part is missing.
    """
    if not places.single and _taken(places) and not _ours(places):
        raise OutputError(f"{places.output} is no batch's output.", hint="Name another --output.")
    places.ledger.mkdir(parents=True, exist_ok=True)
    if places.manifest.exists():
        places.manifest.replace(places.first)
    for path in places.ledger.glob("[0-9]*.json"):
        path.unlink()
    for path in places.parts.glob("part-[0-9]*"):
        path.unlink()
    places.rejects.unlink(missing_ok=True)


def _ours(places: Places) -> bool:
    return places.manifest.is_file() or places.first.is_file()


def _check_kind(places: Places) -> None:
    """Raise OutputError if a file stands where a folder has to be, or the other way round."""
    if places.single and places.output.is_dir():
        raise OutputError(f"{places.output} is a folder.", hint="Name another --output.")
    if not places.single and places.output.exists() and not places.output.is_dir():
        hint = "End the name in .jsonl, .csv or .parquet for one file, or name a folder."
        raise OutputError(f"{places.output} is a file.", hint=hint)


def _check_same(places: Places, earlier: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    changed = list(_differences(earlier, facts))
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise OutputError(
            f"{places.output} was begun otherwise: {'; '.join(changed[:3])}{more}.",
            hint="Resume with the same inputs, model and options, or begin again by --overwrite.",
        )


def _differences(earlier: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[str]:
    old = {one["file"]: one for one in earlier.get("inputs", ())}
    new = {one["file"]: one for one in facts["inputs"]}
    yield from (f"input {name} has gone" for name in old if name not in new)
    yield from (f"input {name} is new" for name in new if name not in old)
    yield from (
        f"input {name} has changed" for name in old if old[name] != new.get(name, old[name])
    )
    if list(old) != list(new) and sorted(old) == sorted(new):
        yield "the inputs are in another order"
    for group in ("model", "options", "versions"):
        before, now = earlier.get(group, {}), facts[group]
        for name in now | before:
            if before.get(name) != now.get(name):
                yield f"{group.rstrip('s')} {name} was {before.get(name)}, is {now.get(name)}"
