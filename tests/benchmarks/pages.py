"""How long pages and comparisons take, beside what one would have without them.

    python tests/benchmarks/pages.py                 # 100,000 words, browser included
    python tests/benchmarks/pages.py --label         # and the whole command, model included

A policy of 100,000 words is put together from those of data/fictional, each text altered so that
none repeats; its labels are drawn at random, since a page takes as long whatever they are. Each
figure is the median of several runs and stands beside a baseline of the same run: reading and
segmenting the same policy, the bare policy in the same browser, a word-level difflib over the whole
of two versions.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "inference"), str(ROOT / "tests")]

from browser import ARGUMENTS, CHROMIUM

from clausemark.classifier import LabelledClause
from clausemark.compare import align
from clausemark.document import Document, parse_document, read_document
from clausemark.labels import OPP115
from clausemark.page import PageFacts, policy_page
from clausemark.segment import segment

if TYPE_CHECKING:
    from collections.abc import Callable

FICTIONAL = ROOT / "data" / "fictional"
TAGS = {"item": "li", "paragraph": "p", "cell": "p"}


def long_policy(words: int, *, seed: int) -> str:
    """Return HTML of about `words` words in headings, paragraphs and lists, no text twice."""
    rng = random.Random(seed)
    policies = [
        read_document(path)
        for path in sorted(FICTIONAL.iterdir())
        if path.stem != "README" and path.suffix in (".md", ".txt", ".html")
    ]
    parts: list[str] = []
    count = 0
    while count < words:
        policy = policies[rng.randrange(len(policies))]
        for block in policy.blocks:
            text = altered(policy.text[block.start : block.end].lstrip("#*->•0123456789. "), rng)
            count += len(text.split())
            tag = f"h{block.level}" if block.kind == "heading" else TAGS[block.kind]
            parts.append(f"<{tag}>{escape(text)}</{tag}>")
    return f"<!doctype html><title>Long</title><main>{''.join(parts)}</main>"


def altered(text: str, rng: random.Random) -> str:
    """Put a word of its own into `text`, unless it is a heading's handful."""
    words = text.split()
    if len(words) > 6:
        words[rng.randrange(len(words))] = f"w{rng.randrange(10**9)}"
    return " ".join(words)


def labelled(document: Document, *, seed: int) -> list[LabelledClause]:
    """Return the clauses of `document` with random labels and scores."""
    rng = random.Random(seed)
    made = []
    for clause in segment(document):
        scores = {name: round(rng.random() ** 6, 6) for name in OPP115.names}
        labels = tuple(name for name, score in scores.items() if score >= 0.5)
        place = (clause.index, clause.start, clause.end, clause.heading, clause.text)
        made.append(LabelledClause(document.name, *place, labels, scores))
    return made


def edited(clauses: list[LabelledClause], *, seed: int) -> list[LabelledClause]:
    """Return another version: some clauses gone, some moved, a fifth reworded."""
    rng = random.Random(seed)
    kept = [clause for clause in clauses if rng.random() > 0.05]
    kept = kept[40:60] + kept[:40] + kept[60:]
    texts = [altered(c.text, rng) if rng.random() < 0.2 else c.text for c in kept]
    return [
        replace(c, index=k, text=text) for k, (c, text) in enumerate(zip(kept, texts, strict=True))
    ]


def median(what: Callable[[], Any], *, times: int) -> float:
    """Return the median seconds of `times` calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def load_seconds(path: Path, *, times: int) -> float:
    """Return the median seconds from navigation to the end of the load event and a frame."""
    from playwright.sync_api import sync_playwright

    script = (
        "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => "
        "done(Math.max(performance.now(), "
        "performance.getEntriesByType('navigation')[0].loadEventEnd)))))"
    )
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for _ in range(times):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.as_uri())
            taken.append(page.evaluate(script) / 1000)
            page.close()
        browser.close()
    return statistics.median(taken)


def show(what: str, seconds: float, baseline: str, other: float) -> None:
    """Print a figure beside its baseline."""
    print(f"{what:34} {seconds:8.2f} s   {seconds / other:6.2f} x {baseline} ({other:.2f} s)")


def pages(words: int, room: Path, *, label: bool) -> None:
    """Measure the page of one long policy: made, opened, and from file to file."""
    bare = room / "bare.html"
    bare.write_text(long_policy(words, seed=1), encoding="utf-8")
    document = read_document(bare)
    clauses = labelled(document, seed=2)
    facts = PageFacts("random", "0")
    made = policy_page(document, clauses, OPP115.labels, facts=facts)
    page = room / "page.html"
    page.write_text(made, encoding="utf-8")
    print(f"{len(document.text.split()):,} words, {len(clauses):,} clauses, {len(made):,} letters")
    read = median(lambda: segment(parse_document(bare.read_bytes(), name="bare.html")), times=3)
    making = median(lambda: policy_page(document, clauses, OPP115.labels, facts=facts), times=5)
    show("making the page", making, "reading and segmenting", read)
    if CHROMIUM:
        opened, plain = load_seconds(page, times=5), load_seconds(bare, times=5)
        show("opening it in Chromium", opened, "opening the bare policy", plain)
    if label:
        command = [shutil.which("clausemark") or "clausemark", "page", str(bare)]
        done = median(
            lambda: subprocess.run([*command, "--output", str(room / "out.html")], check=True),
            times=1,
        )
        show("clausemark page, model included", done, "making the page", making)


def comparisons(words: int) -> None:
    """Measure the alignment of two versions of a long policy."""
    document = parse_document(long_policy(words, seed=3).encode(), name="old.html")
    old = labelled(document, seed=4)
    new = edited(old, seed=5)
    aligning = median(lambda: align(old, new), times=3)
    before, after = ([w for c in side for w in c.text.split()] for side in (old, new))
    diff = median(
        lambda: difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes(), times=1
    )
    print(f"{words:,} words, {len(old):,} and {len(new):,} clauses")
    show("aligning two versions", aligning, "difflib over all words", diff)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time pages and comparisons.")
    parser.add_argument("--words", type=int, default=100_000, help="of the annotated policy")
    parser.add_argument("--label", action="store_true", help="run the whole command, too")
    wish = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as room:
        pages(wish.words, Path(room), label=wish.label)
    comparisons(10_000)


if __name__ == "__main__":
    main()
