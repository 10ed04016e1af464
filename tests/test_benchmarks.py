"""The benchmarks' own arithmetic: operations counted, ratios, samples, drawings, quoted figures."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest

sys.path.append(str(Path(__file__).with_name("benchmarks")))

import drawing
import lengths
import peak
import pipelines
import plots
import rates
import readme
import sample
import turns
from engines import RESULTS
from program import BASE
from shape import BERT_BASE, OURS, Shape, checked
from systems import Gemm, Linear

from clausemark.artifact import bundled_model

SVG = "{http://www.w3.org/2000/svg}"


def row(system: str, *seconds: float, threads: int = 1, **more: Any) -> dict[str, Any]:
    """A system's rounds: CPU-seconds as given, twice that by the clock."""
    rounds = [{"cpu_seconds": s, "seconds": 2 * s, "peak_mb": 100 * s} for s in seconds]
    return {"system": system, "threads": threads, "rounds": rounds, **more}


def a_machine() -> dict[str, Any]:
    return {"cpu": "Some CPU", "cores": 2, "flags": ["avx2"], "load": 0.1, "versions": {"a": "1"}}


def a_comparison() -> dict[str, Any]:
    rows = [
        row("Clausemark, ONNX Runtime f32", 1.0, 2.0, 1.0),
        row(BASE, 8.0, 20.0, 6.0),
        row(pipelines.BATCHED, 16.0, 40.0, 12.0),
    ]
    about = {"source": "x", "texts": 40, "mean_words": 9.4, "mean_tokens": 11.6}
    about |= {"longer_than_the_window": 3}
    facts = {"machine": a_machine(), "sample": about, "own": "random", "rounds": 3}
    return facts | {"rows": rows}


# Operations


def test_bert_base_has_the_parameters_that_its_authors_count() -> None:
    """BertForSequenceClassification of bert-base-uncased with two labels: 109,483,778."""
    bert = Shape(layers=12, hidden=768, inner=3072, heads=12, vocabulary=30_522, labels=2)
    assert bert.parameters == 109_483_778
    assert BERT_BASE.parameters == 109_483_778 + 10 * 769


def test_our_shape_is_the_bundled_models() -> None:
    manifest = bundled_model().read()
    assert checked(OURS, manifest) is OURS
    with pytest.raises(ValueError, match="correct shape"):
        checked(BERT_BASE, manifest)


def test_operations_are_those_of_the_products_one_by_one() -> None:
    shape = Shape(layers=3, hidden=8, inner=20, heads=2, vocabulary=50, labels=5)
    for tokens in (1, 7):
        x, wide, inner = np.ones((tokens, 8)), np.ones((8, 8)), np.ones((8, 20))
        pairs = [(x, wide)] * 4 + [(x, x.T), (np.ones((tokens, tokens)), x)]
        pairs += [(x, inner), (x @ inner, inner.T)]
        each = sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b in pairs)
        head = 2 * 8 * (8 + 5)
        assert shape.flops([tokens]) == 3 * each + head
    assert shape.flops([1, 7, 7]) == shape.flops([1]) + 2 * shape.flops([7])


def test_a_last_layer_of_one_row_needs_every_key_and_value_and_one_row_of_the_rest() -> None:
    whole = Shape(layers=2, hidden=8, inner=20, heads=2, vocabulary=50, labels=5)
    short = replace(whole, one_row_last=True)
    assert short.parameters == whole.parameters
    assert short.flops([1]) == whole.flops([1])
    n, rows = 7, [(7, 8, 8)] * 2  # keys and values
    rows += [(1, 8, 8)] * 2 + [(1, 8, n), (1, n, 8)] + [(1, 8, 20), (1, 20, 8)]
    layer = replace(whole, layers=1).flops([n])
    assert short.flops([n]) == layer + sum(2 * a * b * c for a, b, c in rows)


def test_the_bare_products_are_a_layers_without_attention() -> None:
    gemm = Gemm("numpy", "f32", OURS, tokens=3)
    made: Any = gemm.load()(None)
    assert [tuple(one.shape) for one in made] == [(3, 384)] * 4 + [(3, 1536), (3, 384)]
    assert gemm.flops == 2 * 3 * (4 * 384 * 384 + 2 * 384 * 1536)


def test_padding_counts_the_longest_of_each_batch() -> None:
    assert peak.padded([100, 256, 56, 200, 100]) == [256, 256, 100, 100, 100]


