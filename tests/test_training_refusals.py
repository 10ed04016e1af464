"""Evaluations that would mislead: partial corpora, few policies, damaged or other folders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from analysis_fixtures import random
from training_fixtures import (
    bert,
    config_values,
    easy,
    make_config,
    rows,
    run,
    write_records,
    write_toml,
)

from clausemark import Classifier
from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import agreement, baseline, compare, crossval, evaluate, examples, metrics
from training.config import Source
from training.files import write_array, write_json
from training.fit import fit
from training.outoffold import OutOfFold
from training.report import sections
from training.report.markdown import report, share
from training.scored import read_scored
from training.systems import System

if TYPE_CHECKING:
    from pathlib import Path

PARTIAL = r"c3pa\.jsonl: 1 of \d+ records speak for some labels only; '.*' is known for 1 of 12"


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    records = [dict(row) for row in rows()[:12]]
    records[3] |= {"known": ["Data Security"], "labels": ["Data Security"]}
    return write_records(tmp_path / "c3pa.jsonl", records)


def test_a_partial_corpus_is_not_judged_as_if_silence_were_a_no(partial: Path) -> None:
    data = examples.load([Source(str(partial))])
    with pytest.raises(RecordError, match=PARTIAL):
        examples.judgeable(data, partial)
    whole = examples.load([Source(str(write_records(partial, list(rows()[:12]))))])
    assert examples.judgeable(whole, partial) is whole


def test_the_programs_refuse_a_partial_corpus(tiny: Path, partial: Path) -> None:
    records = [json.loads(line) | {"split": "train"} for line in partial.open()]
    data, out = write_records(partial, records), partial.parent / "out"
    for result in (
        run(evaluate.main, tiny, data, "--output", out),
        run(baseline.main, data, "--split", "train", "--output", out),
        run(baseline.main, data, "--folds", "2", "--output", out),
    ):
        assert result.exit_code == 1
        assert "speak for some labels only" in result.stderr
    assert list(out.iterdir()) == []


def test_a_baseline_does_not_learn_that_silence_is_a_no(partial: Path) -> None:
    first = next(json.loads(line) for line in partial.open() if "known" not in line)
    records = [json.loads(line) | {"split": "train"} for line in partial.open()]
    data = write_records(partial, [*records, first | {"id": "held", "split": "validation"}])
    result = run(baseline.main, data, "--output", partial.parent / "out")
    assert result.exit_code == 1
    assert "speak for some labels only" in result.stderr


def test_a_run_is_not_judged_on_a_partial_corpus(partial: Path) -> None:
    made = {"path": str(partial)}
    config = make_config(bert(), easy(), partial.parent / "runs", validation=made)
    with pytest.raises(RecordError, match=PARTIAL):
        fit(config)
    write_array(config.folder / "validation_logits.npy", np.zeros((12, 12), dtype=np.float32))
    write_json(config.folder / "validation_ids.json", [row["id"] for row in rows()[:12]])
    with pytest.raises(RecordError, match=PARTIAL):
        OutOfFold.of_run(config.folder)


def test_folds_are_not_judged_on_a_partial_corpus(
    partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crossval, "fit", lambda _: None)
    monkeypatch.setattr(np, "load", lambda *_, **__: np.zeros((12, 12)))
    source = {"path": str(partial), "splits": ["train", "validation", "test"]}
    config = make_config(bert(), partial, partial.parent / "runs", train=[source])
    with pytest.raises(RecordError, match="speak for some labels only"):
        crossval.run_folds(config, "cv", 2)


def test_no_record_is_judged_twice(tiny: Path, tmp_path: Path) -> None:
    path = write_records(tmp_path / "twice.jsonl", [*rows()[:4], rows()[2]])
    result = run(evaluate.main, tiny, path, "--no-texts", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert f"twice.jsonl: record {rows()[2]['id']!r} occurs twice" in result.stderr


def test_a_folder_is_no_file_of_records(tiny: Path, tmp_path: Path) -> None:
    result = run(evaluate.main, tiny, tmp_path, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert f"{tmp_path}: cannot be read (Is a directory)" in result.stderr


@pytest.mark.parametrize("folds", ["1", "3"])
def test_no_text_is_left_out_of_the_folds(folds: str, tmp_path: Path) -> None:
    records = write_records(tmp_path / "records.jsonl", list(rows()))
    toml = write_toml(tmp_path / "a.toml", config_values(bert(), records, tmp_path / "runs"))
    said = f"the records' folds are 0, 1; {folds} folds were asked for"
    for result in (
        run(crossval.main, toml, "--name", "cv", "--only", "0", "--folds", folds),
        run(baseline.main, records, "--folds", folds, "--output", tmp_path / "out"),
    ):
        assert result.exit_code == 1
        assert said in result.stderr
    assert not (tmp_path / "runs").exists()


def test_an_interval_is_of_the_figure_beside_it_even_if_classes_are_absent() -> None:
    scored, decided = random(1, texts=200)
    scored.truth[:, 4:] = 0
    found = evaluate.assess(scored, decided)["overall"]
    low, high = found["macro_f1_interval"]
    assert low < found["macro_f1"] < high < 4 / 12


def test_fewer_than_five_policies_have_no_interval() -> None:
    for policies, known in ((4, False), (5, True)):
        scored, decided = random(2, policies=policies)
        found = evaluate.assess(scored, decided)
        ends = [found["overall"]["macro_f1_interval"], found["overall"]["micro_f1_interval"]]
        ends += [found["labels"][name]["f1_interval"] for name in OPP115.names]
        assert np.isfinite(ends).all() == np.isfinite(ends).any() == known
        gain = evaluate.paired(scored.truth, scored.documents, scored.truth > 0.5, decided)
        assert [np.isfinite(part["better"]) for part in gain.values()] == [known, known]
        said = sections.verdicts({"name": "floor", "ours_less_theirs": gain})
        assert all(("too few policies" in words) is not known for words in said)
        assert all("nan" not in words for words in said)


@pytest.mark.parametrize(("policies", "said"), [(4, "of fewer than 5"), (5, "intervals are 95 %")])
def test_the_markdown_says_whether_there_are_intervals(policies: int, said: str) -> None:
    scored, decided = random(2, policies=policies)
    figures = evaluate.assess(scored, decided)
    text = report(
        {
            "model": {"name": "x", "version": "1"},
            "texts": 60,
            "policies": policies,
            "thresholds": dict.fromkeys(OPP115.names, 0.5),
            "chosen_thresholds": figures,
            "at_half": figures,
            "command": "x",
            "python": "3",
            "versions": {},
            "data": {},
        }
    )
    assert f"60 texts of {policies} policies; {said}" in text
    assert ("[–, –]" in text) == (policies < metrics.FEWEST)


def test_what_is_printed_is_json_even_without_an_interval(tiny: Path, tmp_path: Path) -> None:
    path = write_records(tmp_path / "few.jsonl", list(rows()[:3]))
    result = run(evaluate.main, tiny, path, "--no-texts", "--output", tmp_path / "out")
    assert "NaN" not in result.stdout
    assert json.loads(result.stdout)["macro_f1_interval"] == [None, None]


def test_agreement_of_no_record_is_refused(tmp_path: Path) -> None:
    result = run(agreement.main, write_records(tmp_path / "none.jsonl", []), "--output", tmp_path)
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: no record is there. Agreement needs a corpus with votes.\n",
    )


def test_systems_on_fewer_than_five_policies_are_not_compared() -> None:
    scored, decided = random(3, policies=metrics.FEWEST - 1)
    both = [System(name, (), scored, decided[None]) for name in ("a", "b")]
    with pytest.raises(RecordError, match="a: scored on 4 policies, too few"):
        compare.comparison(both)


def test_one_sample_lost_in_two_thousand_is_not_rounded_away() -> None:
    assert [share(value) for value in (0.9995, 1.0, None)] == ["99.95 %", "100.00 %", "–"]


def test_a_baseline_of_other_labels_is_refused(tiny: Path, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", list(rows()[:8]))
    data = examples.load([Source(str(path))])
    _, scored, decided = evaluate.evaluate(Classifier.load(tiny), data)
    scored.truth[2, 5] = 1 - scored.truth[2, 5]
    scored.write(tmp_path / "old", decided)
    with pytest.raises(RecordError, match="old: scored on these records when they had other"):
        evaluate.evaluate(
            Classifier.load(tiny), examples.load([Source(str(path))]), tmp_path / "old"
        )


def test_torn_scores_are_named(tmp_path: Path) -> None:
    scored, decided = random(4)
    scored.write(tmp_path, decided)
    whole = (tmp_path / "scores.npy").read_bytes()
    for size in (0, 40, len(whole) // 2):
        (tmp_path / "scores.npy").write_bytes(whole[:size])
        with pytest.raises(RecordError, match="its scores are damaged"):
            read_scored(tmp_path)


def test_scores_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored, decided = random(5)
    scored.write(tmp_path, decided)

    def torn(file: Any, _: object) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", torn)
    with pytest.raises(KeyboardInterrupt):
        random(6)[0].write(tmp_path, decided)
    assert (read_scored(tmp_path)[0].scores == scored.scores).all()


def test_an_output_that_takes_no_files_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    output = tmp_path / "file" / "out"
    for program in (evaluate.main, compare.main, baseline.main):
        result = run(program, "gone", "gone.jsonl", "--output", output)
        if program is baseline.main:
            result = run(program, "gone.jsonl", "--output", output)
        assert result.exit_code == 1
        assert "file/out: cannot be written to (Not a directory)." in result.stderr
