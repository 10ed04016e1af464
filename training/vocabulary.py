"""Prune a WordPiece vocabulary to the pieces that English policies are written with.

    python -m training.vocabulary runs/opp115 --texts data/processed/headings.jsonl \\
        --texts data/processed/silver.jsonl --texts data/processed/opp115.jsonl \\
        --held data/processed/opp115.jsonl --least 5 --output runs/opp115-pruned

A text whose pieces are all kept has the same pieces, and the same logits to the bit: of a smaller
vocabulary the longest match is the same one if it is still there. Any other word is spelled with
smaller pieces, down to single characters, which all stay. OUTPUT/model is a transformers folder
that training.fit takes as `base`; where the first argument is a run, OUTPUT is one too, for
training.export. Records of validation and test places are never counted; `--held` tells what share
of their tokens is respelled at each count.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from safetensors.torch import load_file, save_file

from clausemark.errors import ClausemarkError, ModelError
from training.config import ConfigError
from training.encoders import load_tokenizer, make_encoder, resolve
from training.examples import HELD, checksum, read_rows
from training.files import circumstances, refuse_existing, whole_folder, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    from clausemark.tokens import Encoder

#: What `run.json` tells the pieces and respelled tokens of, whatever was chosen.
LEAST = (1, 2, 5, 10, 20, 50)

_BATCH = 4096
_CHECKED = 1000

#: Tensors with a row a piece: BERT's, DistilBERT's and MPNet's embedding, and their heads of
#: masked-language modelling.
_ROWS = re.compile(
    r"(word_embeddings\.weight|predictions\.bias|predictions\.decoder\.(weight|bias)"
    r"|vocab_projector\.(weight|bias)|lm_head\.(bias|decoder\.(weight|bias)))$"
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces of a WordPiece tokenizer, by id, and those that must stay.

    `special` are ids: added tokens, the unknown one, and what the model's config names.
    """

    ids: Mapping[str, int]
    special: frozenset[int]
    unknown: int
    prefix: str

    @property
    def characters(self) -> frozenset[int]:
        """The ids of all pieces of one character, at a word's start and within it."""
        return frozenset(i for piece, i in self.ids.items() if len(self._bare(piece)) == 1)

    def unspelled(self) -> tuple[str, str] | None:
        """Return a piece and the single-character piece that it would need, where one is missing.

        Without a missing one no word that had pieces loses them: wherever the longest match of a
        smaller vocabulary ends, the next character is a piece of its own.
        """
        for piece, i in self.ids.items():
            if i in self.special:
                continue
            bare = self._bare(piece)
            first = piece[: len(piece) - len(bare) + 1]
            for needed in (first, *(self.prefix + c for c in bare[1:])):
                if needed not in self.ids:
                    return piece, needed
        return None

    def kept(self, counts: NDArray[np.int64], least: int) -> NDArray[np.int64]:
        """Return the ids that stay, ascending. *Shape:* `counts` (ids,) -> (kept,)."""
        often = {int(i) for i in np.flatnonzero(counts >= least)}
        return np.array(
            sorted((often & set(self.ids.values())) | self.special | self.characters),
            dtype=np.int64,
        )

    def _bare(self, piece: str) -> str:
        inside = piece.startswith(self.prefix) and len(piece) > len(self.prefix)
        return piece[len(self.prefix) :] if inside else piece


def read_vocabulary(tokenizer: Any, config: Mapping[str, Any]) -> Vocabulary:
    """Return the vocabulary of a transformers tokenizer and its model's config.json.

    Raises ConfigError for one that is not WordPiece, or that lacks a character of its own pieces.
    """
    document = json.loads(tokenizer.backend_tokenizer.to_str())
    model, name = document["model"], tokenizer.name_or_path
    if model["type"] != "WordPiece":
        raise ConfigError(
            f"tokenizer of {name}: its pieces are of kind {model['type']}, WordPiece is needed.",
            hint="Take an encoder with BERT's tokenizer: pairs of bytes are merged step by step.",
        )
    ids = tokenizer.backend_tokenizer.get_vocab(with_added_tokens=True)
    special = {token["id"] for token in document["added_tokens"]}
    special |= {ids[token] for token in tokenizer.all_special_tokens}
    special |= {value for key, value in config.items() if _is_token_id(key, value)}
    unknown, prefix = ids[model["unk_token"]], model["continuing_subword_prefix"]
    vocabulary = Vocabulary(ids, frozenset({*special, unknown}), unknown, prefix)
    if (gap := vocabulary.unspelled()) is not None:
        raise ConfigError(
            f"tokenizer of {name}: piece {gap[0]!r} has a character without a piece, {gap[1]!r}.",
            hint="Words could become unknown: keep that vocabulary whole.",
        )
    return vocabulary


