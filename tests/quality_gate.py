"""The quality gate: what the bundled model must reach, pinned beside the texts it was reached on.

    python tests/quality_gate.py                 # measured figures beside their floors
    python tests/quality_gate.py --pin           # raise the floors to what is measured now
    python tests/quality_gate.py --pin --lower   # and lower those that are not reached any more
    python tests/quality_gate.py --runtime auto                 # the floors, as users have it here
    python tests/quality_gate.py --against --precision int8     # it beside ONNX Runtime in f32

An engine beside ONNX Runtime must not lose: macro-F1 within half a point, no label's recall down
by more than 3 points.

Two sets: the policies of this project, which are always there, and OPP-115's validation places
where the corpus is (`CLAUSEMARK_CORPORA`, else ../shared/corpora). A floor stands in
quality_floors.json with the checksum of its texts and labels: other texts are another gate, and
must be pinned anew. pytest runs the gate as tests/test_quality_gate.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from sklearn.metrics import f1_score, recall_score

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "inference")]

import engine_gate

from clausemark import Classifier
from clausemark.document import read_document
from clausemark.errors import ClausemarkError
from clausemark.labels import OPP115
from clausemark.runtime import AUTO, ENGINES, PRECISIONS
from clausemark.segment import model_text, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What floors are pinned in, and others are compared with.
EXACT = ("onnxruntime", "f32")
FLOORS = Path(__file__).with_name("quality_floors.json")
FICTIONAL = ROOT / "data" / "fictional"
CORPORA = Path(os.environ.get("CLAUSEMARK_CORPORA", ROOT.parent / "shared" / "corpora"))
#: Another processor or engine rounds otherwise: a score at its threshold may fall to the other
#: side, and one clause of a rare label of data/fictional moves macro-F1 by .002 to .004.
F1_TOLERANCE = 0.009
RECALL_TOLERANCE = 0.03
#: With fewer positives one clause moves the recall by more than its tolerance.
FEWEST_POSITIVES = 34

Texts = list[str]
Labels = list[list[str]]
Figures = dict[str, float]


class PinError(Exception):
    """The floors cannot be written as asked."""


def fictional(*, headings: bool) -> tuple[Texts, Labels]:
    """Return the clauses of the policies of this project, as a model reads them, and their labels.

    With `headings` they stand under their sections', as a model trained so reads them.
    """
    rows = [json.loads(line) for line in (FICTIONAL / "labels.jsonl").open(encoding="utf-8")]
    texts: Texts = []
    truth: Labels = []
    for name in dict.fromkeys(row["policy"] for row in rows):
        clauses = segment(read_document(FICTIONAL / name))
        texts += [model_text(clause, headings=headings) for clause in clauses]
        truth += [row["labels"] for row in rows if row["policy"] == name]
    return texts, truth


def opp115_validation(*, headings: bool) -> tuple[Texts, Labels] | None:
    """Return OPP-115's validation places, or None where the corpus is not present.

    PrivacyGLUE's protocol is the text alone, whatever `headings` says.
    """
    del headings
    raw = CORPORA / "opp115"
    if not raw.is_dir():
        return None
    from data.opp115 import load

    records = [record for record in load(raw).records if record.split == "validation"]
    return [r.text for r in records], [list(r.labels) for r in records]


class Read(Protocol):
    """Reads one set: texts and labels, or None where it is not here."""

    def __call__(self, *, headings: bool) -> tuple[Texts, Labels] | None:
        """Return the texts as a model with or without `headings` reads them."""


SETS: dict[str, Read] = {
    "fictional": fictional,
    "opp115_validation": opp115_validation,
}


def checksum(texts: Texts, truth: Labels) -> str:
    """Return the sha256 of texts and labels."""
    return hashlib.sha256(json.dumps([texts, truth]).encode()).hexdigest()


def measure(classifier: Classifier, texts: Texts, truth: Labels) -> Figures:
    """Return macro-F1, micro-F1 and the recall of labels with enough positives."""
    wanted, found = _multi_hot(truth), _multi_hot(classifier.predict(texts))
    figures = {
        f"{kind}_f1": float(f1_score(wanted, found, average=kind, zero_division=0))
        for kind in ("macro", "micro")
    }
    recalls = recall_score(wanted, found, average=None, zero_division=0)
    return figures | {
        f"recall, {name}": float(value)
        for name, value, support in zip(OPP115.names, recalls, wanted.sum(axis=0), strict=True)
        if support >= FEWEST_POSITIVES
    }


def below(figures: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Return a line for each floor that is not reached."""
    return [
        f"{name}: {figures.get(name, 0.0):.4f} is below its floor of {floor:.4f}"
        for name, floor in floors.items()
        if figures.get(name, 0.0) < floor - _tolerance(name)
    ]


def _tolerance(name: str) -> float:
    return F1_TOLERANCE if name.endswith("_f1") else RECALL_TOLERANCE


