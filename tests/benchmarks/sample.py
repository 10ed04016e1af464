"""The texts that are measured: drawn evenly over length, of exactly so many tokens, a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clausemark.artifact import bundled_model
from clausemark.normalise import normalise
from clausemark.tokens import Encoder
from data.fictional_policies import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sample:
    """Some texts, and what they are."""

    source: str
    texts: list[str]

    def to_json(self) -> dict[str, object]:
        """Return what may be told of the texts: source, number, words and tokens, not themselves.

        Tokens are counted without the two special ones.
        """
        manifest = bundled_model().read()
        tokens = token_counts(self.texts)
        return {
            "source": self.source,
            "texts": len(self.texts),
            "mean_words": float(np.mean([len(text.split()) for text in self.texts])),
            "mean_tokens": float(tokens.mean()),
            "longer_than_the_window": int((tokens > manifest.window.size).sum()),
        }


def places(records: Path, most: int) -> Sample:
    """Return OPP-115's validation places of `records`; without them, clauses of data/fictional."""
    if records.is_file():
        from data.records import read_records

        texts = [record.text for record in read_records(records) if record.split == "validation"]
        return Sample("OPP-115's validation places", drawn(texts, most))
    import quality_gate

    texts, _ = quality_gate.fictional(headings=bundled_model().read().headings)
    return Sample("clauses of data/fictional", drawn(texts, most))


def drawn(texts: Sequence[str], most: int) -> list[str]:
    """Return at most so many of the distinct texts, evenly drawn over their length.

    They keep their order: sorted texts would spare whoever batches them as they come the padding.
    """
    distinct = list(dict.fromkeys(texts))
    by_length = sorted(range(len(distinct)), key=lambda k: len(distinct[k]))
    at = np.linspace(0, len(distinct) - 1, min(most, len(distinct))).round().astype(int)
    return [distinct[k] for k in sorted(by_length[i] for i in at)]


def encoder() -> Encoder:
    """Return the bundled model's tokenizer with its window."""
    folder = bundled_model()
    window = folder.read().window
    return Encoder.load(folder.tokenizer, size=window.size, overlap=window.overlap)


def token_counts(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the number of tokens of each text, special ones not counted. *Shape:* (texts,)."""
    encodings = encoder().tokenizer.encode_batch(
        [normalise(text) for text in texts], add_special_tokens=False
    )
    return np.array([len(encoding.ids) for encoding in encodings])


def of_length(tokens: int, count: int) -> list[str]:
    """Return `count` different texts of exactly so many tokens, cut from data/fictional.

    Raise ValueError if there are not so many.
    """
    found = list(dict.fromkeys(_cut(tokens)))[:count]
    if len(found) < count:
        raise ValueError(f"data/fictional has {len(found)} texts of {tokens} tokens, not {count}")
    return found


def _cut(tokens: int) -> Iterator[str]:
    """Yield pieces that are as long by themselves as where they come from."""
    text = normalise(" ".join(policy(20_000).split()))
    tokenizer = encoder().tokenizer
    spans = tokenizer.encode(text, add_special_tokens=False).offsets
    for first in range(0, len(spans) - tokens, max(tokens // 2, 1)):
        piece = text[spans[first][0] : spans[first + tokens - 1][1]]
        if len(tokenizer.encode(piece, add_special_tokens=False).ids) == tokens:
            yield piece


def policy(words: int) -> str:
    """Return Markdown of about so many words, put together from the policies of data/fictional.

    It ends with the paragraph that completes the number, or with the last policy there is.
    """
    parts: list[str] = []
    count = 0
    for path in sorted(path for path in FOLDER.iterdir() if path.suffix in (".md", ".txt")):
        for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
            if count >= words:
                return "\n\n".join(parts) + "\n"
            if path.name != "README.md":
                parts.append(paragraph.strip())
                count += len(paragraph.split())
    return "\n\n".join(parts) + "\n"
