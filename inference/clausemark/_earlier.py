"""An output that is there already: whose it is, from what it was made, how it goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clausemark._durable import read_json
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from clausemark._places import Places

__all__ = ["check_kind", "check_same", "clear", "earlier", "refusal", "taken"]


def refusal(places: Places, facts: Mapping[str, Any] | None) -> OutputError:
    """Return the error for an output that is there, and whose `facts` are known if it is ours."""
    hint = "--resume goes on with it, --overwrite begins again."
    if facts is None:
        hint = "--overwrite replaces it." if places.single else "Name another --output."
    return OutputError(f"{places.output} is there already.", hint=hint)


def earlier(places: Places) -> dict[str, Any] | None:
    """Return the facts of an output that is there, None if there is none of ours."""
    for path in (places.manifest, places.first):
        if path.is_file():
            found: dict[str, Any] = read_json(path)
            return found
    return None


def taken(places: Places) -> bool:
    """Return whether something stands where the output is to come."""
    if places.single:
        return places.output.exists()
    return any(path != places.ledger for path in places.output.iterdir())


def clear(places: Places) -> None:
    """Take away an earlier output: in a folder a batch's own files, nothing else.

    One file stays until the new one takes its place. The order is such that what a kill leaves
    is a batch's output still, of which no part is missing.
    """
    if not places.single and taken(places) and not _ours(places):
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
