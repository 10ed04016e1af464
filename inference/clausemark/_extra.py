"""Arrow, which only Parquet and .zst need: a plain installation stays small without it."""

from __future__ import annotations

from typing import Any

from clausemark.errors import ClausemarkError

__all__ = ["parquet", "pyarrow"]


def pyarrow() -> Any:
    """Return the module `pyarrow`; raise ClausemarkError with the cure if it is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise ClausemarkError(
            "Parquet and .zst files need pyarrow, which is not installed.",
            hint="pip install 'clausemark[batch]'",
        ) from None
    return pyarrow


def parquet() -> Any:
    """Return the module `pyarrow.parquet`; raise ClausemarkError as `pyarrow` does."""
    pyarrow()
    from pyarrow import parquet

    return parquet
