"""The training config: what a user writes in ``training/NAME.yaml``.

Relative paths are relative to the folder of the file.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from evalguard.config import ConfigModel
from evalguard.errors import did_you_mean
from evalguard.training.formats.layout import COLUMNS, FormatName, Layout
from evalguard.training.methods import METHODS, MethodName
from evalguard.training.presets import PRESETS


class Base(ConfigModel):
    """The model that is fine-tuned."""

    model: str = Field(min_length=1)
    """Folder, or name on the hub."""
    quantization: Literal["nf4", "int8", "none"] = "nf4"
    """``nf4`` is QLoRA: 4-bit NormalFloat with double quantisation."""
    revision: str | None = None
    """Commit of a hub model."""


class Source(ConfigModel):
    """How the rows of a data file are read."""

    format: FormatName | None = None
    """Format of the rows; detected from the columns if null."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Column names in the file, by column of the format: ``{output: antwort}``."""
    ignore: tuple[str, ...] = ()
    """Columns, and keys of messages, to ignore."""

    @property
    def layout(self) -> Layout:
        """The same as the readers of formats take it."""
        return Layout(self.format, self.columns, self.ignore)

    @field_validator("columns")
    @classmethod
    def _columns_are_known(cls, columns: dict[str, str]) -> dict[str, str]:
        for name in columns:
            if name not in COLUMNS:
                hint = did_you_mean(name, sorted(COLUMNS))
                raise ValueError(f"no format has a column '{name}'. {hint}")
        twice = [theirs for theirs, n in Counter(columns.values()).items() if n > 1]
        if twice:
            raise ValueError(f"column '{twice[0]}' is mapped twice")
        return columns


def one_name(value: object) -> object:
    """Return the name of a file, folder or pattern; a list of them is refused."""
    if isinstance(value, list | tuple):
        raise ValueError(
            "is a list. Give several files as a pattern, such as data/part-*.jsonl, or put them "
            "in a folder and give the folder"
        )
    return value


class Data(Source):
    """The task's examples."""

    train: str = Field(min_length=1)
    """Data file, as for test sets; a folder or a glob pattern; may be compressed."""
    validation: str | None = None
    """File of held-out examples; excludes ``validation_share``."""
    validation_share: float = Field(default=0.05, ge=0, le=0.5)
    """Share of ``train`` held out, by groups of duplicates; 0 for none."""

    @field_validator("train", "validation", mode="before")
    @classmethod
    def _is_one_name(cls, value: object) -> object:
        return one_name(value)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.validation is not None and "validation_share" in self.model_fields_set:
            raise ValueError("give 'validation' or 'validation_share', not both")
        return self


class Replay(Source):
    """General data mixed in to prevent forgetting."""

    data: str = Field(min_length=1)
    """Data file, folder or glob pattern, as for ``data.train``."""
    share: float = Field(gt=0, lt=1)
    """Share of all training rows that is general data."""

    @field_validator("data", mode="before")
    @classmethod
    def _is_one_name(cls, value: object) -> object:
        return one_name(value)


