"""Configs: those of the repository load, and what is wrong in one is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.config import ConfigError, FitConfig, Source, load_config, parse_config

CONFIGS = Path(__file__).parents[1] / "training" / "configs"
FILES = sorted(path for path in CONFIGS.glob("*.toml") if not path.name.endswith(".card.toml"))
SOUND: dict[str, Any] = {
    "name": "a",
    "base": "b",
    "train": [{"path": "t.jsonl"}],
    "validation": {"path": "v.jsonl"},
}
HEADINGS: dict[str, Any] = {"task": "headings", "select": "last", "validation": None}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_config_of_the_repository_loads(path: Path) -> None:
    assert load_config(path).name == path.stem


def test_a_config_has_what_its_file_says_and_defaults_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        'name = "a"\nbase = "b"\nselect = "last"\n[[train]]\npath = "t"\nsplits = ["train"]\n'
    )
    source = Source("t", splits=("train",))
    assert load_config(path) == FitConfig("a", "b", (source,), select="last")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epoch": 3}, r"x\.toml: unknown key 'epoch'.*Known keys: name, base, .*epochs"),
        ({"epochs": "3"}, r"x\.toml: epochs is '3', int is needed"),
        ({"epochs": True}, r"epochs is True, int is needed"),
        ({"epochs": 0}, r"x\.toml: config a: epochs is 0, not in \[1, "),
        ({"window": 600}, r"window is 600, not in \[8, 510\]"),
        ({"window": 300, "batch_tokens": 319}, r"batch_tokens is 319, a window of 300 takes 320"),
        ({"window": 16, "overlap": 16}, r"overlap is 16, less than window"),
        ({"learning_rate": "fast"}, r"learning_rate is 'fast', float is needed"),
        ({"select": "first"}, r"select is 'first', Literal\['best', 'last'\] is needed"),
        ({"fold": "one"}, r"fold is 'one', int \| None is needed"),
        ({"train": []}, r"x\.toml: config a: no \[\[train\]\] source"),
        ({"train": {"path": "t"}}, r"x\.toml: train is .* is needed"),
        ({"train": [{"path": "t", "part": 1}]}, r"\[\[train\]\]: unknown key 'part'.*splits"),
        ({"train": [{"path": "t", "splits": "train"}]}, r"splits is 'train', tuple\[str"),
        ({"train": [{"splits": ["train"]}]}, r"\[\[train\]\]: key 'path' is missing.*Known keys"),
        ({"validation": "v.jsonl"}, r"\[validation\] is 'v.jsonl', a table"),
        ({"task": "headings"}, r"'headings' has no validation figures.*select = 'last'"),
        (HEADINGS | {"train": [{"path": "t"}, {"path": "u"}]}, r"'headings' reads one file.*2 are"),
        (HEADINGS | {"train": [{"path": "t", "share": 0.5}]}, r"'headings' reads whole files"),
        ({"label_smoothing": 0.1}, r"label_smoothing is 0.1, .*'labels' does not .*'headings' or"),
        (HEADINGS | {"task": "mlm", "label_smoothing": 0.1}, r"the task 'mlm' does not read"),
        ({"train": [{"path": "t", "fold": "out"}]}, r"t is read by fold = 'out', and the run has"),
        ({"validation": {"path": "v", "fold": "in"}}, r"v is read by fold = 'in', and the run has"),
        ({"train": [{"path": "t", "heading": 7}]}, r"source t: heading is 7, not in \[0, 1\]"),
        ({"train": [{"path": "t", "share": -3}]}, r"\[\[train\]\]: source t: share is -3, not in"),
        ({"validation": {"path": "v", "majority": 2}}, r"source v: majority is 2, not in"),
        ({"train": [{"path": "t", "weight": -0.1}]}, r"source t: weight is -0.1, not in"),
    ],
)
def test_a_fault_names_file_and_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config(SOUND | change, where="x.toml")


@pytest.mark.parametrize("key", ["name", "base", "train"])
def test_a_missing_key_is_named_beside_the_known_ones(key: str) -> None:
    values = {k: v for k, v in SOUND.items() if k != key}
    with pytest.raises(ConfigError, match=rf"x\.toml: key '{key}' is missing.*Known keys: name, "):
        parse_config(values, where="x.toml")


def test_the_best_epoch_needs_validation() -> None:
    values = {k: v for k, v in SOUND.items() if k != "validation"}
    with pytest.raises(ConfigError, match=r"needs a \[validation\] source.*select = 'last'"):
        parse_config(values, where="x.toml")
    assert parse_config(values | {"select": "last"}, where="x.toml").validation is None


def test_overrides_are_toml_values_or_bare_words() -> None:
    demo = load_config(CONFIGS / "demo.toml", ["seed=7", "name=other", "learning_rate=1e-5"])
    assert (demo.seed, demo.name, demo.learning_rate) == (7, "other", 1e-5)
    with pytest.raises(ConfigError, match="'seed' is not of the form key=value"):
        load_config(CONFIGS / "demo.toml", ["seed"])


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: no such config"):
        load_config(tmp_path / "gone.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = \n")
    with pytest.raises(ConfigError, match=r"broken\.toml: not valid TOML"):
        load_config(broken)


def test_a_config_survives_its_json() -> None:
    config = parse_config(SOUND, where="x.toml")
    values = json.loads(json.dumps(config.to_dict()))
    assert parse_config(values, where="again") == config
