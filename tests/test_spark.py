"""A column of a Spark query: the classifier's labels, once a row, whatever stands in the column.

The development extra has no Spark (half a gigabyte): without it, what the UDF computes is tested by
itself, and the queries are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import KEYWORDS

import clausemark
from clausemark import Classifier
from clausemark import spark as module
from clausemark.artifact import ModelFolder
from clausemark.errors import ClausemarkError, ModelError
from clausemark.spark import spark_udf

TEXTS = [f"We {KEYWORDS[k % 12]} {'abcdefg'[k % 7]} {k}" for k in range(20)]
UNFIT = {None: "text is null", " \n": "text is blank", "a" * 1_000_001: "text too long"}


def expected(folder: Path, texts: list[str | None]) -> list[tuple[Any, ...]]:
    """What the classifier says of each text by itself, and the reason where it cannot."""
    classifier = Classifier.load(folder, threads=1, engine="onnxruntime")
    rows: list[tuple[Any, ...]] = []
    for text in texts:
        if text is None or text in UNFIT:
            rows.append((None, None, UNFIT[text]))
        else:
            [one] = classifier.label_texts([text])
            rows.append((list(one.labels), one.scores, None))
    return rows


def identity(folder: Path) -> str:
    return module._identity(ModelFolder(folder).read())


def load(folder: Path, wanted: str, threads: int = 1) -> Classifier:
    """Load a model as a worker of Spark does."""
    return module._loaded(folder, "onnxruntime", "f32", threads, wanted)


def change(folder: Path) -> None:
    """Make another model of a folder."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "9"}))


def test_unfit_values_get_a_reason_and_the_others_their_labels(tiny: Path) -> None:
    texts = [None, *TEXTS[:3], *UNFIT, *TEXTS[3:]]
    classifier = load(tiny, identity(tiny))
    found = module._labelled(classifier, texts)
    assert [(names and list(names), *rest) for names, *rest in found] == expected(tiny, texts)
    odd = module._labelled(classifier, [float("nan"), 3])  # NaN is what pandas makes of null
    assert odd == [(None, None, "text is null"), (None, None, "text is not a string")]


def test_a_process_loads_a_model_once(tiny: Path) -> None:
    wanted = identity(tiny)
    assert load(tiny, wanted) is load(tiny, wanted)
    assert load(tiny, wanted, threads=2) is not load(tiny, wanted)


def test_a_node_that_differs_is_named(tiny_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "node7")
    wanted = identity(tiny_copy)
    change(tiny_copy)
    with pytest.raises(
        ModelError, match=r"node7 has .*tiny 9 .*, not .*tiny 0\.0\.1 .* Every node"
    ):
        load(tiny_copy, wanted)
    shutil.rmtree(tiny_copy)
    with pytest.raises(ModelError, match=r"node7: .*no such model folder.* Every node needs"):
        load(tiny_copy, wanted)


@pytest.mark.parametrize("package", ["pyspark", "pandas"])
def test_without_the_extra_the_cure_is_named(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ClausemarkError, match=r"pip install 'clausemark\[spark\]'"):
        spark_udf(tiny)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Spark in this process and one worker of it, which gets batches of three rows."""
    sql = pytest.importorskip("pyspark.sql", reason="pip install 'clausemark[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java")
    settings = {
        "spark.default.parallelism": "2",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",  # half the start
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "3",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", str(Path(clausemark.__file__).parents[1]))
        started = sql.SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
        started.sparkContext.setLogLevel("OFF")
        yield started
        started.stop()


def column(session: Any, texts: list[str | None], udf: Any) -> Any:
    """A table of two partitions: `text` and what the UDF makes of it, `found`."""
    rows = session.createDataFrame([(text,) for text in texts], "text string")
    return rows.withColumn("found", udf("text"))


def test_a_query_gets_the_classifier_s_labels(session: Any, tiny: Path) -> None:
    texts = [*TEXTS, *UNFIT, TEXTS[0]]
    udf = spark_udf(tiny, engine="onnxruntime")
    found = [tuple(row.found) for row in column(session, texts, udf).collect()]
    assert found == expected(tiny, texts)


def test_a_worker_loads_the_model_at_its_first_batch_alone(
    tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark")
    import pandas as pd

    loads = []
    real = Classifier.load
    monkeypatch.setattr(Classifier, "load", lambda *a, **k: loads.append(a) or real(*a, **k))
    label = spark_udf(tiny_copy, engine="onnxruntime").func
    assert list(label(iter([]))) == []
    assert not loads
    for _ in range(2):
        frames = list(
            label(iter([pd.Series(TEXTS[:3]), pd.Series([None]), pd.Series([], dtype=str)]))
        )
        assert [len(frame) for frame in frames] == [3, 1, 0]
    assert len(loads) == 1


def test_a_filter_by_label_labels_each_row_once(
    session: Any, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = column(session, TEXTS, spark_udf(tiny, engine="onnxruntime"))
    kept = table.filter("array_contains(found.labels, 'Data Security')")
    kept.explain()
    assert capsys.readouterr().out.count("ArrowEvalPython") == 1
    assert {row.text.split()[1] for row in kept.collect()} == {"secure"}


def test_the_udf_serves_sql_and_a_folder_relative_to_here(
    session: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    session.udf.register("clauses", spark_udf(tiny.name, engine="onnxruntime"))
    [row] = session.sql("SELECT clauses('We share.').labels AS found").collect()
    assert row.found == ["Third Party Sharing/Collection"]


def test_a_query_tells_where_the_model_is_missing(session: Any, tiny_copy: Path) -> None:
    errors = pytest.importorskip("pyspark.errors")
    table = column(session, TEXTS, spark_udf(tiny_copy, engine="onnxruntime"))
    shutil.rmtree(tiny_copy)
    with pytest.raises(errors.PythonException, match=r"copy: no such model folder.*Every node"):
        table.collect()


def test_a_model_that_is_missing_here_is_told_at_once(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    with pytest.raises(ModelError, match="no such model folder"):
        spark_udf(tmp_path / "absent")
