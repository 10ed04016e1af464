"""A finished run, loaded to be read from: its logits, or what its head reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from clausemark.labels import OPP115
from training import encoders
from training.config import ConfigError, FitConfig, parse_config
from training.fit import make_accelerator
from training.loop import predict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clausemark.tokens import Encoder, Windows


@dataclass(frozen=True, slots=True)
class Frozen:
    """A run's model, and the encoder that it was trained with."""

    encoder: Encoder
    model: Any
    accelerator: Any
    tokens: int

    @classmethod
    def load(cls, run: Path, *, precision: str | None = None) -> Frozen:
        """Load a finished run of training.fit, in its own precision if no other is named.

        Raises ConfigError for any other folder.
        """
        config = config_of(run)
        base = str(run / "model")
        tokenizer = encoders.load_tokenizer(base)
        accelerator = make_accelerator(precision or config.precision)
        model = encoders.load_model(base, labels=list(OPP115.names), dropout=0.0)
        return cls(
            encoders.make_encoder(tokenizer, size=config.window, overlap=config.overlap),
            model.to(accelerator.device),
            accelerator,
            config.batch_tokens,
        )

    def outputs(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], Windows]:
        """Return what the model gives of each window of `texts`. *Shape:* (windows, width)."""
        windows = self.encoder.encode(texts)
        found = predict(self.model, windows, tokens=self.tokens, accelerator=self.accelerator)
        return found, windows

    def features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return what the head reads of each text, the mean over windows. *Shape:* (texts, width).

        The head is taken off the model for good.
        """
        _behead(self.model)
        found, windows = self.outputs(texts)
        total = np.zeros((len(texts), found.shape[1]), dtype=np.float32)
        np.add.at(total, windows.owner, found)
        number = np.bincount(windows.owner, minlength=len(texts))
        return np.asarray(total / number[:, None], dtype=np.float32)


def config_of(run: Path) -> FitConfig:
    """Return the config of a finished run; raise ConfigError where it is not finished."""
    path = run / "config.json"
    if not (run / "model").is_dir() or not path.exists():
        raise ConfigError(f"{run}: no finished run.", hint="Train it: python -m training.fit.")
    return parse_config(json.loads(path.read_text(encoding="utf-8")), where=str(path))


def _behead(model: Any) -> None:
    """Let the last linear layer of a sequence classifier pass on what it reads."""
    name = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]
    above, _, last = name.rpartition(".")
    setattr(model.get_submodule(above), last, nn.Identity())
