"""What `clausemark labels` and `clausemark info` show, for people and for programs."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from clausemark._table import colour, console, grid, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from clausemark.artifact import Manifest
    from clausemark.labels import Scheme
    from clausemark.runtime import Engine

__all__ = ["model_facts", "print_model", "print_schemes", "scheme_rows"]


def scheme_rows(schemes: Iterable[Scheme]) -> Iterator[dict[str, str]]:
    """Yield one object a label, in the order of the scores' columns."""
    for scheme in schemes:
        for label in scheme.labels:
            yield {
                "scheme": scheme.id,
                "id": label.id,
                "name": label.name,
                "definition": label.definition,
            }


def print_schemes(schemes: Iterable[Scheme], stream: IO[str]) -> None:
    """Print every scheme as a table of names and definitions."""
    out = console(stream)
    for scheme in schemes:
        name = max(len(label.name) for label in scheme.labels)
        name = min(name, out.width // 2 - 4)
        table = grid(("Label", name), ("Definition", max(20, out.width - name - 2)))
        for label in scheme.labels:
            table.add_row(plain(label.name, colour(label.name)), plain(label.definition))
        out.print(plain(f"{scheme.title} ({scheme.id})", "bold"))
        out.print(table)


def model_facts(manifest: Manifest, folder: str, engine: Engine) -> dict[str, Any]:
    """Return what is known about a model, and about what runs it, as one JSON object."""
    return {
        "name": manifest.name,
        "version": manifest.version,
        "created": manifest.created,
        "base": manifest.base,
        "scheme": manifest.scheme,
        "folder": folder,
        "runtime": engine.to_json(),
        "parameters": manifest.parameters,
        "bytes": sum(file.bytes for file in manifest.files.values()),
        "licence": manifest.licence,
        "window": {"size": manifest.window.size, "overlap": manifest.window.overlap},
        "thresholds": {label.name: label.threshold for label in manifest.labels},
        "fallback": manifest.fallback,
        "sources": [
            {"name": one.name, "licence": one.licence, "url": one.url, "use": one.use}
            for one in manifest.sources
        ],
        "metrics": manifest.metrics,
    }


def print_model(facts: dict[str, Any], stream: IO[str]) -> None:
    """Print the facts of `model_facts`: what the model is, its sources, thresholds and metrics."""
    out = console(stream)
    out.print(plain(f"{facts['name']} {facts['version']}", "bold"))
    plain_facts = ("created", "base", "scheme", "licence", "folder")
    _print_facts(
        out,
        {key: facts[key] for key in plain_facts}
        | {
            "runtime": "{name} {version}, {precision}".format(**facts["runtime"]),
            "parameters": f"{facts['parameters']:,}",
            "size": f"{facts['bytes'] / 1e6:.1f} MB",
        },
    )
    for source in facts["sources"]:
        _print_title(out, f"Source: {source['name']}")
        _print_facts(out, {key: source[key] for key in ("use", "licence", "url")})
    _print_title(out, "Thresholds")
    limits = {name: f"{value:.2f}" for name, value in facts["thresholds"].items()}
    if facts["fallback"] is not None:
        limits["the likeliest where none reaches its own"] = f"{facts['fallback']:.2f}"
    _print_facts(out, limits)
    _print_title(out, "Metrics")
    _print_facts(out, dict(_figures(facts["metrics"])))


def _print_title(out: Console, title: str) -> None:
    out.print()
    out.print(plain(title, "bold"))


def _print_facts(out: Console, facts: dict[str, str]) -> None:
    name = min(max(map(len, facts), default=0), out.width // 2)
    table = grid(("", name), ("", max(20, out.width - name - 2)))
    table.show_header = False
    for key, value in facts.items():
        table.add_row(plain(key, "dim"), plain(value))
    out.print(table)


def _figures(metrics: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested figures under readable names, each with its interval.

    Figures of single labels are left to `--format json`: they would bury the others.
    """
    for key, value in metrics.items():
        name = path if key == "overall" else f"{path} {key.replace('_', ' ')}".strip()
        if key == "labels" or key.removesuffix("_interval") in metrics.keys() - {key}:
            continue
        if isinstance(value, dict):
            yield from _figures(value, name)
        else:
            yield name, _figure(value) + _interval(metrics.get(f"{key}_interval"))


def _figure(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _interval(bounds: Any) -> str:
    if not isinstance(bounds, list) or len(bounds) != 2:
        return ""
    return f" ({_figure(bounds[0])} to {_figure(bounds[1])})"
