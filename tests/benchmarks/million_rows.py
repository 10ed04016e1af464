"""A table of any number of rows to label, no text twice: what a batch is measured on.

    python tests/benchmarks/million_rows.py rows.jsonl                  # 1,000,000, some minutes
    python tests/benchmarks/million_rows.py rows.parquet --rows 20000
    python tests/benchmarks/million_rows.py plain.jsonl --repeated      # texts repeat themselves

The rows come from the clauses of data/fictional, block after block, each block all of them in an
order of its own. Every text is altered, so that nothing is computed once for many: sentences change
places, one gives way to a sentence of like length from another clause, companies get other names,
figures other digits, some words give way to words of as many letters. Lengths stay what they were,
in words and in tokens, and both are written beside the table (`rows.jsonl.facts.json`). With
--repeated, rows are drawn from the plain clauses, with replacement.

The same seed gives the same rows. Memory is bounded but for 40 bytes a row at most: a hash, to tell
whether a text was there before, and two lengths.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
from bisect import bisect_left
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "inference")]

from clausemark.artifact import bundled_model
from clausemark.tokens import Encoder
from data.fictional_policies import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROWS = 1_000_000
#: Rows tokenised and written together.
CHUNK = 10_000
#: One word in so many is another's; a sentence gives way to one of the so many nearest in length.
WORDS_A_CHANGE = 12
NEAREST = 20
#: How often a text that was there before is altered again.
TRIES = 200
COMPANIES = re.compile(
    "Hollin|Wick|Kestrelpace|Lanternfish|Ostrel|Pennywren|Quillmoor|Sawtooth|Cooper|Coopers"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\"“])")
_WORD = re.compile(r"[A-Za-z]+")
_SYLLABLES = (
    "ba be bri cor da del fen gra hal is jor kel lum mar nor ol pra quen ros tav un ver wen"
)


class Perturbed:
    """The clauses as `million_rows` alters them: all that one row needs to be made from."""

    def __init__(self, clauses: Sequence[str], seed: int) -> None:
        self.clauses = list(clauses)
        self.seed = seed
        self._sentences = sorted(
            {one for text in clauses for one in _SENTENCE_END.split(text)},
            key=lambda one: (len(one.split()), one),
        )
        self._lengths = [len(one.split()) for one in self._sentences]
        words = {word for text in clauses for word in _WORD.findall(text) if word.islower()}
        self._words: dict[int, list[str]] = {}
        for word in sorted(words):
            self._words.setdefault(len(word), []).append(word)

    def rows(self, count: int) -> Iterator[str]:
        """Yield `count` texts, each once; raise ValueError if a clause has not so many forms."""
        seen = Seen(count)
        order: list[str] = []
        for k in range(count):
            if k % len(self.clauses) == 0:
                order = self.clauses[:]
                random.Random(f"{self.seed} block {k}").shuffle(order)
            draw = random.Random(f"{self.seed} row {k}")
            text = self.altered(order[k % len(order)], draw)
            tries = 0
            while not seen.add(text):
                text = self._reworded(text, draw, 1)
                tries += 1
                if tries > TRIES:
                    raise ValueError(f"row {k}: no form is left of {text!r}")
            yield text

    def altered(self, text: str, draw: random.Random) -> str:
        """Return another text of like length."""
        sentences = _SENTENCE_END.split(text)
        if len(sentences) > 1:
            draw.shuffle(sentences)
            place = draw.randrange(len(sentences))
            sentences[place] = self._like(sentences[place], draw)
        text = " ".join(sentences)
        text = COMPANIES.sub(lambda _: _name(draw), text)
        text = re.sub(r"\d", lambda _: draw.choice("123456789"), text)
        return self._reworded(text, draw, 1 + len(text.split()) // WORDS_A_CHANGE)

    def _like(self, sentence: str, draw: random.Random) -> str:
        at = bisect_left(self._lengths, len(sentence.split()))
        low = max(0, min(at, len(self._sentences) - NEAREST // 2) - NEAREST // 2)
        return draw.choice(self._sentences[low : low + NEAREST])

    def _reworded(self, text: str, draw: random.Random, changes: int) -> str:
        """Put other words of as many letters in the place of some."""
        places = [one for one in _WORD.finditer(text) if len(one[0]) in self._words]
        chosen = draw.sample(places, min(changes, len(places)))
        for place in sorted(chosen, key=lambda one: -one.start()):
            word = draw.choice(self._words[len(place[0])])
            word = word.capitalize() if place[0][0].isupper() else word
            text = text[: place.start()] + word + text[place.end() :]
        return text


def _name(draw: random.Random) -> str:
    return "".join(draw.choices(_SYLLABLES.split(), k=3)).capitalize()


class Seen:
    """A set of so many texts, as their hashes: a table of 8 bytes a place, at most half full."""

    def __init__(self, most: int) -> None:
        self._table = np.zeros(1 << max(4, (2 * most - 1).bit_length()), dtype=np.uint64)

    def add(self, text: str) -> bool:
        """Keep a text; return False if it is there already, or, once in 10^13 times, another."""
        found = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") or 1
        place = found % len(self._table)
        while (there := int(self._table[place])) != found:
            if there == 0:
                self._table[place] = found
                return True
            place = (place + 1) % len(self._table)
        return False


def repeated(clauses: Sequence[str], count: int, seed: int) -> Iterator[str]:
    """Yield `count` of the clauses as they are, drawn with replacement."""
    draw = random.Random(f"{seed} repeated")
    for _ in range(count):
        yield draw.choice(clauses)


class Lengths:
    """The words and tokens of texts, counted as they go by."""

    def __init__(self) -> None:
        folder = bundled_model()
        window = folder.read().window
        self._encoder = Encoder.load(folder.tokenizer, size=window.size, overlap=window.overlap)
        self._words: list[np.ndarray] = []
        self._tokens: list[np.ndarray] = []
        self._hash = hashlib.sha256()

    def add(self, texts: Sequence[str]) -> None:
        """Count some texts; tokens are those that the model reads, its two special ones too."""
        windows = self._encoder.encode(texts)
        sizes = np.array([len(ids) for ids in windows.ids])
        tokens = np.bincount(windows.owner, weights=sizes, minlength=len(texts))
        self._tokens.append(tokens.astype(np.int32))
        self._words.append(np.array([len(text.split()) for text in texts], dtype=np.int32))
        self._hash.update(json.dumps(texts).encode())

    def facts(self) -> dict[str, Any]:
        """Return the counts, the distributions, the checksum of the texts."""
        words, tokens = np.concatenate(self._words), np.concatenate(self._tokens)
        return {
            "rows": len(words),
            "tokens": int(tokens.sum()),
            "sha256": self._hash.hexdigest(),
            "words_each": spread(words),
            "tokens_each": spread(tokens),
        }


def spread(values: np.ndarray) -> dict[str, float]:
    """Return the mean and some percentiles."""
    found = {"mean": round(float(values.mean()), 2)}
    shares = (0, 5, 25, 50, 75, 95, 100)
    places = np.percentile(values, shares)
    return found | {
        f"p{k}": round(float(value), 1) for k, value in zip(shares, places, strict=True)
    }


def chunks(texts: Iterator[str], size: int = CHUNK) -> Iterator[list[str]]:
    """Cut into lists of `size`."""
    chunk: list[str] = []
    for text in texts:
        chunk.append(text)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@contextmanager
def table(path: Path) -> Iterator[Callable[[int, list[str]], None]]:
    """Open a table for rows of `id` and `text`, as the name says; it is there whole or not."""
    draft = path.with_name(f".{path.name}.draft")
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:

            def add(first: int, texts: list[str]) -> None:
                ids = list(range(first, first + len(texts)))
                writer.write_table(pa.table({"id": ids, "text": texts}, schema=schema))

            yield add
    else:
        with draft.open("w", encoding="utf-8", newline="\n") as stream:
            yield lambda first, texts: stream.writelines(
                json.dumps({"id": first + k, "text": text}, ensure_ascii=False) + "\n"
                for k, text in enumerate(texts)
            )
    draft.replace(path)


def facts_path(path: Path) -> Path:
    """Return where the facts of a table stand."""
    return path.with_name(f"{path.name}.facts.json")


def write(path: Path, count: int, *, seed: int, repeat: bool = False) -> dict[str, Any]:
    """Write a table and its facts, last; return the facts."""
    clauses = [record.text for record in load().records]
    texts = repeated(clauses, count, seed) if repeat else Perturbed(clauses, seed).rows(count)
    plain, made = Lengths(), Lengths()
    plain.add(clauses)
    path.parent.mkdir(parents=True, exist_ok=True)
    with table(path) as add:
        for k, chunk in enumerate(chunks(texts)):
            add(k * CHUNK, chunk)
            made.add(chunk)
    facts = {"seed": seed, "repeated": repeat, **made.facts(), "clauses": plain.facts()}
    facts_path(path).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def main() -> None:
    """Write one table; print its facts."""
    parser = argparse.ArgumentParser(description="Write a table of distinct texts to label.")
    parser.add_argument("output", type=Path, help="a name in .jsonl or .parquet")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeated", action="store_true", help="plain clauses, again and again")
    wish = parser.parse_args()
    found = write(wish.output, wish.rows, seed=wish.seed, repeat=wish.repeated)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
