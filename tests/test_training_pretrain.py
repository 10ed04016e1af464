"""Pretraining without labels: what is hidden, what is learnt of it, and what stays of a run."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file
from torch.nn import functional
from training_fixtures import (
    bert,
    distilbert_folder,
    easy,
    make_config,
    roberta_folder,
    rows,
    write_records,
    write_toml,
)
from transformers import BertForMaskedLM
from typer.testing import CliRunner

from clausemark.errors import ClausemarkError, ModelError
from training import batches, encoders, loop, masking
from training.config import ConfigError, FitConfig, load_config
from training.fit import fit
from training.masking import FREE, Guesser, Pieces
from training.pretrain import main, pretrain

HEADINGS = Path(__file__).parents[1] / "training" / "configs" / "headings.toml"


@cache
def pieces() -> Pieces:
    return Pieces.of(encoders.load_tokenizer(str(bert())))


@cache
def windows() -> list[list[int]]:
    """The invented policies' clauses in letters here and there, so that words have pieces."""
    texts = [row["text"].replace("a", "ä").replace("e", "xe") for row in rows()]
    encoder = encoders.make_encoder(encoders.load_tokenizer(str(bert())), size=254, overlap=8)
    return encoder.encode(texts).ids


def epoch_of_masks(seed: int = 0, epoch: int = 0) -> dict[int, tuple[list[int], list[int]]]:
    """Each window's hidden positions and its ids after hiding, batch by batch."""
    found = {}
    for batch in batches.epoch(windows(), tokens=512, rng=None):
        made = masking.mask(batch, pieces(), seed=seed, epoch=epoch)
        line, column = np.divmod(made.at[made.wanted != FREE], batch.ids.shape[1])
        for k, row in enumerate(batch.rows):
            if row >= 0:
                length = len(windows()[row])
                found[int(row)] = (column[line == k].tolist(), made.ids[k, :length].tolist())
    return found


def toy(folder: Path, *, each: int) -> Path:
    words = ("cookies", "security", "children")
    made = [
        {"text": f"We may share your information with {word} partners, {k}.", "heading": word}
        for k in range(each)
        for word in words
    ]
    return write_records(folder / "texts.jsonl", made)


def toy_config(
    folder: Path, base: Path | None = None, *, each: int = 12, **changes: Any
) -> FitConfig:
    path = toy(folder, each=each)
    values: dict[str, Any] = {"select": "last", "validation": None, "train": [{"path": str(path)}]}
    return make_config(base or bert(), path, folder / "runs", **(values | changes))


