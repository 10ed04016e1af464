"""Lines of a compressed file, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data import compressed

if TYPE_CHECKING:
    from pathlib import Path

zstandard = pytest.importorskip("zstandard")
LINES = [f"line {n} of the hills".encode() for n in range(5000)]


def packed(tmp_path: Path, *frames: bytes) -> Path:
    path = tmp_path / "lines.zst"
    path.write_bytes(b"".join(zstandard.ZstdCompressor().compress(frame) for frame in frames))
    return path


def test_lines_come_whole_whatever_the_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path, b"\n".join(LINES) + b"\n")
    for size in (1, 7, 1 << 18):
        monkeypatch.setattr(compressed, "_CHUNK", size)
        assert list(compressed.zst_lines(path)) == LINES


def test_the_last_line_needs_no_end_and_frames_follow_each_other(tmp_path: Path) -> None:
    path = packed(tmp_path, b"one\ntw", b"o\nthree")
    assert list(compressed.zst_lines(path)) == [b"one", b"two", b"three"]


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path, b"\n".join(LINES))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RecordError, match=r"lines\.zst: is cut short"):
        list(compressed.zst_lines(path))


def test_an_empty_file_is_cut_short(tmp_path: Path) -> None:
    (tmp_path / "empty.zst").touch()
    with pytest.raises(RecordError, match="is cut short"):
        list(compressed.zst_lines(tmp_path / "empty.zst"))


def test_what_was_never_compressed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plain.zst"
    path.write_text("not compressed", encoding="utf-8")
    with pytest.raises(RecordError, match=r"plain\.zst: cannot be read"):
        list(compressed.zst_lines(path))