def count_pieces(encoder: Encoder, texts: Iterable[str], size: int) -> NDArray[np.int64]:
    """Return how often each id stands in `texts`. *Shape:* (size,).

    `encoder` needs windows as long as any text: those that overlap would count twice.
    """
    counts = np.zeros(size, dtype=np.int64)
    stream = iter(texts)
    while batch := list(islice(stream, _BATCH)):
        tokens = chain.from_iterable(window[1:-1] for window in encoder.encode(batch).ids)
        counts += np.bincount(np.fromiter(tokens, dtype=np.int64), minlength=size)
    return counts


def read_texts(path: Path | str, *, held: bool = False) -> Iterator[str]:
    """Yield texts and headings of a record file: those that may be counted, or if `held` the rest.

    Of a file without validation or test places, all may be counted, and all are held if asked for.
    Raises RecordError as `read_rows` does.
    """
    whole = held and not any(row.get("split") in HELD for row in read_rows(path))
    for row in read_rows(path):
        if whole or (row.get("split") in HELD) == held:
            yield row["text"]
            if row.get("heading"):
                yield row["heading"]


def renumber(document: Mapping[str, Any], new: Mapping[int, int]) -> dict[str, Any]:
    """Return a tokenizer.json with the pieces of `new`, old id to new, and no other."""
    pieces = document["model"]["vocab"].items()
    vocab = {piece: new[i] for piece, i in pieces if i in new}
    return {
        **document,
        "added_tokens": [token | {"id": new[token["id"]]} for token in document["added_tokens"]],
        "post_processor": _renumber_ends(document["post_processor"], new),
        "model": document["model"] | {"vocab": vocab},
    }


def slice_rows(
    weights: Mapping[str, torch.Tensor], kept: NDArray[np.int64]
) -> dict[str, torch.Tensor]:
    """Return `weights` with the rows `kept` of the embedding and of what is tied to it.

    Raises ConfigError where there is no embedding, or it has fewer rows than the tokenizer.
    """
    named = [name for name in weights if _ROWS.search(name)]
    if not any(name.endswith("word_embeddings.weight") for name in named):
        raise ConfigError(
            f"no tensor is called word_embeddings.weight among {len(weights)}.",
            hint="Take a BERT, DistilBERT or MPNet.",
        )
    for name in named:
        if len(weights[name]) <= kept[-1]:
            raise ConfigError(
                f"{name} has {len(weights[name])} rows, the tokenizer's ids reach {kept[-1]}."
            )
    return {k: v[kept].contiguous() if k in named else v for k, v in weights.items()}


def prune(
    base: str,
    texts: Sequence[Path],
    output: Path,
    *,
    least: int,
    held: Sequence[Path] = (),
) -> dict[str, Any]:
    """Write the pruned folder; return the figures that its run.json holds as `vocabulary`.

    Raises OutputError where `output` is there already, ConfigError for a base that cannot be
    pruned, ModelError where the written tokenizer does not say what the old one said.
    """
    refuse_existing(output)
    folder = _model_folder(base)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tokenizer = load_tokenizer(str(folder))
    vocabulary = read_vocabulary(tokenizer, config)
    encoder = make_encoder(tokenizer, size=sys.maxsize, overlap=0)
    weights = load_file(folder / "model.safetensors")

    size = max(vocabulary.ids.values()) + 1
    counts = {str(path): count_pieces(encoder, read_texts(path), size) for path in texts}
    total = np.sum(list(counts.values()), axis=0)
    kept = vocabulary.kept(total, least)
    new = {int(old): k for k, old in enumerate(kept)}
    smaller = slice_rows(weights, kept)

    figures = _figures(vocabulary, total, least) | {
        "texts": {str(path): checksum(path) for path in texts},
        "counted": {name: int(found.sum()) for name, found in counts.items()},
        "parameters": sum(tensor.numel() for tensor in smaller.values()),
        "held": [_held(path, encoder, vocabulary, total) for path in held],
    }
    with whole_folder(output) as fresh:
        changed = _renumber_config(config, new, tokenizer.pad_token_id)
        _write_model(fresh / "model", tokenizer, changed, new)
        save_file(smaller, fresh / "model" / "model.safetensors", metadata={"format": "pt"})
        figures["checked"] = _check(encoder, fresh / "model", new, vocabulary.unknown, texts)
        _write_run(fresh, base, folder, figures)
    return figures


def _model_folder(base: str) -> Path:
    """Return the transformers folder of a run, of a known package, or `base` itself."""
    where = Path(resolve(base))
    folder = where / "model" if (where / "model").is_dir() else where
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ConfigError(
                f"{folder / name}: missing.", hint="Name a finished run, or a transformers folder."
            )
    return folder


def _is_token_id(key: str, value: object) -> bool:
    return key.endswith("_token_id") and isinstance(value, int)


