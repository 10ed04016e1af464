"""The model folder: what is written is what is read, and every damage is named."""

from __future__ import annotations

import json
import pathlib
from typing import TYPE_CHECKING, Any

import pytest
from conftest import files, manifest

from clausemark import artifact
from clausemark.artifact import Manifest, ModelFolder
from clausemark.errors import ModelError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Rewrite the manifest after `change` has altered it in place."""
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    given = manifest(metrics={"validation": {"macro_f1": 0.5, "per_label": [1, None]}})
    folder = artifact.write(tmp_path / "model", given, files())
    read = folder.read()
    assert read.files["README.md"].bytes == len(b"# tiny\n")
    assert read.labels == given.labels
    assert read.metrics == given.metrics
    assert Manifest.from_json(read.to_json()) == read


def test_the_manifest_holds_the_keys_of_the_format(tiny: Path) -> None:
    values = json.loads((tiny / "manifest.json").read_text())
    assert values["format"] == 4
    assert set(values) == {
        "format", "name", "version", "created", "base", "scheme", "labels", "window",
        "headings", "int8", "fallback", "parameters", "licence", "metrics", "sources", "training",
        "files",
    }  # fmt: skip
    assert set(values["labels"][0]) == {
        "id", "name", "definition", "threshold", "slope", "intercept",
    }  # fmt: skip
    assert set(values["files"]["model.onnx"]) == {"sha256", "bytes"}


def test_files_are_copied_from_paths_and_more_of_them_are_checked_too(tmp_path: Path) -> None:
    notice = tmp_path / "elsewhere.txt"
    notice.write_text("notice")
    folder = artifact.write(tmp_path / "model", manifest(), {**files(), "NOTICE": notice})
    assert (folder.path / "NOTICE").read_text() == "notice"
    (folder.path / "NOTICE").write_text("nOtice")
    with pytest.raises(ModelError, match="NOTICE: its SHA-256"):
        folder.read()


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "tokenizer.json", "README.md"])
def test_a_missing_file_is_named(tiny_copy: Path, name: str) -> None:
    (tiny_copy / name).unlink()
    with pytest.raises(ModelError, match=f"{name}: missing from the model folder"):
        ModelFolder(tiny_copy).read()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere: no such model folder"):
        ModelFolder(tmp_path / "nowhere").read()


def test_a_folder_in_place_of_a_file_is_refused(tiny_copy: Path) -> None:
    (tiny_copy / "manifest.json").unlink()
    (tiny_copy / "manifest.json").mkdir()
    with pytest.raises(ModelError, match=r"manifest.json: cannot be read \(Is a directory\)"):
        ModelFolder(tiny_copy).read()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "README.md"])
def test_a_truncated_file_is_told_with_both_sizes(tiny_copy: Path, name: str) -> None:
    content = (tiny_copy / name).read_bytes()
    (tiny_copy / name).write_bytes(content[:-1])
    size = len(content)
    with pytest.raises(ModelError, match=f"{name}: {size - 1} bytes, the manifest says {size}"):
        ModelFolder(tiny_copy).read()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "README.md"])
def test_one_flipped_bit_is_found(tiny_copy: Path, name: str) -> None:
    content = bytearray((tiny_copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tiny_copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: its SHA-256 is not the manifest's"):
        ModelFolder(tiny_copy).read()


def test_a_newer_format_asks_for_an_upgrade_before_anything_else(tiny_copy: Path) -> None:
    (tiny_copy / "manifest.json").write_text('{"format": 5, "engine": "another"}')
    upgrade = r"format 5 is newer than this clausemark reads \(4\): upgrade clausemark"
    with pytest.raises(ModelError, match=upgrade):
        ModelFolder(tiny_copy).read()


@pytest.mark.parametrize(
    ("number", "later", "without"),
    [(1, "headings", False), (2, "int8", False), (3, "fallback", None)],
)
def test_a_folder_of_an_older_format_does_without_what_came_later(
    tiny_copy: Path, number: int, later: str, without: object
) -> None:
    def older(values: dict[str, Any]) -> None:
        values["format"] = number
        del values[later]

    edit(tiny_copy, older)
    assert getattr(ModelFolder(tiny_copy).read(), later) is without


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"format"', "\xff", "[" * 100_000])
def test_a_manifest_that_is_no_json_object_is_refused(tiny_copy: Path, text: str) -> None:
    (tiny_copy / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match=r"manifest.json: (not valid JSON|a JSON \w+, not an)"):
        ModelFolder(tiny_copy).read()


@pytest.mark.parametrize(
    "key",
    [
        "format", "name", "version", "created", "base", "scheme", "labels", "window",
        "headings", "int8", "fallback", "parameters", "licence", "metrics", "sources", "training",
        "files",
    ],
)  # fmt: skip
def test_a_missing_key_is_named(tiny_copy: Path, key: str) -> None:
    edit(tiny_copy, lambda values: values.pop(key))
    with pytest.raises(ModelError, match=f"manifest.json: {key}: missing"):
        ModelFolder(tiny_copy).read()


WRONG = {
    "name: number, a string is needed": lambda v: v.update(name=3),
    "parameters: boolean, a whole number is needed": lambda v: v.update(parameters=True),
    "headings: number, true or false is needed": lambda v: v.update(headings=1),
    "int8: string, true or false is needed": lambda v: v.update(int8="yes"),
    "fallback: string, a number is needed": lambda v: v.update(fallback="0.25"),
    "fallback: 1.5 does not lie in [0, 1]": lambda v: v.update(fallback=1.5),
    "parameters: -1 is negative": lambda v: v.update(parameters=-1),
    "labels: object, an array is needed": lambda v: v.update(labels={}),
    "labels[3]: string, an object is needed": lambda v: v["labels"].__setitem__(3, "x"),
    "labels[3].slope: missing": lambda v: v["labels"][3].pop("slope"),
    "labels[0].slope: 0.0 is not positive": lambda v: v["labels"][0].update(slope=0),
    "labels[0].intercept: out of range": lambda v: v["labels"][0].update(intercept=10**400),
    "labels[0].threshold: 1.5 does not lie in": lambda v: v["labels"][0].update(threshold=1.5),
    "labels[1].threshold: string, a number": lambda v: v["labels"][1].update(threshold="0.5"),
    "window.overlap: 12 does not lie in [0, 12)": lambda v: v["window"].update(overlap=12),
    "metrics: null, an object is needed": lambda v: v.update(metrics=None),
    "sources[0].licence: missing": lambda v: v["sources"][0].pop("licence"),
    "files.model.onnx: missing": lambda v: v["files"].pop("model.onnx"),
    "files.../x: not the name of a file": lambda v: v["files"].update({"../x": {}}),
    "unknown scheme 'opp-116', known: opp-115": lambda v: v.update(scheme="opp-116"),
    "labels: 11 labels, scheme opp-115 has 12": lambda v: v["labels"].pop(),
    "labels: label 0 is ('third_party'": lambda v: v["labels"].insert(0, v["labels"].pop(1)),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_value_is_named_with_its_place(tiny_copy: Path, message: str) -> None:
    edit(tiny_copy, WRONG[message])
    with pytest.raises(ModelError) as caught:
        ModelFolder(tiny_copy).read()
    assert message in caught.value.message
    assert caught.value.hint


def test_numbers_that_json_does_not_have_are_refused(tiny_copy: Path) -> None:
    path = tiny_copy / "manifest.json"
    path.write_text(path.read_text().replace('"threshold": 0.5', '"threshold": NaN', 1))
    with pytest.raises(ModelError, match="NaN is no JSON number"):
        ModelFolder(tiny_copy).read()


def test_keys_of_a_later_minor_extension_are_ignored(tiny_copy: Path) -> None:
    edit(tiny_copy, lambda values: values.update(colour="red"))
    assert ModelFolder(tiny_copy).read().name == "tiny"


def test_a_folder_is_overwritten_only_on_request(tiny_copy: Path) -> None:
    with pytest.raises(OutputError, match="there is a folder already"):
        artifact.write(tiny_copy, manifest(version="2"), files())
    assert ModelFolder(tiny_copy).read().version == "0.0.1"
    artifact.write(tiny_copy, manifest(version="2"), files(), overwrite=True)
    assert ModelFolder(tiny_copy).read().version == "2"
    assert [path.name for path in tiny_copy.parent.iterdir()] == ["copy"]


def test_a_folder_that_holds_something_else_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years")
    with pytest.raises(OutputError, match="it holds no model"):
        artifact.write(tmp_path, manifest(), files(), overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "ten years"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_failed_write_leaves_everything_as_it_was(tiny_copy: Path, overwrite: bool) -> None:
    target = tiny_copy if overwrite else tiny_copy.with_name("new")
    before = sorted(tiny_copy.parent.rglob("*"))
    with pytest.raises(ModelError, match="unknown scheme"):
        artifact.write(target, manifest(scheme="opp-116"), files(), overwrite=overwrite)
    with pytest.raises(OutputError, match="cannot be written"):
        artifact.write(
            target, manifest(), {**files(), "NOTICE": tiny_copy / "nowhere"}, overwrite=overwrite
        )
    assert sorted(tiny_copy.parent.rglob("*")) == before
    assert ModelFolder(tiny_copy).read().name == "tiny"


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = pathlib.Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr("pathlib.Path.rename", full)
    with pytest.raises(OutputError, match="No space left on device"):
        artifact.write(tiny_copy, manifest(version="2"), files(), overwrite=True)
    assert ModelFolder(tiny_copy).read().version == "0.0.1"
    assert list(tiny_copy.parent.iterdir()) == [tiny_copy]


def test_a_model_without_weights_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"needs model\.onnx as well"):
        artifact.write(tmp_path / "model", manifest(), {"tokenizer.json": b"", "README.md": b""})
    assert not (tmp_path / "model").exists()
