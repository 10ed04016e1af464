"""Windows of tokens: nothing is cut away, and long texts get the highest logit of their windows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from conftest import SPECIAL, VOCABULARY, tokenizer_json
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from clausemark.tokens import Encoder, Windows, combine, spans

CLS, SEP = SPECIAL.index("[CLS]"), SPECIAL.index("[SEP]")


def encoder(size: int = 12, overlap: int = 3) -> Encoder:
    """The tiny model's encoder with a window of `size`."""
    return Encoder(Tokenizer.from_str(tokenizer_json().decode()), size=size, overlap=overlap)


def words(ids: list[int]) -> list[str]:
    """The tokens of a window, special ones included."""
    return [VOCABULARY[k] for k in ids]


@given(length=st.integers(0, 3000), size=st.integers(1, 300), data=st.data())
def test_spans_cover_every_token_with_the_overlap(
    length: int, size: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    found = list(spans(length, size, overlap))
    assert found[0][0] == 0
    assert found[-1][1] == length
    assert all(end - start == min(length, size) for start, end in found)
    for (before, end), (start, _) in pairwise(found):
        assert end - start >= overlap
        assert start > before


def test_spans_are_the_textbook_ones_where_they_fit_exactly() -> None:
    assert list(spans(10, 4, 1)) == [(0, 4), (3, 7), (6, 10)]
    assert list(spans(4, 4, 1)) == [(0, 4)]
    assert list(spans(5, 4, 1)) == [(0, 4), (1, 5)]
    assert list(spans(0, 4, 1)) == [(0, 0)]


def test_a_text_is_normalised_and_wrapped_in_special_tokens() -> None:
    windows = encoder().encode(["“Share”\u00a0—  the   CHOICE"])
    assert words(windows.ids[0]) == ["[CLS]", "share", "the", "choice", "[SEP]"]
    assert windows.owner.tolist() == [0]


def test_an_empty_text_has_one_empty_window() -> None:
    windows = encoder().encode(["", " \n "])
    assert windows.ids == [[CLS, SEP], [CLS, SEP]]
    assert windows.owner.tolist() == [0, 1]
    assert windows.texts == 2


def test_a_long_text_becomes_windows_that_hold_all_its_tokens_in_order() -> None:
    text = " ".join(VOCABULARY[4 + k % 12] for k in range(40))
    windows = encoder(size=12, overlap=3).encode(["of", text, "of"])
    inner = [
        words(ids)[1:-1]
        for ids, owner in zip(windows.ids, windows.owner, strict=True)
        if owner == 1
    ]
    assert windows.owner.tolist() == [0, *[1] * len(inner), 2]
    joined = list(inner[0])
    for window in inner[1:]:
        fresh = next(n for n in range(len(window) + 1) if joined[-(12 - n) :] == window[: 12 - n])
        joined += window[12 - fresh :] if fresh else []
    assert " ".join(joined) == text


def test_more_texts_than_one_chunk_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clausemark.tokens._CHUNK", 2)
    texts = [VOCABULARY[4 + k % 12] for k in range(7)]
    windows = encoder().encode(texts)
    assert [words(ids)[1] for ids in windows.ids] == texts


def test_the_files_own_truncation_and_padding_are_off(tmp_path) -> None:
    tokenizer = Tokenizer.from_str(tokenizer_json().decode())
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(tmp_path / "t.json"))
    loaded = Encoder.load(tmp_path / "t.json", size=20, overlap=0)
    assert [len(ids) for ids in loaded.encode(["share", "share " * 15]).ids] == [3, 17]


@pytest.mark.parametrize(("size", "overlap"), [(3, 3), (3, -1), (0, 0)])
def test_a_window_must_exceed_its_overlap(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match=f"overlap {overlap} must lie in"):
        encoder(size, overlap)


def test_a_tokenizer_without_the_two_special_tokens_is_refused() -> None:
    bare = Tokenizer(Tokenizer.from_str(tokenizer_json().decode()).model)
    with pytest.raises(ValueError, match="adds 0 special tokens to a text, 2 are needed"):
        Encoder(bare, size=4, overlap=0)


def test_combine_takes_the_highest_of_each_label() -> None:
    logits = np.array([[1, -5], [-2, 3], [7, 0]], dtype=np.float32)
    windows = Windows([[0], [0], [0]], np.array([0, 0, 1]), 2)
    assert combine(logits, windows).tolist() == [[1, 3], [7, 0]]
