"""Table in, table out: rows of any number, in bounded memory, none lost, none labelled twice.

`label_table` is the pipeline: rows from a source, in parts, to a sink. A part is the unit of
everything: its end is a function of the input alone, its texts are computed together whatever came
before, equal ones once, and it is written whole or not at all. So a run that was killed and resumed
writes the same bytes as one that was not. `label_tables` puts the pipeline on files.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from clausemark import __version__
from clausemark._columns import plan
from clausemark._inputs import COMPRESSIONS, find_inputs, table_kind
from clausemark._part_files import Form
from clausemark._parts import Ledger
from clausemark._places import Places
from clausemark._rows import Reject, Row
from clausemark._source import Tables
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from clausemark._inputs import Input
    from clausemark._parts import Existing
    from clausemark._places import Tally
    from clausemark._rows import Position
    from clausemark.classifier import Classifier, LabelledText
    from clausemark.runtime import Progress

__all__ = [
    "Crew",
    "Labeller",
    "Moment",
    "Options",
    "Sink",
    "Source",
    "calls",
    "label_table",
    "label_tables",
    "maker",
    "places",
]

#: A part ends at this size of its rows too: what is held in memory is a part.
PART_BYTES: Final = 16_000_000
#: What is written: a format, and its compression.
FORMS: Final = ("jsonl", "jsonl.gz", "jsonl.zst", "csv", "csv.gz", "csv.zst", "parquet")
#: Suffixes that mean a file of another kind, not a folder.
_NO_FOLDER: Final = (".json", ".tsv", ".txt", ".xlsx", ".xls", ".zip", ".html", *COMPRESSIONS)
#: Characters of the texts that the classifier gets at once: their tokens are held together.
CALL_CHARACTERS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked to do: which columns are read, kept and added, how long a part is."""

    text_column: str = "text"
    columns: tuple[str, ...] | None = None
    labels_only: bool = False
    min_score: float = 0.0
    prefix: str = ""
    rows_per_part: int = 10_000

    def added(self, kind: str, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the columns to come in a table of `kind`."""
        names = ["labels", *(labels if kind == "csv" else ["scores"])]
        return tuple(f"{self.prefix}{name}" for name in names[: 1 if self.labels_only else None])


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run is: rows in all and by this run, tokens, how much of the input is done."""

    rows: int
    done: int
    tokens: int
    fraction: float


class Labeller(Protocol):
    """What a batch asks of a classifier."""

    @property
    def tokens(self) -> int:
        """The tokens read so far."""

    def label_texts(
        self, texts: Iterable[str], *, progress: Progress | None = None
    ) -> list[LabelledText]:
        """Return labels and scores of each text."""


class Source(Protocol):
    """Where rows come from."""

    def read(self, position: Position) -> Iterator[Row | Reject]:
        """Yield every row after `position`, in order."""

    def fraction(self) -> float:
        """Return how much of the input is read, 0 to 1."""


class Crew(Protocol):
    """Brings a labeller that knows what it will be asked: all that `calls` yields."""

    def __call__(
        self, source: Source, position: Position, options: Options, /
    ) -> AbstractContextManager[Labeller]:
        """Return a labeller for what `source` has after `position`."""


class Sink(Protocol):
    """Where parts go; it knows where the last safe one ends."""

    position: Position
    tally: Tally

    def add(
        self,
        rows: Sequence[Row],
        results: Sequence[LabelledText],
        rejects: Sequence[Reject],
        after: Position,
    ) -> None:
        """Keep a part, whole."""

    def finish(self) -> None:
        """Conclude the output."""


def label_table(
    labeller: Labeller,
    source: Source,
    sink: Sink,
    options: Options,
    *,
    watch: Callable[[Moment], None] | None = None,
) -> Tally:
    """Label what `source` has after the sink's position, part by part; return the sink's counts.

    `watch` is called several times a part.
    """
    pulse = _Pulse(labeller, source, sink, watch)
    for items in _parts(source.read(sink.position), options.rows_per_part):
        pulse.begin(len(items))
        rows = [item for item in items if isinstance(item, Row)]
        rejects = [item for item in items if isinstance(item, Reject)]
        results = _labelled(labeller, [row.text for row in rows], pulse)
        sink.add(rows, results, rejects, items[-1].after)
        pulse(1.0)
    sink.finish()
    return sink.tally


class _Pulse:
    """Tells `watch` how far a run is; called with the share of the part that is labelled."""

    def __init__(
        self,
        labeller: Labeller,
        source: Source,
        sink: Sink,
        watch: Callable[[Moment], None] | None,
    ) -> None:
        self._labeller = labeller
        self._source = source
        self._watch = watch
        self._earlier = self._rows = sink.tally.rows
        self._size = 0
        self._start = self._end = source.fraction()

    def begin(self, size: int) -> None:
        """Begin a part of `size` rows, up to which the source is read."""
        self._rows += self._size
        self._size = size
        self._start, self._end = self._end, self._source.fraction()

    def __call__(self, share: float) -> None:
        if self._watch is None:
            return
        rows = self._rows + int(share * self._size)
        fraction = self._start + share * (self._end - self._start)
        self._watch(Moment(rows, rows - self._earlier, self._labeller.tokens, fraction))


def _parts(items: Iterator[Row | Reject], rows: int) -> Iterator[list[Row | Reject]]:
    """Cut into parts of so many rows, fewer where they are large."""
    part: list[Row | Reject] = []
    size = 0
    for item in items:
        part.append(item)
        size += item.size if isinstance(item, Row) else 0
        if len(part) >= rows or size >= PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _labelled(
    labeller: Labeller, texts: list[str], report: Callable[[float], None]
) -> list[LabelledText]:
    """Label a part's texts, equal ones once, a bounded number of characters at a time."""
    distinct = list(dict.fromkeys(texts))
    found: dict[str, LabelledText] = {}
    for call in _calls(distinct):

        def progress(done: int, total: int, call: list[str] = call) -> None:
            report((len(found) + len(call) * done / total) / len(distinct))

        found.update(zip(call, labeller.label_texts(call, progress=progress), strict=True))
    return [found[text] for text in texts]


def calls(source: Source, position: Position, options: Options) -> Iterator[list[str]]:
    """Yield what `label_table` asks of its labeller from `position` on, call by call."""
    for items in _parts(source.read(position), options.rows_per_part):
        texts = (item.text for item in items if isinstance(item, Row))
        yield from _calls(list(dict.fromkeys(texts)))


def _calls(texts: list[str]) -> Iterator[list[str]]:
    call: list[str] = []
    total = 0
    for text in texts:
        if call and total + len(text) > CALL_CHARACTERS:
            yield call
            call, total = [], 0
        call.append(text)
        total += len(text)
    if call:
        yield call


def label_tables(  # noqa: PLR0913
    classifier: Classifier,
    inputs: Iterable[str],
    output: Path | str,
    options: Options | None = None,
    *,
    form: str | None = None,
    existing: Existing = "refuse",
    watch: Callable[[Moment], None] | None = None,
    crew: Crew | None = None,
) -> Tally:
    """Label the rows of tables, or the clauses of policies, and write them with all columns.

    `inputs` are files, folders and globs. `output` is one file if it ends in .jsonl, .csv or
    .parquet (the first two also .gz, .zst), else a folder of parts; `form`, one of FORMS, is needed
    for a folder alone. `crew` labels in the classifier's place. Raise RecordError for inputs that
    cannot be read, OutputError for an output that cannot be written, or that is there already if
    `existing` says to refuse it. A row that cannot be labelled raises nothing: it stands among the
    rejects, and so does a file of a folder that is no table beside others that are.
    """
    options = options or Options()
    there = places(Path(output))
    found = find_inputs(inputs, besides=there.all)
    kind, compression = _form(there, form, found)
    added = options.added(kind, classifier.labels)
    columns = plan(
        found,
        kind,
        column=options.text_column,
        keep=options.columns,
        added=added,
    )
    written = Form(
        kind,
        compression,
        columns,
        labels=classifier.labels,
        prefix=options.prefix,
        scored=not options.labels_only,
        min_score=options.min_score,
        headed=not there.single,
    )
    source = Tables(
        found,
        kind,
        column=options.text_column,
        keep=options.columns,
        added=added,
        headings=classifier.manifest.headings,
        unreadable=columns.unreadable,
    )
    facts = _facts(classifier, found, options, f"{kind}{compression}")
    with Ledger.open(there, written, facts, existing) as ledger:
        if ledger.finished:
            return ledger.tally
        hired = crew(source, ledger.position, options) if crew else nullcontext(classifier)
        with hired as labeller:
            return label_table(labeller, source, ledger, options, watch=watch)


def places(output: Path) -> Places:
    """Return the files of an output: one if its name ends as a table's, else a folder's."""
    return Places(output, single=table_kind(output) is not None)


def _form(there: Places, form: str | None, inputs: Sequence[Input]) -> tuple[str, str]:
    """Return the format and compression of the output: as its name says, as asked, as the input."""
    named = None
    if there.single:
        suffix = there.output.suffix.lower()
        named = f"{table_kind(there.output)}{suffix if suffix in COMPRESSIONS else ''}"
    elif str(there.output) == "-" or there.output.suffix.lower() in _NO_FOLDER:
        raise OutputError(
            f"A batch writes no {there.output.suffix or 'standard output'}.",
            hint="End the name in .jsonl, .csv or .parquet, or name a folder.",
        )
    if form is not None and form not in FORMS:
        raise OutputError(f"Unknown format {form}.", hint=f"Known: {', '.join(FORMS)}.")
    if named and form and named != form:
        raise OutputError(
            f"{there.output} is {named} by its name, {form} by --format.", hint="Leave out one."
        )
    kinds = {"jsonl" if one.kind == "policy" else one.kind for one in inputs}
    chosen = named or form or (kinds.pop() if len(kinds) == 1 else "jsonl")
    kind, dot, compression = chosen.partition(".")
    return kind, dot + compression


def _facts(
    classifier: Classifier, inputs: Sequence[Input], options: Options, form: str
) -> dict[str, Any]:
    """Return all that the output depends on, as the manifest holds it."""
    libraries = ["pyarrow"] if form == "parquet" or form.endswith(".zst") else []
    facts = {
        "format": 1,
        "inputs": [one.to_json() for one in inputs],
        "options": {**asdict(options), "format": form},
        **maker(classifier, *libraries),
    }
    plain: dict[str, Any] = json.loads(json.dumps(facts))
    return plain


def maker(classifier: Classifier, *libraries: str) -> dict[str, dict[str, str]]:
    """Return what computes the scores: the model, the runtime, and the versions of all."""
    manifest, engine = classifier.manifest, classifier.engine
    used = ("numpy", "tokenizers", *libraries)
    return {
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": hashlib.sha256(manifest.to_json().encode()).hexdigest(),
        },
        "runtime": {"name": engine.name, "precision": engine.precision},
        "versions": {
            "clausemark": __version__,
            engine.name: engine.version,
            **{name: version(name) for name in used},
        },
    }
