"""Teachers label unlabelled paragraphs, for a student to learn from.

    python -m training.distil runs/opp115 runs/opp115-cv-0 runs/opp115-cv-1 \
        --texts data/processed/headings.jsonl --labelled data/processed/silver.jsonl \
        --output runs/pseudo --candidates 120000 --keep 40000

Writes OUTPUT/pseudo.jsonl: records whose votes are the mean probability of the teachers (Hinton et
al., 2015, without a temperature: the labels are binary), a source like any other for training.fit
with `majority = 0.0`. Of the candidates, drawn at random from the texts, half of what is kept is
drawn evenly over the labels, where the teachers see one or waver, a quarter by uncertainty, and a
quarter as it comes, so that the student also sees what policies are mostly made of.

With `--headings` the teachers read every text under its heading, where it has one. The records keep
headings either way: a student with `heading = 0.5` learns from half of the texts alone what its
teachers saw under the heading.

Texts whose labels somebody gave (`--labelled`) are left out. Each teacher's scores are kept in
OUTPUT, part by part, so that the same command goes on where it was cut off.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from clausemark.errors import ClausemarkError, RecordError
from clausemark.labels import OPP115
from clausemark.segment import headed
from clausemark.tokens import combine
from training.config import ConfigError
from training.examples import HELD, checksum, read_rows
from training.files import circumstances, write_array, write_json, write_text
from training.frozen import Frozen, config_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    #: Texts to probabilities, *shape* (texts, labels).
    Scorer = Callable[[Sequence[str]], NDArray[np.float32]]

#: Texts scored and saved at once.
PART = 4096
#: Shares of what is kept, by how it was drawn; the rest comes as it comes.
BY_LABEL, BY_UNCERTAINTY = 0.5, 0.25


@dataclass(frozen=True, slots=True)
class Candidate:
    """An unlabelled text and the document that it stands in."""

    id: str
    document: str
    text: str
    heading: str | None = None


def candidates(
    paths: Sequence[Path], labelled: Sequence[Path], *, number: int, seed: int
) -> list[Candidate]:
    """Return at most `number` distinct texts of `paths`, drawn at random, none of `labelled`.

    None of validation or test places either: as pseudo-labels they would have no split any more.
    """
    seen = {_key(row["text"]) for path in labelled for row in read_rows(path)}
    first: dict[bytes, Candidate] = {}
    for path in paths:
        for row in read_rows(path):
            key = _key(row["text"])
            if row.get("split") in HELD:
                seen.add(key)
            elif key not in seen and key not in first:
                first[key] = _candidate(row, path)
    found = [candidate for key, candidate in first.items() if key not in seen]
    if not found:
        raise RecordError(f"no text is left of {', '.join(map(str, paths))}.")
    chosen = np.random.default_rng(seed).permutation(len(found))[:number]
    return [found[k] for k in np.sort(chosen)]


def entropy(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the entropy of each probability, in nats. *Shape:* as `scores`."""
    p = np.clip(scores.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(-(p * np.log(p) + (1 - p) * np.log(1 - p)), dtype=np.float64)


def choose(scores: NDArray[np.float32], *, keep: int, seed: int) -> dict[int, str]:
    """Return the rows to keep, in order, each with what it was drawn for.

    A label's share goes to rows by probability plus entropy: those that have it for sure and those
    on the border of it. Draws are weighted, without replacement (Efraimidis and Spirakis, 2006).
    """
    rng = np.random.default_rng(seed)
    unsure = entropy(scores)
    each = int(keep * BY_LABEL / scores.shape[1])
    chosen: dict[int, str] = {}
    for k, name in enumerate(OPP115.names):
        _draw(chosen, scores[:, k] + unsure[:, k], each, name, rng)
    _draw(chosen, unsure.sum(axis=1), int(keep * BY_UNCERTAINTY), "uncertain", rng)
    _draw(chosen, np.ones(len(scores)), keep - len(chosen), "natural", rng)
    return dict(sorted(chosen.items()))


def _draw(
    chosen: dict[int, str],
    weights: NDArray[Any],
    number: int,
    reason: str,
    rng: np.random.Generator,
) -> None:
    """Add `number` rows to `chosen`, drawn by `weights` from those that are not in it."""
    keys = np.log(rng.random(len(weights))) / np.maximum(weights, 1e-9)
    keys[list(chosen)] = -np.inf
    free = len(weights) - len(chosen)
    for row in np.argsort(-keys)[: max(0, min(number, free))]:
        chosen[int(row)] = reason


def mean_scores(
    teachers: Sequence[Path], texts: Sequence[str], output: Path, scorer: Callable[[Path], Scorer]
) -> NDArray[np.float32]:
    """Return the mean of the teachers' probabilities; finished parts in `output` are not redone."""
    total = np.zeros((len(texts), len(OPP115.labels)), dtype=np.float64)
    for number, teacher in enumerate(teachers):
        score: Scorer | None = None
        for at in range(0, len(texts), PART):
            path = output / "scores" / f"{number:02d}-{at:08d}.npy"
            if not path.exists():
                score = score or scorer(teacher)
                write_array(path, score(texts[at : at + PART]))
                typer.echo(f"{teacher}: {min(at + PART, len(texts))} of {len(texts)}")
            total[at : at + PART] += np.load(path, allow_pickle=False)
    return np.asarray(total / len(teachers), dtype=np.float32)


def teacher_scorer(run: Path) -> Scorer:
    """Load a finished run of training.fit as a function from texts to probabilities.

    Raises ConfigError for a run of another task: it would get a head that nobody trained.
    """
    task = config_of(run).task
    if task != "labels":
        raise ConfigError(
            f"{run}: its task is {task!r}, a teacher needs a head for labels.",
            hint="Name a run with task = 'labels', such as one over that encoder.",
        )
    teacher = Frozen.load(run)

    def score(texts: Sequence[str]) -> NDArray[np.float32]:
        found, windows = teacher.outputs(texts)
        return np.asarray(1 / (1 + np.exp(-combine(found, windows))), dtype=np.float32)

    return score


def records(
    texts: Sequence[Candidate], scores: NDArray[np.float32], chosen: dict[int, str]
) -> Iterable[dict[str, Any]]:
    """Yield the chosen texts as records; labels are those at 0.5, `extra` says what for."""
    for row, reason in chosen.items():
        text, votes = texts[row], [round(float(p), 4) for p in scores[row]]
        yield {
            "id": f"pseudo/{text.id}",
            "corpus": "pseudo",
            "document": text.document,
            "family": text.document,
            "text": text.text,
            "labels": [n for n, p in zip(OPP115.names, votes, strict=True) if p >= 0.5],
            "votes": dict(zip(OPP115.names, votes, strict=True)),
            "known": None,
            "split": None,
            "heading": text.heading,
            "extra": {"stratum": reason},
        }


def _candidate(row: dict[str, Any], path: Path) -> Candidate:
    if not isinstance(row.get("id"), str):
        raise RecordError(f"{path}: a record without an id.", hint="Build the corpora again.")
    document = row.get("document") or row["id"].rpartition("#")[0] or row["id"]
    return Candidate(row["id"], document, row["text"], row.get("heading"))


def _key(text: str) -> bytes:
    return hashlib.blake2b(" ".join(text.lower().split()).encode(), digest_size=12).digest()


def checksums(paths: Sequence[Path], files: Sequence[Path] | None = None) -> list[list[str]]:
    """Return the name and checksum of each of `paths`, or of the one of `files` in its place.

    In order, because scores are kept by position: the same files in another order are others.
    """
    return [[str(p), checksum(f)] for p, f in zip(paths, files or paths, strict=True)]


def claim(output: Path, made: dict[str, Any], *, file: str = "distil.json") -> None:
    """Refuse an output folder whose `file` says that its arrays come of anything but `made`."""
    path = output / file
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        differing = [key for key in made if _listed(found.get(key)) != made[key]]
        if differing:
            raise ConfigError(
                f"{output}: made with another {', '.join(differing)}.",
                hint="Choose another --output, or remove the folder.",
            )
        return
    write_json(path, made | circumstances())


def _listed(value: Any) -> Any:
    # Older folders hold checksums by name, in the order that they were given in.
    return [[*pair] for pair in value.items()] if isinstance(value, dict) else value


def main(  # noqa: PLR0913, PLR0917  (an option of the command each)
    teachers: Annotated[list[Path], typer.Argument(help="Finished runs of training.fit.")],
    texts: Annotated[list[Path], typer.Option(help="Records to label; their labels are not read.")],
    output: Annotated[Path, typer.Option(help="Folder for pseudo.jsonl and the scores.")],
    labelled: Annotated[list[Path] | None, typer.Option(help="Texts to leave out.")] = None,
    number: Annotated[int, typer.Option("--candidates", help="Texts to score.")] = 120_000,
    keep: Annotated[int, typer.Option(help="Texts to keep.")] = 40_000,
    seed: Annotated[int, typer.Option(help="Of both draws.")] = 0,
    headings: Annotated[
        bool, typer.Option("--headings", help="Teachers read texts under their headings.")
    ] = False,
) -> None:
    """Label TEXTS by the mean of TEACHERS and keep what a student learns most from."""
    left_out = labelled or []
    try:
        claim(
            output,
            {
                "teachers": checksums(teachers, [weights_of(run) for run in teachers]),
                "texts": checksums(texts),
                "labelled": checksums(left_out),
                "candidates": number,
                "seed": seed,
                "headings": headings,
            },
        )
        found = candidates(texts, left_out, number=number, seed=seed)
        read = [headed(c.text, c.heading) if headings else c.text for c in found]
        scores = mean_scores(teachers, read, output, teacher_scorer)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    chosen = choose(scores, keep=keep, seed=seed)
    lines = (json.dumps(row, ensure_ascii=False) for row in records(found, scores, chosen))
    write_text(output / "pseudo.jsonl", "\n".join(lines) + "\n")
    typer.echo(f"{len(chosen)} of {len(found)} texts: {output / 'pseudo.jsonl'}")


def weights_of(run: Path) -> Path:
    path = run / "model" / "model.safetensors"
    if not path.exists():
        raise ConfigError(f"{path}: missing.", hint="Finish that run first.")
    return path


if __name__ == "__main__":
    typer.run(main)
