"""Small releases of the corpora that speak for some labels only, in their authors' formats."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLLECTED = "Categories of Personal Information Collected"
SOLD = "Categories of Personal Information Sold"
DELETE = "Description of Right to Delete"
METHODS = "Methods to exercise rights"
MAPP_HEADER = [
    "policy id",
    "segment_id",
    "category name",
    "attribute name",
    "value name",
    "policy_type",
    "privacy_policy_link",
    "MAPP_59",
]
DNT = (
    "This service ignores the Do Not Track (DNT) header and tracks users anyway "
    "even if they set this header."
)


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write `rows` to `path`, as a spreadsheet would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)


def c3pa_release(raw: Path, page: str, *rows: tuple[str, str, str], name: str = "DB/1") -> Path:
    """Write a page and its annotations: rows of annotator, text and duty."""
    write_csv(raw / "Annotations" / f"{name}.csv", [("RANumb", "Text", "Label"), *rows])
    text = raw / "texts" / f"{name}.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(page, encoding="utf-8")
    return raw


def mapp_release(raw: Path, *segments: tuple[str, str, str, str], name: str = "7_maps") -> Path:
    """Write a policy: segments of text and the lists of categories, attributes and values."""
    rows = [
        ["7", str(number), *lists, "TRAIN", "https://maps.example/privacy", "True"]
        for number, (_, *lists) in enumerate(segments, start=1)
    ]
    write_csv(raw / "English_consolidation" / f"{name}.csv", [MAPP_HEADER, *rows])
    text = raw / "English_sanitized_policies" / f"{name}.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text("".join(f"{row[0]}\n\n" for row in segments), encoding="utf-8")
    return raw


def app_segment(text: str, *practices: str, sentences: int = 2) -> dict[str, Any]:
    """Return a segment of APP-350; "not " before a practice denies it."""
    given = [
        {
            "practice": practice.removeprefix("not "),
            "modality": "NOT_PERFORMED" if practice.startswith("not ") else "PERFORMED",
        }
        for practice in practices
    ]
    parts = [{"sentence_text": text, "annotations": given}] * (sentences if given else 0)
    return {"segment_text": text, "annotations": given, "sentences": parts}


def app_release(raw: Path, *segments: dict[str, Any], synthetic: bool = False) -> Path:
    """Write a policy of APP-350; JSON is YAML too."""
    numbered = [{"segment_id": n, **segment} for n, segment in enumerate(segments)]
    policy = {"policy_id": 7, "contains_synthetic": synthetic, "segments": numbered}
    path = raw / "annotations" / "policy_7.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(policy), encoding="utf-8")
    return raw


def rahat_release(raw: Path, *rows: tuple[str, str, str]) -> Path:
    """Write rows of site, text and list of requirements."""
    numbered = [(str(number), *row) for number, row in enumerate(rows, start=1)]
    write_csv(raw / "gdpr_dataset_1.2.csv", numbered)
    return raw


def point(text: str | None, case: str | None = DNT, **fields: object) -> dict[str, Any]:
    """Return a point of ToS;DR with a quote from a privacy policy."""
    quote = {"quoteText": text, "quoteDoc": "Privacy Policy", "services": ["maps"]}
    return {**quote, "title": "", "tosdr": {"case": case, "tldr": ""}, **fields}


def tosdr_release(raw: Path, *points: object) -> Path:
    """Write an archive of points, last first; a text stands for a file that is no JSON."""
    path = raw / "tosdr_2021.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for number, row in reversed(list(enumerate(points, start=1))):
            content = (row if isinstance(row, str) else json.dumps(row)).encode()
            member = tarfile.TarInfo(f"points/{number}.json")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path
