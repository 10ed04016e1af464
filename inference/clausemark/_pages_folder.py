"""The folder that several annotated pages and their index go to.

    DIR/index.html               the index, written last
    DIR/policies/NAME.html       a page a policy
    DIR/.clausemark-pages        the names of those pages

Only files that this program wrote are ever replaced or removed. An earlier index goes before the
first page is written, so that a run that is cut short leaves no index with dead links.
"""

from __future__ import annotations

import os
import re
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from clausemark._output import sink
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["BACK", "INDEX", "PAGES", "PageFolder", "page_names"]

INDEX: Final = "index.html"
PAGES: Final = "policies"
#: Where the index lies, seen from a page.
BACK: Final = f"../{INDEX}"
_RECORD: Final = ".clausemark-pages"
_RECORD_HEAD: Final = f"# Files in {PAGES}/ that clausemark wrote and may replace or remove."
_PAGE: Final = re.compile(r"\w[\w-]*\.html")
#: Bytes of a page's name before its ending: file systems take 255, a draft's name is longer.
_LONGEST: Final = 120


def page_names(names: Iterable[str]) -> list[str]:
    """Return a file name for the page of each policy: safe, no two alike, alike in every run.

    A policy's path gives the name: its letters and digits in lower case, in any script, everything
    else a hyphen ("shops/Ostrel.md": "shops-ostrel-md.html"). A second of the same name is
    numbered.
    """
    taken: set[str] = set()
    latest: dict[str, int] = {}
    made = []
    for name in names:
        stem = _stem(name)
        page, number = stem, latest.get(stem, 1)
        while page in taken:
            number += 1
            page = f"{stem}-{number}"
        latest[stem] = number
        taken.add(page)
        made.append(f"{page}.html")
    return made


def _stem(name: str) -> str:
    # Case and composition are settled here: some file systems tell neither apart.
    letters = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    words = re.sub(r"[\W_]+", "-", letters).strip("-")
    return words.encode()[-_LONGEST:].decode(errors="ignore").strip("-") or "policy"


class PageFolder:
    """An output folder: missing, empty, or written by an earlier run.

    Raise OutputError if it is a file, or holds anything else that is not hidden.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _writing(path):
            self._ours = self._recorded()
            if self._ours is None and path.exists() and _holds_something(path):
                raise OutputError(
                    f"{path} holds files that clausemark did not write.",
                    hint="Name an empty or a new folder.",
                )

    def _recorded(self) -> set[str] | None:
        """Return the pages of earlier runs; None if there was none."""
        record = self.path / _RECORD
        if not record.is_file():
            return None
        lines = record.read_text(encoding="utf-8", errors="replace").splitlines()
        return {line for line in lines if _PAGE.fullmatch(line)}

    def wrote(self, file: str) -> bool:
        """Tell whether `file` is an index or a page of an earlier run, and so no policy."""
        place = os.path.realpath(file)
        return any(place == os.path.realpath(known) for known in self._known(file))

    def _known(self, file: str) -> Iterator[Path]:
        """Yield the files of earlier runs that are called as `file` is."""
        name = os.path.basename(file)  # noqa: PTH119  (`file` may be no path at all)
        if self._ours is not None and name == INDEX:
            yield self.path / INDEX
        if self._ours and name in self._ours:
            yield self.path / PAGES / name

    def refuse(self, pages: Iterable[str]) -> None:
        """Raise OutputError if one of `pages` would take the place of a file that is not ours."""
        ours = self._ours or set()
        for page in pages:
            place = self.path / PAGES / page
            if page not in ours and os.path.lexists(place):
                raise OutputError(
                    f"{place} was not written by clausemark.",
                    hint="Move it away, or name another folder.",
                )

    def begin(self, pages: Iterable[str]) -> None:
        """Make room for `pages`; from now until `finish` there is no index."""
        self._ours = (self._ours or set()) | set(pages)
        with _writing(self.path):
            (self.path / PAGES).mkdir(parents=True, exist_ok=True)
            self._record(self._ours)
            (self.path / INDEX).unlink(missing_ok=True)

    def write(self, page: str, text: str) -> None:
        """Write one page, all of it or nothing."""
        with sink(self.path / PAGES / page) as stream:
            stream.write(text)

    def finish(self, index: str, pages: Sequence[str]) -> None:
        """Write the index over `pages`, and remove the pages of earlier runs that it leaves out."""
        with sink(self.path / INDEX) as stream:
            stream.write(index)
        with _writing(self.path):
            for page in (self._ours or set()) - set(pages):
                (self.path / PAGES / page).unlink(missing_ok=True)
            self._record(set(pages))
        self._ours = set(pages)

    def _record(self, pages: set[str]) -> None:
        with sink(self.path / _RECORD) as stream:
            stream.writelines(f"{line}\n" for line in (_RECORD_HEAD, *sorted(pages)))


def _holds_something(folder: Path) -> bool:
    return any(not entry.name.startswith(".") for entry in folder.iterdir())


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except NotADirectoryError:
        raise OutputError(f"{folder} is not a folder.", hint="Name a folder.") from None
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}).", hint="Choose another folder."
        ) from error
