"""How fast a model labels on this machine, and how large it is."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clausemark.artifact import WEIGHTS
from clausemark.runtime import available_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from clausemark import Classifier


def timed(
    classifier: Classifier, texts: Sequence[str], *, threads: int | None = None
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Return the scores of `texts` and how fast they came. *Shape:* (texts, labels).

    Equal texts are computed once, and counted once. `threads` is what the classifier was loaded
    with.
    """
    start = time.perf_counter()
    scores = classifier.predict_proba(texts)
    seconds = time.perf_counter() - start
    manifest = classifier.manifest
    return scores, {
        "paragraphs_per_second": len(set(texts)) / seconds,
        "seconds": seconds,
        "threads": threads or available_cores(),
        "model_bytes": manifest.files[WEIGHTS].bytes,
        "parameters": manifest.parameters,
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """Return the processor's name, the cores that this process may use, and the system."""
    return {
        "cpu": _processor(),
        "cores": available_cores(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _processor(listing: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name: Linux tells it in a file, others through Python."""
    try:
        lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor()) or "unknown"
