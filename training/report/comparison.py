"""A comparison of systems: the verdict in words, one table, one plot; as Markdown and HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clausemark._render import SHORT, Assets, categories_css, render
from clausemark.labels import OPP115
from training.paired import LEVEL
from training.report.forest import SIGNS, forest
from training.report.markdown import figure, share, table

if TYPE_CHECKING:
    from collections.abc import Sequence

WEB: Final = Path(__file__).with_name("web")
OVERALL: Final = {"macro_f1": "Macro-F1", "micro_f1": "Micro-F1"}


def verdict(part: dict[str, Any]) -> str:
    """Return one comparison in words; differences in points of F1, with 95 % intervals."""
    labels = [label for label in part["labels"].values() if label["p"] is not None]
    overall = ", ".join(f"{key[:5]} {points(part['overall'][key])}" for key in OVERALL)
    better = _classes(labels, 1, f" of {len(labels)} classes")
    return (
        f"{part['name']} is better than {part['against']} on {better}, "
        f"worse on {_classes(labels, -1)}; {overall}."
    )


def _classes(labels: Sequence[dict[str, Any]], sign: int, of: str = "") -> str:
    """Return how many classes differ towards `sign`, and how many would without correction."""
    alike = [label for label in labels if sign * label["difference"] > 0]
    sure = sum(label["verdict"] != "same" for label in alike)
    plain = sum(label["p"] < LEVEL for label in alike)
    return f"{sure or 'none'}{of}" + (f" ({plain} uncorrected)" if plain > sure else "")


def points(part: dict[str, Any]) -> str:
    """Return a difference and its interval in points of F1, with signs; a dash for none."""
    if part["difference"] is None:
        return "–"
    low, high = (100 * end for end in part["interval"])
    return f"{100 * part['difference']:+.1f} [{low:+.1f}, {high:+.1f}]"


def method(result: dict[str, Any]) -> str:
    """Return how the figures are counted."""
    seeds = [system["seeds"] for system in result["systems"]]
    pooled = ", and of each system as many seeds, whose F1 is averaged" if max(seeds) > 1 else ""
    alone = " Of a system trained once, they leave out what another training would change."
    return (
        f"Differences are in points of F1. Brackets are 95 % intervals of {result['samples']:,} "
        "bootstrap samples; a sample draws as many policies as there are, with replacement, the "
        f"same ones for every system{pooled}.{alone * (min(seeds) == 1)} A class counts as better "
        "or worse where its two-sided p is below .05 after Holm's correction for the number of "
        "classes: of twelve intervals, one or more misses zero by chance in nearly every second "
        "table."
    )


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the table's rows, overall and each class: F1 of every system, gains over the first."""
    made = [
        {
            "k": None,
            "name": title,
            "short": title,
            "support": None,
            **_cells(result, "overall", key),
        }
        for key, title in OVERALL.items()
    ]
    for k, label in enumerate(OPP115.labels):
        support = result["comparisons"][0]["labels"][label.name]["support"]
        names = {"name": label.name, "short": SHORT.get(label.id, label.name)}
        made.append({"k": k, **names, "support": support, **_cells(result, "labels", label.name)})
    return made


def _cells(result: dict[str, Any], part: str, key: str) -> dict[str, Any]:
    return {
        "f1": [system[part][key] for system in result["systems"]],
        "gains": [found[part][key] for found in result["comparisons"]],
    }


def markdown(result: dict[str, Any]) -> str:
    """Return comparison.md."""
    first, *others = result["systems"]
    header = ["", "support", f"{first['name']}, F1"]
    for other in others:
        name = other["name"]
        header += [f"{name}, F1", "difference", "samples better", "p, corrected", "verdict"]
    lines = [_line(row) for row in rows(result)]
    parts = [
        f"# {' against '.join(system['name'] for system in reversed(result['systems']))}",
        f"{result['texts']} texts of {result['policies']} policies.",
        "\n".join(f"- {found['verdict']}" for found in result["comparisons"]),
        table(header, lines),
        method(result),
        "\n".join([*map(_made_of, result["systems"]), f"- command: `{result['command']}`"]),
    ]
    return "\n\n".join(parts) + "\n"


def _line(row: dict[str, Any]) -> list[str]:
    first, *others = row["f1"]
    cells = [row["name"], "" if row["support"] is None else str(row["support"])]
    cells.append(figure(first["f1"]))
    for other, gain in zip(others, row["gains"], strict=True):
        corrected = figure(gain["p_corrected"]) if row["k"] is not None else ""
        mark = "" if gain.get("verdict", "same") == "same" else gain["verdict"]
        cells += [figure(other["f1"]), points(gain), share(gain["better"]), corrected, mark]
    return cells


def _made_of(system: dict[str, Any]) -> str:
    seeds = ""
    if system["seeds"] > 1:
        macro, micro = (figure(system["spread"][key]) for key in OVERALL)
        seeds = f"{system['seeds']} seeds, standard deviation {macro} macro, {micro} micro: "
    return f"- {system['name']}: {seeds}{', '.join(f'`{name}`' for name in system['folders'])}"


def page(result: dict[str, Any]) -> str:
    """Return comparison.html: one file, no network."""
    from markupsafe import Markup

    found = rows(result)
    drawn = forest(found, [system["name"] for system in result["systems"]])
    assets = Assets(
        css=("report.css", "report_parts.css", "comparison.css"),
        rules=categories_css(len(OPP115.labels)),
        folder=WEB,
        inline_styles=True,  # matplotlib styles its drawings by attributes
    )
    return render(
        "comparison.html.j2",
        assets,
        result=result,
        first=result["systems"][0],
        others=result["systems"][1:],
        rows=found,
        plot=Markup(drawn),  # noqa: S704  (drawn here, its words escaped)
        method=method(result),
        figure=figure,
        points=points,
        share=share,
        signs=SIGNS,
    )
