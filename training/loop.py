"""The training loop: batches of fixed shapes, resumable at any moment, the same on any device."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from accelerate.utils import broadcast
from safetensors.torch import save_file

from training import batches, checkpoint
from training.config import ConfigError
from training.files import write_text
from training.progress import Bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from clausemark.tokens import Windows
    from training.config import FitConfig


#: The weights of the best epoch so far, in the run's folder while it goes on.
BEST = "best.safetensors"


class Task(Protocol):
    """What is learnt: the names of the head's outputs and the loss of a batch."""

    labels: list[str]

    def loss(self, logits: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the mean loss of a batch; `rows` are text rows, -1 where a row is padding."""
        ...


@dataclass(slots=True)
class Loop:
    """One run: `run` trains from where the last checkpoint stands to the end.

    `after_epoch` returns the epoch's figures; its "score" decides which epoch is best.
    """

    config: FitConfig
    accelerator: Any
    model: Any
    windows: Windows
    task: Task
    after_epoch: Callable[[Any], dict[str, float]]

    @property
    def classifier(self) -> Any:
        """The sequence classifier that the run is for: the model, or the part of it that stays."""
        return self.model

    def run(self) -> checkpoint.State:
        """Train to the end or until patience is out; return the final state."""
        optimiser = make_optimiser(self.model, self.config)
        rank = self.accelerator.process_index
        state = checkpoint.restore(self.config.folder, self.model, optimiser, process=rank)
        world = self.accelerator.num_processes
        state = state or checkpoint.State(processes=world)
        if state.processes != world:
            raise ConfigError(
                f"{self.config.folder}: begun in {state.processes} processes, not {world}.",
                hint="Go on as it was begun, or remove the folder.",
            )
        main = self.accelerator.is_main_process
        if main:
            trim_log(self.config.folder / "log.csv", state.step)
        model, prepared = self.accelerator.prepare(self.model, optimiser)
        network = torch.compile(model) if self.config.compile else model
        total = self._steps_per_epoch(0) * self.config.epochs
        with Bar(self.config.name, total, state.step, quiet=not main) as bar:
            while state.epoch < self.config.epochs and not self._exhausted(state):
                self._epoch(network, prepared, state, bar, total)
        return state

    def _epoch(
        self, network: Any, optimiser: Any, state: checkpoint.State, bar: Bar, total: int
    ) -> None:
        began = saved = time.monotonic()
        network.train()
        for batch in self._batches(state):
            rate = schedule(state.step / max(1, total), self.config.warmup)
            losses = self._step(network, optimiser, batch, epoch=state.epoch, rate=rate)
            state.step += 1
            state.batch += 1
            bar.advance(loss=losses["loss"], tokens=batch.tokens * self.accelerator.num_processes)
            if self.accelerator.is_main_process:
                self._log(state, losses, rate, batch.tokens)
            if self._due(saved):
                state.seconds, began = state.seconds + time.monotonic() - began, time.monotonic()
                self._save(optimiser, state)
                saved = time.monotonic()
        state.seconds += time.monotonic() - began
        self._close_epoch(state, bar)
        self._save(optimiser, state)

    def _close_epoch(self, state: checkpoint.State, bar: Bar) -> None:
        figures = self.after_epoch(self.model)
        state.history.append({"epoch": float(state.epoch), **figures})
        if figures.get("score", -1.0) > state.best or self.config.select == "last":
            state.best = figures.get("score", -1.0)
            state.best_epoch = state.epoch
            if self.accelerator.is_main_process:
                save_weights(self.classifier, self.config.folder / BEST)
        bar.say(f"epoch {state.epoch + 1}/{self.config.epochs}", figures)
        state.epoch += 1
        state.batch = 0

    def _exhausted(self, state: checkpoint.State) -> bool:
        waited = state.epoch - 1 - state.best_epoch
        return self.config.select == "best" and state.epoch > 0 and waited >= self.config.patience

    def _batches(self, state: checkpoint.State) -> Iterator[batches.Batch]:
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        for number, (length, rows) in enumerate(self._plan(state.epoch)):
            if number // world >= state.batch and number % world == rank:
                yield batches.fill(self.windows.ids, length, rows)

    def _plan(self, epoch: int) -> list[tuple[int, NDArray[np.int64]]]:
        rng = np.random.default_rng([self.config.seed, epoch])
        lengths = [len(window) for window in self.windows.ids]
        found = batches.plan(lengths, tokens=self.config.batch_tokens, rng=rng)
        if self.config.max_tokens:
            found = found[: math.ceil(self.config.max_tokens / self.config.batch_tokens)]
        # Every process takes as many steps as the others, or the last all-reduce would hang.
        whole = len(found) // self.accelerator.num_processes * self.accelerator.num_processes
        return found[:whole]

    def _steps_per_epoch(self, epoch: int) -> int:
        processes: int = self.accelerator.num_processes
        return len(self._plan(epoch)) // processes

    def _step(
        self, network: Any, optimiser: Any, batch: batches.Batch, *, epoch: int, rate: float
    ) -> dict[str, float]:
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * rate
        losses = self._losses(network, batch, epoch)
        self.accelerator.backward(losses["loss"])
        self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _losses(self, network: Any, batch: batches.Batch, epoch: int) -> dict[str, torch.Tensor]:
        """Return a batch's loss under "loss"; whatever stands beside it is a column of the log.

        Nothing hangs on `epoch` here; what hides tokens does so anew in each.
        """
        del epoch
        with self.accelerator.autocast():
            logits = network(
                input_ids=self._tensor(batch.ids), attention_mask=self._tensor(batch.mask)
            ).logits
        return {"loss": self.task.loss(logits.float(), self._rows(batch))}

    def _tensor(self, array: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(array).to(self.accelerator.device)

    def _rows(self, batch: batches.Batch) -> NDArray[np.int64]:
        return np.where(batch.rows < 0, -1, self.windows.owner[batch.rows])

    def _due(self, saved: float) -> bool:
        """Say whether a checkpoint is due, by the main process's clock in every process.

        With a clock each, one would wait for the others to save while they wait for its gradients.
        """
        due = time.monotonic() - saved > self.config.checkpoint_seconds
        if self.accelerator.num_processes == 1:
            return due
        return bool(broadcast(torch.tensor([due], device=self.accelerator.device)).item())

    def _save(self, optimiser: Any, state: checkpoint.State) -> None:
        random = {
            name: self.accelerator.gather(own.to(self.accelerator.device)).cpu()
            for name, own in checkpoint.random_state().items()
        }
        if self.accelerator.is_main_process:
            inner = getattr(optimiser, "optimizer", optimiser)
            checkpoint.save(self.config.folder, self.model, inner, state, random=random)
        self.accelerator.wait_for_everyone()

    def _log(
        self, state: checkpoint.State, losses: dict[str, float], rate: float, tokens: int
    ) -> None:
        more = {name: value for name, value in losses.items() if name != "loss"}
        path = self.config.folder / "log.csv"
        fresh = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["step", "epoch", "loss", "rate", "tokens", *more])
            row = [state.step, state.epoch, f"{losses['loss']:.6f}", f"{rate:.6f}", tokens]
            writer.writerow([*row, *(f"{value:.6g}" for value in more.values())])


def make_optimiser(model: Any, config: FitConfig) -> torch.optim.AdamW:
    """Return AdamW with the head at a higher rate and no decay on biases and norms."""
    groups: dict[tuple[bool, bool], list[Any]] = {}
    for name, parameter in model.named_parameters():
        head = not name.startswith(f"{model.base_model_prefix}.")
        groups.setdefault((head, parameter.ndim > 1), []).append(parameter)
    made = [
        {
            "params": parameters,
            "peak": config.learning_rate * (config.head_multiplier if head else 1.0),
            "weight_decay": config.weight_decay if decay else 0.0,
        }
        for (head, decay), parameters in sorted(groups.items())
    ]
    return torch.optim.AdamW(made, lr=config.learning_rate, fused=True)


def schedule(progress: float, warmup: float) -> float:
    """Return the share of the peak rate at `progress` in [0, 1]: linear up, then cosine down."""
    if progress < warmup:
        return (progress + 1e-3) / (warmup + 1e-3)
    rest = (progress - warmup) / max(1e-9, 1 - warmup)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, rest)))


@torch.no_grad()
def predict(model: Any, windows: Windows, *, tokens: int, accelerator: Any) -> NDArray[np.float32]:
    """Return the logits of every window, in order. *Shape:* (windows, labels)."""
    model.eval()
    out: NDArray[np.float32] | None = None
    for batch in batches.epoch(windows.ids, tokens=tokens, rng=None):
        with accelerator.autocast():
            logits = model(
                input_ids=torch.from_numpy(batch.ids).to(accelerator.device),
                attention_mask=torch.from_numpy(batch.mask).to(accelerator.device),
            ).logits
        values = logits.float().cpu().numpy()
        if out is None:
            out = np.zeros((len(windows.ids), values.shape[1]), dtype=np.float32)
        real = batch.rows >= 0
        out[batch.rows[real]] = values[real]
    if out is None:
        raise ValueError("no text to predict")
    return out


def save_weights(model: Any, path: Path) -> None:
    """Write the model's weights beside `path`, then rename."""
    partial = path.with_suffix(".partial")
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, partial)
    partial.replace(path)


def trim_log(path: Path, step: int) -> None:
    """Drop the rows of log.csv that a resumed run will write again, and torn ones."""
    if not path.exists():
        return
    lines = path.read_bytes().decode(errors="replace").splitlines(keepends=True)
    header, *rows = [line for line in lines if line.endswith("\n")] or [""]
    if not header:  # killed as it was begun: the next row brings the columns' names
        path.unlink()
        return
    kept = [row for row in rows if row.count(",") == header.count(",")]
    kept = [row for row in kept if (first := row.split(",")[0]).isdigit() and int(first) <= step]
    write_text(path, "".join([header, *kept]))
