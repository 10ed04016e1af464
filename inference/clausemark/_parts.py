"""Where a batch's rows go: parts written one after the other, each whole or not there.

A part's file appears by a rename, then its entry in the ledger, which is what makes it count; the
rejects of its rows stand in the entry. Whatever a kill leaves half done is no part of the ledger,
and is written again by the next run with the same bytes. The manifest comes last.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from clausemark._durable import locked, read_json, whole, write_json
from clausemark._earlier import (
    check_kind,
    check_same,
    clear,
    drop_drafts,
    drop_ledger,
    drop_parts,
    earlier,
    obstacle,
    refusal,
)
from clausemark._output import json_line
from clausemark._part_files import join
from clausemark._places import Places, Tally
from clausemark._rows import Position
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from clausemark._part_files import Form
    from clausemark._rows import Reject, Row
    from clausemark.classifier import LabelledText

__all__ = ["Existing", "Ledger"]

#: What becomes of an output that is there already.
Existing = Literal["refuse", "resume", "overwrite"]


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
        with ledger._writing():
            check_kind(places)
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
            clear(places)
        else:
            before = earlier(places)
            if before is not None and existing == "resume":
                check_same(places, before, self._facts)
            elif before is not None or obstacle(places):
                raise refusal(places, before)
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
        path = self.places.part(self.number, self.form.suffix)
        with self._writing():
            with whole(path) as stream:
                self.form.write(stream, self.number, rows, results)
            size = path.stat().st_size
        entry = {
            "bytes": size,
            "labelled": len(rows),
            "lost": sum(reject.lost for reject in rejects),
            "after": [after.file, after.items],
            "rejects": [reject.to_json() for reject in rejects],
        }
        with self._writing(), whole(self._entry(self.number)) as stream:
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
                parts = [self.places.part(k, self.form.suffix) for k in range(self.number)]
                with whole(self.places.output) as stream:
                    join(parts, self.form.kind, stream)
            files = [self._joined()] if self.places.single else self._listed()
            manifest = {**self._facts, "rows": self.tally.to_json(), "files": files}
            write_json(self.places.manifest, manifest)
            self._tidy()
        self.finished = True

    def _joined(self) -> dict[str, Any]:
        path = self.places.output
        return {
            "file": path.name,
            "bytes": path.stat().st_size,
            "labelled": self.tally.labelled,
            "rejected": self.tally.rejected,
        }

    def _listed(self) -> list[dict[str, Any]]:
        found = []
        for number in range(self.number):
            path, entry = self.places.part(number, self.form.suffix), read_json(self._entry(number))
            found.append(
                {
                    "file": path.name,
                    "bytes": entry["bytes"],
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
        for one in manifest["files"]:
            path = self.places.output if self.places.single else self.places.parts / one["file"]
            if not _is_of_size(path, one["bytes"]):
                raise OutputError(
                    f"{path} is not as the manifest says: gone or changed.",
                    hint="Begin again with --overwrite.",
                )
        self.tally = Tally.from_json(manifest["rows"])
        self.finished = True
        with suppress(OSError):
            self._tidy()

    def _tidy(self) -> None:
        """Take away what a finished output needs no more; what a user put there stays."""
        if self.places.single:
            drop_parts(self.places)
        drop_ledger(self.places)

    def _replay(self) -> None:
        while (entry := self._entry(self.number)).exists():
            found = read_json(entry)
            if not _is_of_size(self.places.part(self.number, self.form.suffix), found["bytes"]):
                break  # somebody took the part away: it is written again
            self._count(found)
        drop_drafts(self.places)

    def _count(self, entry: Mapping[str, Any]) -> None:
        self.tally.add(entry)
        self.position = Position(*entry["after"])
        self.number += 1

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = f"{self.places.output} cannot be written ({error.strerror or error})"
            hint = "Choose a folder with room that you may write to."
            if self.number:
                problem += f"; {self.tally.rows:,} rows are safe"
                hint = "Free the disk or open the folder, then add --resume."
            raise OutputError(f"{problem}.", hint=hint) from error


def _is_of_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