def pinned(old: Mapping[str, Any] | None, new: Mapping[str, Any], *, lower: bool) -> dict[str, Any]:
    """Return the entry to write: each floor at the figure, or where it was if that is higher.

    Raises PinError where a floor would fall, or its texts have changed, unless `lower`.
    """
    if old is None or lower:
        return dict(new)
    if old["sha256"] != new["sha256"]:
        raise PinError("the texts or labels are others than those of the floors; add --lower.")
    if fallen := below(new["floors"], old["floors"]):
        raise PinError(f"a floor would fall; add --lower if it must.\n  {'; '.join(fallen)}")
    kept = {name: max(value, old["floors"].get(name, 0.0)) for name, value in new["floors"].items()}
    return dict(new) | {"floors": kept}


def read_floors(path: Path = FLOORS) -> dict[str, Any]:
    """Return the pinned floors by set; empty where nothing is pinned yet."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def entry(classifier: Classifier, texts: Texts, truth: Labels) -> dict[str, Any]:
    """Return what is pinned of a set: model, texts, checksum, figures."""
    manifest = classifier.manifest
    return {
        "model": f"{manifest.name} {manifest.version}",
        "texts": len(texts),
        "sha256": checksum(texts, truth),
        "floors": {k: round(v, 4) for k, v in measure(classifier, texts, truth).items()},
    }


def _multi_hot(rows: Labels) -> np.ndarray[Any, Any]:
    return np.array([[name in row for name in OPP115.names] for row in rows], dtype=int)


def _show(name: str, figures: Mapping[str, float], floors: Mapping[str, float]) -> None:
    print(f"{name}\n{'':44}measured   floor")
    for key, value in figures.items():
        floor = f"{floors[key]:8.4f}" if key in floors else "       –"
        print(f"  {key:42}{value:8.4f}{floor}")


def write_floors(floors: Mapping[str, Any], path: Path = FLOORS) -> None:
    """Write the pinned floors, all of them or nothing."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(floors, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def sets(*, headings: bool) -> Iterator[tuple[str, Texts, Labels]]:
    """Yield the sets that are here, as a model with or without `headings` reads them."""
    for name, read in SETS.items():
        data = read(headings=headings)
        if data is None:
            print(f"{name}: no corpus at {CORPORA}, set CLAUSEMARK_CORPORA")
        else:
            yield name, *data


def check_floors(classifier: Classifier, *, pin: bool, lower: bool) -> list[str]:
    """Show figures beside their floors, pin them where asked; return what is below its floor."""
    floors, troubles = read_floors(), []
    for name, texts, truth in sets(headings=classifier.manifest.headings):
        made, old = entry(classifier, texts, truth), floors.get(name)
        _show(name, made["floors"], old["floors"] if old else {})
        try:
            floors[name] = pinned(old, made, lower=lower)
        except PinError as error:
            troubles.append(f"{name}: {error}")
    if pin and not troubles:
        write_floors(floors)
    return troubles


def check_engines(exact: Classifier, candidate: Classifier) -> list[str]:
    """Show two engines' figures beside each other; return what the candidate has lost.

    It is judged on all sets together: of a label's 18 clauses in one of them, a single one at its
    threshold would be more than the gate allows.
    """
    parts = []
    for name, texts, truth in sets(headings=exact.manifest.headings):
        parts.append(
            (_multi_hot(truth), exact.predict_proba(texts), candidate.predict_proba(texts))
        )
        print(f"{name}\n{engine_gate.compare(*parts[-1], exact.decide)}")
    truths, before, now = (np.concatenate(column) for column in zip(*parts, strict=True))
    found = engine_gate.compare(truths, before, now, exact.decide)
    print(f"together: {candidate.engine.name} {candidate.engine.precision}\n{found}")
    return found.losses(exact.labels)


def main() -> int:
    """Measure, show, and pin where asked; 1 where a floor is not reached or may not be moved."""
    parser = argparse.ArgumentParser(description="Measure the bundled model against its floors.")
    parser.add_argument("--pin", action="store_true", help="raise the floors to what is measured")
    parser.add_argument("--lower", action="store_true", help="with --pin: let floors fall too")
    parser.add_argument("--runtime", choices=(AUTO, *ENGINES), help="the inference engine")
    parser.add_argument(
        "--precision", choices=PRECISIONS, help="what it computes in; else its fastest here"
    )
    parser.add_argument(
        "--against", action="store_true", help="compare it with ONNX Runtime in f32 instead"
    )
    wish = parser.parse_args()
    if wish.lower and not wish.pin:
        parser.error("--lower goes with --pin")
    if wish.runtime is None:
        wish.runtime, wish.precision = EXACT[0], wish.precision or EXACT[1]
    exactly = (wish.runtime, wish.precision) == EXACT
    if wish.pin and (wish.against or not exactly):
        parser.error(f"floors are pinned in {' '.join(EXACT)}")
    if wish.against and exactly:
        parser.error("--against needs --runtime or --precision of something else")
    try:
        classifier = Classifier.load(engine=wish.runtime, precision=wish.precision)
    except ClausemarkError as error:
        parser.error(str(error))
    if wish.against:
        exact = Classifier.load(engine=EXACT[0], precision=EXACT[1])
        troubles = check_engines(exact, classifier)
    else:
        troubles = check_floors(classifier, pin=wish.pin, lower=wish.lower)
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
