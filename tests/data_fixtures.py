"""Small releases in the authors' formats, with sentences invented for this project."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FIRST = "First Party Collection/Use"
THIRD = "Third Party Sharing/Collection"


def attribute(value: str, start: int = -1, end: int = -1) -> dict[str, Any]:
    """Return an attribute as the annotation tool wrote it."""
    return {
        "value": value,
        "selectedText": "null",
        "startIndexInSegment": start,
        "endIndexInSegment": end,
    }


def row(annotator: str, segment: int | str, category: str, attributes: object) -> list[str]:
    """Return one annotation row; `attributes` is dumped as JSON unless it is text already."""
    dumped = attributes if isinstance(attributes, str) else json.dumps(attributes)
    name = f"a-{annotator}-{segment}-{category}-{crc32(dumped.encode())}"
    place = [name, "batch", annotator, "7", str(segment)]
    return [*place, category, dumped, "2015-01-01", "http://example.org"]


def write_policy(
    raw: Path, name: str, segments: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Write one policy of OPP-115's release format under `raw`."""
    policies, annotations = raw / "sanitized_policies", raw / "annotations"
    policies.mkdir(parents=True, exist_ok=True)
    annotations.mkdir(parents=True, exist_ok=True)
    (policies / f"{name}.html").write_text("|||".join(segments), encoding="utf-8")
    with (annotations / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)


def opp_release(raw: Path, rows: Sequence[Sequence[str]] = ()) -> Path:
    """Write a release of one policy: two segments, one withheld; `rows` replace its annotations."""
    segments = ["We <strong>count</strong> visits. <br> <br> Daily.", "", "We sell <br> maps."]
    default = [
        row("1", 0, FIRST, {"Purpose": attribute("Analytics", 3, 25)}),
        row("1", 0, FIRST, {"Purpose": attribute("Other")}),
        row("2", 0, FIRST, {"Purpose": attribute("Analytics")}),
        row("3", 0, THIRD, {"Purpose": attribute("Analytics")}),
        row("1", 2, "Other", {"Other Type": attribute("Practice not covered")}),
        row("2", 2, "Other", {"Other Type": attribute("Practice not covered")}),
        row("3", 2, "Other", {"Other Type": attribute("Other")}),
    ]
    write_policy(raw, "7_maps.example", segments, rows or default)
    places = {"train": [["7_maps.example", 0]], "validation": [["7_maps.example", 2]]}
    (raw / "privacyglue_split.json").write_text(json.dumps(places), encoding="utf-8")
    return raw
