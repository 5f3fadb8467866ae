"""The judged tasks of a check: how the judge did on their labels, or why it scores none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from evalguard.config import JUDGE, Project
from evalguard.errors import EngineError, MeasurementError, TrustError, UsageError
from evalguard.records import DetectorRates, ScoredSample
from evalguard.runner.admission import Admission
from evalguard.runner.answers import AnswerReader
from evalguard.runner.drawn import DrawnLabels, drawn_ids, drawn_of
from evalguard.runner.judging import Judging, config_of, total
from evalguard.runner.measured import Measured
from evalguard.runner.planned_task import PlannedTask
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import JudgedTask
from evalguard.tasks.labelled import Question

_UNUSABLE = (UsageError, EngineError, TrustError)
"""What a judge's files, its server and its labels raise, and only judged tasks are concerned by."""

TaskKey = tuple[str, str]
"""Suite and task."""


class JudgedTasks:
    """The judged tasks of a check.

    A judge that cannot be used is no fault of the models: only its own tasks go without scores.

    Args:
        judging: The judge.
        project: The project.
        tasks: The tasks of the selected gates; those without a judge play no part.
    """

    def __init__(self, judging: Judging, project: Project, tasks: Iterable[PlannedTask]) -> None:
        self._judging = judging
        self._project = project
        self._tasks = {_key(task): task for task in tasks if task.judged}
        self._admissions: dict[TaskKey, Admission] = {}
        self._refused: dict[TaskKey, str] = {}
        self._drawn: dict[TaskKey, DrawnLabels] = {}

    def check_usable(self) -> None:
        """Find out before anything is measured whether the judge can be used."""
        if not self._tasks:
            return
        try:
            self._judging.fingerprint()
        except _UNUSABLE as error:
            self._refused = dict.fromkeys(self._tasks, f"the judge cannot be used: {error}")

    @property
    def usable(self) -> bool:
        """Whether there is something to judge, and a judge that can be used."""
        return bool(self._tasks.keys() - self._refused.keys())

    def refusal(self, planned: PlannedTask) -> str | None:
        """Return why the judge scores nothing of a task, or ``None``."""
        return self._refused.get(_key(planned))

    def admit(self) -> None:
        """Compare the judge with the labels of each task before it scores any answer."""
        for key, planned in self._tasks.items():
            if key in self._refused:
                continue
            suite = self._project.suites[planned.suite]
            try:
                labelled = suite.resolve(config_of(planned).labelled.file)
                self._admissions[key] = self._judging.admit(planned, labelled)
            except _UNUSABLE as error:
                self._refused[key] = str(error)

    def rates(self, tasks: Iterable[PlannedTask]) -> DetectorRates:
        """Return how often the judge is right about tasks to which it was admitted."""
        return total(self._admissions[_key(task)].rates for task in tasks)

    def drawn_labels(self, tasks: Sequence[PlannedTask]) -> DrawnLabels | None:
        """Return people's labels of both models' answers; ``None`` where none were drawn.

        Raises:
            MeasurementError: If questions of a part of the tasks were drawn.
        """
        counts = [drawn_of(task) for task in tasks]
        if not any(counts):
            return None
        if len(tasks) > 1:
            raise MeasurementError(
                f"questions of '{tasks[counts.index(max(counts))].name}' were drawn for labels, "
                f"and the gate is on {len(tasks)} tasks together; give each a gate with 'task'"
            )
        key = _key(tasks[0])
        if key not in self._drawn:
            seed = self._project.config.seed
            drawn = drawn_ids(tasks[0].all_sample_ids, counts[0], seed=seed)
            self._drawn[key] = DrawnLabels(drawn, self._judging.labels(tasks[0]))
        return self._drawn[key]

    def facts(self) -> Iterator[tuple[str, str]]:
        """Yield what the judge of each task is, and how it agrees with the labels."""
        for (suite, task), admission in self._admissions.items():
            judge = self._project.models[JUDGE].model
            yield f"judge of {suite}/{task}", f"{judge}, {admission.text}"


def questions(
    measured: Measured,
    sample: Prepared,
    answers: Sequence[Any],
    reader: AnswerReader,
    reference: ScoredSample | None,
) -> tuple[Question, ...]:
    """Return what the judge is asked about an answer; nothing where thinking never ended.

    Args:
        measured: What the answer is of.
        sample: The sample.
        answers: Responses to its requests.
        reader: Separates thinking from answers.
        reference: The baseline's answer, where the judge compares the two.
    """
    task = measured.task.task
    assert isinstance(task, JudgedTask)
    splits = reader.read(task, sample, answers)
    if any(split.unclosed for split in splits):
        return ()
    answer = splits[0].answer if splits else str(answers[0])
    return task.questions(sample, answer, reference.said[0] if reference else None)


def _key(planned: PlannedTask) -> TaskKey:
    return planned.suite, planned.name
