"""Bars and lines as SVG files that stand by themselves, on light and on dark pages.

Drawn as the reports' figures are (`training.report.svg`): words stay words, the same figures give
the same bytes. A file has a ground of its own, and follows the reader's colour scheme.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from rates import short

from training.report.svg import INK, LINE, MARK, QUIET, STYLE, themed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

#: The colours of the SVG's own page: text on ground has a contrast of 5 and more in either.
THEME: Final = (
    "svg{--ink:#1f2328;--quiet:#59636e;--line:#d1d9e0;--mark:#0969da;--paper:#ffffff;"
    "font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}"
    "@media(prefers-color-scheme:dark){"
    "svg{--ink:#f0f6fc;--quiet:#9198a1;--line:#3d444d;--mark:#4493f8;--paper:#0d1117}}"
)
WIDE: Final = 680
#: A bar's height with the space around it, and the space above and below a plot.
ROW: Final = 26
TOP: Final = 36
BOTTOM: Final = 44
DASHES: Final = ("-", (0, (5, 2)), (0, (1, 2)))
TICKS: Final = (0.01, 0.02, 0.05, *(m * 10**e for e in range(-1, 6) for m in (1, 2, 5)))


class Bar(NamedTuple):
    """One bar: whose, how long, and whether it is ours."""

    name: str
    value: float
    ours: bool


class Line(NamedTuple):
    """One line: whose, its points, and whether it is ours."""

    name: str
    across: Sequence[float]
    up: Sequence[float]
    ours: bool


def standalone(drawn: str) -> str:
    """Return an inline SVG element of `themed` as the text of a file."""
    box = drawn[drawn.index('viewBox="') + 9 :].partition('"')[0]
    wide, high = box.split()[2:]
    opening = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{wide}" height="{high}" '
    )
    ground = f'<style>{THEME}</style><rect width="{wide}" height="{high}" rx="6" '
    ground += 'fill="var(--paper)"/>'
    head, end, body = drawn.partition("</desc>")
    return f"{head.replace('<svg ', opening, 1)}{end}{ground}{body}\n"


def bars(rows: Sequence[Bar], *, name: str, title: str, axis: str, log: bool = False) -> str:
    """Return horizontal bars with their figures, the first at the top.

    With `log` they are ratios: a bar begins at 1 and leads right where it is more, left where less.
    """
    high = ROW * len(rows) + TOP + BOTTOM
    with rc_context({**STYLE, "text.parse_math": False}):
        axes = _axes(high, left=276, right=56, title=title)
        places = np.arange(len(rows))[::-1]
        colours = [MARK if row.ours else QUIET for row in rows]
        start = 1.0 if log else 0.0
        axes.barh(places, [row.value - start for row in rows], 0.62, left=start, color=colours)
        if log:
            axes.set_xscale("log")
            least = min(row.value for row in rows)
            _ticks(axes.xaxis, [1.0, *(row.value for row in rows), least / 2 if least < 1 else 1])
            axes.axvline(1, color=INK, lw=1)
            axes.spines["left"].set_visible(False)
        axes.set_yticks(places, [row.name for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        for place, row in zip(places, rows, strict=True):
            _beside(axes, row, place, start)
        _finish(axes, axis)
        described = "; ".join(f"{row.name}: {short(row.value)}" for row in rows)
        return _drawn(axes, name, title, f"{axis}. {described}.")


def lines(
    rows: Sequence[Line], *, name: str, title: str, axes: tuple[str, str], log: bool = True
) -> str:
    """Return lines, each with its name at its right end; `axes` are what is across and what up."""
    high = 330
    with rc_context({**STYLE, "text.parse_math": False}):
        room = _axes(high, left=58, right=206, title=title)
        if log:
            room.set(xscale="log", yscale="log")
        for row, (colour, dash) in zip(rows, _styles(rows), strict=True):
            mark = "o" if len(row.up) < 12 else ""
            room.plot(row.across, row.up, mark, ls=dash, color=colour, ms=4, label=row.name)
        if log:
            _ticks(room.yaxis, [value for row in rows for value in row.up])
            room.xaxis.set_major_locator(FixedLocator(sorted({x for r in rows for x in r.across})))
            room.xaxis.set_minor_locator(NullLocator())
            room.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        else:
            room.set_ylim(bottom=0)
            room.set_xlim(left=0)
        _names(room, rows)
        room.set_ylabel(axes[1])
        room.grid(axis="y", color=LINE)
        _finish(room, axes[0])
        ends = "; ".join(f"{r.name}: {short(r.up[0])} to {short(r.up[-1])}" for r in rows)
        return _drawn(room, name, title, f"{axes[1]} against {axes[0]}. {ends}.")


def _axes(high: float, *, left: float, right: float, title: str) -> Axes:
    figure = Figure(figsize=(WIDE / 72, high / 72))
    size = 1 - (left + right) / WIDE, 1 - (TOP + BOTTOM) / high
    axes = figure.add_axes((left / WIDE, BOTTOM / high, *size))
    figure.text(14 / WIDE, 1 - 22 / high, title, color=INK, size=14)
    return axes


def _beside(axes: Axes, row: Bar, place: float, start: float) -> None:
    less = row.value < start
    axes.annotate(
        short(row.value),
        (row.value, place),
        (-4 if less else 4, 0),
        textcoords="offset points",
        ha="right" if less else "left",
        va="center",
        color=INK,
    )


def _ticks(axis: Any, values: Sequence[float]) -> None:
    """Mark 1, 2, 5, 10 and so on, around the values."""
    low, high = min(values) / 1.6, max(values) * 1.3
    axis.set_major_locator(FixedLocator([tick for tick in TICKS if low <= tick <= high]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    (axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim)(low, high)


def _styles(rows: Sequence[Line]) -> list[tuple[str, Any]]:
    """Return each line's colour, ours or not, and a dash that no other of that colour has."""
    seen = {True: 0, False: 0}
    found = []
    for row in rows:
        found.append((MARK if row.ours else QUIET, DASHES[seen[row.ours] % len(DASHES)]))
        seen[row.ours] += 1
    return found


def _names(axes: Axes, rows: Sequence[Line]) -> None:
    """Write each line's name at its end, pushed up where two would touch."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # it was made with one
    figure.draw_without_rendering()
    points = 72 / figure.dpi
    ends = [axes.transData.transform((row.across[-1], row.up[-1]))[1] * points for row in rows]
    free = -np.inf
    for k in sorted(range(len(rows)), key=lambda k: ends[k]):
        free = max(ends[k], free + 15)
        axes.annotate(
            rows[k].name,
            (rows[k].across[-1], rows[k].up[-1]),
            (9, free - ends[k]),
            textcoords="offset points",
            va="center",
            color=MARK if rows[k].ours else QUIET,
            annotation_clip=False,
        )


def _finish(axes: Axes, label: str) -> None:
    axes.tick_params(length=0)
    axes.set_xlabel(label)


def _drawn(axes: Axes, name: str, title: str, description: str) -> str:
    figure = axes.get_figure(root=True)
    assert figure is not None  # it was made with one
    return standalone(themed(figure, name=name, title=title, description=description))
