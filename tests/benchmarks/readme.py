"""The results in the pages that quote them, between marks that this program looks for.

    python tests/benchmarks/readme.py           # fills README.md here and at the root again

What stands between `<!-- NAME -->` and `<!-- /NAME -->` is replaced: by the table of
results/NAME.json, by what `million.py` and `workers.py` have written, by the headline.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import latency
import lengths
import peak
import pipelines
import rates
from engines import RESULTS, ROOT
from program import BASE

from training.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).with_name("README.md")
FRONT = ROOT / "README.md"
#: Results whose tables the page has.
TABLES = {"pipelines": pipelines, "latency": latency, "lengths": lengths, "peak": peak}
#: Results that programs of their own write: each one's drawing, and what it shows.
LATER = {
    "million": ("memory", "Resident memory of a batch of very many rows over its time"),
    "workers": ("workers", "Rows a second on threads and on Ray's workers"),
}


def filled(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with `parts` between their marks; raise ValueError if a mark is not there."""
    for name, part in parts.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marks.search(page):
            raise ValueError(f"no place <!-- {name} --> in the page")
        text = part.strip().replace("\\", r"\\")
        page = marks.sub(rf"\g<1>{text}\n\g<2>", page)
    return page


def body(table: str) -> str:
    """Return a table's Markdown without its title, its headings a step lower."""
    return re.sub(r"^##", "###", table.partition("\n")[2], flags=re.MULTILINE)


def parts(folder: Path) -> dict[str, str]:
    """Return what the page quotes, as far as there are results."""
    found = {}
    for name, program in TABLES.items():
        if (result := rates.read(folder, name)) is not None:
            found[name] = body(program.table(result))
    found["later"] = "\n\n".join(section(folder, name) for name in LATER).strip()
    return found


def section(folder: Path, name: str) -> str:
    """Return one of LATER with its title and its drawing; nothing if it was not measured."""
    table, (drawing, shows) = folder / f"{name}.md", LATER[name]
    if not table.is_file():
        return ""
    text = re.sub("^#", "##", table.read_text(encoding="utf-8"), flags=re.MULTILINE).strip()
    drawn = (folder / f"{drawing}.svg").is_file()
    return f"{text}\n\n![{shows}](results/{drawing}.svg)" if drawn else text


def headline(result: dict[str, Any]) -> str:
    """Return the comparison with the pipeline in two sentences, at the fewest threads."""
    threads = min(row["threads"] for row in result["rows"])
    rows = [row for row in result["rows"] if row["threads"] == threads]
    one, many = rates.named(rows, BASE), rates.named(rows, pipelines.BATCHED)
    sample, about = result["sample"], result["machine"]
    count = sample["texts"]
    each = [
        f"{row['system'].removeprefix('Clausemark, ')}"
        f" {rates.short(rates.ratio(row, one).middle)} and"
        f" {rates.short(rates.ratio(row, many).middle)} times as many"
        f" ({rates.short(count / rates.seconds(row))})"
        for row in rows
        if row["system"].startswith("Clausemark")
    ]
    return textwrap.fill(
        f"Texts a CPU-second on {about['cpu']} ({', '.join(about['flags'])}),"
        f" {rates.plural(threads, 'thread')}, against transformers' pipeline over a model of"
        f" BERT-base's size, text by text ({rates.short(count / rates.seconds(one))}, its default)"
        f" and in batches of 32 ({rates.short(count / rates.seconds(many))}): {', '.join(each)}."
        f" {count} of {sample['source']}, {sample['mean_words']:.0f} words in the mean.",
        width=100,
    )


def fill(folder: Path = RESULTS) -> None:
    """Bring both pages up to date."""
    write_text(PAGE, filled(PAGE.read_text(encoding="utf-8"), parts(folder)))
    if (result := rates.read(folder, "pipelines")) is not None:
        front = FRONT.read_text(encoding="utf-8")
        write_text(FRONT, filled(front, {"performance": headline(result)}))


def main() -> int:
    """Fill both pages."""
    fill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
