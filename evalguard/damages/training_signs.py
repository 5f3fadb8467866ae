"""What a training record tells about the cause of a damage, and how to change its config.

The usual ranges are those of supervised fine-tuning of models with billions of parameters; much
smaller models tolerate more, so a setting outside them is only called a likely cause. Preference
methods have ranges of their own, and none is claimed for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from evalguard.records import TrainingRecord

USUAL_LEARNING_RATES = {"lora": (1e-4, 3e-4), "full": (1e-5, 5e-5)}
"""By the config's ``tuner``, for supervised fine-tuning."""
USUAL_EPOCHS = ((1_000, 10), (10_000, 5), (float("inf"), 3))
"""Task rows, and the most epochs that are usual below that number."""
LEAST_REPLAY = 0.10
"""From this share of general data on, forgetting is not put down to its lack."""
FIRST_REPLAY = 0.20
MOST_REPLAY = 0.50
SMALL_DATA_ROWS = 1_000
SMALL_DATA_RANK = 8
"""Task rows, and the greatest rank that is usual below that number."""
MIN_RISE = 0.10
"""The held-out loss diverges when it ends so much above its least value, relative …"""
MIN_RISE_NATS = 0.05
"""… and absolute: a loss near zero doubles without meaning."""
STRONG_RISE = 0.50


class Lever(Enum):
    """A setting of the training that can cause a damage, and repair it."""

    LEARNING_RATE = auto()
    REPLAY = auto()
    EPOCHS = auto()
    RANK = auto()
    MORE_TRAINING = auto()


@dataclass(frozen=True, slots=True)
class Sign:
    """One setting that can have caused a damage.

    Attributes:
        cause: What stands out about it; empty when it is within the usual range.
        key: Key path in the training config.
        value: What to set it to.
    """

    cause: str
    key: str
    value: float


@dataclass(frozen=True, slots=True)
class Divergence:
    """A held-out loss that rises while the training loss falls."""

    least: float
    last: float
    epoch_of_least: float

    @property
    def rise(self) -> float:
        """Rise over the least value, relative to it."""
        return (self.last - self.least) / max(self.least, 1e-9)

    @property
    def is_strong(self) -> bool:
        """Whether overfitting may be named for damage outside the task, too."""
        return self.rise >= STRONG_RISE

    def __str__(self) -> str:
        return (
            f"The held-out loss rose from {self.least:.3g} (epoch {self.epoch_of_least:.3g}) "
            f"to {self.last:.3g} at the end."
        )


def divergence(record: TrainingRecord) -> Divergence | None:
    """Return how the held-out loss of the kept weights diverged; ``None`` where it did not.

    Nothing is said of a run of several stages, whose losses are of different kinds, nor of one
    that stopped early and so kept its best weights.
    """
    if "+" in record.method or _value(record.config, "training", "early_stopping") is not None:
        return None
    logged = [
        (point.eval_loss, point.epoch) for point in record.curve if point.eval_loss is not None
    ]
    if not logged:
        return None
    least, epoch = min(logged)
    last = logged[-1][0]
    if last - least < max(MIN_RISE_NATS, MIN_RISE * least):
        return None
    return Divergence(least=least, last=last, epoch_of_least=epoch)


def memorised(record: TrainingRecord) -> bool:
    """Return whether the run repeated its rows far too often, with no held-out loss to see it."""
    epochs = _number(record.config, "training", "epochs")
    if epochs is None or any(point.eval_loss is not None for point in record.curve):
        return False
    return epochs > 2 * usual_epochs(record)


def usual_epochs(record: TrainingRecord) -> int:
    """Return the most epochs that are usual for the size of the task's data."""
    return next(epochs for rows, epochs in USUAL_EPOCHS if _task_rows(record) < rows)


def read_sign(lever: Lever, record: TrainingRecord) -> Sign | None:
    """Return what a record says about one setting.

    Returns:
        The setting with its proposed value; ``None`` where the record does not hold it or nothing
        is left to change.
    """
    return _READERS[lever](record)