# Ratios


def test_a_ratio_is_of_the_same_round() -> None:
    mine, base = row("a", 1.0, 2.0, 4.0), row("b", 8.0, 20.0, 12.0)
    assert rates.ratio(mine, base) == (8.0, 3.0, 10.0)
    assert rates.ratio(base, base) == (1, 1, 1)
    with pytest.raises(ValueError, match="zip"):
        rates.ratio(row("a", 1.0), base)


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.4491, "0.449"), (1, "1"), (12.34, "12.3"), (99.96, "100"), (1234.5, "1,234")],
)
def test_figures_have_three_digits(value: float, told: str) -> None:
    assert rates.short(value) == told


def test_the_table_has_rates_and_ratios_to_both_baselines() -> None:
    lines = pipelines.table(a_comparison()).splitlines()
    cells = [cell.strip() for cell in next(s for s in lines if s.startswith("| Cl")).split("|")]
    assert cells[1:-1] == [
        "Clausemark, ONNX Runtime f32",
        "40",
        "8 (6 to 10)",
        "16",
        "20",
        "8",
        "200",
    ]


def test_the_headline_has_the_tables_ratio() -> None:
    told = " ".join(readme.headline(a_comparison()).split())
    assert "ONNX Runtime f32 8 and 16 times as many (40)" in told
    assert "text by text (5, its default) and in batches of 32 (2.5)" in told


# Samples


def test_a_sample_is_even_over_length_and_keeps_the_order() -> None:
    texts = [f"{k:02} {'x' * k}" for k in (70, 10, 50, 30, 90, 20, 60, 40, 80)]
    picked = sample.drawn([*texts, *texts], 5)
    assert [len(text) - 3 for text in picked] == [70, 10, 50, 30, 90]
    assert sample.drawn(texts, 99) == texts


@pytest.mark.parametrize("tokens", [8, 254])
def test_texts_have_exactly_so_many_tokens(tokens: int) -> None:
    texts = sample.of_length(tokens, 4)
    assert len(set(texts)) == 4
    assert sample.token_counts(texts).tolist() == [tokens] * 4
    assert [len(ids) for ids in sample.encoder().encode(texts).ids] == [tokens + 2] * 4


def test_there_are_not_endlessly_many_texts() -> None:
    with pytest.raises(ValueError, match="not 100000"):
        sample.of_length(254, 100_000)


def test_a_policy_has_about_so_many_words() -> None:
    for words in (300, 2000):
        assert words <= len(sample.policy(words).split()) < words + 200


def test_without_the_corpus_clauses_of_data_fictional_are_drawn(tmp_path: Path) -> None:
    found = sample.places(tmp_path / "none.jsonl", 12)
    assert found.source == "clauses of data/fictional"
    assert found.to_json()["texts"] == len(set(found.texts)) == 12


# Turns


def test_systems_work_in_processes_of_their_own_in_turns() -> None:
    gemm = Gemm("numpy", "f32", Shape(1, 8, 16, 1, 10), tokens=4)
    with turns.at_work([gemm, gemm], 1) as found:
        rows = turns.in_turns([(one, ["text"]) for one in found], rounds=2, at_least=0.01)
    assert [one["system"] for one in rows] == [gemm.name] * 2
    for times in (times for one in rows for times in one["rounds"]):
        assert times["passes"] > 1
        assert 0 < times["cpu_seconds"] < 0.01


def test_a_system_that_cannot_load_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "records.jsonl"
    broken.write_text("no record\n")
    with (
        pytest.raises(RuntimeError, match=r"TF-IDF \+ linear"),
        turns.at_work([Linear(str(broken))], 1),
    ):
        pass
    assert "no JSON" in capfd.readouterr().err


# Drawings


def texts_of(svg: str) -> list[str]:
    """The words of a drawing; raises ParseError if it is no XML."""
    root = Xml.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert not re.search(r'(?:href|src)="(?!#)|url\((?!#)', svg), "it asks for nothing"
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def test_bars_are_words_and_figures() -> None:
    rows = [drawing.Bar("ours <f32>", 12.34, ours=True), drawing.Bar("theirs", 0.5, ours=False)]
    svg = drawing.bars(rows, name="b", title="A & B", axis="times", log=True)
    assert {"ours <f32>", "theirs", "12.3", "0.5", "A & B", "times"} <= set(texts_of(svg))
    assert svg == drawing.bars(rows, name="b", title="A & B", axis="times", log=True)
    assert "prefers-color-scheme:dark" in svg


