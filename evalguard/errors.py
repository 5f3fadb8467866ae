"""The exception tree of EvalGuard.

::

    EvalGuardError                  root; carries the exit code of the command line
    ├── UsageError                  the user can fix it (exit 4)
    │   ├── ConfigError             one or many problems in YAML files, all listed at once
    │   ├── DataError               a data file is missing, broken or empty
    │   ├── ModelError              a model or adapter folder cannot be used
    │   └── PrerequisiteError       an optional package is missing; prints the install line
    ├── MeasurementError            a score could not be measured; its gate is ERROR (exit 3)
    │   ├── EngineError             the inference engine failed
    │   ├── TrustError              a trust check failed (adapter not applied, arms differ)
    │   └── StoreError              the sample store cannot be read or written
    └── TrainingError               training diverged or could not continue (exit 3)

Every message says where, what was found, what was expected and what to do next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Exit codes of every ``evalguard`` command."""

    PASS = 0  # every guard passed
    REGRESSION = 1  # at least one gate FAILed
    INTERRUPTED = 2  # the user interrupted the run; samples measured so far are kept
    INTERNAL_ERROR = 3  # something could not be measured, or a bug in EvalGuard
    USAGE = 4  # wrong usage, configuration, data or model files
    NOTHING_TO_GATE = 5  # no gate was selected
    INCONCLUSIVE = 6  # no gate FAILed, but at least one could not be decided
    PARTIAL = 7  # every selected gate passed, but others were left out: no release decision


class EvalGuardError(Exception):
    """Base class of all errors that EvalGuard raises deliberately."""

    exit_code: ExitCode = ExitCode.INTERNAL_ERROR


class UsageError(EvalGuardError):
    """Something the user can fix: wrong arguments, files or settings."""

    exit_code = ExitCode.USAGE


REFUSED = "code of the project, which --no-project-code refuses"
"""Ends every message on such code."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a file.

    Attributes:
        file: Path of the file as the user wrote it.
        key: Path of the key inside the file, such as ``gates[2].metric``; empty for the whole file.
        message: What was found, what is allowed and what to do.
    """

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.file, self.key, self.message)))


class ConfigError(UsageError):
    """One or many problems in configuration files, reported together."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        plural = "problem" if count == 1 else "problems"
        super().__init__(f"{count} {plural} in the configuration:\n{lines}")


class DataError(UsageError):
    """A data file is missing, empty or has a broken row."""


class ModelError(UsageError):
    """A model or adapter folder is missing, unsafe, corrupt or does not fit."""


class PrerequisiteError(UsageError):
    """An optional package is missing."""

    def __init__(self, feature: str, *, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed. "
            f"Install them with: pip install 'evalguard[{extra}]'"
        )


class MeasurementError(EvalGuardError):
    """A score could not be measured; the gate that needs it is ERROR, never PASS."""


class EngineError(MeasurementError):
    """The inference engine failed."""


class TrustError(MeasurementError):
    """A check made before any score failed, so that no score could be trusted."""


class StoreError(MeasurementError):
    """The sample store cannot be read or written."""


class TrainingError(EvalGuardError):
    """Training diverged or could not continue."""


MAX_LISTED = 12
"""Allowed words that are listed although the nearest one is named."""


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return a hint that names the closest allowed word, then all of them if there are few.

    Example:
        >>> did_you_mean("exact_macth", ["exact_match", "json_valid"])
        "Did you mean 'exact_match'? Allowed: exact_match, json_valid."
    """
    names = sorted(allowed)
    nearest = get_close_matches(word, names, n=1, cutoff=0.6)
    hint = f"Did you mean '{nearest[0]}'? " if nearest else ""
    if nearest and len(names) > MAX_LISTED:
        return hint.rstrip()
    shown = ", ".join(names) if len(names) <= 24 else ", ".join(names[:24]) + ", …"
    return f"{hint}Allowed: {shown}." if names else f"{hint}None is defined."


_KINDS = (
    (bool, "boolean"),  # before int, which it is too
    (int, "integer"),
    (float, "number"),
    (str, "text"),
    (list, "list"),
    (dict, "mapping"),
)


def found(value: Any) -> str:
    """Describe a value and its type, cut to one line.

    Example:
        >>> found("5")
        "found '5' (text)"
    """
    if value is None:
        return "found nothing"
    name = next((name for kind, name in _KINDS if isinstance(value, kind)), None)
    of_yaml = name is not None and not isinstance(value, str)
    written = json.dumps(value, ensure_ascii=False) if of_yaml else repr(value)
    return f"found {_cut(written)} ({name or type(value).__name__})"


def _cut(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
