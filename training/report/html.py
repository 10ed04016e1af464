"""An evaluation as one HTML page: no network, light and dark, with the texts only where asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clausemark._render import Assets, categories_css, render
from clausemark.labels import OPP115
from training import metrics
from training.report import explorer, plots, sections
from training.report.markdown import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WEB: Final = Path(__file__).with_name("web")
#: The rail of a dot plot runs from 4 to 116.
_START, _LENGTH = 4, 112


@dataclass(frozen=True, slots=True)
class Quotes:
    """What a page quotes, as training.analysis finds it; `ours` if the texts may be published."""

    mistakes: Sequence[dict[str, Any]] = ()
    suspects: Sequence[dict[str, Any]] = ()
    ours: bool = False


def page(
    result: dict[str, Any],
    *,
    truth: NDArray[Any],
    scores: NDArray[Any],
    quotes: Quotes | None = None,
) -> str:
    """Return report.html of the figures that training.evaluate counted.

    *Shape:* `truth` and `scores` (texts, labels), for the threshold explorer. Without `quotes` no
    text stands in the page. A section of the analysis that is absent or None is left out.
    """
    from markupsafe import Markup

    quotes = quotes or Quotes()
    counted = explorer.counts(truth, scores)
    rows = sections.classes(result)
    confusion = sections.part(result, "confusion")
    matrix = sections.part(result, "cooccurrence")
    content = {
        "headline": _headline(result),
        "verdicts": sections.verdicts(result["baseline"]) if "baseline" in result else [],
        "with_baseline": "baseline" in result,
        "human": sections.part(result, "human"),
        "classes": rows,
        "absent": [row["name"] for row in rows if not row["support"]],
        "curves": _curves(result, rows, Markup),
        "reliability": _reliability(result, rows, Markup),
        "counts": counted,
        "tenths": sections.threshold_table(counted),
        "cooccurrence": sections.heat(matrix["counts"]) if matrix else None,
        "confusion": _confusion(confusion) if confusion else None,
        "slices": sections.slices(result),
        "mistakes": _judged(quotes.mistakes),
        "suspects": _judged([row for row in quotes.suspects if "text" in row]),
        "cure": next((row["cure"] for row in quotes.suspects if "missing" in row), None),
        "audit": sections.part(result, "audit"),
        "speed": _speed(sections.part(result, "speed")),
        "versions": _versions(result),
    }
    assets = Assets(
        css=("report.css", "report_parts.css"),
        js=("report.js",),
        rules=categories_css(len(OPP115.labels)),
        folder=WEB,
        inline_styles=True,  # matplotlib styles its drawings by attributes
    )
    return render(
        "report.html.j2",
        assets,
        result=result,
        fewest=metrics.FEWEST,
        warning=not quotes.ours and bool(content["mistakes"] or content["suspects"]),
        labels=[{"short": row["short"]} for row in rows],
        contents=_contents(content),
        **content,
        **_HELPERS,
    )


def _headline(result: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        {"key": "chosen", "title": "chosen thresholds", **result["chosen_thresholds"]},
        {"key": "half", "title": "at 0.5", **result["at_half"]},
    ]
    if "baseline" in result:
        baseline = result["baseline"]
        rows.append({"key": "baseline", "title": baseline["name"], **baseline["figures"]})
    return rows


def _curves(result: dict[str, Any], rows: list[dict[str, Any]], markup: Any) -> list[Any]:
    found = sections.part(result, "curves") or {}
    return [
        {
            "row": row,
            "chosen": found[row["name"]]["chosen"],
            "svg": markup(
                plots.curve(found[row["name"]], name=f"curve-{row['id']}", label=row["name"])
            ),
        }
        for row in rows
        if found.get(row["name"]) and row["support"]
    ]


def _reliability(result: dict[str, Any], rows: list[dict[str, Any]], markup: Any) -> Any:
    found = sections.part(result, "reliability")
    if not found:
        return None
    whole = plots.reliability(found["all"], name="bins-all", label="all classes", large=True)
    each = [
        {
            "row": row,
            "bins": found[row["name"]],
            "svg": markup(
                plots.reliability(found[row["name"]], name=f"bins-{row['id']}", label=row["name"])
            ),
        }
        for row in rows
        if found.get(row["name"])
    ]
    return {"all": {"bins": found["all"], "svg": markup(whole)}, "labels": each}


def _confusion(found: dict[str, Any]) -> dict[str, Any]:
    extra = {
        "title": "alone",
        "counts": found["missed_alone"],
        "below": found["given_alone"],
        "below_title": "alone",
    }
    return {"rows": sections.heat(found["counts"]), "extra": extra}


def _judged(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"votes": None, **row, "judged": sections.judged(row)} for row in rows]


def _speed(found: dict[str, Any] | None) -> list[tuple[str, str]]:
    if not found:
        return []
    threads = found.get("threads")
    return [
        ("Speed", f"{found['paragraphs_per_second']:.0f} paragraphs a second"),
        ("Time", f"{found['seconds']:.1f} s" + (f" on {threads} threads" if threads else "")),
        ("Size", f"{found['model_bytes'] / 1e6:.1f} MB"),
        ("Parameters", f"{found['parameters']:,}"),
        ("Machine", ", ".join(_machine(found["machine"]))),
    ]


def _machine(found: dict[str, Any]) -> list[str]:
    cores = found.get("cores")
    return [
        str(part)
        for part in (found.get("cpu"), cores and f"{cores} cores", found.get("platform"))
        if part
    ]


def _versions(result: dict[str, Any]) -> list[tuple[str, str]]:
    found = [("Python", result.get("python"))]
    found += sorted(result.get("versions", {}).items())
    return [(name, str(version)) for name, version in found if version]


def _contents(content: dict[str, Any]) -> list[tuple[str, str]]:
    there = {
        "headline": "Headline",
        "classes": "Each class",
        "curves": "Precision and recall",
        "reliability": "Calibration",
        "explorer": "Thresholds",
        "together": "Classes together",
        "slices": "Parts of the data",
        "mistakes": "Worst errors",
        "suspects": "Suspected labels",
        "audit": "Data audit",
        "speed": "Speed and size",
        "circumstances": "How it was made",
    }
    always = {"headline", "classes", "explorer", "circumstances"}
    content = content | {"together": content["cooccurrence"] or content["confusion"]}
    return [(id_, title) for id_, title in there.items() if id_ in always or content[id_]]


def _drawable(values: Sequence[float | None] | None) -> bool:
    return bool(values) and all(v is not None and not math.isnan(v) for v in values or ())


def _pair(splits: Sequence[str]) -> str:
    names = ["no split" if name == "none" else name for name in splits]
    return f"within {names[0]}" if len(set(names)) == 1 else " and ".join(names)


def _families(count: int) -> str:
    if not count:
        return "No family of policies stands in two splits."
    return f"{count} families of policies stand in more than one split."


_HELPERS: Final[dict[str, Any]] = {
    "figure": figure,
    "whole": lambda value: repr(float(value)) if _drawable([value]) else "",
    "place": lambda value: f"{_START + _LENGTH * float(value):.1f}",
    "drawable": _drawable,
    "hundredth": lambda threshold: min(99, max(1, round(100 * threshold))),
    "families": _families,
    "pair": _pair,
}
