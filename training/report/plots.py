"""The report's figures: precision against recall, and shares of positives against scores."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from training.report.markdown import figure as number
from training.report.svg import INK, LINE, MARK, PAPER, QUIET, STYLE, themed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

#: Width and height in the drawing's own units.
SMALL: Final = (200, 186)
LARGE: Final = (340, 310)
#: Larger type than elsewhere: on a phone two drawings stand side by side.
_STYLE: Final = STYLE | dict.fromkeys(
    ("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize"), 13
)


def curve(values: dict[str, Any], *, name: str, label: str) -> str:
    """Return one label's precision-recall curve with its chosen point, as SVG.

    `values` holds `recall` and `precision`, equally long, and `chosen`.
    """
    chosen = values["chosen"]
    with rc_context(_STYLE):
        axes = _square(SMALL, "recall", "precision")
        axes.plot(values["recall"], values["precision"], color=MARK, drawstyle="steps-post")
        if chosen["precision"] is not None and chosen["recall"] is not None:
            at = [chosen["recall"]], [chosen["precision"]]
            axes.plot(*at, "o", ms=8, mfc=INK, mec=PAPER, clip_on=False)
        return themed(
            _figure(axes),
            name=name,
            title=f"Precision against recall: {label}",
            description=f"At the chosen threshold {number(chosen['threshold'], 2)} precision is "
            f"{number(chosen['precision'])} and recall {number(chosen['recall'])}.",
        )


def reliability(
    bins: Sequence[dict[str, Any]], *, name: str, label: str, large: bool = False
) -> str:
    """Return the share of positives against the mean score of each bin, as SVG.

    Bins without a text are left out; a bar is the share's 95 % Wilson interval.
    """
    there = [one for one in bins if one["count"]]
    total = sum(one["count"] for one in there)
    with rc_context(_STYLE):
        axes = _square(LARGE if large else SMALL, "mean score", "share of positives")
        axes.plot([0, 1], [0, 1], color=QUIET, lw=1, ls=(0, (3, 3)))
        if there:
            _shares(axes, there)
        return themed(
            _figure(axes),
            name=name,
            title=f"Reliability: {label}",
            description=f"{total} scores in {len(there)} bins; a table has them all.",
        )


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` (Wilson, 1927)."""
    z = 1.959964
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    root = np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    half = float(z * root / (1 + z * z / count))
    return max(0.0, centre - half), min(1.0, centre + half)


def _shares(axes: Axes, bins: Sequence[dict[str, Any]]) -> None:
    scores = [one["mean_score"] for one in bins]
    shares = [one["positives_share"] for one in bins]
    ends = [wilson(one["positives_share"], one["count"]) for one in bins]
    most = max(one["count"] for one in bins)
    area = [20 + 44 * one["count"] / most for one in bins]
    axes.vlines(scores, [a for a, _ in ends], [b for _, b in ends], color=MARK, lw=1.4)
    axes.scatter(scores, shares, s=area, color=MARK, edgecolors=PAPER, zorder=3, clip_on=False)


def _square(size: tuple[int, int], across: str, up: str) -> Axes:
    """Return emptied axes from 0 to 1; they are made once, which takes longer than a drawing."""
    axes = _axes(size, across, up)
    for artist in [*axes.lines, *axes.collections]:
        artist.remove()
    return axes


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None  # it was made with one
    return figure


@cache
def _axes(size: tuple[int, int], across: str, up: str) -> Axes:
    wide, high = size
    axes = Figure(figsize=(wide / 72, high / 72)).add_axes(
        (30 / wide, 30 / high, 1 - 38 / wide, 1 - 40 / high)
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.set_xticklabels(["0", "", "1"])
    axes.set_yticklabels(["0", "", "1"])
    axes.tick_params(length=0)
    axes.grid(color=LINE)
    axes.set_xlabel(across, labelpad=-8)
    axes.set_ylabel(up, labelpad=-8)
    return axes