class Lora(ConfigModel):
    """Low-rank adapters: W' = W + (alpha/r)·BA."""

    r: int = Field(default=16, ge=1)
    alpha: float = Field(default=32, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    dora: bool = False
    """Train magnitude and direction separately (Liu et al. 2024, arXiv:2402.09353)."""
    rslora: bool = False
    """Scale by alpha/√r (Kalajdzievski 2023, arXiv:2312.03732)."""


class Preference(ConfigModel):
    """Strength and loss of a preference method."""

    beta: float | None = Field(default=None, gt=0)
    """β of the method (λ of ORPO); the method's usual value if null."""
    loss: str | None = None
    """Loss of DPO, KTO or CPO; the method's first if null."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    """Assumed share of wrong labels, for the losses that support it (robust, exo_pair, CPO)."""
    gamma: float = Field(default=0.5, ge=0)
    """Target margin of SimPO."""
    desirable_weight: float = Field(default=1.0, gt=0)
    """Weight of the wanted answers in KTO's loss."""
    undesirable_weight: float = Field(default=1.0, gt=0)
    """Weight of the unwanted answers. The weighted counts of both should be nearly equal."""


class Training(ConfigModel):
    """The optimiser's settings."""

    learning_rate: float = Field(default=2e-4, gt=0)
    epochs: float = Field(default=3, gt=0)
    batch_size: int = Field(default=8, ge=1)
    gradient_accumulation: int = Field(default=1, ge=1)
    max_length: int = Field(default=1024, ge=8)
    """Maximum tokens per example; longer ones are cut at the end, or dropped if no answer is
    left."""
    max_cut_share: float = Field(default=0.05, ge=0, le=1)
    """Share of a file's rows that ``max_length`` may cut or drop; beyond it the run is refused. The
    longest rows are never a random sample, and an answer without its end teaches not to end."""
    packing: bool = False
    """Fill sequences of ``max_length`` with several examples that do not attend to each other
    (SFT)."""
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    warmup_share: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: slower, far less memory."""
    evaluate_every: int | None = Field(default=None, ge=1)
    """Steps between evaluations of the held-out loss; one epoch if null."""
    early_stopping: int | None = Field(default=None, ge=1)
    """Evaluations without a better held-out loss before the run stops and keeps the best
    weights."""
    checkpoints: bool = False
    """Save the state at every evaluation, so that ``--resume`` continues from there."""
    report_to: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ()
    """Trackers that also get the losses, learning rates, gradient norms and probe scores."""
    seed: int = Field(default=0, ge=0)


class Stage(ConfigModel):
    """One method on one dataset."""

    method: MethodName = "sft"
    data: Data
    replay: Replay | None = None
    preference: Preference = Preference()
    training: Training = Training()

    @model_validator(mode="after")
    def _settings_have_an_effect(self) -> Self:
        method = METHODS[self.method]
        given = self.preference.model_fields_set
        if method.beta is None and given:
            raise ValueError(f"'preference' has no effect on method '{self.method}'; remove it")
        if self.preference.loss is not None and self.preference.loss not in method.losses:
            hint = did_you_mean(self.preference.loss, method.losses)
            raise ValueError(f"preference.loss '{self.preference.loss}' of '{self.method}'? {hint}")
        if "gamma" in given and self.method != "simpo":
            raise ValueError("preference.gamma applies to method 'simpo' only; remove it")
        for name in ("desirable_weight", "undesirable_weight"):
            if name in given and self.method != "kto":
                raise ValueError(f"preference.{name} applies to method 'kto' only; remove it")
        if self.training.packing and self.method != "sft":
            raise ValueError("training.packing applies to method 'sft' only; remove it")
        if self.method == "kto" and self.training.batch_size < 2:
            raise ValueError("method 'kto' needs training.batch_size of 2 or more")
        held_out = self.data.validation is not None or self.data.validation_share > 0
        if self.training.early_stopping is not None and not held_out:
            raise ValueError("training.early_stopping needs held-out data; set validation_share")
        return self


class TrainingConfig(Stage):
    """One fine-tuning run."""

    version: Literal[1] = 1
    preset: str | None = None
    """Name of a preset; values in the file override it."""
    base: Base
    tuner: Literal["lora", "ia3", "prefix", "prompt", "full"] = "lora"
    """What is trained: an adapter of this type, or all weights."""
    lora: Lora = Lora()
    virtual_tokens: int = Field(default=20, ge=1)
    """Trained tokens of the tuners ``prefix`` and ``prompt``."""
    then: Stage | None = None
    """A second stage on the same adapter, such as DPO after SFT."""
    output: str = Field(min_length=1)
    """Folder for the adapter, or for the full model if ``tuner`` is ``full``."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in their order."""
        return (self,) if self.then is None else (self, self.then)

    @model_validator(mode="after")
    def _tuner_fits(self) -> Self:
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(
                f"unknown preset '{self.preset}'. {did_you_mean(self.preset, PRESETS)}"
            )
        if self.tuner != "lora" and "lora" in self.model_fields_set:
            raise ValueError(f"'lora' has no effect on tuner '{self.tuner}'; remove one of them")
        if self.tuner not in ("prefix", "prompt") and "virtual_tokens" in self.model_fields_set:
            raise ValueError(f"'virtual_tokens' has no effect on tuner '{self.tuner}'; remove it")
        if self.tuner == "full" and self.base.quantization != "none":
            raise ValueError(
                f"tuner 'full' trains all weights, but '{self.base.quantization}' freezes them; "
                "set base.quantization to none"
            )
        return self
