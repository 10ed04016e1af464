"""The tokenizer as it ships: bare for the package, with its normalisation for transformers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, normalizers

from clausemark import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_plain(source: Path, target: Path) -> None:
    """Copy a tokenizer.json without truncation and padding: windows are cut elsewhere."""
    tokenizer = Tokenizer.from_file(str(source))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(target), pretty=False)


def write_transformers(
    source: Path, folder: Path, *, length: int, special: Mapping[str, str]
) -> None:
    """Write a tokenizer that transformers loads and that normalises as clausemark does.

    `special` names the special tokens by role, as `special_tokens_map` of transformers does.
    """
    tokenizer = Tokenizer.from_file(str(source))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.normalizer = normalizers.Sequence(
        [*clausemark_normalizer(), *([tokenizer.normalizer] if tokenizer.normalizer else [])]
    )
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": length, **special}
    config["model_input_names"] = ["input_ids", "attention_mask"]
    text = json.dumps(config, indent=1)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")


def clausemark_normalizer() -> list[normalizers.Normalizer]:
    """Return `clausemark.normalise.normalise` as steps of the tokenizers library."""
    return [
        *(normalizers.Replace(Regex(p), to) for p, to in normalise.BEFORE_FOLDING),
        normalizers.NFKD(),
        normalizers.StripAccents(),
        *(normalizers.Replace(Regex(p), to) for p, to in normalise.AFTER_FOLDING),
        normalizers.Strip(),
    ]