def _renumber_config(
    config: Mapping[str, Any], new: Mapping[int, int], padding: int
) -> dict[str, Any]:
    ids = {key: new[value] for key, value in config.items() if _is_token_id(key, value)}
    return {**config, **ids, "pad_token_id": new[padding], "vocab_size": len(new)}


def _renumber_ends(processor: Mapping[str, Any], new: Mapping[int, int]) -> dict[str, Any]:
    """Renumber the special tokens that a post-processor puts at either end, whatever its kind."""
    made = dict(processor)
    if "processors" in made:
        made["processors"] = [_renumber_ends(part, new) for part in made["processors"]]
    if "special_tokens" in made:
        made["special_tokens"] = {
            name: token | {"ids": [new[i] for i in token["ids"]]}
            for name, token in made["special_tokens"].items()
        }
    for end in {"cls", "sep"} & set(made):
        made[end] = [made[end][0], new[made[end][1]]]
    return made


def _figures(vocabulary: Vocabulary, counts: NDArray[np.int64], least: int) -> dict[str, Any]:
    """Return what stays, and how many pieces occur at least so often, of those that might go."""
    always = vocabulary.special | vocabulary.characters
    free = np.array([i for i in vocabulary.ids.values() if i not in always], dtype=np.int64)
    return {
        "least": least,
        "before": len(vocabulary.ids),
        "after": len(vocabulary.kept(counts, least)),
        "special": len(vocabulary.special),
        "characters": len(vocabulary.characters),
        "tokens": int(counts.sum()),
        "occur": {str(n): int((counts >= n).sum()) for n in LEAST},
        "kept_at": {str(n): len(always) + int((counts[free] >= n).sum()) for n in LEAST},
    }


def _held(
    path: Path, encoder: Encoder, vocabulary: Vocabulary, counts: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the share of a held file's tokens whose piece would go, at each count."""
    found = count_pieces(encoder, read_texts(path, held=True), len(counts))
    respelled = {}
    for least in LEAST:
        stays = int(found[vocabulary.kept(counts, least)].sum())
        respelled[str(least)] = 1 - stays / max(int(found.sum()), 1)
    return {
        "path": str(path),
        "sha256": checksum(path),
        "tokens": int(found.sum()),
        "respelled_at": respelled,
    }


def _write_model(
    folder: Path, tokenizer: Any, config: Mapping[str, Any], new: Mapping[int, int]
) -> None:
    """Write the tokenizer and config.json; the encoder has switched off cutting and padding."""
    tokenizer.save_pretrained(folder)
    document = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    write_json(folder / "tokenizer.json", renumber(document, new))
    write_json(folder / "config.json", config)


def _check(
    encoder: Encoder,
    folder: Path,
    new: Mapping[int, int],
    unknown: int,
    texts: Sequence[Path],
) -> int:
    """Compare old and new ids of the first counted texts; return how many were all kept."""
    renewed = make_encoder(load_tokenizer(str(folder)), size=sys.maxsize, overlap=0)
    sample = [text for path in texts for text in islice(read_texts(path), _CHECKED)]
    alike = 0
    for old, now in zip(encoder.encode(sample).ids, renewed.encode(sample).ids, strict=True):
        whole = all(i in new for i in old)
        right = [new[i] for i in old] == now if whole else True
        if not right or now.count(new[unknown]) != old.count(unknown):
            raise ModelError(f"{folder}: the pruned tokenizer reads a counted text otherwise.")
        alike += whole
    return alike


def _write_run(fresh: Path, base: str, folder: Path, figures: Mapping[str, Any]) -> None:
    """Write run.json, and where a run was pruned its config.json, that training.export reads."""
    made: dict[str, Any] = circumstances() | {
        "data": figures["texts"],
        "base": {
            "name": base,
            "sha256": {
                name: checksum(folder / name)
                for name in ("config.json", "model.safetensors", "tokenizer.json")
            },
        },
        "vocabulary": figures,
    }
    run = folder.parent
    if folder.name == "model" and (run / "run.json").is_file():
        made["run"] = json.loads((run / "run.json").read_text(encoding="utf-8"))
        shutil.copyfile(run / "config.json", fresh / "config.json")
    write_json(fresh / "run.json", made)


def main(
    base: Annotated[str, typer.Argument(help="A finished run, or a transformers folder.")],
    texts: Annotated[list[Path], typer.Option(help="Record files to count pieces in.")],
    output: Annotated[Path, typer.Option(help="The folder to write.")],
    least: Annotated[int, typer.Option(min=1, help="Pieces that occur less often go.")] = 5,
    held: Annotated[
        list[Path] | None, typer.Option(help="Record files to tell respelled tokens of.")
    ] = None,
) -> None:
    """Prune the vocabulary of BASE to the pieces of the texts."""
    try:
        made = prune(base, texts, output, least=least, held=held or [])
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{output}: {made['after']:,} of {made['before']:,} pieces")


if __name__ == "__main__":
    typer.run(main)
