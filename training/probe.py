"""What a source of labels gives over a frozen encoder: linear probes with it and without it.

    python -m training.probe runs/silver --gold data/processed/opp115.jsonl \
        --source data/processed/rahat.jsonl --source data/processed/tosdr.jsonl \
        --weight 0.05 --weight 0.2 --output runs/probe

A linear probe (Alain & Bengio, 2016) is a logistic regression a label over what the run's head
reads. Every fold of the gold's train split is judged by probes of the other folds, once with them
alone, once for every source and weight with the source's texts beside them, each for the labels
that it is known for, and once for all sources together. The run must not have seen the gold.

Minutes instead of the hours of a training with each source; what a source would teach the encoder
itself a probe does not show. Texts that repeat the gold's are left out (training.apart). Writes
OUTPUT/probe.md and probe.json, and keeps what was computed of the texts, for the next time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from clausemark.errors import ClausemarkError, RecordError
from clausemark.labels import OPP115
from training import examples, metrics, paired
from training.config import ConfigError, Source
from training.distil import checksums, claim, weights_of
from training.files import circumstances, write_array, write_json, write_text
from training.frozen import Frozen
from training.scored import Scored
from training.systems import System

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.examples import Examples

#: Inverse strength of the ridge penalty, beside some 1,700 texts and 384 standardised features.
RIDGE: Final = 0.1
#: Shares of the gold's targets: majority labels and votes, as in the recipe's last stage.
MAJORITY: Final = 0.5
#: What a text of a source counts beside one of the gold's.
WEIGHTS: Final = [0.05, 0.2]
#: Names that no source may go by: the gold's features, the figures of all sources together.
GOLD: Final = "gold"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Probed:
    """Texts with their labels, as the frozen encoder sees them.

    *Shape:* `features` (texts, width) float32; the rest as in `Examples`.
    """

    data: Examples
    features: NDArray[np.float32]

    def take(self, rows: NDArray[Any]) -> Probed:
        """Return the texts of `rows`, a mask or numbers."""
        return Probed(self.data.take(rows), self.features[rows])


def probe(
    gold: Probed, others: Sequence[Probed], weight: float, held: NDArray[np.float32], label: int
) -> NDArray[np.bool_]:
    """Return what a probe of one label decides on `held`, at 0.5. *Shape:* (texts,).

    All features are taken for standardised. Soft targets are learnt as two weighted texts each, a
    yes and a no. A text of `others` counts `weight` of one of the gold's.
    """
    parts = [gold, *others]
    x = np.concatenate([part.features for part in parts])
    yes = np.concatenate([part.data.targets[:, label] for part in parts])
    count = np.concatenate([part.data.known[:, label] for part in parts])
    count[len(gold.data) :] *= weight
    truth = np.repeat([True, False], len(x))
    share = np.concatenate([count * yes, count * (1 - yes)])
    seen = share > 0
    if len(np.unique(truth[seen])) < 2:
        return np.full(len(held), bool(truth[seen].all()))
    both = np.concatenate([x, x])
    model = LogisticRegression(C=RIDGE, max_iter=300)
    model.fit(both[seen], truth[seen], sample_weight=share[seen])
    return np.asarray(model.decision_function(held) >= 0)


def decide(
    gold: Probed,
    fold: NDArray[np.int64],
    others: Sequence[Probed],
    weight: float,
    alone: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Return the decisions on every gold text, by probes of the other folds' texts and `others`.

    A label that `others` say nothing of is decided as `alone` has it, the gold's own decisions.
    """
    said = [
        label
        for label in range(len(OPP115.labels))
        if alone is None or any(other.data.known[:, label].any() for other in others)
    ]
    decided = np.zeros(gold.data.majority.shape, dtype=bool) if alone is None else alone.copy()
    for k in np.unique(fold):
        here = fold == k
        rest = gold.take(~here)
        scaler = StandardScaler().fit(rest.features)
        own, *more = (Probed(p.data, scaler.transform(p.features)) for p in (rest, *others))
        held = scaler.transform(gold.features[here])
        for label in said:
            decided[here, label] = probe(own, more, weight, held, label)
    return decided