def _learning_rate(record: TrainingRecord) -> Sign | None:
    rate = _number(record.config, "training", "learning_rate")
    if rate is None:
        return None
    usual = _usual_rates(record)
    if usual is not None and rate > usual[1]:
        low, high = usual
        cause = (
            f"The learning rate, {rate:g}, is {_times(rate / high)} the usual maximum "
            f"({low:g} to {high:g}; tiny models tolerate more)."
        )
        return Sign(cause, "training.learning_rate", _rounded(max(rate / 5, low)))
    return Sign("", "training.learning_rate", _rounded(rate / 2))


def _replay(record: TrainingRecord) -> Sign | None:
    share = record.replay_share
    if share >= MOST_REPLAY:
        return None
    if share >= LEAST_REPLAY:
        return Sign("", "replay.share", round(min(MOST_REPLAY, 2 * share), 2))
    found = f"only {share:.0%} of the rows were" if share > 0 else "none of the rows was"
    cause = f"No replay data: {found} general data."
    return Sign(cause, "replay.share", FIRST_REPLAY)


def _epochs(record: TrainingRecord) -> Sign | None:
    epochs = _number(record.config, "training", "epochs")
    if epochs is None or epochs <= 1:
        return None
    diverged = divergence(record)
    if diverged is not None:
        best = max(1.0, float(round(diverged.epoch_of_least)))
        return Sign(str(diverged), "training.epochs", _whole(min(best, epochs)))
    usual = usual_epochs(record)
    if epochs > usual:
        rows = _task_rows(record)
        cause = f"{epochs:g} epochs are many for {rows:,} task rows; up to {usual} are usual."
        return Sign(cause, "training.epochs", usual)
    return Sign("", "training.epochs", _whole(max(1.0, float(round(epochs / 2)))))


def _rank(record: TrainingRecord) -> Sign | None:
    rank = _number(record.config, "lora", "r")
    rows = _task_rows(record)
    if (
        _tuner(record) != "lora"
        or rank is None
        or rank <= SMALL_DATA_RANK
        or rows >= SMALL_DATA_ROWS
    ):
        return None
    cause = f"Rank {rank:g} is large for {rows:,} task rows; {SMALL_DATA_RANK} is usual."
    return Sign(cause, "lora.r", SMALL_DATA_RANK)


def _more_training(record: TrainingRecord) -> Sign | None:
    rate = _number(record.config, "training", "learning_rate")
    usual = _usual_rates(record)
    if rate is not None and usual is not None and rate < usual[0]:
        cause = f"The learning rate, {rate:g}, is below the usual minimum ({usual[0]:g})."
        return Sign(cause, "training.learning_rate", 2 * usual[0])
    epochs = _number(record.config, "training", "epochs")
    if epochs is None or epochs >= usual_epochs(record):
        return None
    return Sign("", "training.epochs", _whole(min(2 * epochs, float(usual_epochs(record)))))


_READERS = {
    Lever.LEARNING_RATE: _learning_rate,
    Lever.REPLAY: _replay,
    Lever.EPOCHS: _epochs,
    Lever.RANK: _rank,
    Lever.MORE_TRAINING: _more_training,
}


def _usual_rates(record: TrainingRecord) -> tuple[float, float] | None:
    return USUAL_LEARNING_RATES.get(_tuner(record)) if record.method.startswith("sft") else None


def _tuner(record: TrainingRecord) -> str:
    return str(record.config.get("tuner", "lora"))


def _number(config: Mapping[str, Any], section: str, key: str) -> float | None:
    value = _value(config, section, key)
    return float(value) if isinstance(value, int | float) else None


def _value(config: Mapping[str, Any], section: str, key: str) -> Any:
    values = config.get(section)
    return values.get(key) if isinstance(values, Mapping) else None


def _task_rows(record: TrainingRecord) -> int:
    return round(record.rows * (1 - record.replay_share))


def _times(ratio: float) -> str:
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.2g} times"


def _rounded(rate: float) -> float:
    """Return a learning rate with two significant digits."""
    return float(f"{rate:.2g}")


def _whole(epochs: float) -> float:
    return int(epochs) if epochs == int(epochs) else epochs
