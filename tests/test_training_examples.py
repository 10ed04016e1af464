"""Records become arrays; a faulty one is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from training_fixtures import write_records

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import examples
from training.config import Source
from training.tasks import read_headings

if TYPE_CHECKING:
    from pathlib import Path

ROW: dict[str, Any] = {"id": "r1", "document": "d1", "text": "We keep it.", "labels": []}
SECURITY, RETENTION = "Data Security", "Data Retention"


def load(tmp_path: Path, *rows: dict[str, Any], fold: int | None = None, **source: Any) -> Any:
    path = write_records(tmp_path / "records.jsonl", [ROW | row for row in rows])
    return examples.load([Source(str(path), **source)], fold=fold)


def test_labels_become_columns(tmp_path: Path) -> None:
    data = load(tmp_path, {"labels": [SECURITY]}, {"labels": [SECURITY, RETENTION]}, {})
    wanted = np.zeros((3, 12))
    wanted[[0, 1], OPP115.index(SECURITY)] = 1
    wanted[1, OPP115.index(RETENTION)] = 1
    assert data.majority.tolist() == data.targets.tolist() == wanted.tolist()
    assert data.known.min() == 1


@pytest.mark.parametrize(("majority", "target"), [(1.0, 1.0), (0.0, 0.25), (0.5, 0.625)])
def test_targets_mix_majority_and_votes(tmp_path: Path, majority: float, target: float) -> None:
    row = {"labels": [SECURITY], "votes": {SECURITY: 0.25, RETENTION: 0.5}}
    data = load(tmp_path, row, majority=majority)
    assert data.targets[0, OPP115.index(SECURITY)] == target
    assert data.targets[0, OPP115.index(RETENTION)] == (1 - majority) * 0.5
    assert data.majority[0, OPP115.index(RETENTION)] == 0


def test_a_record_without_votes_keeps_its_labels(tmp_path: Path) -> None:
    data = load(tmp_path, {"labels": [SECURITY], "votes": None}, majority=0.0)
    assert data.targets[0, OPP115.index(SECURITY)] == 1


def test_known_names_the_columns_that_count(tmp_path: Path) -> None:
    data = load(tmp_path, {"known": [SECURITY]}, {"known": None})
    assert data.known[0].tolist() == [float(name == SECURITY) for name in OPP115.names]
    assert data.known[1].tolist() == [1.0] * 12


def test_a_share_of_the_texts_stands_under_its_heading(tmp_path: Path) -> None:
    rows = [{"id": f"r{k}", "heading": "Cookies", "text": f"We keep {k}."} for k in range(400)]
    texts = load(tmp_path, *rows, heading=0.5).texts
    headed = [text for text in texts if text.startswith("Cookies\nWe keep")]
    assert 150 < len(headed) < 250
    assert texts == load(tmp_path, *rows, heading=0.5).texts
    assert set(headed) < set(load(tmp_path, *rows, heading=1.0).texts)
    assert load(tmp_path, *rows).texts[0] == "We keep 0."


def test_a_share_of_the_records_is_read_whatever_stands_under_a_heading(tmp_path: Path) -> None:
    rows = [{"id": f"r{k}", "heading": "Cookies", "text": f"We keep {k}."} for k in range(1000)]
    some = load(tmp_path, *rows, share=0.3, heading=0.5)
    assert 250 < len(some) < 350
    assert some.ids == load(tmp_path, *rows, share=0.3).ids
    assert set(some.ids) < set(load(tmp_path, *rows, share=0.5).ids)
    assert 0.4 < sum(text.startswith("Cookies") for text in some.texts) / len(some) < 0.6
    assert len(load(tmp_path, *rows)) == 1000


def test_a_heading_is_not_put_before_itself(tmp_path: Path) -> None:
    rows = [{"heading": "COOKIES", "text": "Cookies are kept."}, {"heading": None}]
    assert load(tmp_path, *rows, heading=1.0).texts == ["Cookies are kept.", "We keep it."]


def test_splits_folds_strata_and_weights_choose(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "split": "train", "fold": 0, "extra": {"stratum": "x"}},
        {"id": "b", "split": "train", "fold": 1},
        {"id": "c", "split": "test", "fold": 1},
    ]
    assert load(tmp_path, *rows, splits=("train",), weight=0.5).ids == ["a", "b"]
    assert load(tmp_path, *rows, splits=("train",), weight=0.5).weights.tolist() == [0.5, 0.5]
    assert load(tmp_path, *rows, strata=("x",)).ids == ["a"]


def test_what_repeats_the_texts_of_another_file_stays_out(tmp_path: Path) -> None:
    judging = "We keep the records of your calls for eighteen months, and then erase all of them."
    other = write_records(tmp_path / "judging.jsonl", [ROW | {"text": judging}])
    rows = [
        {"id": "same", "text": judging.upper().replace(",", " --")},
        {"id": "part", "text": "the records of your calls for eighteen months"},
        {"id": "around", "text": f"{judging} Write to us."},
        {"id": "longer", "text": f"{judging} {'Write to us whenever you like, or call. ' * 3}"},
        {"id": "few words", "text": "We keep the records."},
        {"id": "none", "text": "©"},
    ]
    assert load(tmp_path, *rows, apart=str(other)).ids == ["longer", "few words", "none"]
    assert len(load(tmp_path, *rows).ids) == 6


@pytest.mark.parametrize(("part", "wanted"), [("in", ["b"]), ("out", ["a"]), ("any", ["a", "b"])])
def test_the_held_out_fold_is_kept_or_dropped(tmp_path: Path, part: str, wanted: list[str]) -> None:
    rows = [ROW | {"id": "a", "fold": 0}, ROW | {"id": "b", "fold": 1}]
    path = write_records(tmp_path / "records.jsonl", rows)
    source = Source(str(path), fold=part)  # type: ignore[arg-type]
    assert examples.load([source], fold=1).ids == wanted


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["Cookies"]}, r"record r1: unknown label 'Cookies'.*Known labels: First"),
        ({"votes": {"Cookies": 1}}, r"record r1: unknown label 'Cookies'"),
        ({"known": ["Cookies"]}, r"record r1: unknown label 'Cookies'"),
        ({"labels": None}, r"records\.jsonl: record 'r1': 'labels' is None, a list is needed"),
        ({"document": None}, r"record 'r1': 'document' is None, a string is needed"),
        ({"id": 7}, r"record 7: 'id' is 7, a string is needed"),
        ({"text": 7}, r"records\.jsonl, line 1: a record needs a 'text' string"),
    ],
)
def test_a_faulty_record_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        load(tmp_path, change)


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps(ROW) + "\n{broken\n")
    with pytest.raises(RecordError, match=r"r\.jsonl, line 2: not JSON"):
        examples.load([Source(str(path))])


def test_a_file_of_other_bytes_or_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with pytest.raises(RecordError, match=r"r\.jsonl: no such record file.*data\.build"):
        examples.load([Source(str(path))])
    path.write_bytes(b'{"text": "caf\xe9"}\n')
    with pytest.raises(RecordError, match=r"r\.jsonl: not UTF-8"):
        examples.load([Source(str(path))])


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no record is left of .*records\.jsonl"):
        load(tmp_path, {"split": "train"}, splits=("test",))


def test_headings_become_classes(tmp_path: Path) -> None:
    rows = [{"text": t, "heading": h} for t, h in (("a", "Safety"), ("b", "Cookies"))]
    task, texts = read_headings(write_records(tmp_path / "h.jsonl", rows), smoothing=0.0)
    assert (task.labels, task.classes.tolist(), texts) == (
        ["Cookies", "Safety"],
        [1, 0],
        ["a", "b"],
    )
    with pytest.raises(RecordError, match=r"h\.jsonl, line 1: .*'heading' string"):
        read_headings(write_records(tmp_path / "h.jsonl", [ROW]), smoothing=0.0)
