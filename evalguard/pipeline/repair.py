"""From what was tried and found to the next training config: pure, plain data in and out.

Each standing finding proposes changes of the training config; they are applied together. Three
things temper them:

- A learning rate that is known to be too weak or too strong is not tried again: the next one lies
  at the geometric mean between the strongest that was too weak and the weakest that did damage.
- What the diagnosis has nothing left to propose for, or has repaired twice without an end to the
  same finding, is escalated. First by twice the replay, which costs the task nothing; where there
  is no more to be had, by half the learning rate, fewer epochs, a smaller rank, and β towards the
  reference.
- Replay needs general data. Without any it is left out, and that is said.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalguard.damages import lacks_training
from evalguard.records import Finding, Severity
from evalguard.training.methods import METHODS

MOST_REPLAY = 0.7
"""Share of general data beyond which the task itself would starve."""

FIRST_REPLAY = 0.2
LEAST_RANK = 4
DIVERGED = "diverged"
"""Stands for the findings of a run whose loss was NaN or diverged."""

_DIVERGED_FACTOR = 0.1

_BETA_FACTORS = {True: 2.0, False: 0.5}
"""What makes a preference more cautious, with and without a reference: the policy stays nearer to
one as β grows; without one, a smaller β (λ) is a weaker preference."""

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt as the policy sees it.

    Attributes:
        config: Its training config as plain data.
        findings: What stands against it.
        undecided: Whether guards were undecided and none FAILed.
        diverged: Whether its training broke off.
    """

    config: Config
    findings: tuple[Finding, ...] = ()
    undecided: bool = False
    diverged: bool = False

    @property
    def codes(self) -> frozenset[str]:
        """Codes of what stands against it."""
        if self.diverged:
            return frozenset({DIVERGED})
        return frozenset(finding.code for finding in standing(self.findings))

    @property
    def learning_rate(self) -> float:
        """Highest learning rate of its first stage."""
        return float(self.config["training"]["learning_rate"])

    @property
    def is_weak(self) -> bool:
        """Whether it only lacked training."""
        return bool(self.codes) and all(map(lacks_training, self.codes))


