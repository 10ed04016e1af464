"""An output that is there already: whose it is, from what it was made, how it goes away."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from clausemark._durable import DRAFTS, read_json
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from clausemark._places import Places

__all__ = [
    "check_kind",
    "check_same",
    "clear",
    "drop_drafts",
    "drop_ledger",
    "drop_parts",
    "earlier",
    "obstacle",
    "refusal",
]

#: What the ledger's first page and the manifest hold: JSON of another kind is somebody else's.
_FACTS: Final = frozenset({"format", "inputs", "options", "model"})
_FINISHED: Final = frozenset({"rows", "files"})
#: The names that a batch gives, in full: a user's own part-9-notes.txt may lie beside them.
_PART: Final = re.compile(r"part-\d{5,}\.(jsonl|csv|parquet)(\.gz|\.zst)?")
_ENTRY: Final = re.compile(r"\d{5,}\.json")
_DRAFT: Final = re.compile(
    rf"\.({_PART.pattern}|{_ENTRY.pattern}|run\.json|_(rejects\.jsonl|manifest\.json))\.draft"
)


def refusal(places: Places, facts: Mapping[str, Any] | None) -> OutputError:
    """Return the error for an output that is there, and whose `facts` are known if it is ours."""
    if facts is not None:
        hint = "--resume goes on with it, --overwrite begins again."
        return OutputError(f"{places.output} is there already.", hint=hint)
    there = obstacle(places) or places.output
    hint = "Name another --output." if there == places.parts else "--overwrite replaces it."
    return OutputError(f"{there} is there already.", hint=hint)


def earlier(places: Places) -> dict[str, Any] | None:
    """Return the facts of an output that is there, None if there is none of ours."""
    if places.manifest.is_file():
        return _known(places.manifest, _FACTS | _FINISHED)
    return _known(places.first, _FACTS)


def _known(path: Path, keys: frozenset[str]) -> dict[str, Any] | None:
    found = read_json(path) if path.is_file() else None
    return found if isinstance(found, dict) and keys <= found.keys() else None


def obstacle(places: Places) -> Path | None:
    """Return what stands where an output is to come that is none of ours, None if nothing does."""
    if places.single:
        for path in (places.output, places.rejects, places.manifest):
            if path.exists():
                return path
    return places.parts if _holds_more(places) else None


def _holds_more(places: Places) -> bool:
    """Tell whether the folder of the parts holds more than a ledger, which a kill may leave."""
    return any(path != places.ledger for path in places.parts.iterdir())


def clear(places: Places) -> None:
    """Take away an earlier output: in a folder a batch's own files, nothing else.

    One file stays until the new one takes its place. The order is such that what a kill leaves
    is a batch's output still, of which no part is missing. Raise OutputError if the folder of the
    parts is somebody else's.
    """
    if _holds_more(places) and not _ours(places):
        raise OutputError(f"{places.parts} is no batch's output.", hint="Name another --output.")
    places.ledger.mkdir(parents=True, exist_ok=True)
    if places.manifest.exists():
        places.manifest.replace(places.first)
    _drop(places.ledger, _ENTRY)
    _drop(places.parts, _PART)
    places.rejects.unlink(missing_ok=True)


def _ours(places: Places) -> bool:
    """Tell whether the folder of the parts is a batch's: beside one file it has its first page."""
    pages = [places.first] if places.single else [places.manifest, places.first]
    try:
        return any(_known(page, _FACTS) for page in pages)
    except OutputError:  # a page that is damaged was a batch's
        return True


def drop_parts(places: Places) -> None:
    """Take away the parts; the ledger's first page, which says that they are ours, goes later."""
    _drop(places.parts, _PART)


def drop_ledger(places: Places) -> None:
    """Take away the ledger, its first page last; what else lies in its folder stays."""
    drop_drafts(places)
    _drop(places.ledger, _ENTRY)
    places.first.unlink(missing_ok=True)
    with suppress(OSError):
        places.ledger.rmdir()


def drop_drafts(places: Places) -> None:
    """Take away what a kill has left half written."""
    for folder in (places.parts, places.ledger):
        for draft in folder.glob(DRAFTS):
            if _DRAFT.fullmatch(draft.name):
                draft.unlink()


def _drop(folder: Path, names: re.Pattern[str]) -> None:
    for path in folder.glob("*"):
        if names.fullmatch(path.name):
            path.unlink()


def check_kind(places: Places) -> None:
    """Raise OutputError if a file stands where a folder has to be, or the other way round."""
    if places.single and places.output.is_dir():
        raise OutputError(f"{places.output} is a folder.", hint="Name another --output.")
    if not places.single and places.output.exists() and not places.output.is_dir():
        hint = "End the name in .jsonl, .csv or .parquet for one file, or name a folder."
        raise OutputError(f"{places.output} is a file.", hint=hint)


def check_same(places: Places, before: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Raise OutputError, saying what differs, if an output was begun from other facts."""
    changed = list(_differences(before, facts))
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise OutputError(
            f"{places.output} was begun otherwise: {'; '.join(changed[:3])}{more}.",
            hint="Resume with the same inputs, model and options (--runtime, --precision), or "
            "begin again by --overwrite.",
        )


def _differences(known: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[str]:
    old = {one["file"]: one for one in known.get("inputs", ())}
    new = {one["file"]: one for one in facts["inputs"]}
    yield from (f"input {name} has gone" for name in old if name not in new)
    yield from (f"input {name} is new" for name in new if name not in old)
    yield from (
        f"input {name} has changed" for name in old if old[name] != new.get(name, old[name])
    )
    if list(old) != list(new) and sorted(old) == sorted(new):
        yield "the inputs are in another order"
    for group in ("model", "runtime", "options", "versions"):
        before, now = known.get(group, {}), facts[group]
        for name in now | before:
            if before.get(name) != now.get(name):
                yield f"{group.rstrip('s')} {name} was {before.get(name)}, is {now.get(name)}"
