"""The whole analysis: every section, plain JSON, no text; and how fast the model was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from analysis_fixtures import CUTS, NAMES, random, records
from training_fixtures import rows, write_records

from clausemark import Classifier
from clausemark.errors import RecordError
from training.analysis import analyse, timed
from training.analysis.records import sectors
from training.analysis.speed import _processor
from training.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = [
    "curves",
    "reliability",
    "cooccurrence",
    "confusion",
    "slices",
    "audit",
    "human",
    "speed",
]


def test_the_analysis_is_plain_json_without_a_text(tmp_path: Path) -> None:
    scored, decided = random(1)
    scored.truth[:, 5] = 0
    made = [r | {"text": f"the secret {r['text']}", "split": "test"} for r in records(scored)]
    path = write_records(tmp_path / "mine.jsonl", [*made, made[0] | {"id": "another"}])
    found = analyse(scored, decided, CUTS, path, {"seconds": 1.0})
    write_json(tmp_path / "metrics.json", found)
    text = (tmp_path / "metrics.json").read_text(encoding="utf-8")
    assert list(json.loads(text)) == SECTIONS
    assert "secret" not in text
    assert found["audit"]["splits"]["test"]["texts"] == len(scored.ids) + 1
    assert found["human"] is None
    assert found["speed"] == {"seconds": 1}
    assert list(found["curves"]) == list(NAMES)


def test_a_scored_record_that_is_gone_is_named(tmp_path: Path) -> None:
    scored, decided = random(2)
    path = write_records(tmp_path / "mine.jsonl", records(scored)[1:])
    with pytest.raises(RecordError, match=r"mine\.jsonl: record 'r0' was scored, but is not there"):
        analyse(scored, decided, CUTS, path)


def test_sectors_stand_beside_the_records(tmp_path: Path) -> None:
    scored, decided = random(3)
    path = write_records(tmp_path / "mine.jsonl", records(scored))
    assert analyse(scored, decided, CUTS, path)["slices"]["sector"] is None
    listed = [{"document": "d1", "sector": "Maps"}, {"document": "d2", "sector": None}]
    write_records(tmp_path / "mine_policies.jsonl", listed)
    (part,) = analyse(scored, decided, CUTS, path)["slices"]["sector"]
    assert (part["name"], part["texts"]) == ("Maps", scored.documents.count("d1"))


@pytest.mark.parametrize("bad", ["{", "[]", '{"document": "d"}'])
def test_a_faulty_list_of_policies_is_named(tmp_path: Path, bad: str) -> None:
    (tmp_path / "mine_policies.jsonl").write_text(bad + "\n", encoding="utf-8")
    with pytest.raises(RecordError, match=r"mine_policies\.jsonl: no list of policies"):
        sectors(tmp_path / "mine.jsonl")


def test_the_speed_is_of_the_scores_that_are_returned(tiny: Path) -> None:
    classifier = Classifier.load(tiny, threads=1)
    texts = [row["text"] for row in rows()[:6]] * 2
    scores, speed = timed(classifier, texts, threads=1)
    assert scores == pytest.approx(classifier.predict_proba(texts))
    assert speed["paragraphs_per_second"] == pytest.approx(6 / speed["seconds"])
    assert speed["threads"] == 1
    assert speed["model_bytes"] == (tiny / "model.onnx").stat().st_size
    assert speed["parameters"] == classifier.manifest.parameters
    assert set(speed["machine"]) == {"cpu", "cores", "platform"}


def test_the_processor_is_named_from_the_systems_list(tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("processor\t: 0\nmodel name\t: Abacus 3000: two\n", encoding="utf-8")
    assert _processor(listing) == "Abacus 3000: two"
    assert _processor(tmp_path / "gone")


def test_the_analysis_leaves_its_input_alone(tmp_path: Path) -> None:
    scored, decided = random(4)
    before = [np.copy(a) for a in (scored.truth, scored.scores, decided)]
    analyse(scored, decided, CUTS, write_records(tmp_path / "mine.jsonl", records(scored)))
    after = (scored.truth, scored.scores, decided)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
