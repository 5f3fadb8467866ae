"""Answers of the models for people to label, without saying whose they are."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.config import BASELINE, JUDGE, Project
from evalguard.errors import UsageError, did_you_mean
from evalguard.quiet import quiet
from evalguard.runner.answers import AnswerReader, whole_answers
from evalguard.runner.drawn import drawn_ids
from evalguard.runner.models import ModelPool
from evalguard.scorers.thinking import Split
from evalguard.store import SampleStore
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import JudgedTask
from evalguard.tasks.judged_config import JudgedConfig
from evalguard.tasks.registry import build, judged_configs, kind_of


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be labelled.

    Attributes:
        row: The row that was asked about.
        question: What the models were asked.
        answers: One answer, or the two that are compared, by the column that they go into.
    """

    row: Mapping[str, Any]
    question: str
    answers: Mapping[str, str]

    @property
    def columns(self) -> dict[str, Any]:
        """What a line of the file of labels holds beside the label."""
        return {**self.row, **self.answers}


@dataclass(frozen=True, slots=True)
class Labelling:
    """What is labelled, and where.

    Attributes:
        suite: The suite of a judged task.
        config: The task.
        path: Its file of labels.
        task: What reads and writes them.
    """

    suite: str
    config: JudgedConfig
    path: Path
    task: JudgedTask


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
    judged = {one.task_name: one for one in judged_configs(found.config.tasks)}
    if not judged:
        raise UsageError(f"{found.path}: no task uses a judge, so there is nothing to label")
    if task is None and len(judged) > 1:
        raise UsageError(f"{found.path}: name one of its tasks with --task: {', '.join(judged)}")
    name = task or next(iter(judged))
    if name not in judged:
        raise UsageError(f"{found.path}: no judged task '{name}'. {did_you_mean(name, judged)}")
    config = judged[name]
    path = found.resolve(config.labelled.file)
    _check_alone(project, suite, config, path)
    return Labelling(suite, config, path, _build(project, suite, config))


def _check_alone(project: Project, suite: str, config: JudgedConfig, path: Path) -> None:
    """Refuse a file that is that of another criterion too: no line says which of them it is for.

    Raises:
        UsageError: If it is.
    """
    for name, other in project.suites.items():
        for one in judged_configs(other.config.tasks):
            if one is config or (one.kind, one.criterion) == (config.kind, config.criterion):
                continue
            if other.resolve(one.labelled.file).resolve() == path.resolve():
                place = f"task '{one.task_name}'" if name == suite else f"suite '{name}'"
                raise UsageError(
                    f"{path}: also holds the labels of {place}, whose criterion differs: "
                    f"\"{one.criterion}\". Give each a separate file under 'labelled'."
                )


def items(project: Project, labelling: Labelling, count: int) -> list[Item]:
    """Return answers of the baseline and the candidates, in a random order that stays the same.

    They are shown as a judge sees them: without thinking, and not at all where that never ended.
    Equal answers to one question come once, and are no pair, so there may be fewer than ``count``.
    Where the task has questions drawn for labels, these are all answers to them, whatever
    ``count`` is.

    Raises:
        UsageError: If the data or a model cannot be used.
        EngineError: If the engine fails.
    """
    names = [name for name in project.models if name != JUDGE]
    pairs = kind_of(labelling.config).follows_baseline
    seed = project.config.seed
    with quiet(), SampleStore(project.store) as store, ModelPool(project, names, store) as pool:
        pool.check_files()
        names = [name for name in names if name not in pool.broken]
        samples = labelling.task.requests(pool.prompts.render)
        shown = names[1:] if pairs else names
        if drawn := labelling.config.drawn:
            ids = set(drawn_ids((one.sample_id for one in samples), drawn, seed=seed))
            samples, count = [one for one in samples if one.sample_id in ids], sys.maxsize
        wanted = [(name, sample) for name in shown for sample in samples]
        wanted.sort(key=lambda one: _hash(seed, one[0], one[1].sample_id))
        wanted = wanted[:count]
        texts = _answers(pool, labelling.task, wanted)
        if not pairs:
            return list(_single(wanted, texts))
        asked = [(BASELINE, sample) for _, sample in wanted]
        baseline = _answers(pool, labelling.task, asked)
        return list(_paired(wanted, baseline, texts, seed))


def _build(project: Project, suite: str, config: JudgedConfig) -> JudgedTask:
    found = project.suites[suite]
    index = found.config.tasks.index(config)
    [task] = build(config, found.context(index, seed=project.config.seed))
    assert isinstance(task, JudgedTask)
    return task


def _answers(
    pool: ModelPool, task: JudgedTask, wanted: Sequence[tuple[str, Prepared]]
) -> list[str | None]:
    """Return what each model answered, without its thinking; nothing where that never ended."""
    texts: dict[int, str | None] = {}
    for name in dict.fromkeys(name for name, _ in wanted):
        own = [place for place, (model, _) in enumerate(wanted) if model == name]
        found = _answers_of(pool, task, name, [wanted[place][1] for place in own])
        texts |= dict(zip(own, found, strict=True))
    return [texts[place] for place in range(len(wanted))]


def _answers_of(
    pool: ModelPool, task: JudgedTask, name: str, samples: Sequence[Prepared]
) -> Iterable[str | None]:
    engine, served = pool.engine_of(name)
    thinking, tokenizer = pool.prompts.thinking(name), pool.prompts.tokenizer(name)
    reader = AnswerReader(thinking, tokenizer.count, pool.default_limit(name))
    answers = whole_answers(engine, served, [(task, sample) for sample in samples], reader)
    for sample, responses in zip(samples, answers, strict=True):
        split = next(iter(reader.read(task, sample, responses)), Split(str(responses[0])))
        yield None if split.unclosed else split.answer


def _single(wanted: Sequence[tuple[str, Prepared]], texts: Sequence[str | None]) -> Iterable[Item]:
    seen = set()
    for (_, sample), text in zip(wanted, texts, strict=True):
        if text is not None and (sample.sample_id, text) not in seen:
            seen.add((sample.sample_id, text))
            yield Item(sample.row, sample.prompt, {"answer": text})


def _paired(
    wanted: Sequence[tuple[str, Prepared]],
    baseline: Sequence[str | None],
    candidates: Sequence[str | None],
    seed: int,
) -> Iterable[Item]:
    seen = set()
    for (name, sample), *texts in zip(wanted, baseline, candidates, strict=True):
        answers = [text for text in texts if text is not None]
        key = (sample.sample_id, *answers)
        if len(set(answers)) == 2 and key not in seen:
            seen.add(key)
            if _hash(seed, name, sample.sample_id, "order")[0] % 2:
                answers.reverse()
            yield Item(sample.row, sample.prompt, dict(zip("ab", answers, strict=True)))


def _hash(*parts: object) -> bytes:
    return hashlib.sha256(":".join(map(str, parts)).encode()).digest()