@dataclass(frozen=True, slots=True)
class Repair:
    """What to do next.

    Attributes:
        config: The next training config; ``None`` where there is nothing left to change.
        changes: New value of every key that was changed.
        notes: What the user should know or do.
    """

    config: dict[str, Any] | None
    changes: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def standing(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the damages that no other finding explains; a remark is none."""
    return tuple(f for f in findings if f.explained_by is None and f.severity is not Severity.NONE)


def next_config(
    tried: Sequence[Tried], *, replay_data: str | None = None, most_replay: float = MOST_REPLAY
) -> Repair:
    """Return the config of the next attempt.

    Args:
        tried: All attempts so far, the last one rejected.
        replay_data: File of general data to mix in where the config names none.
        most_replay: Greatest share for which there are enough general rows.
    """
    last = tried[-1]
    proposed, notes = _proposed_changes(last)
    if not (last.codes or last.undecided):
        return Repair(
            None,
            {},
            (*notes, ("No damage was found that a change of the training config could repair.")),
        )
    if _stuck(tried) or not proposed:
        has_general_data = bool(last.config.get("replay")) or replay_data is not None
        most = min(most_replay, MOST_REPLAY) if has_general_data else 0.0
        proposed = _escalated(last, proposed, most_replay=most)
    proposed = _bracketed(proposed, tried)
    proposed, more = _with_replay(proposed, last.config, replay_data, min(most_replay, MOST_REPLAY))
    notes += more
    config = copy.deepcopy(dict(last.config))
    changes = {key: value for key, value in proposed.items() if _get(config, key) != value}
    if "replay.share" in changes and not config.get("replay"):
        config["replay"] = {"data": replay_data, "share": changes["replay.share"]}
    for key, value in changes.items():
        _set(config, key, value)
    if not changes or config in [dict(one.config) for one in tried]:
        return Repair(None, {}, (*notes, "No setting is left to change; look at the data."))
    return Repair(config, changes, notes)


def _proposed_changes(last: Tried) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the changes that the findings propose, the most severe finding first."""
    if last.diverged:
        return {"training.learning_rate": _rounded(last.learning_rate * _DIVERGED_FACTOR)}, ()
    proposed: dict[str, Any] = {}
    notes: list[str] = []
    damages = [f for f in standing(last.findings) if not lacks_training(f.code)]
    # A damaged model says nothing about too little training; the damage goes first.
    for finding in damages or standing(last.findings):
        for key, value in finding.config_changes.items():
            if key == "data":
                notes.append(f"{finding.title}: {value}.")
            else:
                proposed.setdefault(key, value)
    return proposed, tuple(notes)


def _stuck(tried: Sequence[Tried]) -> bool:
    """Return whether the last repair left the same findings as there were before it."""
    return len(tried) > 1 and bool(tried[-1].codes) and tried[-1].codes == tried[-2].codes


def _escalated(last: Tried, proposed: Mapping[str, Any], *, most_replay: float) -> dict[str, Any]:
    """Go beyond what the diagnosis proposes, one measure at a time."""
    training = last.config["training"]
    rate, epochs = last.learning_rate, float(training["epochs"])
    if last.is_weak:
        return {"training.learning_rate": _rounded(2 * rate), **proposed}
    share = (last.config.get("replay") or {}).get("share", 0.0)
    found: dict[str, Any] = dict(proposed)
    if share < most_replay:
        more = min(round(2 * share, 2) or FIRST_REPLAY, most_replay)
        found["replay.share"] = max(float(proposed.get("replay.share", 0.0)), more)
        return found
    found["training.learning_rate"] = _rounded(
        min(rate / 2, float(proposed.get("training.learning_rate", rate)))
    )
    if last.undecided:  # nearly there: no more than a gentler touch
        return found
    if epochs > 2:
        found.setdefault("training.epochs", _whole(epochs / 2))
    rank = (last.config.get("lora") or {}).get("r", 0)
    if last.config.get("tuner", "lora") == "lora" and rank > LEAST_RANK:
        found.setdefault("lora.r", max(LEAST_RANK, rank // 2))
    for prefix, stage in (("", last.config), ("then.", last.config.get("then") or {})):
        method = METHODS.get(stage.get("method", "sft"))
        if method is not None and method.beta is not None:
            beta = (stage.get("preference") or {}).get("beta") or method.beta
            cautious = beta * _BETA_FACTORS[method.reference]
            found[f"{prefix}preference.beta"] = float(f"{cautious:.2g}")
    return found


def _bracketed(proposed: Mapping[str, Any], tried: Sequence[Tried]) -> dict[str, Any]:
    """Keep the learning rate between those known to be too weak and too strong."""
    found = dict(proposed)
    weak = [one.learning_rate for one in tried if one.is_weak]
    strong = [one.learning_rate for one in tried if one.codes and not one.is_weak]
    low, high = max(weak, default=0.0), min(strong, default=math.inf)
    rate = float(found.get("training.learning_rate", tried[-1].learning_rate))
    if 0 < low < high < math.inf and not low < rate < high:
        found["training.learning_rate"] = _rounded(math.sqrt(low * high))
    return found


def _with_replay(
    proposed: Mapping[str, Any], config: Config, replay_data: str | None, most: float
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Hold the wish for replay to the general data that there is."""
    found = dict(proposed)
    if "replay.share" not in found:
        return found, ()
    replay = config.get("replay")
    if not replay and replay_data is None:
        del found["replay.share"]
        return found, (
            "Replay would help, but there is no general data: give a file with --replay-data, "
            "or under replay.data in the training config.",
        )
    present = replay["share"] if replay else 0.0
    found["replay.share"] = max(present, min(float(found["replay.share"]), most))
    if found["replay.share"] <= 0:
        del found["replay.share"]
    return found, ()


def _get(config: Config, path: str) -> Any:
    value: Any = config
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _set(config: dict[str, Any], path: str, value: Any) -> None:
    """Set a key, and what belongs to it: alpha with the rank, a second stage with the first."""
    *parents, last = path.split(".")
    inner = config
    for key in parents:
        inner = inner.setdefault(key, {})
    if path == "lora.r":
        inner["alpha"] = inner["alpha"] * value / inner["r"]
    if path == "training.learning_rate" and config.get("then"):
        second = config["then"]["training"]
        second["learning_rate"] = _rounded(second["learning_rate"] * value / inner[last])
    inner[last] = value


def _rounded(rate: float) -> float:
    return float(f"{rate:.2g}")


def _whole(epochs: float) -> float:
    return int(epochs) if epochs == int(epochs) else epochs
