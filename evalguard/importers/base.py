"""What an importer is, and what it returns: the scores of one model, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROLES = ("baseline", "candidate")
"""Whose scores a run may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedScore:
    """One score of one model on one question.

    Values are checked when two runs are paired, and errors name ``where``.

    Attributes:
        where: File and row, such as ``scores.jsonl:12``.
        sample_id: Name of the question: equal for both models.
        score: The score; ``None`` if it could not be measured.
        key: What the file calls the score.
        metric: Name of the metric.
        task: Name of the task; a stratum of the gate.
        cluster: Questions of one cluster are not independent.
        higher_is_better: Direction of the metric, where the file tells.
        same: What must be equal for both models, by name, such as a hash of the question.
        prompt: What the model was given.
        target: What was expected.
        output: What the model answered.
        response: What no other model would give to the last digit, such as log-likelihoods; two
            runs in which all of these are equal are of one model, and refused.
    """

    where: str
    sample_id: str
    score: float | None
    key: str = "score"
    metric: str = "score"
    task: str = "scores"
    cluster: str | None = None
    higher_is_better: bool | None = None
    same: Mapping[str, str] = field(default_factory=dict)
    prompt: str = ""
    target: str = ""
    output: str = ""
    response: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """The scores of one model.

    Attributes:
        source: Where they were read.
        scores: Every score of every metric.
        role: Whose they are, where the file says it: ``baseline`` or ``candidate``. Of two runs of
            one file each needs one.
        settings: How each task was measured, by name, such as the number of few-shot examples;
            runs whose settings differ are not compared.
    """

    source: Path
    scores: tuple[ImportedScore, ...]
    role: str | None = None
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """What reads the scores that another tool wrote.

    Attributes:
        name: What the command line calls it.
        recognises: Tells by its content whether a file or folder is of this kind.
        read: Returns one run, or where one file holds both models, the baseline's and the
            candidate's, each with its ``role``. Raises
            :class:`~evalguard.errors.DataError` with file, row and key.
        summary: What it reads, in a few words.
    """

    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], Sequence[ImportedRun]]
    summary: str
