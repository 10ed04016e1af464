"""Labels in a Spark query: a pandas UDF that makes a column of texts one of labels and scores.

    from clausemark.spark import spark_udf

    texts = spark.read.parquet("paragraphs.parquet")
    labelled = texts.withColumn("found", spark_udf()("text"))
    labelled.selectExpr("*", "found.labels", "found.scores['Data Retention'] AS retention")

Reading, writing, placement and retries are Spark's. For SQL, `spark.udf.register("clauses", udf)`.
"""

import hashlib
import socket
from collections.abc import Iterable, Iterator  # Spark reads annotations: no TYPE_CHECKING
from functools import cache
from pathlib import Path
from typing import Any, Final

from clausemark import __version__
from clausemark._rows import BadRow, checked_text
from clausemark.artifact import Manifest, ModelFolder, bundled_model
from clausemark.classifier import Classifier
from clausemark.errors import ClausemarkError, ModelError
from clausemark.runtime import AUTO, choose

__all__ = ["spark_udf"]

_EVERYWHERE: Final = "Every node needs the same clausemark and, at the same path, the same model."


def spark_udf(
    model: Path | str | None = None,
    *,
    engine: str = AUTO,
    precision: str | None = None,
    threads: int = 1,
) -> Any:
    """Return a pandas UDF: a text -> a struct of `labels`, `scores` and `reason`.

    Labels and scores are those of `Classifier.label_texts`. A text that cannot be labelled (null,
    blank, more than a million characters) has neither, but the reason that a batch would give it;
    it never fails the query.

    `model` is a folder that stands here and on every node at the same path, None the bundled model.
    `engine` and `precision` are those of `Classifier.load`; what they stand for is settled here,
    for all nodes: where some have no int8, ask for f32. `threads` are a task's, as many as
    `spark.task.cpus`. A Python worker of Spark loads the model once and takes 0.35 GB with a batch
    of 10,000 paragraphs; the rows of a batch are `spark.sql.execution.arrow.maxRecordsPerBatch`.

    Raise ModelError if the model or the engine is not sound here, ClausemarkError without PySpark.
    Where a node differs, the query fails with a ModelError that names it.
    """
    functions, struct = _spark()
    import pandas as pd

    folder = None if model is None else Path(model).absolute()
    manifest = (bundled_model() if folder is None else ModelFolder(folder)).read()
    chosen = choose(engine, precision, int8=manifest.int8)
    wanted = _identity(manifest)

    def label(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        for texts in batches:
            classifier = _loaded(folder, chosen.name, chosen.precision, threads, wanted)
            yield pd.DataFrame(_labelled(classifier, texts), columns=struct.names)

    # Nondeterministic, or Spark would compute it again below a filter or an explode of its labels.
    return functions.pandas_udf(label, struct).asNondeterministic()


def _spark() -> tuple[Any, Any]:
    """Return PySpark's functions and the UDF's type; raise ClausemarkError without PySpark."""
    try:
        import pandas as pd  # noqa: F401  (PySpark comes without)
        from pyspark.sql import functions, types
    except ImportError as error:
        reason = " ".join(str(error).split())[:200]
        raise ClausemarkError(
            f"spark_udf needs PySpark and pandas ({reason}).",
            hint="pip install 'clausemark[spark]'",
        ) from None
    text = types.StringType()
    struct = types.StructType()  # and no DDL, which cannot be read without a session
    struct.add("labels", types.ArrayType(text))
    struct.add("scores", types.MapType(text, types.DoubleType()))
    struct.add("reason", text)
    return functions, struct


def _identity(manifest: Manifest) -> str:
    """Return what nodes must agree on; a manifest has the SHA-256 of all files of its model."""
    digest = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    return f"clausemark {__version__}, model {manifest.name} {manifest.version} ({digest[:12]})"


@cache
def _loaded(
    folder: Path | None, engine: str, precision: str, threads: int, wanted: str
) -> Classifier:
    """Load the model, once in a process; raise ModelError, with the node, unless it is `wanted`."""
    node = socket.gethostname()
    try:
        found = Classifier.load(folder, threads=threads, engine=engine, precision=precision)
    except ClausemarkError as error:
        raise ModelError(f"{node}: {error.message}", hint=f"{error.hint} {_EVERYWHERE}") from None
    identity = _identity(found.manifest)
    if identity != wanted:
        raise ModelError(f"{node} has {identity}, not {wanted}.", hint=_EVERYWHERE)
    return found


def _labelled(classifier: Classifier, texts: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return labels, scores and reason of each text, in order."""
    values = list(texts)
    reasons = [_reason(value) for value in values]
    good = [value for value, reason in zip(values, reasons, strict=True) if reason is None]
    found = ((one.labels, dict(one.scores), None) for one in classifier.label_texts(good))
    return [(None, None, reason) if reason else next(found) for reason in reasons]


def _reason(value: Any) -> str | None:
    """Say why a value cannot be labelled; None if it can."""
    try:
        checked_text(value, "text")
    except BadRow as error:
        return str(error)
    return None
