"""Build every corpus that is found: `python -m data.build --raw DIR --out data/processed`.

Says of each corpus how many records it gave, what was dropped and why, and which were not found.
One that cannot be read does not stop the others; the exit code is 1 then. What was read and
written stands with checksums in build.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clausemark import __version__
from clausemark.errors import ClausemarkError, RecordError
from data import checksums
from data.catalogue import CATALOGUE, Corpus, Product
from data.overlap import LIST_NAME, NONE, Overlap
from data.records import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Report", "build", "main"]

_PROBLEMS_SHOWN = 5


@dataclass(slots=True)
class Report:
    """What became of each corpus, by name: an entry of build.json."""

    built: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def build(raw: Path, out: Path, only: Sequence[str] = ()) -> Report:
    """Build the corpora found under `raw` (or those named in `only`) into `out`.

    Raise RecordError for a name that no corpus has. A corpus that cannot be read is reported in
    `failed`, with what it was; its former output stays.
    """
    if strange := sorted(set(only) - set(CATALOGUE)):
        raise RecordError(
            f"unknown corpus {strange[0]!r}.", hint=f"Known corpora: {', '.join(CATALOGUE)}."
        )
    report = Report()
    release = checksums.expected()
    for name, corpus in CATALOGUE.items():
        if only and name not in only:
            continue
        place = raw / corpus.place
        if not place.exists():
            report.missing[name] = str(place)
            continue
        try:
            product = corpus.make(place, out, _overlap(corpus, raw))
        except (ClausemarkError, UnicodeDecodeError, OSError) as error:
            report.failed[name] = str(error)
        else:
            report.built[name] = _entry(product, place, out, release.get(name))
    return report


def _overlap(corpus: Corpus, raw: Path) -> Overlap:
    return Overlap.load(raw / LIST_NAME) if corpus.auxiliary else NONE


def _entry(product: Product, place: Path, out: Path, release: str | None) -> dict[str, Any]:
    digest = checksums.of_tree(place)
    return {
        "input": {"sha256": digest, "release_described": digest == release if release else None},
        "outputs": {
            name: {"rows": rows, "sha256": checksums.of_file(out / name)}
            for name, rows in product.files.items()
        },
        "counts": product.counts,
        "dropped": dict(product.dropped),
        "problems": product.problems,
    }


def _save(report: Report, out: Path, command: Sequence[str]) -> None:
    """Write build.json; corpora that this run did not touch keep their entry."""
    path = out / "build.json"
    former = _former(path)
    versions = {"clausemark": __version__, "python": platform.python_version()}
    entries = {**former, **report.built}
    write_json(path, {"command": list(command), "versions": versions, "corpora": entries})


def _former(path: Path) -> dict[str, Any]:
    """Return the entries of an earlier build; a damaged build.json has none and is replaced."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["corpora"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _show(report: Report) -> None:
    for name, entry in report.built.items():
        files = ", ".join(f"{row['rows']:,} in {file}" for file, row in entry["outputs"].items())
        print(f"{name}: {files}")
        for what in ("splits", "labels"):
            if counts := entry["counts"].get(what):
                print(f"  {what}: " + ", ".join(f"{key} {n:,}" for key, n in counts.items()))
        for reason, count in entry["dropped"].items():
            print(f"  dropped {count:,}: {reason}")
        for problem in entry["problems"][:_PROBLEMS_SHOWN]:
            print(f"  fault: {problem}")
        if (more := len(entry["problems"]) - _PROBLEMS_SHOWN) > 0:
            print(f"  and {more:,} faults more (see build.json)")
        if entry["input"]["release_described"] is False:
            print("  note: not the release that data/README.md describes")
    for name, place in report.missing.items():
        print(f"{name}: not found ({place})")
    for name, error in report.failed.items():
        print(f"{name}: FAILED: {error}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m data.build", description=__doc__)
    raw = os.environ.get("CLAUSEMARK_CORPORA")
    parser.add_argument("--raw", type=Path, default=raw, required=raw is None, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("data/processed"), metavar="DIR")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these corpora")
    options = parser.parse_args(argv)
    try:
        if not options.raw.is_dir():
            raise RecordError(
                f"{options.raw}: no such folder.", hint="--raw names the folder of the corpora."
            )
        report = build(options.raw, options.out, options.only)
        _show(report)
        _save(report, options.out, sys.argv if argv is None else argv)
    except ClausemarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    unmet = bool(options.only) and bool(report.missing)
    return 1 if report.failed or unmet or not report.built else 0


if __name__ == "__main__":
    sys.exit(main())