def compare(
    gold: Probed, fold: NDArray[np.int64], sources: dict[str, Probed], weights: Sequence[float]
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Return F1 without a source, and for each source and weight the paired difference."""
    alone = decide(gold, fold, [], 0.0)
    without = _system("without", gold, alone)
    figures = metrics.f1_at_half(without.scored.truth, without.scored.scores - 0.5)
    groups = {name: [part] for name, part in sources.items()}
    if len(sources) > 1:
        groups[ALL] = list(sources.values())
    rows = []
    for name, parts in groups.items():
        for weight in weights:
            with_it = _system(name, gold, decide(gold, fold, parts, weight, alone))
            texts = sum(len(part.data) for part in parts)
            found = paired.compare(without, with_it)
            rows.append({"source": name, "texts": texts, "weight": weight, **found})
            typer.echo(_line(rows[-1]))
    return figures, rows


def _system(name: str, gold: Probed, decided: NDArray[np.bool_]) -> System:
    data = gold.data
    scored = Scored(data.ids, data.documents, data.majority, decided.astype(np.float32))
    return System(name, (), scored, decided[None])


def table(without: dict[str, float], rows: Sequence[dict[str, Any]]) -> str:
    """Return what `compare` found, in Markdown."""
    lines = [
        "# Sources of labels over a frozen encoder",
        "",
        f"Without any: macro-F1 {without['macro_f1']:.3f}, micro-F1 {without['micro_f1']:.3f}. "
        "Differences in points, with 95 % intervals over policies, on the gold's train split, "
        "every fold judged by probes of the others.",
        "",
        "| source | texts | weight | macro-F1 | micro-F1 | labels better | worse |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
        *map(_line, rows),
    ]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any]) -> str:
    cells = [row["source"], f"{row['texts']:,}", f"{row['weight']:g}"]
    for name in paired.OVERALL:
        found = row["overall"][name]
        low, high = (100 * bound for bound in found["interval"])
        cells.append(f"{100 * found['difference']:+.1f} [{low:+.1f}, {high:+.1f}]")
    for verdict in ("better", "worse"):
        named = [name for name, part in row["labels"].items() if part["verdict"] == verdict]
        cells.append(", ".join(named))
    return f"| {' | '.join(cells)} |"


def _named(gold: Path, sources: Sequence[Path]) -> dict[str, Path]:
    """Return the sources by the name that features and figures stand under, none of them twice."""
    taken = {GOLD: str(gold), ALL: "all sources together"}
    named: dict[str, Path] = {}
    for path in sources:
        if path.stem in taken:
            raise ConfigError(
                f"{taken[path.stem]} and {path}: both would go by the name {path.stem!r}.",
                hint="Give the file another name.",
            )
        taken[path.stem] = str(path)
        named[path.stem] = path
    return named


def _read(run: Path, source: Source, room: Path, name: str, most: int) -> Probed:
    """Read `source` and its features; the latter are kept in `room`."""
    data = examples.load([source])
    if len(data) > most:
        data = data.take(np.sort(np.random.default_rng(0).permutation(len(data))[:most]))
    path = room / "features" / f"{name}.npy"
    if not path.exists():
        typer.echo(f"{name}: {len(data)} texts through {run}")
        write_array(path, Frozen.load(run).features(data.texts))
    return Probed(data, np.load(path, allow_pickle=False))


def _folds(path: Path, ids: Sequence[str]) -> NDArray[np.int64]:
    found = {row["id"]: row.get("fold") for row in examples.read_rows(path)}
    without = [name for name in ids if found[name] is None]
    if without:
        raise RecordError(
            f"{path}: record {without[0]!r} of the train split has no fold.",
            hint="Name gold records that data.build has cut into folds, such as opp115.",
        )
    return np.asarray([found[name] for name in ids], dtype=np.int64)


def main(  # noqa: PLR0913, PLR0917  (an option of the command each)
    run: Annotated[Path, typer.Argument(help="A finished run that did not see the gold.")],
    gold: Annotated[Path, typer.Option(help="Records with folds, to be judged on.")],
    source: Annotated[list[Path], typer.Option(help="Records of a source.")],
    output: Annotated[Path, typer.Option(help="Folder for probe.md and probe.json.")],
    weight: Annotated[
        list[float] | None, typer.Option(help="What a source's text counts. [default: 0.05 0.2]")
    ] = None,
    most: Annotated[int, typer.Option(help="Texts of a source, drawn at random.")] = 8000,
) -> None:
    """Judge what each SOURCE gives to linear probes over RUN's frozen encoder."""
    weights = weight or WEIGHTS
    try:
        named = _named(gold, source)
        made = {"gold": checksums([gold]), "texts": checksums(source)}
        origin = {"run": examples.checksum(weights_of(run)), **made, "most": most}
        claim(output, origin, file="features.json")
        train = Source(path=str(gold), splits=("train",), majority=MAJORITY)
        own = _read(run, train, output, GOLD, 10**9)
        examples.judgeable(own.data, gold)
        sources = {
            name: _read(run, Source(str(path), apart=str(gold)), output, name, most)
            for name, path in named.items()
        }
        without, rows = compare(own, _folds(gold, own.data.ids), sources, weights)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    figures = {"scheme": OPP115.id, "without": without, "sources": rows, "weights": weights}
    write_json(output / "probe.json", figures | origin | circumstances())
    write_text(output / "probe.md", table(without, rows))


if __name__ == "__main__":
    typer.run(main)
