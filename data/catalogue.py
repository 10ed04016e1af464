"""What can be built: each corpus with its place under the raw folder and what becomes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from clausemark.labels import OPP115
from data import (
    app350,
    appcorp,
    c3pa,
    capp130,
    clauses,
    fictional_policies,
    goppc150,
    gt200,
    headings,
    mapp,
    opp115,
    opp115_machine,
    opp115_sectors,
    policyie,
    rahat,
    silver,
    tosdr,
)
from data.records import Loaded, write_json, write_jsonl, write_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from data.overlap import Overlap

__all__ = ["CATALOGUE", "Corpus", "Product"]


@dataclass(slots=True)
class Product:
    """What a corpus became: rows of each file written, counts of its records, what was dropped."""

    files: dict[str, int] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus: `place` is its folder or file under the raw folder (an absolute one stands alone).

    `auxiliary` corpora are checked against the withheld segments and not built without the list.
    """

    name: str
    place: str
    make: Callable[[Path, Path, Overlap], Product]
    auxiliary: bool = True


def _write(name: str, loaded: Loaded, out: Path) -> Product:
    file = f"{name}.jsonl"
    rows = write_records(out / file, loaded.records)
    return Product({file: rows}, _counts(loaded), loaded.dropped, loaded.problems)


def _counts(loaded: Loaded) -> dict[str, Any]:
    given = Counter(label for record in loaded.records for label in record.labels)
    return {
        "documents": len({record.document for record in loaded.records}),
        "families": len({record.family for record in loaded.records}),
        "splits": dict(Counter(record.split or "none" for record in loaded.records)),
        "labels": {label: given[label] for label in OPP115.names},
        "unlabelled": sum(not record.labels for record in loaded.records),
    }


def _opp115(raw: Path, out: Path, _: Overlap) -> Product:
    loaded = opp115.load(raw)
    # Read before anything is written: the former files stay together where the table is damaged.
    listed = (raw / opp115_sectors.FILE).exists()
    documents = {record.document for record in loaded.records}
    sectors = opp115_sectors.policies(raw, documents) if listed else None
    product = _write("opp115", loaded, out)
    product.files["opp115_spans.jsonl"] = write_jsonl(out / "opp115_spans.jsonl", loaded.practices)
    if sectors is not None:
        _policies(product, "opp115", sectors, out)
    return product


def _opp115_machine(raw: Path, out: Path, _: Overlap) -> Product:
    return _write("opp115_machine", opp115_machine.load(raw), out)


def _fictional(raw: Path, out: Path, _: Overlap) -> Product:
    loaded, sectors = fictional_policies.load(raw), fictional_policies.sectors(raw)
    product = _write("fictional", loaded, out)
    _policies(product, "fictional", sectors, out)
    return product


def _policies(product: Product, name: str, rows: list[dict[str, Any]], out: Path) -> None:
    """Write what is known of the policies beside the records."""
    file = f"{name}_policies.jsonl"
    product.files[file] = write_jsonl(out / file, rows)


def _headings(raw: Path, out: Path, overlap: Overlap) -> Product:
    drawn = headings.build(raw, overlap=overlap)
    rows = write_jsonl(out / "headings.jsonl", drawn.rows)
    write_json(out / "headings_classes.json", drawn.classes)
    files = {"headings.jsonl": rows, "headings_classes.json": len(drawn.classes)}
    return Product(files, {"classes": len(drawn.classes)}, drawn.dropped)


def _second_clauses(raw: Path, *, overlap: Overlap) -> Loaded:
    return clauses.load(raw, overlap=overlap, annotations=clauses.SECOND)


def _records(name: str, load: Callable[..., Loaded]) -> Callable[[Path, Path, Overlap], Product]:
    return lambda raw, out, overlap: _write(name, load(raw, overlap=overlap), out)


CATALOGUE: Final = {
    corpus.name: corpus
    for corpus in (
        Corpus("opp115", "opp115", _opp115, auxiliary=False),
        Corpus("opp115_machine", "opp115", _opp115_machine, auxiliary=False),
        Corpus("fictional", str(fictional_policies.FOLDER), _fictional, auxiliary=False),
        Corpus("silver", "silver", _records("silver", silver.load)),
        Corpus("clauses", headings.FILE, _records("clauses", clauses.load)),
        Corpus("clauses2", headings.FILE, _records("clauses2", _second_clauses)),
        Corpus("headings", headings.FILE, _headings),
        Corpus("appcorp", "appcorp", _records("appcorp", appcorp.load)),
        Corpus("capp130", "capp130", _records("capp130", capp130.load)),
        Corpus("goppc150", "goppc150", _records("goppc150", goppc150.load)),
        Corpus("gt200", "gt200", _records("gt200", gt200.load)),
        Corpus("policyie", "policyie", _records("policyie", policyie.load)),
        Corpus("c3pa", "c3pa", _records("c3pa", c3pa.load)),
        Corpus("mapp", "mapp", _records("mapp", mapp.load)),
        Corpus("app350", "app350", _records("app350", app350.load)),
        Corpus("rahat", "rahat", _records("rahat", rahat.load)),
        Corpus("tosdr", tosdr.FILE, _records("tosdr", tosdr.load)),
    )
}
