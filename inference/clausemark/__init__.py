"""Clausemark reads a privacy policy and says, clause by clause, what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clausemark.classifier import Classifier, LabelledClause
    from clausemark.errors import ClausemarkError

__version__ = "0.1.0"
__all__ = ["Classifier", "ClausemarkError", "LabelledClause", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the public names on first use, so that `import clausemark` costs nothing."""
    if name in {"Classifier", "LabelledClause"}:
        from clausemark import classifier

        return getattr(classifier, name)
    if name == "ClausemarkError":
        from clausemark.errors import ClausemarkError

        return ClausemarkError
    raise AttributeError(f"module 'clausemark' has no attribute {name!r}")
