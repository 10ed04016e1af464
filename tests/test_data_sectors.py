"""Sectors of policies: from OPP-115's table of websites, and of the invented companies."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.build import build
from data.fictional_policies import FOLDER, sectors
from data.opp115_sectors import FILE, policies, sector_of
from data.records import read_jsonl
from tests.data_fixtures import write_policy

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ["Site UID", "Site URL", "Name", "Policy UID", "Checked", "In 115 Set?", "Comments", "Data"]


def table(raw: Path, *entries: str, policy: str = "7") -> Path:
    (raw / FILE).parent.mkdir(parents=True, exist_ok=True)
    with (raw / FILE).open("w", encoding="utf-8", newline="") as out:
        row = ["1", "maps.example", "Maps", policy, "2016-02-08", "Yes", "", *entries, "", ""]
        csv.writer(out).writerows([HEAD, row])
    return raw


@pytest.mark.parametrize(
    ("entries", "sector"),
    [
        (["Arts: Music", "Games", "Games: Chess"], "Games"),
        (["Science: Maps", "Arts: Music"], "Science"),
        (["Regional: Ohio", "World: Deutsch", "Regional: Iowa", "News"], "News"),
        (["World: Deutsch", "Regional: Ohio", "Regional: Iowa"], "Regional"),
        (["", " "], None),
    ],
)
def test_the_sector_is_the_category_of_most_entries_but_no_place(
    entries: list[str], sector: str | None
) -> None:
    assert sector_of(entries) == sector


def test_a_policy_is_found_by_its_number(tmp_path: Path) -> None:
    raw = table(tmp_path, "Reference: Maps")
    assert policies(raw, ["7_maps.example", "7_maps.example"]) == [
        {"document": "7_maps.example", "website": "maps.example", "sector": "Reference"}
    ]


def test_a_policy_that_no_website_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no website has the policy of 70_hills\.example"):
        policies(table(tmp_path, "Arts"), ["70_hills.example"])


def test_a_table_that_is_none_is_named_with_its_row(tmp_path: Path) -> None:
    (table(tmp_path) / FILE).write_text("a\nb,c\n", encoding="utf-8")
    with pytest.raises(RecordError, match=r"websites_opp115\.csv, row 2: 2 columns, expected 7"):
        policies(tmp_path, ["7_maps.example"])
    (tmp_path / FILE).unlink()
    with pytest.raises(RecordError, match=r"no table of websites \(.*No such file"):
        policies(tmp_path, ["7_maps.example"])


def release(raw: Path) -> Path:
    """A release of one policy, called as one that has a fold; the words are invented."""
    write_policy(raw, "105_amazon.com", ["We count visits."], [])
    return raw


def test_the_build_writes_the_policies_of_a_release_that_lists_them(tmp_path: Path) -> None:
    raw = table(release(tmp_path / "raw" / "opp115"), "Reference: Maps", policy="105").parent
    report = build(raw, tmp_path / "out", ["opp115", "fictional"])
    assert not report.failed
    (row,) = read_jsonl(tmp_path / "out" / "opp115_policies.jsonl")
    assert (row["document"], row["sector"]) == ("105_amazon.com", "Reference")
    rows = report.built["fictional"]["outputs"]["fictional_policies.jsonl"]["rows"]
    assert rows == len(sectors()) == 8


def test_a_release_without_the_table_is_built_without_policies(tmp_path: Path) -> None:
    raw = release(tmp_path / "raw" / "opp115").parent
    built = build(raw, tmp_path / "out", ["opp115"]).built["opp115"]
    assert set(built["outputs"]) == {"opp115.jsonl", "opp115_spans.jsonl"}


def test_a_damaged_table_leaves_the_former_files(tmp_path: Path) -> None:
    raw = table(release(tmp_path / "raw" / "opp115"), "Arts", policy="105")
    out = tmp_path / "out"
    build(raw.parent, out, ["opp115"])
    former = {path.name: path.read_bytes() for path in out.iterdir()}
    write_policy(raw, "105_amazon.com", ["We sell maps."], [])
    (raw / FILE).write_text("a\nb,c\n", encoding="utf-8")
    assert "row 2: 2 columns" in build(raw.parent, out, ["opp115"]).failed["opp115"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == former


def test_every_invented_company_has_a_sector(tmp_path: Path) -> None:
    splits = json.loads((FOLDER / "splits.json").read_text(encoding="utf-8"))
    listed = sorted(policy for part in splits.values() for policy in part)
    assert [row["document"] for row in sectors()] == listed
    (tmp_path / "splits.json").write_text('{"train": ["maps.md", "hills.md"]}', encoding="utf-8")
    (tmp_path / "sectors.json").write_text('{"maps.md": "Reference"}', encoding="utf-8")
    with pytest.raises(RecordError, match=r"policy 'hills\.md' stands in only one"):
        sectors(tmp_path)
    (tmp_path / "sectors.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(RecordError, match=r"sectors\.json: no sectors of policies"):
        sectors(tmp_path)
