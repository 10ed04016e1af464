"""What `million.py` has seen, as figures and as Markdown."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

__all__ = ["dumped", "summary", "table", "thirds"]

#: What a sample holds.
SAMPLE = ("seconds", "cpu_seconds", "rss_mb", "parts", "load")


def summary(run: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a run: all its legs together, memory leg by leg."""
    legs = run["legs"]
    seconds, cpu = (sum(leg[key] for leg in legs) for key in ("seconds", "cpu"))
    samples = [sample for leg in legs for sample in leg["samples"]]
    return {
        "rows": facts["rows"],
        "tokens": facts["tokens"],
        "lengths": {key: facts[key] for key in ("words_each", "tokens_each", "clauses")},
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": max(leg["peak"] for leg in legs),
        "thirds_mb": thirds(legs[-1]["samples"]),
        "load": round(float(np.mean([sample[-1] for sample in samples])), 1),
        "restarts": run["restarts"],
        "kills": [
            {"safe_parts": leg["safe"], "cpu_seconds": leg["cpu"], "drafts": leg["drafts"]}
            for leg in legs
            if leg["end"] == "killed"
        ],
        "legs": [{"columns": SAMPLE, "samples": leg["samples"]} for leg in legs],
    }


def thirds(samples: list[list[float]]) -> list[float]:
    """Return the mean memory in each third of a process's life, its start left out; MB.

    The first sample is taken before the model is loaded. Empty for fewer than four samples.
    """
    held = [sample[2] for sample in samples[1:]]
    if len(held) < 3:
        return []
    return [round(float(part.mean()), 1) for part in np.array_split(np.array(held), 3)]


def dumped(result: dict[str, Any]) -> str:
    """Return the result as JSON, a sample a line."""
    text = json.dumps(result, indent=1)
    return re.sub(r"\[\s*([^\[\]{}]*?)\s*\]", _on_one_line, text) + "\n"


def _on_one_line(match: re.Match[str]) -> str:
    inner = re.sub(r"\s*\n\s*", " ", match[1])
    return f"[{inner}]"


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown: speed and memory, the kills, the lengths."""
    about, plan = result["machine"], result["plan"]
    versions = ", ".join(f"{name} {value}" for name, value in about["versions"].items())
    engines = {" ".join(run["runtime"].values()) for run in result["runs"].values()}
    command = " ".join(["clausemark batch", *plan["options"]])
    parts = [
        f"# {plan['rows']:,} rows through `{command}`",
        f"{about['cpu']}, {about['cores']} cores ({', '.join(about['flags'])}); {versions}. In"
        f" {', '.join(sorted(engines))}. By `python tests/benchmarks/million.py`. Where a second"
        " holds much less than a CPU-second a thread, something else was running: the load tells.",
        _speeds(result),
        _repeats(result),
        _memory(result),
        *_kills(result),
        _lengths(result),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _speeds(result: dict[str, Any]) -> str:
    rows = [
        "| run | rows a second | rows a CPU-second | tokens a CPU-second | wall, s | CPU, s"
        " | load |\n|---|" + "---:|" * 6
    ]
    for name, run in result["runs"].items():
        wall, cpu = run["seconds"], run["cpu_seconds"]
        rows.append(
            f"| {name} | {run['rows'] / wall:,.0f} | {run['rows'] / cpu:,.0f} "
            f"| {run['tokens'] / cpu:,.0f} | {wall:,.0f} | {cpu:,.0f} | {run['load']} |"
        )
    return "\n".join(rows)


def _repeats(result: dict[str, Any]) -> str:
    if "repeated" not in result["runs"]:
        return ""
    clauses = result["runs"]["repeated"]["lengths"]["clauses"]["rows"]
    return (
        f"The repeated rows are {clauses} texts over and over, computed once a part: the most that"
        " repetition can give, far above a real table's."
    )


def _memory(result: dict[str, Any]) -> str:
    rows = ["| run | peak, MB | first third, MB | second | last |\n|---|" + "---:|" * 4]
    for name, run in result["runs"].items():
        cells = [f"{value:.0f}" for value in run["thirds_mb"]] or ["–"] * 3
        rows.append(f"| {name} | {run['peak_mb']:.0f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _kills(result: dict[str, Any]) -> list[str]:
    return [_killed(name, run) for name, run in result["runs"].items() if "same_bytes" in run]


def _killed(name: str, run: dict[str, Any]) -> str:
    kind = "Repeated" if name.startswith("repeated") else "Distinct"
    places = ", ".join(str(kill["safe_parts"]) for kill in run["kills"])
    drafts = sum(bool(kill["drafts"]) for kill in run["kills"])
    files, same = f"{run['files']} files", "are the same, byte for byte"
    if not run["same_bytes"]:
        files = f"{run['files'] - 1} files beside the manifest"
        same = (
            f"{same}; the manifests, with the input's path and the model's checksum, are not"
            if run["same_rows"]
            else "DIFFER"
        )
    complete = "every row once, in order" if run["every_row_once_in_order"] else "ROWS AMISS"
    return (
        f"{kind} rows, killed {len(run['kills'])} times (SIGKILL, {drafts} of them amid"
        f" writing), when so many parts were safe: {places}. The {files} of that output"
        f" and of the unbroken run {same}; {complete}; SHA-256 of their SHA-256s"
        f" {run['sha256'][:16]}…"
    )


def _lengths(result: dict[str, Any]) -> str:
    run = next(iter(result["runs"].values()))
    made, plain = run["lengths"], run["lengths"]["clauses"]
    keys = list(plain["words_each"])
    rows = [f"| | {' | '.join(keys)} |\n|---|" + "---:|" * len(keys)]
    for what, of in (("rows", made), ("clauses of data/fictional", plain)):
        for unit in ("words", "tokens"):
            cells = [f"{of[f'{unit}_each'][key]:g}" for key in keys]
            rows.append(f"| {unit}, {what} | {' | '.join(cells)} |")
    return "\n".join(rows)
