"""Several policies at once: an annotated page each, and an index over them.

One policy is in memory at a time; what stays of it are the counts that the index shows.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from clausemark._index import Row, Unread, index_page, row_of
from clausemark._pages_folder import BACK, PageFolder, page_names
from clausemark._progress import Meter
from clausemark._sources import STDIN, find, read
from clausemark.page import PageFacts, clause_anchor, policy_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from clausemark.artifact import Manifest
    from clausemark.classifier import Classifier, LabelledClause
    from clausemark.document import Document
    from clausemark.errors import DocumentError
    from clausemark.runtime import Progress

__all__ = ["write_pages"]

_STDIN_SHOWN: Final = "standard input"


@dataclass(frozen=True, slots=True)
class _Source:
    """An input: what to read, how the index calls it, the file name of its page."""

    path: str
    shown: str
    page: str


def write_pages(
    paths: Iterable[str],
    output: Path,
    *,
    load: Callable[[], Classifier],
    trouble: Callable[[DocumentError], None],
) -> int:
    """Write a page for each policy that `paths` name, then the index; return how many there are.

    `trouble` gets what cannot be read, and the index lists it; without a single policy nothing is
    written. `load` is called once the inputs and the folder `output` are found to be sound. Raise
    OutputError if that folder holds other things or cannot be written.
    """
    folder = PageFolder(output)
    unread: list[Unread] = []
    note = partial(_note, trouble, unread)
    sources = _sources([name for name in find(paths, note) if not folder.wrote(name)])
    folder.refuse(source.page for source in sources)
    if not sources:
        return 0
    classifier = load()
    rows: list[Row] = []
    for source, document, meter in _documents(sources, note):
        clauses = classifier.label_document(document, progress=meter)
        if not rows:
            folder.begin(source.page for source in sources)
        folder.write(source.page, _page(document, clauses, classifier.manifest))
        names = classifier.labels
        rows.append(row_of(source.shown, source.page, document.text, clauses, labels=names))
    if rows:
        folder.finish(_index(rows, unread, classifier.manifest), [row.page for row in rows])
    return len(rows)


def _sources(paths: Sequence[str]) -> list[_Source]:
    shown = _short(paths)
    pages = page_names(shown)
    return [_Source(*one) for one in zip(paths, shown, pages, strict=True)]


def _short(paths: Sequence[str]) -> list[str]:
    """Return the paths as seen from the deepest folder that holds them all."""
    # os.path throughout: a path may be longer than any file system takes.
    full = {path: os.path.abspath(path) for path in paths if path != STDIN}  # noqa: PTH100
    try:
        top = os.path.commonpath([os.path.dirname(path) for path in full.values()])  # noqa: PTH120
    except ValueError:  # none, or on several drives
        top = ""
    near = {path: os.path.relpath(place, top) if top else place for path, place in full.items()}
    return [near.get(path, _STDIN_SHOWN).replace(os.sep, "/") for path in paths]


def _note(
    trouble: Callable[[DocumentError], None],
    unread: list[Unread],
    error: DocumentError,
    source: _Source | None = None,
) -> None:
    """Pass `error` on, and keep it for the index, which knows an input by its short name."""
    trouble(error)
    if source is None:
        unread.append(Unread("", error.message))
    else:
        unread.append(Unread(source.shown, f"it{error.message.removeprefix(source.path)}"))


def _documents(
    sources: Sequence[_Source], note: Callable[..., None]
) -> Iterator[tuple[_Source, Document, Progress]]:
    """Yield what can be read, one policy at a time, while a line on the terminal counts them."""
    meter = Meter("pages", unit="policies")

    def progress(number: int, *_: int) -> None:
        meter(number, len(sources))

    def told(source: _Source, error: DocumentError) -> None:
        meter.close()  # the complaint takes the line's place
        note(error, source)

    try:
        for number, source in enumerate(sources):
            progress(number)
            for document in read([source.path], partial(told, source)):
                yield source, document, partial(progress, number)
    finally:
        meter.close()


def _page(document: Document, clauses: Sequence[LabelledClause], manifest: Manifest) -> str:
    facts = PageFacts.of(manifest, back=BACK)
    return policy_page(document, clauses, manifest.labels, facts=facts)


def _index(rows: Sequence[Row], unread: Sequence[Unread], manifest: Manifest) -> str:
    model = f"{manifest.name} {manifest.version}"
    return index_page(rows, unread, manifest.labels, model=model, anchor=clause_anchor)
