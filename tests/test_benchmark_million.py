"""The benchmark of a million rows, at sixty: distinct texts, kills, what is told of memory."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

sys.path.append(str(Path(__file__).with_name("benchmarks")))

import million
import million_rows
from million_report import dumped, table, thirds

from data.fictional_policies import load

CLAUSES = [record.text for record in load().records]


def texts(count: int, seed: int = 1) -> list[str]:
    return list(million_rows.Perturbed(CLAUSES, seed).rows(count))


def test_no_text_comes_twice_even_of_two_words() -> None:
    made = million_rows.Perturbed(CLAUSES, 1)
    made.clauses = [text for text in CLAUSES if len(text.split()) == 2]
    found = list(made.rows(2_100))  # as often as in a million rows
    assert len(set(found)) == 2_100


def test_a_clause_of_too_few_forms_is_an_error() -> None:
    with pytest.raises(ValueError, match="no form is left of"):
        list(million_rows.Perturbed(["What until"], 1).rows(3))


def test_a_seed_gives_the_same_rows_and_another_others() -> None:
    first = texts(1_000)
    assert texts(600) == first[:600]
    assert not set(texts(1_000, seed=2)) & set(first)


def test_lengths_stay_those_of_the_clauses() -> None:
    plain, made = million_rows.Lengths(), million_rows.Lengths()
    plain.add(CLAUSES)
    made.add(texts(4 * len(CLAUSES)))
    for unit in ("words_each", "tokens_each"):
        before, after = plain.facts()[unit], made.facts()[unit]
        assert after["mean"] == pytest.approx(before["mean"], rel=0.02)
        for share in ("p5", "p25", "p50", "p75", "p95"):
            assert after[share] == pytest.approx(before[share], abs=3)


def test_hardly_a_sentence_stays_as_it_was() -> None:
    plain = set(CLAUSES)
    assert not any(text in plain for text in texts(2 * len(CLAUSES)))


def test_a_set_tells_what_it_has_seen() -> None:
    seen = million_rows.Seen(100)
    assert all(seen.add(str(k)) for k in range(100))
    assert not any(seen.add(str(k)) for k in range(100))


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_table_holds_the_rows_and_its_facts_their_number(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(million_rows, "CHUNK", 20)
    path = tmp_path / f"rows{suffix}"
    facts = million_rows.write(path, 50, seed=1)
    if suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
    else:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [{"id": k, "text": text} for k, text in enumerate(texts(50))]
    assert (facts["rows"], facts["clauses"]["rows"]) == (50, 488)
    assert json.loads(million_rows.facts_path(path).read_text()) == facts
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name, f"{path.name}.facts.json"]


def test_repeated_rows_are_the_plain_clauses() -> None:
    found = list(million_rows.repeated(CLAUSES, 3_000, 1))
    assert set(found) <= set(CLAUSES)
    assert len(set(found)) > 400


def test_a_run_that_is_killed_twice_gives_the_same_files(tiny: Path, tmp_path: Path) -> None:
    options = ("--model", str(tiny), "--rows-per-part", "2", "--threads", "1")
    plan = million.Plan(rows=60, seed=1, kills=2, options=options)
    result = million.measure(tmp_path, plan, ["distinct", "killed", "repeated"], tick=0.001)
    runs = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["runs"]
    assert runs["distinct"]["legs"][-1]["safe"] == 30, "its ledger is gone, its parts are not"
    killed = result["runs"]["killed"]
    assert len(killed["kills"]) == 2
    first, second = (kill["safe_parts"] for kill in killed["kills"])
    assert 0 <= first <= second <= 30, "where exactly hangs on the machine's pace"
    assert killed["same_bytes"]
    assert killed["every_row_once_in_order"]
    assert all(run["peak_mb"] > 50 for run in result["runs"].values())
    assert "Distinct rows, killed 2 times" in table(result)
    assert json.loads(dumped(result))["runs"]["killed"]["files"] == killed["files"] == 32
    (tmp_path / "killed" / "part-00003.jsonl").write_text('{"id": 6}\n{"id": 6}\n')
    again = million.measure(tmp_path, plan, ["distinct", "killed"])
    assert again["runs"]["distinct"] == result["runs"]["distinct"], "it is not begun again"
    assert not again["runs"]["killed"]["same_bytes"]
    assert not again["runs"]["killed"]["same_rows"]
    assert "DIFFER" in table(again)
    assert not again["runs"]["killed"]["every_row_once_in_order"]


def test_repeated_rows_survive_kills_too(tiny: Path, tmp_path: Path) -> None:
    options = ("--model", str(tiny), "--rows-per-part", "5", "--threads", "1")
    plan = million.Plan(rows=40, seed=2, kills=1, options=options)
    run = million.measure(tmp_path, plan, ["repeated", "repeated-killed"], tick=0.001)["runs"]
    assert run["repeated-killed"]["same_bytes"]
    assert run["repeated-killed"]["sha256"] == run["repeated"]["sha256"]
    assert len(run["repeated-killed"]["kills"]) == 1


def test_a_killed_run_is_held_against_an_earlier_result(tiny: Path, tmp_path: Path) -> None:
    options = ("--model", str(tiny), "--rows-per-part", "5", "--threads", "1")
    plan = million.Plan(rows=40, seed=2, kills=1, options=options)
    first = million.measure(tmp_path / "room", plan, ["distinct", "repeated"], tick=0.001)
    path = tmp_path / "million.json"
    path.write_text(dumped(first))
    earlier = million.recorded(path, plan)
    result = million.measure(tmp_path / "then", plan, ["killed"], tick=0.001, earlier=earlier)
    runs = result["runs"]
    assert list(runs) == ["distinct", "killed", "repeated"]
    assert runs["distinct"] == earlier["distinct"]
    assert (runs["killed"]["same_bytes"], runs["killed"]["same_rows"]) == (False, True)
    assert "9 files beside the manifest" in table(result)
    assert not (tmp_path / "then" / "distinct").exists(), "it is not run again"
    with pytest.raises(SystemExit, match=r"million\.json is of another plan"):
        million.recorded(path, million.Plan(3, 1, 0, ()))


def test_a_run_lost_while_nobody_looked_starts_over(tiny: Path, tmp_path: Path) -> None:
    options = ("--model", str(tiny), "--rows-per-part", "9", "--threads", "1")
    plan = million.Plan(rows=20, seed=1, kills=0, options=options)
    state = million.State(tmp_path / "state.json", plan)
    gone = {"pid": 2**22 + 1, "born": 0, "began": 0.0, "end": "", "seconds": 7e9, "cpu": 1.0}
    state.run("distinct")["legs"].append({**gone, "peak": 1.0, "samples": [[0, 0, 0, 0, 0]]})
    state.save()
    (tmp_path / "distinct").mkdir()
    (tmp_path / "distinct" / "part-00007.jsonl").write_text("another run's\n")
    run = million.measure(tmp_path, plan, ["distinct"], tick=0.01)["runs"]["distinct"]
    assert (run["restarts"], run["files"], run["every_row_once_in_order"]) == (1, 5, True)
    assert run["seconds"] < 1e6


def test_a_batch_that_gives_up_ends_the_benchmark(tmp_path: Path) -> None:
    plan = million.Plan(rows=2, seed=1, kills=0, options=("--model", str(tmp_path / "none")))
    with pytest.raises(SystemExit, match=r"The batch has given up; see .*distinct\.log"):
        million.measure(tmp_path, plan, ["distinct"], tick=0.01)
    assert "none" in (tmp_path / "distinct.log").read_text()
    with pytest.raises(SystemExit, match="of another plan"):
        million.measure(tmp_path, million.Plan(3, 1, 0, ()), ["distinct"])


def test_kills_spread_over_the_run() -> None:
    kills = million.moments(10, 100, 500.0, seed=3)
    assert [parts // 10 for parts, _ in kills] == list(range(10))
    assert all(0 <= later < 5 for _, later in kills)
    assert kills == million.moments(10, 100, 500.0, seed=3)


def test_memory_is_told_in_thirds_of_a_life() -> None:
    samples = [[10.0 * k, 9.0 * k, rss, k, 1.0] for k, rss in enumerate((9, 1, 2, 3, 4, 5, 6))]
    assert thirds(samples) == [1.5, 3.5, 5.5]
    assert thirds(samples[:3]) == []
    assert np.isfinite(thirds(samples)).all()
