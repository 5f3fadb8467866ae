"""Answers of the models for people to label, without saying whose they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.config import BASELINE, JUDGE, Project
from evalguard.config.task_kinds import Judge as JudgeConfig
from evalguard.errors import UsageError, did_you_mean
from evalguard.quiet import quiet
from evalguard.runner.build import build
from evalguard.runner.models import ModelPool
from evalguard.store import SampleStore
from evalguard.tasks.base import Prepared
from evalguard.tasks.judge import Judge


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to be labelled.

    Attributes:
        row: The row that was asked about.
        question: What the model was asked.
        text: What it answered.
    """

    row: Mapping[str, Any]
    question: str
    text: str

    def labelled(self, label: bool) -> dict[str, Any]:
        """Return the row of the file of labelled answers."""
        return {**self.row, "answer": self.text, "label": "yes" if label else "no"}


@dataclass(frozen=True, slots=True)
class Labelling:
    """What is labelled, and where.

    Attributes:
        suite: The suite of a judged task.
        config: The task.
        path: Its file of labelled answers.
    """

    suite: str
    config: JudgeConfig
    path: Path


def find(project: Project, suite: str, task: str | None = None) -> Labelling:
    """Return the judged task of a suite.

    Args:
        project: The project.
        suite: Name of the suite.
        task: Name of the task, where the suite has several that are judged.

    Raises:
        UsageError: If there is no such task, or it is not clear which one is meant.
    """
    if suite not in project.suites:
        raise UsageError(f"no suite '{suite}'. {did_you_mean(suite, project.suites)}")
    found = project.suites[suite]
    judged = {one.task_name: one for one in found.config.tasks if isinstance(one, JudgeConfig)}
    if not judged:
        raise UsageError(f"{found.path}: no task is of 'kind: judge', so nothing is to be labelled")
    if task is None and len(judged) > 1:
        raise UsageError(f"{found.path}: name one of its tasks with --task: {', '.join(judged)}")
    name = task or next(iter(judged))
    if name not in judged:
        raise UsageError(f"{found.path}: no judged task '{name}'. {did_you_mean(name, judged)}")
    return Labelling(suite, judged[name], found.resolve(judged[name].labelled))


def answers(project: Project, labelling: Labelling, count: int) -> list[Answer]:
    """Return answers of the baseline and the candidates, in a random order that stays the same.

    Equal answers to one question come once, so there may be fewer than ``count``.

    Raises:
        UsageError: If the data or a model cannot be used.
        EngineError: If the engine fails.
    """
    names = [name for name in project.models if name != JUDGE]
    suite = project.suites[labelling.suite]
    with quiet(), SampleStore(project.store) as store:
        pool = ModelPool(project, names, store)
        try:
            pool.check_files()
            counted = pool.tokenizer(BASELINE).count
            index = suite.config.tasks.index(labelling.config)
            seed = project.config.seed
            [task] = build(suite, labelling.config, index, seed=seed, count_tokens=counted)
            assert isinstance(task, Judge)
            pairs = [(name, one) for name in names for one in task.requests(pool.render)]
            pairs.sort(key=lambda pair: _place(seed, *pair))
            return _answered(pool, pairs[:count])
        finally:
            pool.close()


def _answered(pool: ModelPool, pairs: Sequence[tuple[str, Prepared]]) -> list[Answer]:
    found: dict[tuple[str, str], Answer] = {}
    texts: dict[int, str] = {}
    for name in dict.fromkeys(name for name, _ in pairs):
        engine, served = pool.engine_of(name)
        own = [place for place, (model, _) in enumerate(pairs) if model == name]
        responses = engine.respond([(served, pairs[place][1].instances[0]) for place in own])
        texts |= {place: str(text) for place, text in zip(own, responses, strict=True)}
    for place, (_, sample) in enumerate(pairs):
        answer = Answer(sample.row, sample.prompt, texts[place])
        found.setdefault((sample.sample_id, answer.text), answer)
    return list(found.values())


def _place(seed: int, model: str, sample: Prepared) -> bytes:
    return hashlib.sha256(f"{seed}:{model}:{sample.sample_id}".encode()).digest()