def test_lines_are_named_where_they_end_and_no_name_hides_another() -> None:
    rows = [drawing.Line(name, [8, 64], [50.0, 5.0], ours=name == "a") for name in "abc"]
    svg = drawing.lines(rows, name="l", title="T", axes=("tokens", "texts"))
    assert {"a", "b", "c", "tokens", "texts", "8", "64"} <= set(texts_of(svg))
    ends = [float(y) for y in re.findall(r'translate\([\d.]+ ([\d.]+)\)"?[^>]*>[abc]<', svg)]
    ends = ends or [float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>[abc]<', svg)]
    assert len(ends) == 3
    assert min(np.diff(sorted(ends))) >= 12


def test_what_was_not_measured_is_not_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plots.draw(tmp_path) == []
    rates.write(tmp_path, "workers", {"another": "form"}, "")
    rates.write(tmp_path, "pipelines", a_comparison(), "")
    assert plots.draw(tmp_path) == ["ratios"]
    assert "workers.json: not drawn" in capsys.readouterr().err
    texts_of((tmp_path / "ratios.svg").read_text(encoding="utf-8"))


def test_memory_and_workers_are_drawn_when_they_come(tmp_path: Path) -> None:
    columns = ["seconds", "cpu_seconds", "rss_mb", "parts", "load"]
    samples = [[60.0 * k, 60.0 * k, 300.0, k, 1.0] for k in range(5)]
    run = {"rows": 1000, "legs": [{"columns": columns, "samples": samples}]}
    rates.write(tmp_path, "million", {"runs": {"distinct": run}}, "")
    runs = {f"Ray, {n}": {"1": {}, "90": {"seconds": 9 / n}} for n in (1, 2)}
    rates.write(tmp_path, "workers", {"rows": 90, "runs": runs}, "# T\n\n## U\n\nwords\n")
    assert readme.section(tmp_path, "workers") == "## T\n\n### U\n\nwords"
    assert plots.draw(tmp_path) == ["memory", "workers"]
    assert {"Ray, 1", "Ray, 2", "10", "20"} <= set(texts_of((tmp_path / "workers.svg").read_text()))
    assert "600 MB" in texts_of((tmp_path / "memory.svg").read_text())
    assert readme.section(tmp_path, "workers").endswith("(results/workers.svg)")


# Pages


def test_a_page_is_filled_between_its_marks() -> None:
    page = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\n<!-- /y -->\n"
    once = readme.filled(page, {"x": "8 \\1", "y": "| t |"})
    assert once == "a\n<!-- x -->\n8 \\1\n<!-- /x -->\nb\n<!-- y -->\n| t |\n<!-- /y -->\n"
    assert readme.filled(once, {"x": "8 \\1"}) == once
    with pytest.raises(ValueError, match="<!-- z -->"):
        readme.filled(page, {"z": ""})


@pytest.mark.parametrize("name", readme.TABLES)
def test_kept_tables_are_those_of_the_kept_results(name: str) -> None:
    result = rates.read(RESULTS, name)
    assert result is not None
    table = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
    assert table == readme.TABLES[name].table(result)


def test_pages_quote_the_kept_results() -> None:
    page = readme.PAGE.read_text(encoding="utf-8")
    assert readme.filled(page, readme.parts(RESULTS)) == page
    front, result = readme.FRONT.read_text(encoding="utf-8"), rates.read(RESULTS, "pipelines")
    assert result is not None
    assert readme.filled(front, {"performance": readme.headline(result)}) == front


def test_kept_drawings_show_the_kept_results(tmp_path: Path) -> None:
    for name in readme.TABLES:
        if (result := rates.read(RESULTS, name)) is not None:
            rates.write(tmp_path, name, result, "")
    for name in plots.draw(tmp_path):
        drawn, kept = (
            texts_of((folder / f"{name}.svg").read_text(encoding="utf-8"))
            for folder in (tmp_path, RESULTS)
        )
        assert drawn == kept, name


def test_lengths_are_told_beside_their_ratio() -> None:
    rows = [row("ours", 1.0, tokens=8, texts=10), row(BASE, 4.0, tokens=8, texts=10)]
    result = {"machine": a_machine(), "threads": 1, "rounds": 1, "own": "x", "rows": rows}
    assert "| ours | 10 (4) |" in lengths.table(result)
