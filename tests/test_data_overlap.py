"""The overlap check, against shingles computed another way."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.overlap import NONE, Overlap, fingerprint, shingles, words

if TYPE_CHECKING:
    from pathlib import Path

WITHHELD = "Our shop's ledgers name every walker who bought a map of the quiet hills last year."


def listed(text: str) -> Overlap:
    """List the shingles of `text` by a window over its words, hashed with hashlib directly."""
    cleaned = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()
    runs = [cleaned[i : i + 8] for i in range(len(cleaned)) if len(cleaned[i : i + 8]) == 8]
    runs = runs or [cleaned]
    digests = (hashlib.blake2b(" ".join(run).encode(), digest_size=8) for run in runs)
    return Overlap(frozenset(digest.hexdigest() for digest in digests))


def test_a_fingerprint_is_what_b2sum_prints() -> None:
    # printf '%s' 'we sell maps of quiet places to walkers' | b2sum -l 64
    assert fingerprint("we sell maps of quiet places to walkers") == "c51fe9f54d4632cd"


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (4, 0), (5, 1), (7, 1), (8, 1), (9, 2)])
def test_a_text_has_as_many_shingles_as_the_rule_says(count: int, expected: int) -> None:
    assert len(shingles([f"w{k}" for k in range(count)])) == expected


def test_words_are_runs_of_ascii_letters_and_digits() -> None:
    assert words("E-mail us: Café №12, o'clock") == ["e", "mail", "us", "caf", "12", "o", "clock"]


def test_a_withheld_text_is_dropped_and_another_is_kept() -> None:
    overlap = listed(WITHHELD)
    assert overlap.of(WITHHELD) == 1
    assert overlap.drops(WITHHELD.upper())
    assert not overlap.drops("We bake bread in the village and keep no list of those who eat it.")


def test_half_of_the_shingles_is_too_much_and_fewer_are_not() -> None:
    tokens = [f"word{k}" for k in range(27)]  # 20 shingles
    text = " ".join(tokens)
    some = [fingerprint(" ".join(tokens[k : k + 8])) for k in range(10)]
    assert Overlap(frozenset(some)).drops(text)
    assert not Overlap(frozenset(some[:-1])).drops(text)


def test_a_text_is_found_without_its_curly_quotes() -> None:
    # OPP-115 lost its curly quotes: "shop’s" stands there as "shops".
    overlap = listed(WITHHELD.replace("'", ""))
    assert overlap.of(WITHHELD.replace("'", "’")) == 1
    assert overlap.of(WITHHELD) == 1
    assert overlap.of(WITHHELD.replace("quiet", "quiét")) < 1


def test_a_text_of_four_words_is_never_dropped() -> None:
    assert not listed("we count your visits").drops("We count your visits.")
    assert listed("we count your visits daily").drops("We count your visits daily.")


def test_the_list_is_read_and_a_line_that_is_no_fingerprint_named(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("00000a2cc8b50d19\nhello\n", encoding="ascii")
    with pytest.raises(RecordError, match=r"list\.txt, line 2: 'hello' is no BLAKE2b-64"):
        Overlap.load(path)
    path.write_text("00000a2cc8b50d19\n", encoding="ascii")
    assert Overlap.load(path).listed == {"00000a2cc8b50d19"}
    with pytest.raises(RecordError, match="list of withheld shingles is missing"):
        Overlap.load(tmp_path / "none.txt")


def test_without_a_list_nothing_is_dropped() -> None:
    assert not NONE.drops(WITHHELD)
