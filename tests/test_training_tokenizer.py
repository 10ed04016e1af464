"""The exported tokenizer's normalisation is the package's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, normalizers
from training_fixtures import bert, rows

from clausemark.normalise import normalise
from training import shipped_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

STEPS = normalizers.Sequence(shipped_tokenizer.clausemark_normalizer())
#: What policies are typeset with; scripts whose marks Unicode composes otherwise are left out.
TYPOGRAPHY = st.text(
    st.sampled_from(
        "abcXYZ 019.,;:()/&@#*+-|'\"\t\n\r\u00a0\u2003\u3000\u200b\u00ad\ufeff\ufffd"
        "éÉèüñçåøßłœæ‘’‚“”„«»‹›–—‐‑−•·▪●○■◦‣✓½²™©®€£…ﬁﬂＡ１\u0301\u0308"
    ),
    max_size=60,
)


def test_the_policies_are_normalised_alike() -> None:
    for row in rows():
        assert STEPS.normalize_str(row["text"]) == normalise(row["text"])


@settings(max_examples=400, deadline=None)
@given(text=TYPOGRAPHY)
@example(text="1. We keep “call records” — 18 months’ worth.\n• Café\n\t(iv) e-mail")
@example(text="\u200b \u00a0- a\n\n# b\r\n  c) d")
def test_any_typography_is_normalised_alike(text: str) -> None:
    assert STEPS.normalize_str(text) == normalise(text)


def test_the_plain_tokenizer_neither_cuts_nor_pads(tmp_path: Path) -> None:
    source = Tokenizer.from_file(str(bert() / "tokenizer.json"))
    source.enable_truncation(5)
    source.enable_padding(length=9)
    source.save(str(tmp_path / "source.json"))
    shipped_tokenizer.write_plain(tmp_path / "source.json", tmp_path / "plain.json")
    made = json.loads((tmp_path / "plain.json").read_text())
    assert (made["truncation"], made["padding"]) == (None, None)
    assert len(Tokenizer.from_file(str(tmp_path / "plain.json")).encode("we " * 30).ids) == 32
