"""A forest plot: differences with their intervals, a line each, on both sides of no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from training.report.svg import INK, LINE, MARK, PAPER, QUIET, STYLE, themed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

#: A system's mark and colour: told apart by shape as well.
STYLES: Final = (("o", MARK), ("s", INK), ("D", QUIET), ("^", MARK), ("v", INK), ("P", QUIET))
SIGNS: Final = "●■◆▲▼✚"
#: Characters of a system's name that fit below the axis.
_LONGEST: Final = 14
_BELOW: Final[dict[str, Any]] = {"xycoords": "axes fraction", "textcoords": "offset points"}
_WIDE: Final = 340
_NAMES: Final = 88
_ROW: Final = 24
_MARGIN: Final = 46


def forest(rows: Sequence[dict[str, Any]], systems: Sequence[str]) -> str:
    """Return the plot as SVG: `rows` as the table has them, the systems after the first compared.

    Differences are in points of F1; a difference that cannot be counted has no mark.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    several = len(systems) > 2
    row = _ROW + (len(systems) - 2) * 9
    high = row * len(rows) + _MARGIN
    with rc_context({**STYLE, "text.parse_math": False}):
        figure = Figure(figsize=(_WIDE / 72, high / 72))
        axes = figure.add_axes(
            (_NAMES / _WIDE, 34 / high, 1 - (_NAMES + 8) / _WIDE, 1 - _MARGIN / high)
        )
        axes.axvline(0, color=QUIET, lw=1)
        for k in range(len(systems) - 1):
            _marks(axes, [one["gains"][k] for one in rows], k, of=len(systems) - 1)
        _label(axes, rows, systems)
        return themed(
            figure,
            name="forest",
            title="Differences of F1",
            description=f"{', '.join(systems[1:])} less {systems[0]}, in points of F1, with 95 % "
            f"intervals{', a mark each' * several}; the table below has the figures.",
        )


def _marks(axes: Axes, gains: Sequence[dict[str, Any]], k: int, *, of: int) -> None:
    """Draw one system's differences, a little below the former system's."""
    mark, colour = STYLES[k % len(STYLES)]
    for line, gain in enumerate(gains):
        if gain["difference"] is None:
            continue
        y = line + (k - (of - 1) / 2) * 0.26
        low, high = (100 * end for end in gain["interval"])
        axes.plot([low, high], [y, y], color=colour, lw=2, solid_capstyle="butt")
        sure = gain.get("verdict") in {"better", "worse"}
        face = colour if sure or "verdict" not in gain else PAPER
        axes.plot([100 * gain["difference"]], [y], mark, ms=7, mfc=face, mec=colour, mew=1.6)


def _label(axes: Axes, rows: Sequence[dict[str, Any]], systems: Sequence[str]) -> None:
    axes.set_ylim(len(rows) - 0.5, -0.6)
    axes.set_yticks(range(len(rows)), [row["short"] for row in rows])
    axes.tick_params(length=0)
    axes.locator_params(axis="x", nbins=7)
    axes.grid(axis="x", color=LINE)
    axes.spines["left"].set_visible(False)
    overall = sum(row["k"] is None for row in rows)
    axes.axhline(overall - 0.5, color=LINE, lw=1)
    other = systems[1] if len(systems) == 2 else "others"
    ends = {"left": f"← {_short(systems[0])} better", "right": f"{_short(other)} better →"}
    for side, words in ends.items():
        at = float(side == "right")
        axes.annotate(words, (at, 0), (0, -20), **_BELOW, ha=side, va="top", fontsize=11)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