def log(config: FitConfig) -> list[dict[str, str]]:
    with (config.folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def weights(config: FitConfig) -> bytes:
    return (config.folder / "model" / "model.safetensors").read_bytes()


def test_fifteen_percent_are_chosen_and_four_fifths_of_them_hidden() -> None:
    before, after, plain = [], [], 0
    for epoch in range(4):
        for row, (at, ids) in epoch_of_masks(epoch=epoch).items():
            before += [windows()[row][k] for k in at]
            after += [ids[k] for k in at]
            plain += len(ids) - 2
    old, new = np.array(before), np.array(after)
    assert len(old) / plain == pytest.approx(0.15, abs=0.01)
    assert (new == pieces().mask).mean() == pytest.approx(0.8, abs=0.02)
    assert (new == old).mean() == pytest.approx(0.1, abs=0.02)
    assert np.isin(new, np.flatnonzero(pieces().special)).mean() == (new == pieces().mask).mean()


def test_only_chosen_tokens_change_and_none_of_them_is_special() -> None:
    for row, (at, ids) in epoch_of_masks().items():
        changed = {k for k, token in enumerate(windows()[row]) if ids[k] != token}
        assert changed <= set(at)
        assert not pieces().special[[windows()[row][k] for k in at]].any()


def test_a_word_is_chosen_whole_or_not_at_all() -> None:
    names = encoders.load_tokenizer(str(bert())).convert_ids_to_tokens
    whole = 0
    for row, (at, _) in epoch_of_masks().items():
        tokens = names(windows()[row])
        words: list[list[int]] = []
        for k, token in enumerate(tokens):
            if token.startswith("##") and tokens[k - 1] != "[CLS]":
                words[-1].append(k)
            else:
                words.append([k])
        for word in words:
            assert len({k in at for k in word}) == 1
            whole += len(word) > 1 and word[0] in at
    assert whole > 20


def test_masks_hang_on_seed_epoch_and_window_alone() -> None:
    first = epoch_of_masks()
    turned = batches.fill(windows(), 256, np.array([7, -1, 3]))
    again = masking.mask(turned, pieces(), seed=0, epoch=0)
    for k, row in ((0, 7), (2, 3)):
        assert again.ids[k, : len(windows()[row])].tolist() == first[row][1]
    assert again.ids[1].tolist() == [0] * 256
    for other in (epoch_of_masks(seed=1), epoch_of_masks(epoch=1)):
        assert sum(other[row][0] == first[row][0] for row in first) < 0.3 * len(first)


def test_batches_of_a_shape_have_as_many_slots_and_lose_no_token() -> None:
    slots: dict[tuple[int, ...], set[int]] = {}
    for batch in batches.epoch(windows(), tokens=512, rng=None):
        made = masking.mask(batch, pieces(), seed=0, epoch=0)
        slots.setdefault(batch.ids.shape, set()).add(made.at.size)
        real = made.wanted != FREE
        assert (batch.ids.reshape(-1)[made.at[real]] == made.wanted[real]).all()
    assert len(slots) > 2
    assert {len(sizes) for sizes in slots.values()} == {1}


def test_an_empty_window_has_nothing_to_guess() -> None:
    made = masking.mask(batches.fill([[2, 3]], 32, np.array([0])), pieces(), seed=0, epoch=0)
    assert (made.wanted == FREE).all()
    found = masking.losses(torch.zeros(made.wanted.size, 9), torch.from_numpy(made.wanted))
    assert [float(value) for value in found.values()] == [0, 0, 0]


def test_the_losses_are_those_of_the_slots_in_use() -> None:
    guesses = torch.randn(6, 9, generator=torch.Generator().manual_seed(1))
    wanted = torch.tensor([4, FREE, int(guesses[2].argmax()), 0, FREE, FREE])
    found = masking.losses(guesses, wanted)
    used = [0, 2, 3]
    right = float((guesses[used].argmax(-1) == wanted[used]).float().mean())
    assert found["masked_loss"] == functional.cross_entropy(guesses[used], wanted[used])
    assert (float(found["masked_accuracy"]), int(found["masked"])) == (pytest.approx(right), 3)


def test_the_head_is_berts() -> None:
    classifier = encoders.load_model(str(bert()), labels=["a"], dropout=0.0)
    guesser = Guesser(classifier, seed=3).eval()
    torch.nn.init.normal_(guesser.head.bias)
    reference = BertForMaskedLM(classifier.config).eval()
    reference.bert.load_state_dict(classifier.bert.state_dict(), strict=False)
    reference.cls.predictions.transform.load_state_dict(guesser.head.transform.state_dict())
    reference.cls.predictions.bias.data.copy_(guesser.head.bias.data)
    batch = batches.fill(windows(), 256, np.array([5, 2]))
    ids, attended = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
    at = torch.tensor([3, 256 + 4, 0])
    with torch.no_grad():
        logits, guesses = guesser(ids, attended, at)
        wanted = reference(input_ids=ids, attention_mask=attended).logits.flatten(0, 1)[at]
        assert torch.equal(logits, classifier(input_ids=ids, attention_mask=attended).logits)
    torch.testing.assert_close(guesses, wanted)


def test_drawing_the_head_leaves_other_random_numbers_alone() -> None:
    classifier = encoders.load_model(str(bert()), labels=["a"], dropout=0.0)
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    heads = [Guesser(classifier, seed=seed).head.transform.dense.weight for seed in (0, 0, 1)]
    assert torch.equal(torch.rand(3), wanted)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_the_heads_learn_faster_than_the_encoder(tmp_path: Path) -> None:
    config = toy_config(tmp_path, task="mlm")
    guesser = Guesser(encoders.load_model(str(bert()), labels=["a"], dropout=0.0), seed=0)
    names = {id(parameter): name for name, parameter in guesser.named_parameters()}
    for group in loop.make_optimiser(guesser, config).param_groups:
        fast = {not names[id(p)].startswith("classifier.bert.") for p in group["params"]}
        assert {group["peak"] > config.learning_rate} == fast


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> FitConfig:
    """The config of a finished "mlm" run, not to be changed."""
    folder = tmp_path_factory.mktemp("mlm")
    config = toy_config(folder, each=48, task="mlm", epochs=8, pooler="identity")
    pretrain(config)
    return config


def test_a_run_learns_to_guess_what_is_hidden(learnt: FitConfig) -> None:
    found = [float(row["masked_loss"]) for row in log(learnt)]
    right = [float(row["masked_accuracy"]) for row in log(learnt)]
    assert np.mean(found[-10:]) < 0.4 * np.mean(found[:3])
    assert np.mean(right[-10:]) > 0.5 > np.mean(right[:3])


def test_the_metrics_are_the_logs_last_steps(learnt: FitConfig) -> None:
    rows_of = log(learnt)[-100:]
    number = np.array([float(row["masked"]) for row in rows_of])
    figures = json.loads((learnt.folder / "metrics.json").read_text())["last_steps"]
    assert figures.pop("steps") == len(rows_of)
    assert sorted(figures) == ["masked_accuracy", "masked_loss"]
    for name, value in figures.items():
        each = np.array([float(row[name]) for row in rows_of])
        assert value == pytest.approx((each * number).sum() / number.sum(), abs=1e-5)


def test_what_stays_is_a_plain_classifier_with_its_pooler_as_it_came(learnt: FitConfig) -> None:
    names = set(load_file(learnt.folder / "model" / "model.safetensors"))
    model = encoders.load_model(str(learnt.folder / "model"), labels=list("ab"), dropout=0.0)
    assert names == set(model.state_dict())
    assert torch.equal(model.bert.pooler.dense.weight, torch.eye(32))
    assert not (learnt.folder / "checkpoints").exists()
    before = encoders.load_model(str(bert()), labels=list("ab"), dropout=0.0).bert
    changed = model.bert.encoder.layer[0].output.dense.weight
    assert not torch.equal(changed, before.encoder.layer[0].output.dense.weight)


@pytest.mark.parametrize("task", ["mlm", "both"])
def test_a_run_that_is_cut_off_ends_as_an_unbroken_one(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {"task": task, "epochs": 2, "checkpoint_seconds": 0.0}
    whole, broken = (toy_config(tmp_path, name=name, **quick) for name in ("whole", "broken"))
    pretrain(whole)
    save = loop.Loop._save

    def cut(self: Any, optimiser: Any, state: Any) -> None:
        save(self, optimiser, state)
        if state.step % 4 == 3:
            raise KeyboardInterrupt

    steps = len(log(whole))
    for _ in range(steps // 4):
        with monkeypatch.context() as patch:
            patch.setattr(loop.Loop, "_save", cut)
            with pytest.raises(KeyboardInterrupt):
                pretrain(broken)
    pretrain(broken)
    assert steps > 8
    assert weights(broken) == weights(whole)
    assert log(broken) == log(whole)


def test_both_at_weight_0_is_headings_to_the_bit(tmp_path: Path) -> None:
    quick = {"epochs": 2, "dropout": 0.2}
    headings = toy_config(tmp_path, name="headings", task="headings", **quick)
    none, some = (
        toy_config(tmp_path, name=f"both-{weight}", task="both", mlm_weight=weight, **quick)
        for weight in (0.0, 0.5)
    )
    for config in (headings, none, some):
        pretrain(config)
    assert weights(none) == weights(headings) != weights(some)
    assert [row["loss"] for row in log(none)] == [row["loss"] for row in log(headings)]


def test_both_adds_the_two_losses_and_shows_them_apart(tmp_path: Path) -> None:
    config = toy_config(tmp_path, task="both", mlm_weight=0.5, epochs=8)
    figures = pretrain(config)["last_steps"]
    for row in log(config):
        parts = float(row["heading_loss"]) + 0.5 * float(row["masked_loss"])
        assert float(row["loss"]) == pytest.approx(parts, rel=1e-4)
    assert sorted(figures) == ["heading_loss", "masked_accuracy", "masked_loss", "steps"]
    assert float(log(config)[-1]["heading_loss"]) < 0.5 * np.log(3)
    assert float(log(config)[-1]["masked_loss"]) < 0.5 * float(log(config)[0]["masked_loss"])


def test_headings_are_what_fit_makes_of_them(tmp_path: Path) -> None:
    runs = [toy_config(tmp_path, name=name, task="headings", epochs=1) for name in ("a", "b")]
    pretrain(runs[0])
    fit(runs[1])
    assert weights(runs[0]) == weights(runs[1])
    assert list(log(runs[0])[0]) == ["step", "epoch", "loss", "rate", "tokens"]


def test_a_run_made_before_a_key_was_there_is_still_its_configs(tmp_path: Path) -> None:
    config = toy_config(tmp_path, task="headings", epochs=1)
    figures = fit(config)
    path = config.folder / "config.json"
    older = json.loads(path.read_text())
    assert "mlm_weight" not in older
    del older["pooler"], older["train"][0]["heading"]
    path.write_text(json.dumps(older))
    assert fit(config) == figures
    path.write_text(json.dumps(older | {"pooler": "identity"}))
    with pytest.raises(ConfigError, match=r"made with another config \(pooler differ\)"):
        fit(config)


def test_a_run_with_another_weight_is_another_run(tmp_path: Path) -> None:
    config = toy_config(tmp_path, task="both", epochs=1)
    pretrain(config)
    assert pretrain(config)["steps"] == len(log(config))
    with pytest.raises(ConfigError, match=r"another config \(mlm_weight differ\)"):
        pretrain(toy_config(tmp_path, task="both", epochs=1, mlm_weight=0.3))


def test_the_mlm_config_differs_from_the_heading_config_as_it_says() -> None:
    headings = load_config(HEADINGS).to_dict()
    mlm = load_config(HEADINGS.with_name("mlm.toml")).to_dict()
    assert {key for key in headings if headings[key] != mlm[key]} == {
        "name", "task", "max_tokens", "label_smoothing",
    }  # fmt: skip


@pytest.mark.parametrize(("make", "kind"), [(distilbert_folder, "distil"), (roberta_folder, "rob")])
def test_other_kinds_are_refused_by_name(make: Any, kind: str, tmp_path: Path) -> None:
    config = toy_config(tmp_path, make(tmp_path / "base"), task="mlm")
    with pytest.raises(ModelError, match=rf"base '.*base' is of the kind '{kind}.*for BERT's"):
        pretrain(config)


def test_a_tokenizer_without_a_mask_token_is_refused() -> None:
    tokenizer = encoders.load_tokenizer(str(bert()))
    tokenizer.mask_token = None
    with pytest.raises(ModelError, match="has no mask token"):
        Pieces.of(tokenizer)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "labels", "mlm_weight": 0.5}, "mlm_weight is 0.5.* 'labels' does not read"),
        ({"task": "mlm", "mlm_weight": 0.5}, "mlm_weight is 0.5.* 'mlm' does not read"),
        ({"task": "both", "mlm_weight": -1.0}, r"mlm_weight is -1.0, not in \[0, 1000\]"),
        ({"task": "mlm", "select": "best"}, "'mlm' has no validation figures"),
        ({"task": "mlm", "train": [{"path": "t", "splits": ["train"]}]}, "reads whole files"),
        ({"task": "both", "train": [{"path": "t"}, {"path": "u"}]}, "one file.*2 are named"),
    ],
)
def test_a_fault_of_the_config_is_named(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        toy_config(tmp_path, **change)


def test_each_program_names_the_other_for_what_is_not_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'mlm' is none.*training\.pretrain"):
        fit(toy_config(tmp_path, task="mlm"))
    with pytest.raises(ClausemarkError, match=r"'labels' needs labels.*training\.fit"):
        pretrain(make_config(bert(), easy(), tmp_path))


def test_the_command_prints_the_figures_and_says_what_is_wrong(tmp_path: Path) -> None:
    path = toy(tmp_path, each=12)
    values = {"name": "a", "base": str(bert()), "runs": str(tmp_path), "task": "mlm",
              "epochs": 1, "precision": "fp32", "select": "last", "window": 62,
              "train": [{"path": str(path)}]}  # fmt: skip
    app = typer.Typer()
    app.command()(main)
    toml = str(write_toml(tmp_path / "a.toml", values))
    result = CliRunner().invoke(app, [toml])
    assert sorted(json.loads(result.stdout)) == ["masked_accuracy", "masked_loss", "steps"]
    result = CliRunner().invoke(app, [toml, "--set", "seed=1"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "seed differ" in result.stderr
